//! Composable samplers by rules.

use super::{ComposableSampler, IntentRequest, SamplingIntent};
use crate::SpanKind;
use crate::sample::{Pattern, SamplerReport, pattern};
use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::fmt;

/// Where a span's parent is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ParentKind {
    /// There is none.
    None,
    /// In another process.
    Remote,
    /// In this process.
    Local,
}

/// A condition of a rule.
#[non_exhaustive]
pub enum Condition {
    /// An attribute given at creation has one of these values, in its text form; an array has it in any item.
    AttributeValues {
        /// Its key.
        key: Box<str>,
        /// The values.
        values: Vec<Box<str>>,
    },
    /// An attribute given at creation fits one of these patterns, and none of those.
    AttributePatterns {
        /// Its key.
        key: Box<str>,
        /// One of these; with none of them any value does.
        included: Vec<Pattern>,
        /// Not these.
        excluded: Vec<Pattern>,
    },
    /// The span has one of these kinds.
    SpanKinds(Vec<SpanKind>),
    /// The parent is at one of these places.
    Parent(Vec<ParentKind>),
    /// Whatever code says.
    Predicate(Box<dyn Fn(&IntentRequest<'_>) -> bool + Send + Sync>),
}

impl Condition {
    /// See [`Condition::AttributeValues`].
    pub fn attribute_values(
        key: impl Into<Box<str>>,
        values: impl IntoIterator<Item = impl Into<Box<str>>>,
    ) -> Self {
        Self::AttributeValues {
            key: key.into(),
            values: values.into_iter().map(Into::into).collect(),
        }
    }

    /// See [`Condition::AttributePatterns`]; the patterns are globs.
    pub fn attribute_patterns(
        key: impl Into<Box<str>>,
        included: impl IntoIterator<Item = impl Into<Box<str>>>,
        excluded: impl IntoIterator<Item = impl Into<Box<str>>>,
    ) -> Self {
        Self::AttributePatterns {
            key: key.into(),
            included: included.into_iter().map(Pattern::glob).collect(),
            excluded: excluded.into_iter().map(Pattern::glob).collect(),
        }
    }

    /// See [`Condition::SpanKinds`].
    pub fn span_kinds(kinds: impl IntoIterator<Item = SpanKind>) -> Self {
        Self::SpanKinds(kinds.into_iter().collect())
    }

    /// See [`Condition::Parent`].
    pub fn parent(kinds: impl IntoIterator<Item = ParentKind>) -> Self {
        Self::Parent(kinds.into_iter().collect())
    }

    fn holds(&self, request: &IntentRequest<'_>) -> bool {
        let attribute = |key, fits: &mut dyn FnMut(&str) -> bool| {
            pattern::attribute(request.attributes, key, fits) == Some(true)
        };
        match self {
            Self::AttributeValues { key, values } => {
                attribute(key, &mut |text| values.iter().any(|value| **value == *text))
            }
            Self::AttributePatterns {
                key,
                included,
                excluded,
            } => attribute(key, &mut |text| {
                let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(text));
                (included.is_empty() || any(included)) && !any(excluded)
            }),
            Self::SpanKinds(kinds) => kinds.contains(&request.kind),
            Self::Parent(kinds) => {
                let parent = request.parent.span_context();
                kinds.contains(&match (parent.is_valid(), parent.is_remote()) {
                    (false, _) => ParentKind::None,
                    (true, true) => ParentKind::Remote,
                    (true, false) => ParentKind::Local,
                })
            }
            Self::Predicate(predicate) => predicate(request),
        }
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AttributeValues { key, values } => write!(f, "{key} in {values:?}"),
            Self::AttributePatterns {
                key,
                included,
                excluded,
            } => write!(f, "{key} in {included:?} and not in {excluded:?}"),
            Self::SpanKinds(kinds) => write!(f, "kind in {kinds:?}"),
            Self::Parent(kinds) => write!(f, "parent in {kinds:?}"),
            Self::Predicate(_) => f.write_str("predicate"),
        }
    }
}

/// Asks the sampler of the first rule whose conditions all hold; where none does, the span is not sampled.
#[derive(Debug, Default)]
pub struct RuleBased {
    rules: Vec<(Vec<Condition>, Box<dyn ComposableSampler>)>,
}

impl RuleBased {
    /// No rules.
    pub const fn new() -> Self {
        Self { rules: Vec::new() }
    }

    /// The same with a further rule, which is looked at after those before it. Without conditions it is for every span.
    #[must_use]
    pub fn rule(
        mut self,
        conditions: impl IntoIterator<Item = Condition>,
        sampler: impl ComposableSampler + 'static,
    ) -> Self {
        self.rules
            .push((conditions.into_iter().collect(), Box::new(sampler)));
        self
    }
}

impl ComposableSampler for RuleBased {
    fn sampling_intent<'a>(&'a self, request: &IntentRequest<'_>) -> SamplingIntent<'a> {
        let holds = |conditions: &[Condition]| conditions.iter().all(|condition| condition.holds(request));
        match self.rules.iter().find(|(conditions, _)| holds(conditions)) {
            Some((_, sampler)) => sampler.sampling_intent(request),
            None => SamplingIntent::NONE,
        }
    }

    fn description(&self) -> String {
        let mut text = String::from("ComposableRuleBased{");
        for (at, (_, sampler)) in self.rules.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            text += &sampler.description();
        }
        text.push('}');
        text
    }

    fn report(&self) -> SamplerReport {
        let rules = self.rules.iter().enumerate();
        rules.fold(
            SamplerReport::new(self.description()),
            |report, (at, (_, sampler))| report.with_part(format!("rule {}", at + 1), sampler.report()),
        )
    }
}
