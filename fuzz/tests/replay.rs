//! Replays the vectors, and the corpora and findings that are at hand, without a fuzzer.

use spanline_test_vectors::{Value, load};
use std::{fs, path::Path};

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
