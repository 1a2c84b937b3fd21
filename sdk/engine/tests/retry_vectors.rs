//! `otlp_retry`.

mod common;

use common::compare;
use spanline_engine::retry::{Verdict, grpc_status, http_status, retry_after};
use spanline_test_vectors::{Case, Level, Outcome, run, serde_json::json};

fn verdict(case: &Case, verdict: Verdict) -> Outcome {
    compare(
        case,
        &[
            ("success", json!(verdict.is_success())),
            ("retryable", json!(verdict.is_retryable())),
        ],
    )
}

fn number(case: &Case, member: &str) -> u64 {
    case.get(member).as_u64().expect("a number")
}

fn retry(case: &Case) -> Outcome {
    match case.op() {
        "http_status" => verdict(case, http_status(number(case, "status") as u16)),
        "grpc_status" => {
            let has_retry_info = case.get("retry_info").as_bool().expect("a boolean");
            verdict(case, grpc_status(number(case, "code") as u32, has_retry_info))
        }
        "retry_after" => {
            let header = case.get("header").as_str();
            let delay = header.and_then(|text| retry_after(text.as_bytes(), number(case, "now_ms")));
            compare(case, &[("delay_ms", json!(delay))])
        }
        op => Outcome::Failed(format!("unknown op {op}")),
    }
}

#[test]
fn otlp_retry() {
    // The details of a status are read by core, whose tests run the rest of the file.
    let ops = ["http_status", "grpc_status", "retry_after"];
    run("engine", Level::Engine, "otlp_retry.json", &ops, retry);
}
