//! Samplers, processors and exporters.

use super::*;
use crate::config::no_host::NoHost;

#[test]
fn samplers_that_the_option_can_say_and_others() {
    let sampler = |sampler: Node| plan(&with([("sampler", sampler)]));
    let ratio = || map([("trace_id_ratio_based", map([("ratio", Node::from(0.25))]))]);
    let option = |plan: &Plan| plan.options.get("sampler").cloned();
    let parent_based = sampler(map([("parent_based", map([("root", ratio())]))]));
    let expected = crate::config::flat::sampler("parentbased_traceidratio", Some(0.25));
    assert_eq!(
        (option(&parent_based), parent_based.sampler),
        (Some(expected), None)
    );
    let without_root = sampler(map([("parent_based", nothing())]));
    let expected = crate::config::flat::sampler("parentbased_always_on", None);
    assert_eq!(option(&without_root), Some(expected));
    let other = sampler(map([(
        "parent_based",
        map([
            ("root", ratio()),
            ("remote_parent_not_sampled", map([("always_on", nothing())])),
        ]),
    )]));
    assert_eq!(option(&other), None);
    let built = other.sampler.unwrap().build(&NoHost).unwrap();
    assert_eq!(
        built.description(),
        "ParentBased{root=TraceIdRatioBased{0.250000},remoteParentSampled=AlwaysOnSampler,\
         remoteParentNotSampled=AlwaysOnSampler,localParentSampled=AlwaysOnSampler,localParentNotSampled=AlwaysOffSampler}"
    );
    let own = sampler(map([(
        "always_record",
        map([("root", map([("mine", ratio())]))]),
    )]));
    let Some(SamplerPlan::AlwaysRecord(root)) = own.sampler else {
        panic!("not kept")
    };
    let SamplerPlan::Component(component) = *root else {
        panic!("not a component")
    };
    assert_eq!(
        (component.name.as_str(), &component.properties),
        ("mine", &ratio())
    );
    assert_eq!(component.path, "tracer_provider.sampler.always_record.root.mine");
}

#[test]
fn exporters_with_their_own_settings() {
    let http = map([
        ("endpoint", "https://c/v1/traces".into()),
        ("compression", "gzip".into()),
        ("encoding", "json".into()),
        ("timeout", Node::from(0)),
        ("headers_list", "a=1,B=2".into()),
        (
            "headers",
            Node::list([
                map([("name", "b".into()), ("value", "3".into())]),
                map([("name", "c".into()), ("value", nothing())]),
            ]),
        ),
        (
            "tls",
            map([
                ("ca_file", "/ca".into()),
                ("cert_file", "/c".into()),
                ("key_file", "/k".into()),
            ]),
        ),
    ]);
    let tree = provider(Node::list([
        map([("batch", map([("exporter", map([("otlp_http", http)]))]))]),
        map([(
            "batch",
            map([(
                "exporter",
                map([(
                    "otlp_file/development",
                    map([("output_stream", "file:///t".into())]),
                )]),
            )]),
        )]),
        map([("batch", map([("exporter", map([("mine", Node::from(3))]))]))]),
    ]));
    let plan = plan(&tree);
    let text = |pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(key, value)| (key.to_string(), OwnedValue::from(*value)));
        pairs.collect::<vec::Vec<_>>()
    };
    let mut otlp = text(&[
        ("name", "otlp"),
        ("protocol", "http/json"),
        ("endpoint", "https://c/v1/traces"),
        ("compression", "gzip"),
    ]);
    otlp.push(("timeout_ms".to_string(), OwnedValue::I64(0)));
    otlp.extend(text(&[
        ("certificate", "/ca"),
        ("client_certificate", "/c"),
        ("client_key", "/k"),
    ]));
    otlp.push((
        "headers".to_string(),
        OwnedValue::Map(text(&[("a", "1"), ("b", "3")])),
    ));
    let file = text(&[("name", "file"), ("path", "/t")]);
    let expected = OwnedValue::List(vec![OwnedValue::Map(otlp), OwnedValue::Map(file)]);
    assert_eq!(plan.options.get("exporter"), Some(&expected));
    assert_eq!(plan.exporters[0].name, "mine");
    assert_eq!(plan.exporters[0].properties, Node::from(3));
}

#[test]
fn certificates_belong_together_and_have_absolute_paths() {
    let tls = |tls: Node| {
        let exporter = map([("otlp_grpc", map([("tls", tls)]))]);
        provider(Node::list([map([("simple", map([("exporter", exporter)]))])]))
    };
    let path = "tracer_provider.processors[0].simple.exporter.otlp_grpc.tls";
    let (kind, at, _) = wrong(&tls(map([("ca_file", "ca.pem".into())])));
    assert_eq!(
        (kind, at),
        (ErrorKind::BadValue, alloc::format!("{path}.ca_file"))
    );
    assert_eq!(
        wrong(&tls(map([("key_file", "/k".into())]))).0,
        ErrorKind::Missing
    );
    assert!(declarative(&tls(map([("insecure", true.into())]))).is_ok());
}

#[test]
fn processors_that_differ() {
    let batch = |members: Node, exporter: &str| {
        let mut members = members;
        if let Value::Map(entries) = &mut members.value {
            entries.extend_from_slice(map([("exporter", map([(exporter, nothing())]))]).entries());
        }
        map([("batch", members)])
    };
    let tree = provider(Node::list([
        batch(
            map([
                ("schedule_delay", Node::from(2000)),
                ("max_export_batch_size", Node::from(100)),
                ("max_queue_size", Node::from(3000)),
                ("export_timeout", Node::from(1000)),
            ]),
            "otlp_http",
        ),
        batch(
            map([
                ("schedule_delay", Node::from(700)),
                ("max_export_batch_size", Node::from(200)),
                ("max_queue_size", Node::from(4000)),
                ("export_timeout", Node::from(0)),
            ]),
            "memory",
        ),
    ]));
    let (plan, remarks) = declarative(&tree).unwrap();
    for (option, value) in [
        ("delay_ms", Some(700)),
        ("max_batch_spans", Some(100)),
        ("max_queue_spans", Some(4000)),
        ("export_timeout_ms", None),
    ] {
        assert_eq!(
            plan.options.get(option),
            value.map(OwnedValue::I64).as_ref(),
            "{option}"
        );
    }
    assert_eq!(remarks.len(), 4, "{remarks:?}");
    let plain = self::plan(&provider(Node::list([batch(map([]), "memory")])));
    assert_eq!(plain.options.get("delay_ms"), None);
}
