//! What stands where.

use crate::config::file::{
    Shape::{self, Any, Bool, Integer, List, Map, Name, Number, Text},
    may, must,
};

static COUNT: Shape = Integer(0);
static NOTHING: Shape = Map(&[]);
static TEXTS: Shape = List(&Text, 1);

/// Every type of policy, which is also the member with its settings.
const TYPES: &[&str] = &[
    "always_sample",
    "latency",
    "status_code",
    "numeric_attribute",
    "string_attribute",
    "boolean_attribute",
    "probabilistic",
    "rate_limiting",
    "bytes_limiting",
    "span_count",
    "trace_state",
    "trace_flags",
    "ottl_condition",
    "and",
    "not",
    "drop",
    "composite",
];

/// Of policies, each of which is looked at by itself.
pub(super) static LIST: Shape = List(&Any, 1);
/// Policies within another one.
static POLICIES: Shape = List(&POLICY, 1);

pub(super) static POLICY: Shape = Map(&[
    must("name", &Text),
    must("type", &Name(TYPES)),
    may("late_upgrade", &Bool),
    may("always_sample", &NOTHING),
    may(
        "latency",
        &Map(&[must("threshold_ms", &COUNT), may("upper_threshold_ms", &COUNT)]),
    ),
    may("status_code", &Map(&[must("status_codes", &List(&CODE, 1))])),
    may(
        "numeric_attribute",
        &Map(&[
            must("key", &Text),
            may("min_value", &Number),
            may("max_value", &Number),
            may("invert_match", &Bool),
        ]),
    ),
    may(
        "string_attribute",
        &Map(&[
            must("key", &Text),
            must("values", &TEXTS),
            may("enabled_regex_matching", &Bool),
            may("cache_max_size", &COUNT),
            may("invert_match", &Bool),
        ]),
    ),
    may(
        "boolean_attribute",
        &Map(&[
            must("key", &Text),
            must("value", &Bool),
            may("invert_match", &Bool),
        ]),
    ),
    may(
        "probabilistic",
        &Map(&[must("sampling_percentage", &Number), may("hash_salt", &Text)]),
    ),
    may(
        "rate_limiting",
        &Map(&[must("spans_per_second", &COUNT), may("burst_capacity", &COUNT)]),
    ),
    may(
        "bytes_limiting",
        &Map(&[must("bytes_per_second", &COUNT), may("burst_capacity", &COUNT)]),
    ),
    may(
        "span_count",
        &Map(&[must("min_spans", &COUNT), may("max_spans", &COUNT)]),
    ),
    may("trace_state", &Map(&[must("key", &Text), must("values", &TEXTS)])),
    may("trace_flags", &NOTHING),
    may("ottl_condition", &Any),
    may("and", &Map(&[must("and_sub_policy", &POLICIES)])),
    may("not", &Map(&[must("not_sub_policy", &POLICY)])),
    may("drop", &Map(&[must("drop_sub_policy", &POLICIES)])),
    may("composite", &COMPOSITE),
]);

static CODE: Shape = Name(&["OK", "ERROR", "UNSET"]);

static COMPOSITE: Shape = Map(&[
    must("max_total_spans_per_second", &COUNT),
    may("policy_order", &List(&Text, 0)),
    must("composite_sub_policy", &POLICIES),
    may(
        "rate_allocation",
        &List(&Map(&[must("policy", &Text), must("percent", &Number)]), 0),
    ),
]);

/// The settings of the whole, the policies apart. Durations are looked at where they are read.
pub(super) static SETTINGS: Shape = Map(&[
    must("policies", &LIST),
    may("decision_wait", &Any),
    may("decision_wait_after_root_received", &Any),
    may("num_traces", &Integer(1)),
    may("max_memory_mib", &Integer(1)),
    may("expected_new_traces_per_sec", &COUNT),
    may("sample_on_first_match", &Bool),
    may("block_on_overflow", &Bool),
    may("drop_pending_traces_on_shutdown", &Bool),
    may("maximum_trace_size_bytes", &COUNT),
    may(
        "decision_cache",
        &Map(&[
            may("sampled_cache_size", &COUNT),
            may("non_sampled_cache_size", &COUNT),
        ]),
    ),
    may("sampling_strategy", &Name(&["trace-complete", "span-ingest"])),
    may("num_shards", &Integer(1)),
]);
