//! Tail sampling described in a configuration file.

use crate::common::spans;
use crate::{make, names};
use spanline::config::{Registry, parse};
use spanline::{Error, ErrorKind, Provider};

fn build(spanline: &str) -> Result<Provider, Error> {
    let text = format!(
        "file_format: '1.1'\nresource: {{ attributes: [ {{name: service.name, value: shop}} ] }}\ntracer_provider:\n  \
         processors: [ {{batch: {{exporter: {{memory: }}}}}} ]\ndistribution:\n  spanline:\n{spanline}\n"
    );
    let model = parse(&text, |_| None)?;
    Ok(model.create(&Registry::new())?.provider)
}

#[test]
fn the_configuration_of_the_collector_is_taken_over() {
    let provider = build(
        "    tail_sampling:
      decision_wait: 10s
      num_traces: 100
      expected_new_traces_per_sec: 10
      decision_cache: { sampled_cache_size: 1000, non_sampled_cache_size: 1000 }
      policies:
        - { name: errors, type: status_code, status_code: { status_codes: [ERROR] } }
        - name: not-health-checks
          type: and
          and:
            and_sub_policy:
              - name: named
                type: string_attribute
                string_attribute: { key: route, values: ['^/api/'], enabled_regex_matching: true }
              - { name: slow, type: latency, latency: { threshold_ms: 5000 } }
        - { name: quiet, type: drop, drop: { drop_sub_policy: [ { name: q, type: boolean_attribute, boolean_attribute: { key: quiet, value: true } } ] } }",
    )
    .unwrap();
    make(&provider, "fine", false);
    make(&provider, "failed", true);
    assert_eq!(names(&spans(&provider)), ["child", "failed"]);
    let tail = &provider.options().tail;
    assert_eq!(
        (tail.decision_wait_ms, tail.num_traces, tail.decision_cache),
        (10_000, 100, 2_000)
    );
    assert_eq!(
        tail.policies.as_ref().unwrap().to_string(),
        "errors,not-health-checks,quiet"
    );
    assert_eq!(
        provider.options().source("tail.policies").unwrap().to_string(),
        "file"
    );
}

#[test]
fn policies_in_one_word_and_by_the_resource() {
    for (service, expected) in [("shop", 2), ("other", 0)] {
        let provider = build(&format!("    tail: {{ policies: [ error, service={service} ] }}")).unwrap();
        make(&provider, "fine", false);
        assert_eq!(spans(&provider).len(), expected, "{service}");
    }
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    for (text, kind, part) in [
        (
            "    tail_sampling: { policies: [ { name: a, type: latency, latency: { treshold_ms: 1 } } ] }",
            ErrorKind::UnknownKey,
            "distribution.spanline.tail_sampling.policies[0].latency.treshold_ms",
        ),
        (
            "    tail_sampling: { block_on_overflow: true, policies: [ error ] }",
            ErrorKind::Unsupported,
            "block_on_overflow",
        ),
        (
            "    tail: { policies: [ errorr ] }",
            ErrorKind::BadValue,
            "tail.policies[0]",
        ),
        (
            "    tail_sampling: { policies: [ { name: a, type: string_attribute, string_attribute: { key: k, values: ['('], enabled_regex_matching: true } } ] }",
            ErrorKind::BadValue,
            "string_attribute.values[0]",
        ),
    ] {
        let error = build(text).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(part), "{error}");
    }
}
