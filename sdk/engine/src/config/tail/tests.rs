use super::*;
use crate::ErrorKind;
use crate::config::{FlatOptions, apply, declarative, no_host::NoHost};
use crate::options::Options;
use alloc::{format, string::ToString};

fn map<const N: usize>(members: [(&str, Node); N]) -> Node {
    Node::map(members.map(|(key, value)| (key.to_string(), value)))
}

fn list<const N: usize>(items: [Node; N]) -> Node {
    Node::list(items)
}

fn policy(name: &str, kind: &str, settings: Node) -> Node {
    map([("name", name.into()), ("type", kind.into()), (kind, settings)])
}

fn errors() -> Node {
    let codes = list(["ERROR".into()]);
    policy("errors", "status_code", map([("status_codes", codes)]))
}

fn latency(settings: Node) -> Node {
    policy("slow", "latency", settings)
}

fn plan(policies: Node) -> Result<Vec<PolicyOptions>, Problem> {
    TailPlan::from_node(&policies, "tail.policies")?.build(&NoHost)
}

fn wrong(policies: Node) -> (ErrorKind, String, Option<String>) {
    let problem = plan(policies).unwrap_err();
    (problem.kind, problem.path, problem.hint)
}

#[test]
fn every_type_of_policy_is_made_as_the_collector_writes_it() {
    let key = |key: &'static str| ("key", Node::from(key));
    for (node, expected) in [
        (
            map([("name", "a".into()), ("type", "always_sample".into())]),
            "AlwaysSample",
        ),
        (
            latency(map([
                ("threshold_ms", 5000.into()),
                ("upper_threshold_ms", 9000.into()),
            ])),
            "Latency { threshold_ms: 5000, upper_threshold_ms: 9000 }",
        ),
        (errors(), "StatusCode { status_codes: [Error] }"),
        (
            policy(
                "n",
                "numeric_attribute",
                map([key("k"), ("min_value", Node::from(-5)), ("max_value", 0.into())]),
            ),
            "NumericAttribute { key: \"k\", min_value: Some(-5), max_value: Some(0), invert_match: false }",
        ),
        (
            policy("n", "numeric_attribute", map([key("k")])),
            "NumericAttribute { key: \"k\", min_value: None, max_value: None, invert_match: false }",
        ),
        (
            policy(
                "s",
                "string_attribute",
                map([
                    key("k"),
                    ("values", list(["v".into()])),
                    ("invert_match", true.into()),
                ]),
            ),
            "StringAttribute { key: \"k\", values: [Exact(\"v\")], invert_match: true }",
        ),
        (
            policy("b", "boolean_attribute", map([key("k"), ("value", true.into())])),
            "BooleanAttribute { key: \"k\", value: true, invert_match: false }",
        ),
        (
            policy(
                "p",
                "probabilistic",
                map([("sampling_percentage", Node::from(12.5))]),
            ),
            "Probabilistic { sampling_percentage: 12.5, hash_salt: None }",
        ),
        (
            policy(
                "p",
                "probabilistic",
                map([("sampling_percentage", 10.into()), ("hash_salt", "x".into())]),
            ),
            "Probabilistic { sampling_percentage: 10.0, hash_salt: Some(\"x\") }",
        ),
        (
            policy("r", "rate_limiting", map([("spans_per_second", 35.into())])),
            "RateLimiting { spans_per_second: 35, burst_capacity: 0 }",
        ),
        (
            policy(
                "r",
                "bytes_limiting",
                map([("bytes_per_second", 35.into()), ("burst_capacity", 70.into())]),
            ),
            "BytesLimiting { bytes_per_second: 35, burst_capacity: 70 }",
        ),
        (
            policy(
                "c",
                "span_count",
                map([("min_spans", 2.into()), ("max_spans", 20.into())]),
            ),
            "SpanCount { min_spans: 2, max_spans: 20 }",
        ),
        (
            policy(
                "t",
                "trace_state",
                map([key("k"), ("values", list(["v".into()]))]),
            ),
            "TraceState { key: \"k\", values: [\"v\"] }",
        ),
        (
            map([("name", "f".into()), ("type", "trace_flags".into())]),
            "TraceFlags",
        ),
    ] {
        let made = plan(list([node])).unwrap();
        assert_eq!(format!("{:?}", made[0].kind), expected);
    }
}

#[test]
fn policies_hold_policies() {
    let both = list([errors(), latency(map([("threshold_ms", 1.into())]))]);
    for (node, start) in [
        (
            policy("a", "and", map([("and_sub_policy", both.clone())])),
            "And { and_sub_policy: [PolicyOptions { name: \"errors\"",
        ),
        (
            policy("a", "not", map([("not_sub_policy", errors())])),
            "Not { not_sub_policy: PolicyOptions { name: \"errors\"",
        ),
        (
            policy("a", "drop", map([("drop_sub_policy", both.clone())])),
            "Drop { drop_sub_policy: [",
        ),
        (
            policy(
                "a",
                "composite",
                map([
                    ("max_total_spans_per_second", 100.into()),
                    ("policy_order", list(["slow".into(), "errors".into()])),
                    ("composite_sub_policy", both.clone()),
                    (
                        "rate_allocation",
                        list([map([("policy", "slow".into()), ("percent", 40.into())])]),
                    ),
                ]),
            ),
            "Composite { max_total_spans_per_second: 100, policy_order: [\"slow\", \"errors\"]",
        ),
    ] {
        // A `drop` alone keeps nothing, and says so.
        let made = plan(list([
            node,
            map([("name", "all".into()), ("type", "always_sample".into())]),
        ]))
        .unwrap();
        let text = format!("{:?}", made[0].kind);
        assert!(text.starts_with(start), "{text}");
    }
    let mut late = errors();
    if let crate::config::Value::Map(entries) = &mut late.value {
        entries.extend_from_slice(map([("late_upgrade", false.into())]).entries());
    }
    assert_eq!(plan(list([late])).unwrap()[0].late_upgrade, Some(false));
}

#[test]
fn words_are_policies_too() {
    let made = TailPlan::from_node(&list(["error".into(), "latency=5s".into(), errors()]), "p").unwrap();
    assert_eq!(made.to_string(), "error,latency=5s,errors");
    assert_eq!(made.build(&NoHost).unwrap().len(), 3);
    let (kind, path, _) = wrong(list(["errror".into()]));
    assert_eq!((kind, path.as_str()), (ErrorKind::BadValue, "tail.policies[0]"));
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    let bad = |kind, path: &str, hint: Option<&str>| (kind, path.to_owned(), hint.map(ToOwned::to_owned));
    for (node, expected) in [
        (list([]), bad(ErrorKind::Missing, "tail.policies", None)),
        (Node::from(1), bad(ErrorKind::WrongType, "tail.policies", None)),
        (
            list([latency(map([("treshold_ms", 1.into())]))]),
            bad(
                ErrorKind::UnknownKey,
                "tail.policies[0].latency.treshold_ms",
                Some("threshold_ms"),
            ),
        ),
        (
            list([map([("name", "a".into()), ("type", "latncy".into())])]),
            bad(ErrorKind::BadValue, "tail.policies[0].type", Some("latency")),
        ),
        (
            list([map([("name", "a".into()), ("type", "latency".into())])]),
            bad(ErrorKind::Missing, "tail.policies[0].latency", None),
        ),
        (
            list([map([
                ("name", "a".into()),
                ("type", "always_sample".into()),
                ("latency", map([("threshold_ms", 1.into())])),
            ])]),
            bad(ErrorKind::BadValue, "tail.policies[0].latency", None),
        ),
        (
            list([errors(), errors()]),
            bad(ErrorKind::BadValue, "tail.policies[0].name", None),
        ),
        (
            list([
                errors(),
                policy("o", "ottl_condition", map([("span", list(["true".into()]))])),
            ]),
            bad(ErrorKind::Unsupported, "tail.policies[1].ottl_condition", None),
        ),
        (
            list([policy(
                "n",
                "numeric_attribute",
                map([("key", "k".into()), ("min_value", Node::from(0.5))]),
            )]),
            bad(
                ErrorKind::BadValue,
                "tail.policies[0].numeric_attribute.min_value",
                None,
            ),
        ),
        (
            list([policy(
                "a",
                "and",
                map([("and_sub_policy", list([latency(map([]))]))]),
            )]),
            bad(
                ErrorKind::Missing,
                "tail.policies[0].and.and_sub_policy[0].latency.threshold_ms",
                None,
            ),
        ),
    ] {
        assert_eq!(wrong(node), expected);
    }
    let regex = map([
        ("key", "k".into()),
        ("values", list(["(".into()])),
        ("enabled_regex_matching", true.into()),
    ]);
    let (kind, path, _) = wrong(list([policy("r", "string_attribute", regex)]));
    let place = "tail.policies[0].string_attribute.values[0]";
    assert_eq!(
        (kind, path.as_str()),
        (ErrorKind::Unsupported, place),
        "NoHost has none"
    );
}

/// What a file sets with this below `distribution.spanline`, and its remarks.
fn file(name: &str, below: Node) -> Result<(FlatOptions, Vec<String>), Problem> {
    distribution(map([(name, below)]))
}

fn distribution(spanline: Node) -> Result<(FlatOptions, Vec<String>), Problem> {
    let exporter = map([("exporter", map([("memory", Node::default())]))]);
    let tree = map([
        ("file_format", "1.1".into()),
        (
            "tracer_provider",
            map([("processors", list([map([("batch", exporter)])]))]),
        ),
        ("distribution", map([("spanline", spanline)])),
    ]);
    let (plan, remarks) = declarative(&tree)?;
    Ok((
        plan.options,
        remarks.into_iter().map(|remark| remark.to_string()).collect(),
    ))
}

#[test]
fn the_collectors_whole_configuration_is_accepted() {
    let below = map([
        ("decision_wait", "10s".into()),
        ("decision_wait_after_root_received", "1m1.5s".into()),
        ("num_traces", 100.into()),
        ("max_memory_mib", 3.into()),
        ("expected_new_traces_per_sec", 10.into()),
        ("sample_on_first_match", true.into()),
        ("block_on_overflow", false.into()),
        ("drop_pending_traces_on_shutdown", true.into()),
        ("maximum_trace_size_bytes", 5000.into()),
        (
            "decision_cache",
            map([
                ("sampled_cache_size", 400.into()),
                ("non_sampled_cache_size", 600.into()),
            ]),
        ),
        ("sampling_strategy", "trace-complete".into()),
        ("num_shards", 4.into()),
        ("policies", list([errors()])),
    ]);
    let (flat, remarks) = file("tail_sampling", below).unwrap();
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    let mut options = Options::default();
    apply(&flat, &mut options).unwrap();
    let tail = options.tail;
    assert_eq!(tail.policies.unwrap().to_string(), "errors");
    assert_eq!(
        [
            tail.decision_wait_ms,
            tail.decision_after_root_ms,
            tail.num_traces,
            tail.max_bytes,
            tail.max_trace_bytes,
            tail.decision_cache,
        ],
        [10_000, 61_500, 100, 3 << 20, 5000, 1000].map(Some)
    );
    assert_eq!(
        [tail.sample_on_first_match, tail.drop_pending_on_shutdown],
        [Some(true); 2]
    );
}

#[test]
fn our_own_names_are_accepted_beside_each_other() {
    let below = map([
        ("decision_wait_ms", 10.into()),
        ("policies", list(["error".into()])),
    ]);
    let (flat, _) = file("tail", below).unwrap();
    let mut options = Options::default();
    apply(&flat, &mut options).unwrap();
    assert_eq!(options.tail.decision_wait_ms, Some(10));
    assert_eq!(options.tail.policies.unwrap().to_string(), "error");
}

#[test]
fn what_a_process_cannot_do_is_an_error() {
    let with = |key: &'static str, value: Node| {
        let problem = file(
            "tail_sampling",
            map([(key, value), ("policies", list([errors()]))]),
        )
        .unwrap_err();
        (problem.kind, problem.path, problem.hint)
    };
    let below = |key: &str| format!("distribution.spanline.tail_sampling.{key}");
    for (key, value, kind, hint) in [
        ("block_on_overflow", true.into(), ErrorKind::Unsupported, None),
        (
            "sampling_strategy",
            "span-ingest".into(),
            ErrorKind::Unsupported,
            None,
        ),
        ("decision_wait", 30.0.into(), ErrorKind::BadValue, None),
        ("decision_wait", "30".into(), ErrorKind::BadValue, None),
        ("decision_wait", 30.into(), ErrorKind::BadValue, None),
        ("num_traces", 0.into(), ErrorKind::BadValue, None),
        (
            "num_trace",
            1.into(),
            ErrorKind::UnknownKey,
            Some("num_traces".to_owned()),
        ),
    ] {
        let expected = (kind, below(key), hint);
        assert_eq!(with(key, value), expected);
    }
    let missing = file("tail_sampling", map([("num_traces", 1.into())])).unwrap_err();
    assert_eq!(
        (missing.kind, missing.path),
        (ErrorKind::Missing, below("policies"))
    );
    for names in [["tail", "tail_sampling"], ["tail_sampling", "tail"]] {
        let [first, second] = names.map(|name| (name, map([("policies", list([errors()]))])));
        let twice = distribution(map([first, second])).unwrap_err();
        let path = format!("distribution.spanline.{}", names[1]);
        assert_eq!(
            (twice.kind, twice.path),
            (ErrorKind::BadValue, path),
            "{}",
            twice.text
        );
    }
    let one = map([
        ("tail", Node::default()),
        ("tail_sampling", map([("policies", list([errors()]))])),
    ]);
    assert!(distribution(one).is_ok());
    for (name, place) in [
        ("redact", "distribution.spanline.redact,"),
        ("service_name", "resource"),
        ("delay_ms", "schedule_delay"),
    ] {
        let problem = declarative(&map([(name, map([]))])).unwrap_err();
        assert_eq!(
            (problem.kind, problem.path.as_str()),
            (ErrorKind::UnknownKey, name)
        );
        assert!(
            problem.text.contains(place) && problem.text.contains("`tracing`"),
            "{problem}"
        );
    }
    let misspelt = file("tail_smpling", map([])).unwrap_err();
    assert_eq!(misspelt.hint.as_deref(), Some("tail_sampling"));
}
