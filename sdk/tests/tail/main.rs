//! Tail sampling in the process, from outside: what is kept, what is dropped, and that every span is accounted for.

#[path = "../common/mod.rs"]
mod common;
#[path = "../process/mod.rs"]
mod process;

#[cfg(feature = "config-file")]
mod configured;
mod end;
#[cfg(all(feature = "spool", target_os = "linux"))]
mod spool;
mod surface;
mod threads;

use spanline::sample::tail::PolicyOptions;
use spanline::{Builder, FinishedSpan, Provider, StatusCode};

fn words(words: &[&str]) -> Vec<PolicyOptions> {
    words
        .iter()
        .map(|word| PolicyOptions::short(word).unwrap())
        .collect()
}

/// A provider with policies in one word each, which keeps spans in memory.
fn tail(policies: &[&str]) -> Builder {
    common::memory().tail_sampling(words(policies))
}

/// A trace of a root and a child, which may fail.
fn make(provider: &Provider, name: &str, fails: bool) {
    let tracer = provider.tracer("t");
    let root = tracer.span(name).start();
    let child = tracer.span("child").parent(&root.in_context()).start();
    if fails {
        child.set_status(StatusCode::Error, "as asked");
    }
    child.end();
    root.end();
}

fn names(spans: &[FinishedSpan]) -> Vec<&str> {
    spans.iter().map(|span| span.name.as_str()).collect()
}

/// Plays a scenario when it is run by another test; by itself it does nothing.
#[test]
fn child() {
    end::play_child();
}
