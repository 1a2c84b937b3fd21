//! Sampling by rules.

use super::{
    AlwaysOff, AlwaysOn, Decision, DecisionCache, Pattern, Probability, RateLimiting, Sampler, SamplerReport,
    SamplingRequest, SamplingResult, head::HeadConditions, meter::Meter, pattern,
};
use crate::{Notice, SpanKind};
use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};

/// What is done with spans that a rule is for.
#[derive(Debug)]
enum Action {
    Ask(Box<dyn Sampler>),
    /// Kept apart, as all budgets of a set share one memory for decisions.
    Budget(RateLimiting),
}

impl Action {
    fn sampler(&self) -> &dyn Sampler {
        match self {
            Self::Ask(sampler) => &**sampler,
            Self::Budget(budget) => budget,
        }
    }
}

/// One rule of [`Rules`]: conditions, all of which must hold, and a rate or a budget. Without conditions it is for every
/// span.
///
/// ```
/// use spanline_core::sample::{Pattern, Rule};
/// let health = Rule::rate(0.0).unwrap().name(Pattern::glob("GET /health*"));
/// let payments = Rule::budget(50.0).unwrap().service(Pattern::exact("payments"));
/// # let _ = (health, payments);
/// assert!(Rule::rate(1.5).is_none());
/// ```
#[derive(Debug)]
pub struct Rule {
    conditions: HeadConditions,
    action: Action,
    meter: Meter,
}

impl Rule {
    /// Samples this share, from 0 to 1, consistently: see [`Probability`]. `None` beyond that range; what is above 0 but
    /// below 2^-56 counts as 0.
    pub fn rate(rate: f64) -> Option<Self> {
        if !(0.0..=1.0).contains(&rate) {
            return None;
        }
        Some(match Probability::new(rate) {
            Some(probability) => Self::sampler(probability),
            None => Self::sampler(AlwaysOff),
        })
    }

    /// Samples so many traces per second at most: see [`RateLimiting`]. `None` unless the number is finite and not
    /// negative.
    pub fn budget(per_second: f64) -> Option<Self> {
        RateLimiting::new(per_second).map(|budget| Self::of(Action::Budget(budget.with_cache(None))))
    }

    /// Asks this sampler.
    pub fn sampler(sampler: impl Sampler + 'static) -> Self {
        Self::of(Action::Ask(Box::new(sampler)))
    }

    fn of(action: Action) -> Self {
        Self {
            conditions: HeadConditions::NONE,
            action,
            meter: Meter::new(),
        }
    }

    /// Only in services of such a name.
    #[must_use]
    pub fn service(mut self, pattern: Pattern) -> Self {
        self.conditions.set_service(pattern);
        self
    }

    /// Only for spans of such a name.
    #[must_use]
    pub fn name(mut self, pattern: Pattern) -> Self {
        self.conditions.set_name(pattern);
        self
    }

    /// Only for spans of this kind, or of another that is given like this.
    #[must_use]
    pub const fn kind(mut self, kind: SpanKind) -> Self {
        self.conditions.add_kind(kind);
        self
    }

    /// Only for spans that are created with such an attribute. Values that are not text are looked at in their text form;
    /// of an array any item may fit.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<Box<str>>, value: Pattern) -> Self {
        self.conditions.add_attribute(key.into(), value);
        self
    }

    fn matches(&self, request: &SamplingRequest<'_>) -> bool {
        let mut has = |key: &str, value: &Pattern| {
            let found = pattern::attribute(request.attributes, key, &mut |text| value.matches(text));
            found.unwrap_or_default()
        };
        self.conditions
            .fit_span(request.name, Some(request.kind), &mut has)
    }
}

/// Samples by the first rule that matches; without one every span. Use it as the root of [`super::ParentBased`].
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    otherwise: Box<dyn Sampler>,
    cache: Arc<DecisionCache>,
}

impl Rules {
    /// These rules, for a service of this name: those for other services are left out.
    pub fn new(service_name: &str, rules: impl IntoIterator<Item = Rule>) -> Self {
        let cache = Arc::new(DecisionCache::default());
        let ours = rules
            .into_iter()
            .filter(|rule| rule.conditions.fit_service(service_name));
        let rules = ours.map(|mut rule| {
            if let Action::Budget(budget) = rule.action {
                rule.action = Action::Budget(budget.with_cache(Some(cache.clone())));
            }
            rule
        });
        Self {
            rules: rules.collect(),
            otherwise: Box::new(AlwaysOn),
            cache,
        }
    }

    /// The same with another sampler for spans that no rule matches. Default: [`AlwaysOn`].
    #[must_use]
    pub fn otherwise(mut self, sampler: impl Sampler + 'static) -> Self {
        self.otherwise = Box::new(sampler);
        self
    }

    /// Decisions of budgets that it remembers at most.
    pub fn cache_capacity(&self) -> usize {
        self.cache.capacity()
    }

    fn samplers(&self) -> impl Iterator<Item = &dyn Sampler> {
        let rules = self.rules.iter().map(|rule| rule.action.sampler());
        rules.chain([&*self.otherwise])
    }
}

impl Sampler for Rules {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        let Some(rule) = self.rules.iter().find(|rule| rule.matches(request)) else {
            return self.otherwise.should_sample(request);
        };
        let result = rule.action.sampler().should_sample(request);
        rule.meter
            .count(request.now, result.decision == Decision::RecordAndSample);
        result
    }

    /// `RuleBasedSampler{ProbabilitySampler{0.1},otherwise=AlwaysOnSampler}`: what the rules of this service ask, in
    /// their order.
    fn description(&self) -> String {
        let mut text = String::from("RuleBasedSampler{");
        for rule in &self.rules {
            text += &rule.action.sampler().description();
            text.push(',');
        }
        format!("{text}otherwise={}}}", self.otherwise.description())
    }

    fn report(&self) -> SamplerReport {
        let mut report = SamplerReport::new(self.description());
        for (at, rule) in self.rules.iter().enumerate() {
            let mut part = rule.action.sampler().report();
            part.counts = Some(rule.meter.counts());
            report = report.with_part(format!("rule {}", at + 1), part);
        }
        report.with_part("otherwise", self.otherwise.report())
    }

    fn take_notice(&self) -> Option<Notice> {
        self.samplers().find_map(|sampler| sampler.take_notice())
    }

    fn learns(&self) -> bool {
        self.samplers().any(|sampler| sampler.learns())
    }

    fn observe(&self, outcome: &super::SpanOutcome<'_>) {
        self.samplers().for_each(|sampler| sampler.observe(outcome));
    }

    fn shutdown(&self) {
        self.samplers().for_each(|sampler| sampler.shutdown());
    }
}
