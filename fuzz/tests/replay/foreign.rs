//! Seeds of the targets for what others say: requests, the environment, spools, answers, rules.

use super::replay;
use spanline_core::wire::otlp::{encode_resource, encode_scope};
use spanline_core::{InstrumentationScope, KeyValue, Resource};
use spanline_engine::spool::{ENTRY, Header, settled_at};
use spanline_test_vectors::json::unhex;
use spanline_test_vectors::load;

/// Spans of the vectors, whole.
fn spans() -> Vec<Vec<u8>> {
    let mut spans = Vec::new();
    for case in load("otlp_trace.json").unwrap() {
        for hex in [case.get("protobuf_hex"), case.expect("protobuf_hex")] {
            let digits = hex.as_str().unwrap_or_default().chars();
            let body = unhex(&digits.filter(char::is_ascii_hexdigit).collect::<String>());
            let Ok(request) = super::decode_request_protobuf(&body) else {
                continue;
            };
            let scopes = request.resource_spans().flat_map(|group| group.scope_spans());
            spans.extend(
                scopes
                    .flat_map(|scope| scope.spans())
                    .flatten()
                    .map(|span| span.as_bytes().to_vec()),
            );
        }
    }
    spans.sort();
    spans.dedup();
    spans
}

#[test]
fn requests() {
    let inputs = [
        "/users/7?sort=name&sig=a#b\nexample.com:8443\n\n\n\n\nhttps://me:s3cret@example.com:8443/a?X-Amz-Signature=x#b\nGET\nHTTP/1.1\nX-Tenant\naccept\n x-tenant ",
        "https://a.example/b\n[::1]:80\nfor=192.0.2.43;proto=https;host=\"example.com:8443\", for=198.51.100.17\n203.0.113.9:80, 10.0.0.1\nhttp\n a.example , b\nHTTP://[::1]:81/\nget\nh2",
        "//a/b\nexample.com:\nFor=\"[2001:db8::1]:4711\"\nunknown\nhttps\n\nws://a?b\nPROPFIND\nHTTP/2.0",
        "*\n::1\nfor=\"a,b\";host=c\n_hidden\n\n\n//u@h\\c?Signature=1&sig=2\nOPTIONS\n3.0",
        "example.com:443\n\nfor=\"a\\\"b\"\n[::1\n\n\n/only/a/path\nCONNECT\nSPDY/3",
        "http://u:p@h?a#b?c\n:80\n;,=\n:80\n,\n,\nhttp:/x\n\n",
    ];
    let inputs = inputs.map(|text| text.as_bytes().to_vec());
    replay("requests", spanline_fuzz::requests, inputs.to_vec());
}

#[test]
fn environment() {
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    for file in ["env_values.json", "otlp_env.json"] {
        for case in load(file).unwrap() {
            let variables = case.get("env").as_object().into_iter().flatten();
            let lines: Vec<_> = variables
                .filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?)))
                .collect();
            inputs.push(lines.join("\n").into_bytes());
        }
    }
    inputs.sort();
    inputs.dedup();
    let id = "3b7d1c0a9e8f6d5c4b3a29180716f5e4d3c2b1a09f8e7d6c5b4a392817065f4e";
    for text in [
        "OTEL_ENTITIES=;service{service.name=shop,service.instance.id=i-1}[service.version=1.0]@https://opentelemetry.io/schemas/1.44.0;host{ host.id = h%2C1%3D }[];service{service.name=b}",
        "OTEL_ENTITIES=v{k=before};x{a=1}{b=1};w{k=behind}\nOTEL_RESOURCE_ATTRIBUTES=a=1,b=%20caf%C3%A9,service.name=low\nOTEL_SERVICE_NAME=high",
        "OTEL_EXPORTER_OTLP_HEADERS=api-key=1,X-Tenant = a%20b ,bad name=2,content-type=3,k\nOTEL_EXPORTER_OTLP_COMPRESSION=gzip",
        "OTEL_EXPORTER_OTLP_ENDPOINT=HTTPS://h:4318/x?y#z\nhttps_proxy=u:p@proxy:3128\nno_proxy=.example.com, 10.0.0.0/8 [::1]:80,*.h:443",
        "OTEL_EXPORTER_OTLP_ENDPOINT=unix:///run/otel.sock\nOTEL_EXPORTER_OTLP_PROTOCOL=http/json",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=[2001:db8::1]:4317\nOTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc\nOTEL_EXPORTER_OTLP_INSECURE=true\nall_proxy=http://p",
        "OTEL_TRACES_EXPORTER=zipkin,jaeger,console\nOTEL_EXPORTER_ZIPKIN_ENDPOINT=http://z:9411/api/v2/spans\nOTEL_EXPORTER_JAEGER_ENDPOINT=http://j:14250",
        "OTEL_TRACES_SAMPLER=parentbased_jaeger_remote\nOTEL_TRACES_SAMPLER_ARG=endpoint=http://j:14250,pollingIntervalMs=5000,initialSamplingRate=0.25",
        "OTEL_PROPAGATORS=b3multi,tracecontext,baggage,none\nOTEL_TRACE_EXPORTER=console\nOTEL_SEMCONV_STABILITY_OPT_IN=http/dup,code",
        &format!("0::/\n12:cpu:/docker/{id}\n0::/system.slice/docker-{id}.scope"),
        &format!("1 2 8:1 / / rw\n3 2 8:1 /var/lib/docker/containers/{id}/hostname /etc/hostname rw - ext4"),
    ] {
        inputs.push(text.as_bytes().to_vec());
    }
    replay("environment", spanline_fuzz::environment, inputs);
}

/// Records with their headers, numbered.
fn records(messages: &[Vec<u8>]) -> Vec<u8> {
    let numbered = messages.iter().enumerate();
    let record = numbered.map(|(number, message)| {
        let word = message.len() as u64 | (number as u64) << 32;
        [&word.to_le_bytes()[..], message].concat()
    });
    record.collect::<Vec<_>>().concat()
}

/// An entry of the table: bytes published, state, slots, and up to where the first exporter is done.
fn entry(published: u32, state: u32, slots: u32, settled: u32) -> [u8; ENTRY] {
    let mut entry = [0; ENTRY];
    for (at, word) in [(0, published), (4, state), (8, slots), (settled_at(0), settled)] {
        entry[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
    entry
}

#[test]
fn spool() {
    let resource = Resource::new([KeyValue::new("service.name", "gone")], Some("url".into()));
    let (head, tail) = encode_resource(&resource);
    let mut header = Header {
        pid: 77,
        host: "here".into(),
        exporters: vec!["otlp".into(), "console".into()],
        resource: [head, tail].concat(),
    };
    let scope = InstrumentationScope {
        name: "lib".into(),
        version: Some("1".into()),
        schema_url: Some("s".into()),
        attributes: vec![KeyValue::new("k", 5)],
    };
    let (head, tail) = encode_scope(&scope);
    let states = 0..7;
    let table: Vec<_> = states
        .flat_map(|state| [entry(9, state, 1, 4), entry(70_000, state, 2, 70_001)])
        .collect();
    let mut inputs = Vec::new();
    for behind in [
        table.concat(),
        records(&[Vec::new(), [head, tail].concat(), vec![0xff; 2]]),
        records(&spans()),
    ] {
        let (file, _) = header.encode(1 << 20).unwrap();
        inputs.push([file, behind].concat());
        header.exporters.clear();
    }
    replay("spool", spanline_fuzz::spool, inputs);
}

#[test]
fn answers() {
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    for case in load("otlp_retry.json").unwrap() {
        let text = |name: &str| case.get(name).as_str().unwrap_or_default();
        let code = case.get("code").as_u64().unwrap_or(14);
        let message = "at 100%25 %E2%82%AC %zz";
        let line = format!(
            "{code}\n{message}\n{}\ngzip\n{}\n",
            text("trailer"),
            text("header")
        );
        inputs.push([line.as_bytes(), &[0, 0, 0, 0, 2, 0x0a, 0]].concat());
        inputs.extend(
            case.get("header")
                .as_str()
                .map(|header| header.as_bytes().to_vec()),
        );
    }
    for text in [
        r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"no \u00e9"}}"#,
        r#"{"code":8,"message":"m","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"5.5s"}]}"#,
        "\x0a\x06\x08\x03\x12\x02no",
        "\x08\x0e\x12\x04busy\x1a\x36\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x0a\x0a\x08\x08\x05\x10\u{0}",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        inputs.push(text.as_bytes().to_vec());
    }
    // `spans`, compressed, with a flag and its length in front.
    let packed = unhex("1f8b08000000000002032b2e48cc2b0600260a086805000000");
    let head = b"0\n\n\ngzip\n\n\x01\0\0\0\x19";
    inputs.push([&head[..], &packed].concat());
    replay("answers", spanline_fuzz::answers, inputs);
}

#[test]
fn process() {
    let rules = [
        "drop name=GET /health* && duration<5ms",
        "keep status=error && kind=server && kind=client",
        "drop name==GET /a*b && service=~shop$",
        "drop attributes.http.route=/health? && duration>=1s",
        "insert cloud.zone=env:Z if kind=server && name=*",
        "update =b.*=-1.5e3",
        "upsert a=\"x if \\\"name\\\"=y\"",
        "delete ~key$",
        "hash *.id if attributes.a=1",
        "insert k=env:ZONE",
        "paid with 5500-0000 0000 0004 by me@example.com from 192.0.2.1, peer:2001:db8::1.",
        "Authorization: Bearer abcdefgh.ijk eyJhbGciOi.eyJzdWIi.c2ln AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = \"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\" postgres://u:p@h/db?token=a;Token=b#c",
    ];
    let mut inputs: Vec<Vec<u8>> = rules.iter().map(|rule| rule.as_bytes().to_vec()).collect();
    for (number, span) in spans().into_iter().enumerate() {
        let rule = rules[number % rules.len()].as_bytes();
        inputs.push([rule, b"\n", &span].concat());
    }
    replay("process", spanline_fuzz::process, inputs);
}
