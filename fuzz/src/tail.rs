//! Policies of tail sampling, and spans that they decide about.

use spanline_core::sample::tail::{PolicyKind, PolicyOptions, TailPolicies, stamp};
use spanline_core::wire::otlp::{ResourceView, SpanView};

/// The first line is a list of policies in their short form, the rest a span's message, or whatever it is: unlike other
/// readers a summary is made of what was not checked, too. What is kept of a good span is a good span.
pub fn tail(input: &[u8]) {
    let mut parts = input.splitn(2, |&c| c == b'\n');
    let list = str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
    let message = parts.next().unwrap_or_default();
    let policies = list.split(',').filter_map(|text| PolicyOptions::short(text).ok());
    let always = PolicyOptions::new("last", PolicyKind::AlwaysSample);
    let list: Vec<_> = policies.chain([always]).collect();
    let Ok(mut policies) = TailPolicies::new(list, false) else {
        return;
    };
    let watch = policies.watch().clone();
    let span = SpanView::ours(message);
    let facts = watch.resource(ResourceView::ours(message));
    let mut summary = watch.summary(span.trace_id());
    summary.add(&watch, span, &facts);
    assert_eq!((summary.spans(), summary.bytes()), (1, message.len() as u64));
    let decision = policies.decide(&summary, 1);
    assert!(decision.sampled && decision.threshold().is_some());
    for explain in [false, true] {
        let mut out = Vec::new();
        stamp(span, &decision, &watch, explain, &mut out);
        if SpanView::check(message).is_ok() {
            let kept = SpanView::check(&out).unwrap();
            assert_eq!(kept.span_id(), span.span_id());
            assert_eq!(
                kept.attribute("sampling.reason").is_some(),
                explain || span.attribute("sampling.reason").is_some()
            );
        }
    }
}
