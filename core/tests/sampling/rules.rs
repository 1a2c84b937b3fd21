//! Rules.

use crate::world::{Begin, PerSecond, SECOND, WORK, World, adjusted_count, assert_share, is_sampled};
use spanline_core::sample::{AlwaysOff, Pattern, Rule, Rules, Sampler, ScoreOptions, Scored, TextMatch};
use spanline_core::{SpanKind, Value};
use std::sync::Arc;

#[derive(Debug)]
struct Ends(&'static str);

impl TextMatch for Ends {
    fn is_match(&self, text: &str) -> bool {
        text.ends_with(self.0)
    }
}

fn begin<'a>(name: &'a str, kind: SpanKind, attributes: &'a [(&'a str, Value<'a>)]) -> Begin<'a> {
    Begin {
        name,
        kind,
        attributes,
    }
}

#[test]
fn the_first_rule_that_matches_decides() {
    let rate = |rate| Rule::rate(rate).unwrap();
    let rules = [
        rate(0.0).name(Pattern::exact("GET /health")),
        rate(1.0).name(Pattern::glob("GET /*")).kind(SpanKind::Server),
        rate(0.0).name(Pattern::Custom(Arc::new(Ends(".css")))),
        rate(1.0).kind(SpanKind::Producer).kind(SpanKind::Consumer),
        rate(1.0)
            .attribute("tier", Pattern::glob("gold*"))
            .attribute("try", Pattern::exact("1")),
        rate(1.0).service(Pattern::exact("other")),
        rate(0.0),
    ];
    let sampler = Rules::new("shop", rules);
    let mut world = World::new(1);
    let gold: &[(&str, Value<'_>)] = &[("tier", "golden".into()), ("try", 1.into())];
    let late: &[(&str, Value<'_>)] = &[("tier", "golden".into()), ("try", 2.into())];
    for (span, expected) in [
        (begin("GET /health", SpanKind::Server, &[]), false),
        (begin("GET /users", SpanKind::Server, &[]), true),
        (begin("GET /users", SpanKind::Client, &[]), false),
        (begin("get /users", SpanKind::Server, &[]), false),
        (begin("GET /main.css", SpanKind::Client, &[]), false),
        (begin("send", SpanKind::Producer, &[]), true),
        (begin("take", SpanKind::Consumer, &[]), true),
        (begin("work", SpanKind::Internal, gold), true),
        (begin("work", SpanKind::Internal, late), false),
        (begin("work", SpanKind::Internal, &[]), false),
    ] {
        assert_eq!(is_sampled(&world.root(&sampler, span)), expected, "{span:?}");
    }
    // The rule of another service is not there.
    assert_eq!(sampler.report().parts.len(), 7);
    assert_eq!(sampler.report().parts[0].counts.unwrap().asked, 1);
}

#[test]
fn without_a_rule_for_it_a_span_is_sampled_unless_told_otherwise() {
    let rules = || [Rule::rate(0.0).unwrap().name(Pattern::exact("x"))];
    let mut world = World::new(2);
    assert!(is_sampled(&world.root(&Rules::new("s", rules()), WORK)));
    let otherwise = Rules::new("s", rules()).otherwise(AlwaysOff);
    assert!(!is_sampled(&world.root(&otherwise, WORK)));
    assert_eq!(
        otherwise.description(),
        "RuleBasedSampler{AlwaysOffSampler,otherwise=AlwaysOffSampler}"
    );
    assert!(!otherwise.learns());
    let learning = Rules::new(
        "s",
        [Rule::sampler(Scored::new(ScoreOptions::default()).unwrap())],
    );
    assert!(learning.learns());
}

#[test]
fn numbers_that_are_no_rate_or_budget_are_refused() {
    for number in [-0.1, 1.1, f64::NAN] {
        assert!(Rule::rate(number).is_none(), "{number}");
    }
    assert!(Rule::rate(1e-30).is_some());
    for number in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(Rule::budget(number).is_none(), "{number}");
    }
}

/// Three kinds of traces, a thousand of each per second.
#[test]
fn over_a_million_traces_rates_and_budgets_hold_side_by_side() {
    let sampler = Rules::new(
        "shop",
        [
            Rule::budget(20.0).unwrap().name(Pattern::glob("GET /search*")),
            Rule::rate(0.05).unwrap().kind(SpanKind::Consumer),
            Rule::rate(0.5).unwrap(),
        ],
    );
    let mut world = World::new(3);
    let began = world.now;
    let spans = [
        begin("GET /search?q", SpanKind::Server, &[]),
        begin("orders", SpanKind::Consumer, &[]),
        begin("GET /", SpanKind::Server, &[]),
    ];
    let mut kept = [0; 3];
    let mut budget = PerSecond::from(began);
    const EACH: u64 = 334_000;
    for _ in 0..EACH {
        for (which, span) in spans.iter().enumerate() {
            world.wait(3000.0);
            let result = world.root(&sampler, *span);
            if is_sampled(&result) {
                kept[which] += 1;
                assert_eq!(adjusted_count(&result).is_some(), which > 0);
                if which == 0 {
                    budget.add(world.now);
                }
            }
        }
    }
    assert_share(kept[1], EACH, 0.05);
    assert_share(kept[2], EACH, 0.5);
    let seconds = (world.now - began) / SECOND;
    assert!(
        kept[0] <= 20 * (seconds + 2) && kept[0] >= 20 * (seconds - 1),
        "{} in {seconds} s",
        kept[0]
    );
    assert!(
        budget.counts[1..budget.counts.len() - 1]
            .iter()
            .all(|count| (19..=21).contains(count))
    );
    let counts = sampler
        .report()
        .parts
        .iter()
        .map(|part| part.counts.unwrap_or_default().sampled)
        .collect::<Vec<_>>();
    assert_eq!(counts[..3], kept);
}
