//! Spans and policies of the tests.

use spanline_core::sample::Pattern;
use spanline_core::sample::tail::{
    PolicyKind, PolicyOptions, ResourceFacts, TailDecision, TailPolicies, TraceSummary,
};
use spanline_core::wire::otlp::{
    RESOURCE_ATTRIBUTES, ResourceView, SPAN_ATTRIBUTES, SpanParts, SpanView, push_attribute,
};
use spanline_core::{OwnedValue, SpanId, StatusCode, TraceFlags, TraceId, ValueLimits};

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1000 * MS;
/// When all traces begin.
pub(crate) const BEGAN: u64 = 1_700_000_000 * SECOND;

pub(crate) type Attributes = Vec<(&'static str, OwnedValue)>;

/// A span; times count from [`BEGAN`].
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) status: StatusCode,
    pub(crate) sampled: bool,
    pub(crate) state: &'static str,
    pub(crate) parent: SpanId,
    pub(crate) attributes: Attributes,
}

pub(crate) fn span() -> Span {
    Span {
        start: 0,
        end: MS,
        status: StatusCode::Unset,
        sampled: false,
        state: "",
        parent: SpanId::INVALID,
        attributes: Vec::new(),
    }
}

impl Span {
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn times(mut self, start: u64, end: u64) -> Self {
        (self.start, self.end) = (start, end);
        self
    }

    pub(crate) fn state(mut self, state: &'static str) -> Self {
        self.state = state;
        self
    }

    pub(crate) fn with(mut self, key: &'static str, value: impl Into<OwnedValue>) -> Self {
        self.attributes.push((key, value.into()));
        self
    }

    pub(crate) fn message(&self, trace_id: TraceId) -> Vec<u8> {
        let attributes = encoded(SPAN_ATTRIBUTES, &self.attributes);
        let flags = TraceFlags::NONE.with_sampled(self.sampled);
        let parts = SpanParts {
            name: "work",
            start_unix_nano: BEGAN + self.start,
            end_unix_nano: BEGAN + self.end,
            status: self.status,
            trace_state: self.state,
            parent_span_id: self.parent,
            flags,
            attributes: &attributes,
            ..SpanParts::new(trace_id, SpanId::from_bytes([2; 8]))
        };
        let mut message = vec![0; parts.encoded_len()];
        parts.write_to(&mut message);
        message
    }
}

fn encoded(tag: u8, attributes: &[(&'static str, OwnedValue)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in attributes {
        push_attribute(tag, key, value.as_value(), &ValueLimits::default(), &mut out);
    }
    out
}

pub(crate) fn resource(policies: &TailPolicies, attributes: &[(&'static str, OwnedValue)]) -> ResourceFacts {
    let message = encoded(RESOURCE_ATTRIBUTES, attributes);
    policies.watch().resource(ResourceView::ours(&message))
}

pub(crate) fn trace(number: u8) -> TraceId {
    TraceId::from_bytes([number; 16])
}

pub(crate) fn policies(list: impl IntoIterator<Item = PolicyOptions>) -> TailPolicies {
    TailPolicies::new(list, false).unwrap()
}

pub(crate) fn only(kind: PolicyKind) -> TailPolicies {
    policies([PolicyOptions::new("only", kind)])
}

pub(crate) fn summary(policies: &TailPolicies, trace_id: TraceId, spans: &[Span]) -> TraceSummary {
    let mut summary = policies.watch().summary(trace_id);
    for span in spans {
        let message = span.message(trace_id);
        summary.add(
            policies.watch(),
            SpanView::check(&message).unwrap(),
            &ResourceFacts::NONE,
        );
    }
    summary
}

pub(crate) fn decide(policies: &mut TailPolicies, spans: &[Span]) -> TailDecision {
    let summary = summary(policies, trace(7), spans);
    policies.decide(&summary, SECOND)
}

/// Whether one policy keeps a trace of these spans.
pub(crate) fn keeps(kind: &PolicyKind, spans: &[Span]) -> bool {
    decide(&mut only(kind.clone()), spans).sampled
}

pub(crate) fn has(key: &str, value: &str) -> PolicyKind {
    text(key, value, false)
}

pub(crate) fn text(key: &str, value: &str, invert_match: bool) -> PolicyKind {
    PolicyKind::StringAttribute {
        key: key.into(),
        values: vec![Pattern::exact(value)],
        invert_match,
    }
}

pub(crate) fn share(percentage: f64) -> PolicyKind {
    PolicyKind::Probabilistic {
        sampling_percentage: percentage,
        hash_salt: None,
    }
}

pub(crate) fn errors() -> PolicyKind {
    PolicyKind::StatusCode {
        status_codes: vec![StatusCode::Error],
    }
}

pub(crate) fn limit(spans_per_second: u64) -> PolicyKind {
    PolicyKind::RateLimiting {
        spans_per_second,
        burst_capacity: 0,
    }
}

pub(crate) fn and(list: impl IntoIterator<Item = PolicyKind>) -> PolicyKind {
    PolicyKind::And {
        and_sub_policy: named(list),
    }
}

pub(crate) fn not(kind: PolicyKind) -> PolicyKind {
    PolicyKind::Not {
        not_sub_policy: Box::new(PolicyOptions::new("sub", kind)),
    }
}

pub(crate) fn drop_all(list: impl IntoIterator<Item = PolicyKind>) -> PolicyKind {
    PolicyKind::Drop {
        drop_sub_policy: named(list),
    }
}

/// Policies with numbers for names.
pub(crate) fn named(list: impl IntoIterator<Item = PolicyKind>) -> Vec<PolicyOptions> {
    let list = list.into_iter().enumerate();
    list.map(|(at, kind)| PolicyOptions::new(at.to_string(), kind))
        .collect()
}
