//! Replays the vectors, and the corpora and findings that are at hand, without a fuzzer.

use spanline_core::wire::otlp::decode_request_protobuf;
use spanline_test_vectors::json::unhex;
use spanline_test_vectors::{Value, load};
use std::{fs, path::Path};

#[path = "replay/foreign.rs"]
mod foreign;

/// Header values of the vectors' carriers, one line each.
fn seeds(file: &str, names: &[&str]) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for case in load(file).unwrap() {
        for object in [case.get("carrier"), case.expect("carrier")] {
            let pairs = object.as_array().map(Vec::as_slice).unwrap_or_default();
            let mut lines = Vec::new();
            for name in names {
                let named =
                    |pair: &&Value| pair[0].as_str().is_some_and(|key| key.eq_ignore_ascii_case(name));
                lines.extend(pairs.iter().filter(named).filter_map(|pair| pair[1].as_str()));
            }
            seeds.push(lines.join("\n").into_bytes());
        }
        if let Some(ot) = case.get("ot").as_str() {
            seeds.push(format!("\n{ot}").into_bytes());
        }
    }
    seeds.sort();
    seeds.dedup();
    seeds
}

/// As [`seeds`], with an empty line for each name that a carrier does not have.
fn in_places(file: &str, names: &[&str]) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for case in load(file).unwrap() {
        for object in [case.get("carrier"), case.expect("carrier")] {
            let pairs = object.as_array().map(Vec::as_slice).unwrap_or_default();
            let values = names.iter().map(|name| {
                let mut named = pairs
                    .iter()
                    .filter(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case(name));
                named.next().map_or("", |pair| pair[1].as_str().unwrap())
            });
            seeds.push(values.collect::<Vec<_>>().join("\n").into_bytes());
        }
    }
    seeds.sort();
    seeds.dedup();
    seeds
}

fn replay(target: &str, run: fn(&[u8]), seeds: Vec<Vec<u8>>) {
    assert!(!seeds.is_empty());
    // With this variable set the seeds are also written there, for the fuzzer to start from.
    if let Some(folder) = std::env::var_os("SPANLINE_FUZZ_SEEDS") {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("vector-{number:04}")), seed).unwrap();
        }
    }
    seeds.iter().for_each(|seed| run(seed));
    for folder in ["corpus", "artifacts"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(target);
        for file in fs::read_dir(folder).into_iter().flatten() {
            run(&fs::read(file.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn traceparent() {
    let names = ["traceparent", "tracestate"];
    let mut inputs = seeds("w3c_traceparent.json", &names);
    inputs.extend(seeds("w3c_tracestate.json", &names));
    inputs.extend(seeds("sampling.json", &names));
    replay("traceparent", spanline_fuzz::traceparent, inputs);
}

#[test]
fn baggage() {
    replay(
        "baggage",
        spanline_fuzz::baggage,
        seeds("baggage.json", &["baggage"]),
    );
}

#[test]
fn otlp() {
    let mut inputs = Vec::new();
    for case in load("otlp_trace.json").unwrap() {
        for hex in [case.get("protobuf_hex"), case.expect("protobuf_hex")]
            .into_iter()
            .filter_map(Value::as_str)
        {
            let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
            inputs.push(
                digits
                    .chunks(2)
                    .map(|pair| (pair[0] * 16 + pair[1]) as u8)
                    .collect(),
            );
        }
        for json in [
            case.get("body").as_str().map(String::from),
            Some(case.expect("json").to_string()),
        ] {
            inputs.extend(json.map(String::into_bytes));
        }
    }
    // The spans alone, too.
    let requests = inputs.clone();
    for request in requests
        .iter()
        .filter_map(|body| decode_request_protobuf(body).ok())
    {
        for scope in request.resource_spans().flat_map(|group| group.scope_spans()) {
            inputs.extend(scope.spans().flatten().map(|span| span.as_bytes().to_vec()));
        }
    }
    replay("otlp", spanline_fuzz::otlp, inputs);
}

#[test]
fn config() {
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    for case in load("seed_config.json").unwrap() {
        let input = case.get("input");
        inputs.push(
            input
                .as_str()
                .map_or_else(|| input.to_string(), String::from)
                .into_bytes(),
        );
    }
    for case in load("config_substitution.json").unwrap() {
        let scalar = case.get("input").as_str().unwrap();
        inputs.push(format!("file_format: \"1.1\"\nlog_level: {scalar}\n").into_bytes());
    }
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/configuration");
    for file in fs::read_dir(examples).unwrap() {
        inputs.push(fs::read(file.unwrap().path()).unwrap());
    }
    replay("config", spanline_fuzz::config, inputs);
}

#[test]
fn b3() {
    let names = ["b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags"];
    replay("b3", spanline_fuzz::b3, in_places("b3.json", &names));
}

#[test]
fn jaeger() {
    let mut inputs = in_places("jaeger.json", &["uber-trace-id"]);
    for case in load("jaeger.json").unwrap() {
        let pairs = case.get("carrier").as_array().into_iter().flatten();
        let entries = pairs.filter_map(|pair| {
            let name = pair[0].as_str()?.to_lowercase();
            Some(format!(
                "\n{}={}",
                name.strip_prefix("uberctx-")?,
                pair[1].as_str()?
            ))
        });
        inputs.push(entries.collect::<String>().into_bytes());
    }
    replay("jaeger", spanline_fuzz::jaeger, inputs);
}

#[test]
fn plain() {
    let mut inputs = in_places("custom_headers.json", &["x-trace-id", "x-span-id", "x-parent-id"]);
    inputs.extend(in_places("messaging.json", &["trace_id", "span_id", "parent_id"]));
    let cases = load("env_carrier.json").unwrap();
    let keys = cases.iter().filter_map(|case| case.get("key").as_str());
    inputs.extend(keys.map(|key| key.as_bytes().to_vec()));
    replay("plain", spanline_fuzz::plain, inputs);
}

#[test]
fn grpc() {
    let mut inputs = in_places("grpc.json", &["grpc-trace-bin"]);
    for case in load("grpc.json").unwrap() {
        inputs.extend(case.get("hex").as_str().map(unhex));
    }
    replay("grpc", spanline_fuzz::grpc, inputs);
}

#[test]
fn sql() {
    let mut inputs = Vec::new();
    for case in load("sqlcommenter.json").unwrap() {
        let pairs = case.get("attributes").as_object().into_iter().flatten();
        let pairs: String = pairs
            .map(|(key, value)| format!("\n{key}={}", value.as_str().unwrap()))
            .collect();
        inputs.push((case.get("sql").as_str().unwrap().to_owned() + &pairs).into_bytes());
    }
    replay("sql", spanline_fuzz::sql, inputs);
}

#[test]
fn sanitize() {
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    for case in load("sqlcommenter.json").unwrap() {
        for text in [case.get("sql"), case.expect("sql")] {
            inputs.extend(text.as_str().map(|text| text.as_bytes().to_vec()));
        }
    }
    // One of each kind of literal, comment and name that some dialect knows.
    for text in [
        r"SELECT E'it\'s' 'x', $a$ it's $a$, U&'\0041', B'01', X'1F', $1, a::int, b[1:2] /* /* */ */ -- it's",
        "INSERT INTO `t` (a) VALUES (\"it's\", 'it\\'s', _utf8'x', 0x1F, 1e-5) # it's\n, /*!40001 a */ b--1",
        "SELECT [it's ]] a], N'x', $1.5, #t, @v FROM db..t WHERE a IN (1, -2, @p1)",
        "MERGE INTO t USING (SELECT q'[it's]', nq'{x}' FROM u) s ON (:1 = s.a) WHEN MATCHED THEN UPDATE SET b = TRUE",
        "WITH x AS (DELETE FROM \"t\" RETURNING a) SELECT ?1, :n, %s, %(n)s FROM x, (VALUES (1)) v, f(2) JOIN y USING (z)",
        "EXPLAIN CREATE TABLE IF NOT EXISTS a.b AS SELECT EXTRACT(YEAR FROM '2020-01-01') IS DISTINCT FROM 'x'; CALL p()",
    ] {
        inputs.push(text.as_bytes().to_vec());
    }
    replay("sanitize", spanline_fuzz::sanitize, inputs);
}

#[test]
fn strategy() {
    let share = r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.5}}"#;
    let limit = r#"{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":"7"}}"#;
    let operations = r#"{"operationSampling":{"defaultSamplingProbability":0.2,"defaultLowerBoundTracesPerSecond":1e-1,
        "perOperationStrategies":[{"operation":"GET /\u00e9","probabilisticSampling":{"samplingRate":1}},null,{}]}}"#;
    let valid = operations.replace(",null,{}", "");
    let inputs = [share, limit, operations, &valid].map(|text| text.as_bytes().to_vec());
    replay("strategy", spanline_fuzz::strategy, inputs.to_vec());
}

#[test]
fn tail() {
    let list = "error,latency=2s,latency=250ms,service=shop,attribute=k:v,rate-limit=7,bytes-limit=7,default=0.5%,always";
    let mut inputs = vec![list.as_bytes().to_vec()];
    let policies = list.split(',').map(|one| format!("{one}\n").into_bytes());
    let policies: Vec<_> = policies.collect();
    for case in load("otlp_trace.json").unwrap() {
        for hex in [case.get("protobuf_hex"), case.expect("protobuf_hex")] {
            let digits = hex.as_str().unwrap_or_default().chars();
            let body = unhex(&digits.filter(char::is_ascii_hexdigit).collect::<String>());
            let Ok(request) = decode_request_protobuf(&body) else {
                continue;
            };
            let scopes = request.resource_spans().flat_map(|group| group.scope_spans());
            for span in scopes.flat_map(|scope| scope.spans()).flatten() {
                for policy in &policies {
                    inputs.push([policy, span.as_bytes()].concat());
                }
            }
        }
    }
    replay("tail", spanline_fuzz::tail, inputs);
}
