//! What policies want to know of spans.

use super::{
    TraceSummary,
    facts::{Facts, ResourceFacts},
    options::SpanCondition,
};
use crate::{
    KeyValue, Resource, TraceId, ValueLimits,
    sample::Pattern,
    wire::otlp::{RESOURCE_ATTRIBUTES, ResourceView, SpanView, ValueView, push_attribute},
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};

/// A condition on one attribute.
#[derive(Debug)]
pub(super) enum Test {
    Number { min: i64, max: i64 },
    Text(Vec<Pattern>),
    Bool(bool),
}

impl Test {
    fn holds(&self, value: ValueView<'_>) -> bool {
        match (self, value) {
            (Self::Number { min, max }, ValueView::I64(number)) => (*min..=*max).contains(&number),
            (Self::Number { min, max }, ValueView::F64(number)) => within(number, *min, *max),
            (Self::Text(patterns), ValueView::Str(text)) => {
                patterns.iter().any(|pattern| pattern.matches(text))
            }
            (Self::Bool(wanted), ValueView::Bool(found)) => *wanted == found,
            _ => false,
        }
    }
}

/// Without rounding the bounds to doubles. An open bound is the outermost integer, and takes in all beyond it.
fn within(number: f64, min: i64, max: i64) -> bool {
    // 2^63, which doubles have exactly; casts saturate.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if number.is_nan() {
        return false;
    }
    let whole = number as i64;
    let at_least = min == i64::MIN
        || number >= BEYOND
        || (number >= -BEYOND && (whole > min || whole == min && number >= whole as f64));
    let at_most = max == i64::MAX
        || number < -BEYOND
        || (number < BEYOND && (whole < max || whole == max && number <= whole as f64));
    at_least && at_most
}

#[derive(Debug)]
pub(super) struct WatchedKey {
    pub(super) key: Box<str>,
    pub(super) tests: Vec<(Test, u16)>,
}

#[derive(Debug)]
pub(super) struct WatchedState {
    pub(super) key: Box<str>,
    pub(super) values: Vec<Box<str>>,
    pub(super) bit: u16,
}

/// A policy's name, and those of its parts if it is a composite one.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) policy: Box<str>,
    pub(super) parts: Vec<Box<str>>,
}

/// The part of [`super::TailPolicies`] that never changes: what to look at in spans, and names. Share it with whoever
/// sees spans: nothing here waits for decisions.
#[derive(Debug, Default)]
pub struct TailWatch {
    /// By key.
    pub(super) keys: Vec<WatchedKey>,
    pub(super) states: Vec<WatchedState>,
    /// With the bit that says that it is met; the next one says that it failed.
    pub(super) conditions: Vec<(Arc<dyn SpanCondition>, u16)>,
    pub(super) names: Vec<Names>,
}

impl TailWatch {
    /// A summary of a trace of which nothing was seen yet.
    pub const fn summary(&self, trace_id: TraceId) -> TraceSummary {
        TraceSummary::new(trace_id)
    }

    /// What this resource fulfils.
    pub fn resource(&self, resource: ResourceView<'_>) -> ResourceFacts {
        let mut facts = Facts::NONE;
        if !self.keys.is_empty() {
            for (key, value) in resource.attributes() {
                self.attribute(key, value, &mut facts);
            }
        }
        ResourceFacts(facts)
    }

    /// The same of a resource that is not encoded.
    pub fn resource_of(&self, resource: &Resource) -> ResourceFacts {
        let mut message = Vec::new();
        for KeyValue { key, value } in resource.attributes() {
            if !key.is_empty() && self.keys.iter().any(|watched| *watched.key == **key) {
                let limits = ValueLimits::default();
                push_attribute(RESOURCE_ATTRIBUTES, key, value.as_value(), &limits, &mut message);
            }
        }
        self.resource(ResourceView::ours(&message))
    }

    /// Notes what an attribute fulfils; a later value of the same key takes the place of an earlier one.
    pub(super) fn attribute(&self, key: &str, value: ValueView<'_>, facts: &mut Facts) {
        if let Ok(at) = self.keys.binary_search_by(|watched| (*watched.key).cmp(key))
            && let Some(watched) = self.keys.get(at)
        {
            for (test, bit) in &watched.tests {
                facts.set(*bit, test.holds(value));
            }
        }
    }

    pub(super) fn conditions(&self, span: SpanView<'_>, facts: &mut Facts) {
        for (condition, bit) in &self.conditions {
            match condition.is_met(span) {
                Ok(met) => facts.set(*bit, met),
                Err(_) => facts.set(*bit + 1, true),
            }
        }
    }

    /// The name of the policy with this number.
    pub(super) fn policy(&self, number: Option<u16>) -> Option<&Names> {
        self.names.get(usize::from(number?))
    }

    /// The name of the policy that a decision is owed to, if there is one.
    ///
    /// With [`super::TailDecision::composite_policy`] the name of the part of a composite policy comes second.
    pub fn names(&self, decision: &super::TailDecision) -> (Option<&str>, Option<&str>) {
        let names = self.policy(decision.policy);
        let part = names.and_then(|names| names.parts.get(usize::from(decision.composite_policy?)));
        (names.map(|names| &*names.policy), part.map(|part| &**part))
    }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn doubles_are_compared_with_bounds_exactly() {
        let (low, high) = (i64::MIN, i64::MAX);
        for (number, min, max, expected) in [
            (1.0, 1, 2, true),
            (0.999, 1, 2, false),
            (2.0, 1, 2, true),
            (2.001, 1, 2, false),
            (-1.5, -2, -1, true),
            (-1.5, -1, 0, false),
            (-0.5, 0, 0, false),
            (0.5, 0, 0, false),
            (-0.0, 0, 0, true),
            (f64::NAN, low, high, false),
            (f64::INFINITY, 0, high, true),
            (f64::INFINITY, 0, high - 1, false),
            (f64::NEG_INFINITY, low, 0, true),
            (f64::NEG_INFINITY, low + 1, 0, false),
            // 2^53 + 1 has no double: the bound is not rounded to 2^53.
            (9_007_199_254_740_992.0, 9_007_199_254_740_993, high, false),
            (9_007_199_254_740_992.0, low, 9_007_199_254_740_991, false),
            (1e19, 5, high, true),
            (-1e19, low, 5, true),
        ] {
            assert_eq!(within(number, min, max), expected, "{number} in {min}..={max}");
        }
    }
}
