//! The settings of the `tail_sampling` processor, as options.

use super::{TailPlan, duration::milliseconds, shape};
use crate::ErrorKind;
use crate::config::{
    Node,
    file::{Check, Place, Walk},
    flat::integer,
};
use crate::options::LogLevel;
use spanline_core::OwnedValue;

/// What is the same under another name.
const NUMBERS: [(&str, &str); 2] = [
    ("num_traces", "tail.num_traces"),
    ("maximum_trace_size_bytes", "tail.max_trace_bytes"),
];
const FLAGS: [(&str, &str); 2] = [
    ("sample_on_first_match", "tail.sample_on_first_match"),
    ("drop_pending_traces_on_shutdown", "tail.drop_pending_on_shutdown"),
];
const WAITS: [(&str, &str); 2] = [
    ("decision_wait", "tail.decision_wait_ms"),
    ("decision_wait_after_root_received", "tail.decision_after_root_ms"),
];
/// What has no sense where one thread of the process decides.
const IGNORED: [(&str, &str); 2] = [
    ("num_shards", "one thread decides all traces of a process"),
    ("expected_new_traces_per_sec", "nothing is sized in advance"),
];

/// Sets the options that stand under `distribution.spanline.tail_sampling`.
pub(in crate::config) fn read(walk: &mut Walk, place: &Place<'_>) {
    let mut check = Check::default();
    check.value(&place.path, place.node, &shape::SETTINGS);
    if let Err(problem) = check.problems.first() {
        return walk.problems.push(problem);
    }
    if let Some(policies) = place.get("policies") {
        match TailPlan::from_node(policies.node, &policies.path) {
            Ok(_) => walk.set("tail.policies", plain(policies.node), &policies),
            Err(problem) => walk.problems.push(problem),
        }
    }
    for (member, option) in NUMBERS {
        walk.set_number(option, place, member);
    }
    if let (Some(mib), Some(at)) = (place.number("max_memory_mib"), place.get("max_memory_mib")) {
        walk.set("tail.max_bytes", integer(mib.saturating_mul(1 << 20)), &at);
    }
    for (member, option) in FLAGS {
        if let Some((at, flag)) = place
            .get(member)
            .and_then(|at| at.node.as_bool().map(|flag| (at, flag)))
        {
            walk.set(option, flag, &at);
        }
    }
    for (member, option) in WAITS {
        let Some(at) = place.get(member) else { continue };
        match milliseconds(at.node) {
            Ok(wait) => walk.set(option, integer(wait), &at),
            Err(problem) => walk.wrong(ErrorKind::BadValue, &at, &problem),
        }
    }
    if let Some(cache) = place.get("decision_cache") {
        // One memory for both kinds.
        let sizes =
            ["sampled_cache_size", "non_sampled_cache_size"].map(|key| cache.number(key).unwrap_or(0));
        let sum = sizes.iter().fold(0u64, |sum, size| sum.saturating_add(*size));
        if sum > 0 {
            walk.set("tail.decision_cache", integer(sum), &cache);
        }
    }
    unsupported(walk, place);
}

fn unsupported(walk: &mut Walk, place: &Place<'_>) {
    if let Some(at) = place
        .get("block_on_overflow")
        .filter(|at| at.node.as_bool() == Some(true))
    {
        let text = "a program is never blocked: the oldest trace is decided early instead";
        walk.wrong(ErrorKind::Unsupported, &at, text);
    }
    if let Some(at) = place
        .get("sampling_strategy")
        .filter(|at| at.node.as_str() == Some("span-ingest"))
    {
        let text = "only `trace-complete`: a trace is decided when its spans are there";
        walk.wrong(ErrorKind::Unsupported, &at, text);
    }
    for (member, why) in IGNORED {
        if let Some(at) = place.get(member) {
            walk.remark(LogLevel::Info, &at, alloc::format!("it changes nothing: {why}"));
        }
    }
}

fn plain(node: &Node) -> OwnedValue {
    crate::config::file::plain(node)
}
