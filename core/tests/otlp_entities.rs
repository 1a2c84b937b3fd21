//! References to entities on the wire, against what prost reads.
#![cfg(feature = "alloc")]

use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::trace::v1 as trace;
use prost::Message;
use spanline_core::wire::otlp::{self, RequestView};
use spanline_core::{EntityRef, KeyValue, Resource};

#[test]
fn references_to_entities_are_those_that_prost_and_json_read() {
    let host = EntityRef {
        entity_type: "host".into(),
        id_keys: vec!["host.id".into()],
        description_keys: vec!["host.name".into(), "host.type".into()],
        schema_url: Some("https://example.org/1".into()),
    };
    let keys = ["host.id", "host.name", "host.type"];
    let resource = Resource::new(keys.map(|key| KeyValue::new(key, "x")), None).with_entity_refs([host]);
    let (group, tail) = otlp::encode_resource(&resource);
    assert!(tail.is_empty());
    let read = trace::ResourceSpans::decode(&*group).unwrap().resource.unwrap();
    assert_eq!(read.attributes.len(), 3);
    let expected = common::EntityRef {
        schema_url: "https://example.org/1".into(),
        r#type: "host".into(),
        id_keys: vec!["host.id".into()],
        description_keys: vec!["host.name".into(), "host.type".into()],
    };
    assert_eq!(read.entity_refs, [expected]);

    let mut request = vec![otlp::RESOURCE_SPANS, u8::try_from(group.len()).unwrap()];
    assert!(group.len() < 128, "a length of one byte");
    request.extend(&group);
    otlp::decode_request_protobuf(&request).unwrap();
    let mut json = String::new();
    otlp::write_json_request(RequestView::ours(&request), &mut json).unwrap();
    let refs = r#""entityRefs":[{"schemaUrl":"https://example.org/1","type":"host","idKeys":["host.id"],"descriptionKeys":["host.name","host.type"]}]}"#;
    assert!(json.contains(refs), "{json}");
    let plain = otlp::encode_resource(&resource.with_entity_refs([])).0;
    assert!(
        trace::ResourceSpans::decode(&*plain)
            .unwrap()
            .resource
            .unwrap()
            .entity_refs
            .is_empty()
    );
}
