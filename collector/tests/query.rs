//! Jaeger's HTTP JSON API and the page's files.

mod common;

use common::*;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use serde_json::json;

/// Two services, two traces; the second is newer.
fn sample() -> World {
    let world = World::new();
    let mut root = failed(span(0xa, 1, 0, "GET /x", 0), "broken");
    root.kind = 2;
    root.trace_state = "a=b".to_owned();
    root.attributes = vec![
        text("http.route", "/x"),
        attribute("http.response.status_code", Value::IntValue(500)),
        attribute("big", Value::IntValue(i64::MAX)),
        attribute("ok", Value::BoolValue(false)),
        attribute("ratio", Value::DoubleValue(0.5)),
        attribute("raw", Value::BytesValue(b"foob".to_vec())),
        attribute(
            "list",
            Value::ArrayValue(ArrayValue {
                values: vec![AnyValue {
                    value: Some(Value::IntValue(1)),
                }],
            }),
        ),
    ];
    root.events = vec![Event {
        time_unix_nano: T0 + 100_999,
        name: "exception".to_owned(),
        attributes: vec![text("exception.type", "E")],
        ..Event::default()
    }];
    root.links = vec![Link {
        trace_id: 7_u128.to_be_bytes().to_vec(),
        span_id: 8_u64.to_be_bytes().to_vec(),
        ..Link::default()
    }];
    let child = Span {
        kind: 3,
        ..span(0xa, 2, 1, "charge", 200)
    };
    world.send(&request("api", vec![root]));
    world.send(&request("pay", vec![child]));
    let mut later = span(0xb, 1, 0, "GET /y", 5_000_000);
    later.end_time_unix_nano = later.start_time_unix_nano + 2_000_000_000;
    later.status = Some(Status {
        code: 1,
        ..Status::default()
    });
    world.send(&request("api", vec![later]));
    world
}

fn id(n: u128) -> String {
    format!("{n:032x}")
}

#[test]
fn a_trace_has_jaegers_shape() {
    let world = sample();
    let answer = world.json("/api/traces/A");
    let expected = json!({
        "data": [{
            "traceID": id(0xa),
            "spans": [
                {
                    "traceID": id(0xa), "spanID": "0000000000000001", "flags": 1, "operationName": "GET /x",
                    "references": [
                        {"refType": "FOLLOWS_FROM", "traceID": id(7), "spanID": "0000000000000008"}
                    ],
                    "startTime": 1_700_000_000_000_000_u64, "duration": 1_500,
                    "tags": [
                        {"key": "http.route", "type": "string", "value": "/x"},
                        {"key": "http.response.status_code", "type": "int64", "value": 500},
                        {"key": "big", "type": "int64", "value": "9223372036854775807"},
                        {"key": "ok", "type": "bool", "value": false},
                        {"key": "ratio", "type": "float64", "value": 0.5},
                        {"key": "raw", "type": "binary", "value": "Zm9vYg=="},
                        {"key": "list", "type": "string", "value": "[1]"},
                        {"key": "span.kind", "type": "string", "value": "server"},
                        {"key": "otel.status_code", "type": "string", "value": "ERROR"},
                        {"key": "error", "type": "bool", "value": true},
                        {"key": "otel.status_description", "type": "string", "value": "broken"},
                        {"key": "otel.scope.name", "type": "string", "value": "test.scope"},
                        {"key": "otel.scope.version", "type": "string", "value": "1.2"},
                        {"key": "w3c.tracestate", "type": "string", "value": "a=b"}
                    ],
                    "logs": [{
                        "timestamp": 1_700_000_000_000_100_u64,
                        "fields": [
                            {"key": "event", "type": "string", "value": "exception"},
                            {"key": "exception.type", "type": "string", "value": "E"}
                        ]
                    }],
                    "processID": "p1", "warnings": null
                },
                {
                    "traceID": id(0xa), "spanID": "0000000000000002", "flags": 1, "operationName": "charge",
                    "references": [{"refType": "CHILD_OF", "traceID": id(0xa), "spanID": "0000000000000001"}],
                    "startTime": 1_700_000_000_000_200_u64, "duration": 1_500,
                    "tags": [
                        {"key": "span.kind", "type": "string", "value": "client"},
                        {"key": "otel.scope.name", "type": "string", "value": "test.scope"},
                        {"key": "otel.scope.version", "type": "string", "value": "1.2"}
                    ],
                    "logs": [], "processID": "p2", "warnings": null
                }
            ],
            "processes": {
                "p1": {"serviceName": "api", "tags": [{"key": "host.name", "type": "string", "value": "n1"}]},
                "p2": {"serviceName": "pay", "tags": [{"key": "host.name", "type": "string", "value": "n1"}]}
            },
            "warnings": null
        }],
        "total": 1, "limit": 0, "offset": 0, "errors": null
    });
    assert_eq!(answer, expected);
    assert_eq!(
        world.json(&format!("/api/traces/{}?prettyPrint=true", id(0xa))),
        expected
    );
    let pretty = world.get("/api/traces/a?prettyPrint=true").text();
    assert!(pretty.starts_with("{\n  \"data\": ["), "{pretty}");
}

#[test]
fn what_is_not_there_is_404_in_an_envelope() {
    let world = sample();
    let missing = world.get("/api/traces/ff");
    assert_eq!(missing.status, 404);
    assert_eq!(
        missing.json(),
        json!({"data": null, "total": 0, "limit": 0, "offset": 0,
               "errors": [{"code": 404, "msg": "trace not found", "traceID": id(0xff)}]})
    );
    for path in [
        "/api/dependencies",
        "/api/traces/1/2",
        "/nothing",
        "/page/none.js",
    ] {
        let answer = world.get(path);
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["code"]),
            (404, &json!(404)),
            "{path}"
        );
    }
    for path in [
        "/api/traces/xyz",
        "/api/traces/000000000000000000000000000000001",
        "/api/traces/1?raw=maybe",
    ] {
        let answer = world.get(path);
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["code"]),
            (400, &json!(400)),
            "{path}"
        );
    }
    let answer = call(world.query, "POST", "/api/traces", &[], b"");
    assert_eq!(
        (answer.status, &answer.json()["errors"][0]["code"]),
        (405, &json!(405))
    );
}

#[test]
fn services_and_operations_are_listed() {
    let world = sample();
    let services = world.json("/api/services");
    assert_eq!(
        services,
        json!({"data": ["api", "pay"], "total": 2, "limit": 0, "offset": 0, "errors": null})
    );
    assert_eq!(
        world.json("/api/services/api/operations")["data"],
        json!(["GET /x", "GET /y"])
    );
    assert_eq!(world.json("/api/services/none/operations")["data"], json!([]));
    world.send(&request("a/b c", vec![span(9, 1, 0, "op", 0)]));
    assert_eq!(
        world.json("/api/services/a%2Fb%20c/operations")["data"],
        json!(["op"])
    );
    assert_eq!(
        world.json("/api/operations?service=api")["data"],
        json!([{"name": "GET /x", "spanKind": "server"}, {"name": "GET /y", "spanKind": "internal"}])
    );
    let servers = world.json("/api/operations?service=api&spanKind=server");
    assert_eq!(
        (&servers["total"], &servers["data"][0]["name"]),
        (&json!(1), &json!("GET /x"))
    );
    assert_eq!(world.get("/api/operations").status, 400);
    assert_eq!(world.get("/api/operations?service=api&spanKind=odd").status, 400);
}

#[test]
fn searches_follow_jaegers_rules() {
    let world = sample();
    let find = |query: &str| -> Vec<String> {
        let answer = world.json(&format!("/api/traces?{query}"));
        let data = answer["data"].as_array().unwrap();
        assert_eq!(answer["total"], data.len());
        data.iter()
            .map(|trace| {
                trace["traceID"]
                    .as_str()
                    .unwrap()
                    .trim_start_matches('0')
                    .to_owned()
            })
            .collect()
    };
    let us = |at: u64| 1_700_000_000_000_000 + at;
    for (query, expected) in [
        (String::new(), &["b", "a"][..]),
        ("limit=1".into(), &["b"]),
        ("limit=0".into(), &[]),
        ("service=pay".into(), &["a"]),
        ("service=pay&operation=charge".into(), &["a"]),
        ("service=pay&operation=GET+/x".into(), &[]),
        ("minDuration=1s".into(), &["b"]),
        ("maxDuration=1.5ms".into(), &["a"]),
        ("minDuration=1500us&maxDuration=1h".into(), &["b", "a"]),
        ("tag=http.route:/x".into(), &["a"]),
        ("tag=http.route:/x&tag=ok:false".into(), &["a"]),
        ("tag=http.route:/x&tag=ok:true".into(), &[]),
        (
            "tags=%7B%22http.response.status_code%22:%22500%22,%22error%22:%22true%22%7D".into(),
            &["a"],
        ),
        ("tag=exception.type:E".into(), &["a"]),
        ("tag=host.name:n1".into(), &["b", "a"]),
        ("tag=span.kind:client&service=api".into(), &[]),
        ("tag=otel.status_code:OK".into(), &["b"]),
        (
            "tag=list:%5B1%5D&tag=raw:Zm9vYg%3D%3D&tag=ratio:0.5".into(),
            &["a"],
        ),
        (format!("start={}", us(1)), &["b", "a"]),
        (format!("start={}", us(201)), &["b"]),
        (format!("end={}", us(4_999_999)), &["a"]),
        (format!("start={}&end={}", us(5_000_000), us(5_000_000)), &["b"]),
        ("service=".into(), &["b", "a"]),
    ] {
        assert_eq!(find(&query), expected, "{query}");
    }
    for query in [
        "limit=-1",
        "limit=x",
        "tag=novalue",
        "minDuration=1",
        "minDuration=2s&maxDuration=1s",
        "start=x",
    ] {
        let answer = world.get(&format!("/api/traces?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(
            answer.json()["errors"][0]["msg"]
                .as_str()
                .unwrap()
                .starts_with("malformed parameter ")
        );
    }
    let both = world.json("/api/traces?traceID=a&traceID=ff&traceID=0a&service=none");
    assert_eq!(
        (&both["total"], &both["data"][0]["traceID"]),
        (&json!(1), &json!(id(0xa)))
    );
    assert_eq!(
        both["errors"],
        json!([{"code": 404, "msg": "trace not found", "traceID": id(0xff)}])
    );
}

#[test]
fn a_span_id_shared_by_client_and_server_is_made_unique_unless_raw() {
    let world = World::new();
    let client = Span {
        kind: 3,
        ..span(1, 5, 1, "call", 10)
    };
    let server = Span {
        kind: 2,
        ..span(1, 5, 1, "serve", 20)
    };
    let mut ip = span(1, 6, 5, "inside", 30);
    ip.attributes = vec![attribute("peer.ipv4", Value::IntValue(0x7f00_0001))];
    world.send(&request("a", vec![span(1, 1, 0, "root", 0), client]));
    world.send(&request("b", vec![server, ip]));
    let shape = |query: &str| -> Vec<(String, String, String)> {
        let trace = world.json(&format!("/api/traces/1{query}"));
        let spans = trace["data"][0]["spans"].as_array().unwrap();
        let name_of = |id: &serde_json::Value| {
            let found = spans
                .iter()
                .find(|span| span["spanID"] == *id)
                .map(|span| &span["operationName"]);
            found.map_or(String::new(), |name| name.as_str().unwrap().to_owned())
        };
        spans
            .iter()
            .map(|span| {
                let warnings = span["warnings"].as_array().map_or(0, Vec::len);
                let parent = name_of(&span["references"][0]["spanID"]);
                (
                    span["operationName"].as_str().unwrap().to_owned(),
                    parent,
                    warnings.to_string(),
                )
            })
            .collect()
    };
    let row = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(
        shape(""),
        [
            row("root", "", "0"),
            row("call", "root", "0"),
            row("serve", "call", "1"),
            row("inside", "serve", "1")
        ]
    );
    assert_eq!(
        shape("?raw=true"),
        [
            row("root", "", "0"),
            row("call", "root", "0"),
            row("serve", "root", "0"),
            row("inside", "call", "0")
        ]
    );
    let tag =
        |query: &str| world.json(&format!("/api/traces/1{query}"))["data"][0]["spans"][3]["tags"][0].clone();
    assert_eq!(tag("")["value"], "127.0.0.1");
    assert_eq!(tag("?raw=true")["value"], 0x7f00_0001);
}

#[test]
fn the_list_of_recent_traces() {
    let world = sample();
    let list = world.json("/api/recent");
    assert_eq!((&list["found"], &list["kept"]), (&json!(2), &json!(2)));
    assert_eq!(
        list["traces"][1],
        json!({
            "traceID": id(0xa), "service": "api", "name": "GET /x", "rootMissing": false,
            "startTime": 1_700_000_000_000_000_u64, "durationNanos": "1700000", "spans": 2, "errors": 1, "orphans": 0,
            "services": [{"name": "api", "spans": 1, "errors": 1}, {"name": "pay", "spans": 1, "errors": 0}]
        })
    );
    for (query, found) in [
        ("text=CHARGE", 1),
        ("text=00b", 1),
        ("service=api", 2),
        ("errors=true", 1),
        ("text=zz", 0),
    ] {
        assert_eq!(
            world.json(&format!("/api/recent?{query}"))["found"],
            found,
            "{query}"
        );
    }
    let one = world.json("/api/recent?limit=1");
    assert_eq!(
        (one["traces"].as_array().unwrap().len(), &one["found"]),
        (1, &json!(2))
    );
    world.send(&request("late", vec![span(0xc, 2, 99, "orphan", 0)]));
    let list = world.json("/api/recent?service=late");
    assert_eq!(
        (&list["traces"][0]["orphans"], &list["traces"][0]["rootMissing"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(world.get("/api/recent?limit=-1").status, 400);
}

#[test]
fn the_page_and_its_files() {
    let world = World::new();
    let page = world.get("/");
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert_eq!(world.get("/trace/1234").body, page.body);
    let text = page.text();
    let mut files: Vec<String> = text
        .split('"')
        .filter(|part| part.starts_with("/page/"))
        .map(str::to_owned)
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    // Modules name their parts; every one of them has to be there.
    while let Some(path) = files.pop() {
        let file = world.get(&path);
        assert_eq!(file.status, 200, "{path}");
        let kind = file.header("content-type").unwrap();
        assert!(
            [
                "text/css; charset=utf-8",
                "text/javascript; charset=utf-8",
                "image/svg+xml"
            ]
            .contains(&kind)
        );
        let policy = file.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
        let etag = file.header("etag").unwrap();
        let again = call(world.query, "GET", &path, &[("If-None-Match", etag)], b"");
        assert_eq!(
            (again.status, again.body.len(), again.header("etag")),
            (304, 0, Some(etag))
        );
        let text = file.text();
        assert!(
            !text.contains("innerHTML") && !text.contains("insertAdjacentHTML"),
            "{path}"
        );
        let outside = text
            .replace("http://www.w3.org/2000/svg", "")
            .replace("=http://${location.hostname}", "");
        assert!(
            !outside.contains("http://") && !outside.contains("https://"),
            "{path} refers to another place"
        );
        files.extend(
            text.split('\'')
                .filter(|part| part.starts_with("./") && part.ends_with(".js"))
                .map(|part| format!("/page/{}", &part[2..])),
        );
    }
    assert_eq!(world.get("/healthz").text(), "ok\n");
    let head = call(world.query, "HEAD", "/", &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
}
