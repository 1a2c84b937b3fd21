//! `zipkin.proto3`.

use crate::json::hex;
use prost::Message;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

#[derive(Clone, PartialEq, Message)]
struct ListOfSpans {
    #[prost(message, repeated, tag = "1")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    parent_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    id: Vec<u8>,
    #[prost(enumeration = "Kind", tag = "4")]
    kind: i32,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(fixed64, tag = "6")]
    timestamp: u64,
    #[prost(uint64, tag = "7")]
    duration: u64,
    #[prost(message, optional, tag = "8")]
    local_endpoint: Option<Endpoint>,
    #[prost(message, optional, tag = "9")]
    remote_endpoint: Option<Endpoint>,
    #[prost(message, repeated, tag = "10")]
    annotations: Vec<Annotation>,
    #[prost(map = "string, string", tag = "11")]
    tags: HashMap<String, String>,
    #[prost(bool, tag = "12")]
    debug: bool,
    #[prost(bool, tag = "13")]
    shared: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
enum Kind {
    Unspecified = 0,
    Client = 1,
    Server = 2,
    Producer = 3,
    Consumer = 4,
}

#[derive(Clone, PartialEq, Message)]
struct Endpoint {
    #[prost(string, tag = "1")]
    service_name: String,
    #[prost(bytes = "vec", tag = "2")]
    ipv4: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    ipv6: Vec<u8>,
    #[prost(int32, tag = "4")]
    port: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Annotation {
    #[prost(fixed64, tag = "1")]
    timestamp: u64,
    #[prost(string, tag = "2")]
    value: String,
}

/// Reads a `ListOfSpans` and gives it as Zipkin's JSON has it.
///
/// # Errors
/// When it is none, or when an id or address has another length than the format says.
pub fn read_protobuf(body: &[u8]) -> Result<Value, String> {
    let list = ListOfSpans::decode(body).map_err(|error| error.to_string())?;
    list.spans.iter().map(span).collect()
}

fn span(span: &Span) -> Result<Value, String> {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value, there: bool| {
        if there {
            out.insert(name.to_owned(), value);
        }
    };
    if span.trace_id.len() != 16 || span.id.len() != 8 || ![0, 8].contains(&span.parent_id.len()) {
        return Err(format!("ids of wrong lengths: {span:?}"));
    }
    put("traceId", hex(&span.trace_id).into(), true);
    put("id", hex(&span.id).into(), true);
    put(
        "parentId",
        hex(&span.parent_id).into(),
        !span.parent_id.is_empty(),
    );
    let kind = Kind::try_from(span.kind).map_err(|error| error.to_string())?;
    let name = format!("{kind:?}").to_uppercase();
    put("kind", name.into(), kind != Kind::Unspecified);
    put("name", span.name.clone().into(), !span.name.is_empty());
    put("timestamp", span.timestamp.into(), span.timestamp > 0);
    put("duration", span.duration.into(), span.duration > 0);
    for (name, side) in [
        ("localEndpoint", &span.local_endpoint),
        ("remoteEndpoint", &span.remote_endpoint),
    ] {
        if let Some(side) = side {
            put(name, endpoint(side)?, true);
        }
    }
    let annotations = span.annotations.iter();
    let annotations = annotations.map(|one| json!({ "timestamp": one.timestamp, "value": one.value }));
    put("annotations", annotations.collect(), !span.annotations.is_empty());
    put("tags", json!(span.tags), !span.tags.is_empty());
    put("debug", true.into(), span.debug);
    put("shared", true.into(), span.shared);
    Ok(out.into())
}

fn endpoint(endpoint: &Endpoint) -> Result<Value, String> {
    let mut out = Map::new();
    if !endpoint.service_name.is_empty() {
        out.insert("serviceName".to_owned(), endpoint.service_name.clone().into());
    }
    let wrong = |_| "an address of a wrong length".to_owned();
    if !endpoint.ipv4.is_empty() {
        let address: [u8; 4] = endpoint.ipv4[..].try_into().map_err(wrong)?;
        out.insert("ipv4".to_owned(), Ipv4Addr::from(address).to_string().into());
    }
    if !endpoint.ipv6.is_empty() {
        let address: [u8; 16] = endpoint.ipv6[..].try_into().map_err(wrong)?;
        out.insert("ipv6".to_owned(), Ipv6Addr::from(address).to_string().into());
    }
    if endpoint.port != 0 {
        out.insert("port".to_owned(), endpoint.port.into());
    }
    Ok(out.into())
}
