//! Samplers described in a configuration file.

use crate::common::spans;
use spanline::config::{Registry, parse};
use spanline::{Error, ErrorKind, Provider, SpanKind};

fn build(sampler: &str) -> Result<Provider, Error> {
    let text = format!(
        "file_format: '1.1'\nresource: {{ attributes: [ {{name: service.name, value: shop}} ] }}\ntracer_provider:\n  \
         processors: [ {{batch: {{exporter: {{memory: }}}}}} ]\n  sampler:\n{sampler}\n"
    );
    let model = parse(&text, |_| None)?;
    Ok(model.create(&Registry::new())?.provider)
}

fn kept(provider: &Provider, name: &str, kind: SpanKind, key: &str, value: &str) -> bool {
    let before = spans(provider).len();
    let tracer = provider.tracer("t");
    tracer.span(name).kind(kind).attribute(key, value).start().end();
    spans(provider).len() > before
}

#[test]
fn composable_samplers() {
    let provider = build(
        "    composite/development:
      parent_threshold:
        root:
          rule_based:
            rules:
              - attribute_values: { key: http.route, values: [ /healthz ] }
                sampler: { always_off: }
              - attribute_patterns: { key: http.route, included: ['/api/*'], excluded: ['*/internal'] }
                span_kinds: [ server ]
                parent: [ none ]
                sampler: { probability: { ratio: 1 } }",
    )
    .unwrap();
    let server = |route| kept(&provider, "x", SpanKind::Server, "http.route", route);
    assert!(server("/api/users"));
    assert!(!server("/healthz") && !server("/api/internal") && !server("/other"));
    assert!(!kept(
        &provider,
        "x",
        SpanKind::Client,
        "http.route",
        "/api/users"
    ));
    assert_eq!(
        provider.sampler_description(),
        "CompositeSampler{ComposableParentThreshold{root=ComposableRuleBased{ComposableAlwaysOff,ComposableProbability{1}}}}"
    );
    assert_eq!(spans(&provider)[0].trace_state.as_str(), "ot=th:0");
}

#[test]
fn rules_with_patterns_rates_budgets_and_samplers() {
    let provider = build(
        "    parent_based:
      root:
        rules:
          rules:
            - { service: {exact: other}, sample: {rate: 1} }
            - { name: {regex: '^GET /\\w+$'}, span_kinds: [server], sample: {rate: 1} }
            - { name: {glob: 'GET *'}, sample: {rate: 0} }
            - { attributes: [ {key: tier, value: {exact: gold}} ], sample: {sampler: {always_on: }} }
            - { name: {exact: batch}, sample: {per_second: 1} }
          otherwise: { always_off: }",
    )
    .unwrap();
    let span = |name, kind| kept(&provider, name, kind, "tier", "none");
    assert!(span("GET /users", SpanKind::Server));
    assert!(!span("GET /users/1", SpanKind::Server) && !span("GET /users", SpanKind::Client));
    assert!(kept(&provider, "any", SpanKind::Internal, "tier", "gold"));
    assert!(span("batch", SpanKind::Internal) && !span("batch", SpanKind::Internal));
    assert!(!span("any", SpanKind::Internal));
    let options = provider.options();
    assert_eq!(options.sampler.to_string(), "ParentBased(root=rules)");
    assert_eq!(options.source("sampler").unwrap().to_string(), "file");
}

#[test]
fn every_sampler_with_settings_is_made() {
    for (text, description) in [
        (
            "    rate_limited: { per_second: 2.5 }",
            "RateLimitingSampler{2.5}",
        ),
        (
            "    adaptive_target: { per_second: 50, min: 0.01 }",
            "AdaptiveTargetSampler{50}",
        ),
        (
            "    adaptive_load: { min: 0.1, low: 0.2, high: 0.5 }",
            "AdaptiveLoadSampler{0.1..1}",
        ),
        ("    adaptive_load:", "AdaptiveLoadSampler{0.01..1}"),
        (
            "    scored: { bias: -3, kind: {server: 1}, class: {rpc: 2}, criticality_key: c, min: 0.25, max_operations: 9 }",
            "ScoredSampler{0.25..1}",
        ),
        (
            "    jaeger_remote/development: { endpoint: 'http://127.0.0.1:1', interval: 3600000, initial_sampler: {always_on: } }",
            "JaegerRemoteSampler{endpoint=http://127.0.0.1:1,interval=3600000ms,initial=AlwaysOnSampler}",
        ),
    ] {
        assert_eq!(build(text).unwrap().sampler_description(), description, "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    for (text, kind, part) in [
        (
            "    rate_limited: { per_second: -1 }",
            ErrorKind::BadValue,
            "sampler.rate_limited",
        ),
        (
            "    rate_limited: { per_secnd: 1 }",
            ErrorKind::UnknownKey,
            "did you mean `per_second`",
        ),
        (
            "    rate_limited: { per_second: .inf }",
            ErrorKind::BadValue,
            "not a finite number",
        ),
        (
            "    adaptive_target: { per_second: 1, min: 0.5, max: 0.1 }",
            ErrorKind::BadValue,
            "sampler.adaptive_target",
        ),
        (
            "    scored: { duration_scale_ms: 0 }",
            ErrorKind::BadValue,
            "duration_scale_ms",
        ),
        (
            "    rules: { rules: [ {sample: {rate: 2}} ] }",
            ErrorKind::BadValue,
            "rules[0].sample.rate",
        ),
        (
            "    rules: { rules: [ {name: {exact: x}} ] }",
            ErrorKind::Missing,
            "rules[0].sample",
        ),
        (
            "    rules: { rules: [ {name: {regex: '('}, sample: {rate: 1}} ] }",
            ErrorKind::BadValue,
            "rules[0].name.regex",
        ),
        (
            "    rules: { rules: [ {sample: {sampler: {nobody: }}} ] }",
            ErrorKind::UnknownKey,
            "nobody",
        ),
        (
            "    jaeger_remote/development: { endpoint: 'ftp://x', initial_sampler: {always_on: } }",
            ErrorKind::BadValue,
            "sampler.jaeger_remote/development.endpoint",
        ),
        (
            "    jaeger_remote/development: { endpoint: x, interval: 0, initial_sampler: {always_on: } }",
            ErrorKind::BadValue,
            "interval",
        ),
        (
            "    composite/development: { probability: {ratio: 2} }",
            ErrorKind::BadValue,
            "probability.ratio",
        ),
    ] {
        let error = build(text).unwrap_err();
        assert_eq!(error.kind(), kind, "{text}: {error}");
        assert!(error.message().contains(part), "{text}: {error}");
    }
}
