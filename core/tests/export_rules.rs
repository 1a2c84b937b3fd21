//! What the vectors of the Zipkin and Jaeger exporters leave open, and that no bytes break the writers.
#![cfg(feature = "alloc")]

mod common;

use common::Json;
use common::batch::request;
use proptest::prelude::*;
use spanline_core::wire::otlp::RequestView;
use spanline_core::wire::{jaeger, zipkin};
use spanline_test_vectors::formats;
use spanline_test_vectors::serde_json::{self, json};

fn span(more: Json) -> Json {
    let mut span = json!({
        "trace_id": "5b8efff798038103d269b633813fc60c", "span_id": "eee19b7ec3c1b174", "name": "op",
        "start": "1544712660000000000", "end": "1544712660001234567", "trace_flags": 1,
    });
    span.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    span
}

fn batch(resource: Json, more: Json) -> Vec<u8> {
    request(&json!({ "resource": { "attributes": resource }, "scope": {}, "spans": [span(more)] }))
}

fn text(key: &str, value: &str) -> Json {
    json!([key, { "t": "string", "v": value }])
}

fn int(key: &str, value: &str) -> Json {
    json!([key, { "t": "int", "v": value }])
}

/// In both forms, which say the same.
fn zipkin(body: &[u8]) -> Result<Json, String> {
    let mut list = String::new();
    zipkin::write_json_list(RequestView::ours(body), &mut list).map_err(|error| error.to_string())?;
    let list: Json = serde_json::from_str(&list).map_err(|error| format!("{error}: {list}"))?;
    let mut protobuf = Vec::new();
    zipkin::encode_list(RequestView::ours(body), &mut protobuf);
    let protobuf = formats::zipkin::read_protobuf(&protobuf)?;
    match list == protobuf {
        true => Ok(list),
        false => Err(format!("{list} in JSON, {protobuf} in protobuf")),
    }
}

/// What Jaeger sees of each resource, in its two formats.
fn jaeger(body: &[u8]) -> Result<Vec<[Json; 2]>, String> {
    let groups = RequestView::ours(body).resource_spans();
    let read = groups.map(|group| {
        let (mut thrift, mut proto) = (Vec::new(), Vec::new());
        jaeger::encode_batch(group, &mut thrift);
        jaeger::encode_post_spans(group, &mut proto);
        Ok([
            formats::jaeger::read_batch(&thrift)?,
            formats::jaeger::read_post_spans(&proto)?,
        ])
    });
    read.collect()
}

#[test]
fn a_span_wins_over_its_resource() {
    let body = batch(
        json!([text("service.name", "s"), text("k", "resource"), text("r", "1")]),
        json!({ "attributes": [text("k", "span"), text("service.name", "other")] }),
    );
    let span = &zipkin(&body).unwrap()[0];
    assert_eq!(span["localEndpoint"], json!({ "serviceName": "s" }));
    assert_eq!(
        span["tags"],
        json!({ "k": "span", "r": "1", "service.name": "other" })
    );
    let [thrift, _] = &jaeger(&body).unwrap()[0];
    assert_eq!(thrift["service"], "s");
    assert_eq!(
        thrift["process"],
        json!({ "k": { "string": "resource" }, "r": { "string": "1" } })
    );
}

#[test]
fn what_is_not_there_is_not_written() {
    let body = batch(
        json!([text("service.name", "")]),
        json!({ "name": "", "start": "0", "end": "0" }),
    );
    assert_eq!(
        zipkin(&body).unwrap(),
        json!([{
            "traceId": "5b8efff798038103d269b633813fc60c", "id": "eee19b7ec3c1b174", "duration": 1,
            "localEndpoint": { "serviceName": "unknown_service" },
        }])
    );
    for read in &jaeger(&body).unwrap()[0] {
        assert_eq!(read["service"], "unknown_service");
        assert_eq!(read["spans"][0]["start"], 0);
        assert_eq!(read["spans"][0]["tags"], json!({}));
    }
}

#[test]
fn a_span_that_ends_before_it_starts() {
    let body = batch(json!([]), json!({ "start": "2000000", "end": "1000000" }));
    assert_eq!(zipkin(&body).unwrap()[0]["duration"], 1);
    for read in &jaeger(&body).unwrap()[0] {
        assert_eq!(read["spans"][0]["duration"], 0);
    }
}

#[test]
fn the_other_side_of_a_call() {
    let remote = |kind: &str, attributes: Json| {
        let body = batch(json!([]), json!({ "kind": kind, "attributes": attributes }));
        zipkin(&body).unwrap()[0]["remoteEndpoint"].clone()
    };
    for (attributes, expected) in [
        // Each rank stands before the next.
        (
            json!([text("db.name", "d"), text("peer.address", "p")]),
            json!({ "serviceName": "p" }),
        ),
        (
            json!([text("peer.address", "p"), text("peer.hostname", "h")]),
            json!({ "serviceName": "h" }),
        ),
        (
            json!([
                text("peer.hostname", "h"),
                text("net.sock.peer.addr", "1.2.3.4"),
                int("net.sock.peer.port", "5")
            ]),
            json!({ "ipv4": "1.2.3.4", "port": 5 }),
        ),
        (
            json!([
                text("net.sock.peer.addr", "1.2.3.4"),
                text("net.sock.peer.name", "n")
            ]),
            json!({ "serviceName": "n" }),
        ),
        (
            json!([
                text("net.sock.peer.name", "n"),
                text("server.socket.address", "::1"),
                int("server.socket.port", "6")
            ]),
            json!({ "ipv6": "::1", "port": 6 }),
        ),
        (
            json!([
                text("server.socket.address", "::1"),
                text("server.socket.domain", "d")
            ]),
            json!({ "serviceName": "d" }),
        ),
        (
            json!([
                text("server.socket.domain", "d"),
                text("network.peer.address", "::2")
            ]),
            json!({ "ipv6": "::2" }),
        ),
        (
            json!([text("network.peer.address", "::2"), text("net.peer.name", "n")]),
            json!({ "serviceName": "n" }),
        ),
        (
            json!([text("net.peer.name", "n"), text("server.address", "s")]),
            json!({ "serviceName": "s" }),
        ),
        (
            json!([text("server.address", "s"), text("service.peer.name", "new")]),
            json!({ "serviceName": "new" }),
        ),
        (
            json!([text("service.peer.name", "new"), text("peer.service", "old")]),
            json!({ "serviceName": "old" }),
        ),
        // What is no address is a name; what is no port is left out; what is empty names nobody.
        (
            json!([text("network.peer.address", "/run/x.sock")]),
            json!({ "serviceName": "/run/x.sock" }),
        ),
        (
            json!([
                text("network.peer.address", "1.2.3.4"),
                int("network.peer.port", "70000")
            ]),
            json!({ "ipv4": "1.2.3.4" }),
        ),
        (
            json!([
                text("network.peer.address", "1.2.3.4"),
                int("network.peer.port", "0")
            ]),
            json!({ "ipv4": "1.2.3.4" }),
        ),
        (
            json!([text("peer.service", ""), text("server.address", "s")]),
            json!({ "serviceName": "s" }),
        ),
        (json!([int("peer.service", "1")]), Json::Null),
    ] {
        assert_eq!(remote("CLIENT", attributes.clone()), expected, "{attributes}");
        assert_eq!(remote("PRODUCER", attributes.clone()), expected, "{attributes}");
        for kind in ["SERVER", "CONSUMER", "INTERNAL"] {
            assert_eq!(
                remote(kind, attributes.clone()),
                Json::Null,
                "{kind} {attributes}"
            );
        }
    }
}

#[test]
fn text_that_json_has_to_escape() {
    let odd = "a\"b\\c\n\u{1}\u{e9}\u{1f600}";
    let body = batch(
        json!([text("service.name", odd)]),
        json!({
            "name": odd,
            "attributes": [text(odd, odd)],
            "events": [{ "time": "1000", "name": odd }, { "time": "2000", "name": odd, "attributes": [text(odd, odd)] }],
        }),
    );
    let span = &zipkin(&body).unwrap()[0];
    assert_eq!(span["tags"][odd], odd);
    assert_eq!(span["annotations"][0]["value"], odd);
    let value = span["annotations"][1]["value"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Json>(&format!("{{{value}}}")).unwrap(),
        json!({ odd: { odd: odd } })
    );
}

#[test]
fn values_of_every_type_in_jaegers_tags() {
    let attributes = json!([
        ["empty", { "t": "empty" }],
        ["false", { "t": "bool", "v": false }],
        ["zero", { "t": "int", "v": "0" }],
        ["min", { "t": "int", "v": "-9223372036854775808" }],
        ["nought", { "t": "double", "v": "-0.5" }],
        ["none", { "t": "bytes", "v": "" }],
        ["map", { "t": "map", "v": [["k", { "t": "bytes", "v": "ff" }]] }],
    ]);
    let body = batch(json!([]), json!({ "attributes": attributes }));
    for read in &jaeger(&body).unwrap()[0] {
        assert_eq!(
            read["spans"][0]["tags"],
            json!({
                "empty": { "string": "" }, "false": { "bool": false }, "zero": { "int": 0 },
                "min": { "int": i64::MIN }, "nought": { "double": -0.5 }, "none": { "binary": "" },
                "map": { "string": "{\"k\":\"/w==\"}" },
            })
        );
    }
}

#[test]
fn a_link_that_points_nowhere_is_no_reference() {
    let links = json!([
        { "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7" },
        { "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b8" },
    ]);
    let mut body = batch(json!([]), json!({ "links": links }));
    let second = 0x00f0_67aa_0ba9_02b8_u64.to_be_bytes();
    let at = body.windows(8).position(|bytes| bytes == second).unwrap();
    body[at..at + 8].fill(0);
    for read in &jaeger(&body).unwrap()[0] {
        assert_eq!(
            read["spans"][0]["references"],
            json!([[1, "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"]])
        );
    }
}

#[test]
fn an_event_without_a_name_and_one_with_dropped_attributes() {
    let events = json!([{ "time": "1000", "name": "" }, { "time": "2000", "name": "e", "dropped": 7 }]);
    let body = batch(json!([]), json!({ "events": events }));
    assert_eq!(
        zipkin(&body).unwrap()[0]["annotations"],
        json!([{ "timestamp": 1, "value": "" }, { "timestamp": 2, "value": "e" }])
    );
    for read in &jaeger(&body).unwrap()[0] {
        assert_eq!(
            read["spans"][0]["logs"],
            json!([
                { "time": 1000, "fields": { "event": { "string": "" } } },
                { "time": 2000, "fields": {
                    "event": { "string": "e" }, "otel.dropped_attributes_count": { "int": 7 },
                } },
            ])
        );
    }
}

/// Many tags take another way through repeated keys than few.
#[test]
fn many_tags_with_repeated_keys() {
    let resource: Vec<Json> = (0..100).map(|at| text(&format!("k{at}"), "resource")).collect();
    let attributes: Vec<Json> = (50..150).map(|at| text(&format!("k{at}"), "span")).collect();
    let tags =
        zipkin(&batch(resource.into(), json!({ "attributes": attributes }))).unwrap()[0]["tags"].clone();
    assert_eq!(tags.as_object().unwrap().len(), 150);
    for at in 0..150 {
        let expected = if at < 50 { "resource" } else { "span" };
        assert_eq!(tags[format!("k{at}")], expected);
    }
}

/// A batch with something in every field.
fn full() -> Vec<u8> {
    let attributes = json!([
        text("s", "v"), ["b", { "t": "bool", "v": true }], int("i", "-1"), ["d", { "t": "double", "v": "3.5" }],
        ["raw", { "t": "bytes", "v": "00ff" }], ["a", { "t": "array", "v": [{ "t": "string", "v": "x" }] }],
        text("network.peer.address", "10.1.2.3"), int("network.peer.port", "80"),
    ]);
    request(&json!({
        "resource": { "attributes": [text("service.name", "s"), text("host.name", "h")] },
        "scope": { "name": "lib", "version": "1", "attributes": [text("scope", "a")] },
        "spans": [span(json!({
            "parent_span_id": "eee19b7ec3c1b173", "kind": "CLIENT", "tracestate": "a=1", "attributes": attributes,
            "events": [{ "time": "1544712660300000999", "name": "e", "attributes": attributes, "dropped": 1 }],
            "links": [{ "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7",
                "attributes": attributes }],
            "status": { "code": "ERROR", "message": "boom" }, "dropped_attributes": 1, "dropped_events": 2,
            "dropped_links": 3,
        }))],
    }))
}

proptest! {
    /// Whatever stands in the request: what is written can be read.
    #[test]
    fn no_bytes_break_the_writers(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        end in any::<prop::sample::Index>(),
    ) {
        let mut body = full();
        for (at, byte) in changes {
            *at.get_mut(&mut body) = byte;
        }
        body.truncate(end.index(body.len() + 1));
        zipkin(&body).map_err(TestCaseError::fail)?;
        jaeger(&body).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn nor_do_others(body in prop::collection::vec(any::<u8>(), 0..200)) {
        zipkin(&body).map_err(TestCaseError::fail)?;
        jaeger(&body).map_err(TestCaseError::fail)?;
    }
}
