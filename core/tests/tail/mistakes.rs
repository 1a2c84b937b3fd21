//! Settings that make no sense are refused, with their place and what to write instead.

use crate::world::*;
use spanline_core::StatusCode;
use spanline_core::sample::tail::{PolicyKind, PolicyOptions, RateAllocation, TailPolicies};

#[track_caller]
fn refused(list: Vec<PolicyOptions>, path: &str, problem: &str) {
    let error = TailPolicies::new(list, false).unwrap_err();
    assert_eq!((&*error.path, &*error.problem), (path, problem));
    assert!(!error.hint.is_empty());
    assert_eq!(error.to_string(), format!("{path}: {problem}; {}", error.hint));
}

fn composite(policy_order: &[&str], allocation: &[(&str, f64)]) -> PolicyKind {
    PolicyKind::Composite {
        max_total_spans_per_second: 10,
        policy_order: policy_order.iter().map(|&name| name.into()).collect(),
        composite_sub_policy: vec![
            PolicyOptions::new("a", errors()),
            PolicyOptions::new("b", errors()),
        ],
        rate_allocation: allocation
            .iter()
            .map(|&(policy, percent)| RateAllocation {
                policy: policy.into(),
                percent,
            })
            .collect(),
    }
}

#[test]
fn mistakes_are_named_with_their_path() {
    let number = |min, max| PolicyKind::NumericAttribute {
        key: "k".into(),
        min_value: Some(min),
        max_value: Some(max),
        invert_match: false,
    };
    let latency = |threshold_ms, upper_threshold_ms| PolicyKind::Latency {
        threshold_ms,
        upper_threshold_ms,
    };
    let no_values = PolicyKind::StringAttribute {
        key: "k".into(),
        values: Vec::new(),
        invert_match: false,
    };
    let state = |key: &str, values: &[&str]| PolicyKind::TraceState {
        key: key.into(),
        values: values.iter().map(|&value| value.into()).collect(),
    };
    let count = PolicyKind::SpanCount {
        min_spans: 3,
        max_spans: 2,
    };
    let no_status = PolicyKind::StatusCode {
        status_codes: Vec::new(),
    };
    let bytes = PolicyKind::BytesLimiting {
        bytes_per_second: 0,
        burst_capacity: 7,
    };
    for (kind, path, problem) in [
        (
            latency(5, 5),
            "latency.upper_threshold_ms",
            "5 is not over threshold_ms, 5",
        ),
        (no_status, "status_code.status_codes", "is empty"),
        (
            number(2, 1),
            "numeric_attribute.max_value",
            "1 is less than min_value, 2",
        ),
        (has("", "v"), "string_attribute.key", "is empty"),
        (no_values, "string_attribute.values", "is empty"),
        (
            share(100.1),
            "probabilistic.sampling_percentage",
            "100.1 is not a percentage",
        ),
        (
            share(-0.1),
            "probabilistic.sampling_percentage",
            "-0.1 is not a percentage",
        ),
        (
            share(f64::NAN),
            "probabilistic.sampling_percentage",
            "NaN is not a percentage",
        ),
        (limit(0), "rate_limiting.spans_per_second", "0 would never sample"),
        (bytes, "bytes_limiting.bytes_per_second", "0 would never sample"),
        (count, "span_count.max_spans", "2 is less than min_spans, 3"),
        (
            state("Key", &["v"]),
            "trace_state.key",
            "`Key` cannot be a key of a trace state",
        ),
        (state("key", &[]), "trace_state.values", "is empty"),
        (and([]), "and.and_sub_policy", "is empty"),
        (drop_all([]), "drop.drop_sub_policy", "is empty"),
        (
            and([errors(), limit(0)]),
            "and.and_sub_policy[1].rate_limiting.spans_per_second",
            "0 would never sample",
        ),
        (
            not(latency(2, 1)),
            "not.not_sub_policy.latency.upper_threshold_ms",
            "1 is not over threshold_ms, 2",
        ),
        (
            and([drop_all([errors()])]),
            "and.and_sub_policy[0]",
            "a `drop` policy stands inside of another one",
        ),
        (
            not(composite(&[], &[])),
            "not.not_sub_policy",
            "a `composite` policy stands inside of another one",
        ),
        (
            composite(&["b", "c"], &[]),
            "composite.policy_order[1]",
            "there is no policy `c`",
        ),
        (
            composite(&["b", "b"], &[]),
            "composite.policy_order[1]",
            "`b` is given twice",
        ),
        (
            composite(&[], &[("c", 1.0)]),
            "composite.rate_allocation[0].policy",
            "there is no policy `c`",
        ),
        (
            composite(&[], &[("a", 101.0)]),
            "composite.rate_allocation[0].percent",
            "101 is not a percentage",
        ),
    ] {
        let list = named([errors(), kind]);
        refused(list, &format!("policies[1].{path}"), problem);
    }
}

#[test]
fn lists_need_names_of_their_own() {
    refused(vec![], "policies", "is empty");
    refused(
        vec![PolicyOptions::new("", errors())],
        "policies[0].name",
        "is empty",
    );
    let twice = ["b", "a", "b"].map(|name| PolicyOptions::new(name, errors()));
    refused(twice.to_vec(), "policies[0].name", "`b` is given twice");
    let kind = PolicyKind::And {
        and_sub_policy: twice[..1].iter().chain(&twice).cloned().collect(),
    };
    refused(
        vec![PolicyOptions::new("x", kind)],
        "policies[0].and.and_sub_policy[0].name",
        "`b` is given twice",
    );
}

#[test]
fn late_upgrades_need_a_policy_that_spends_nothing() {
    let problem = "is not possible for a policy that has a budget or drops";
    for kind in [
        limit(1),
        drop_all([errors()]),
        composite(&[], &[]),
        and([errors(), limit(1)]),
    ] {
        let policy = PolicyOptions::new("x", kind).with_late_upgrade(true);
        refused(vec![policy], "policies[0].late_upgrade", problem);
    }
    let inner = PolicyOptions::new("x", errors()).with_late_upgrade(true);
    let kind = PolicyKind::And {
        and_sub_policy: vec![inner],
    };
    let path = "policies[0].and.and_sub_policy[0].late_upgrade";
    refused(vec![PolicyOptions::new("x", kind)], path, "has no meaning here");
}

#[test]
fn there_are_bounds() {
    let mut deep = errors();
    for _ in 0..7 {
        deep = not(deep);
    }
    assert!(!keeps(&deep, &[span().status(StatusCode::Error)]));
    let error = TailPolicies::new(named([not(deep)]), false).unwrap_err();
    assert_eq!(error.problem, "is more than 8 policies deep");
    let many = |count: usize| (0..count).map(|number| has("k", &number.to_string()));
    let last = span().with("k", "255");
    let mut policies = policies(named(many(256)));
    assert_eq!(decide(&mut policies, &[last]).policy, Some(255));
    let error = TailPolicies::new(named(many(257)), false).unwrap_err();
    assert_eq!(error.path, "policies[256].string_attribute.key");
    let error = TailPolicies::new(named((0..4096).map(|_| errors())), false).unwrap_err();
    assert_eq!(error.problem, "has more than 4095 policies");
}
