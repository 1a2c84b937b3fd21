//! From the description of a sampler to the sampler.

use super::{component::Component, sampler::SamplerPlan, walk::Place};
use crate::config::{Node, Problem};
use crate::options::{RemoteSettings, SamplerConfig};
use crate::{Error, ErrorKind};
use alloc::{borrow::ToOwned, boxed::Box, string::String, sync::Arc, vec::Vec};
use spanline_core::SpanKind;
use spanline_core::sample::composable::{self, ComposableSampler, Condition, ParentKind};
use spanline_core::sample::{
    AdaptiveLoad, AdaptiveTarget, AlwaysOff, AlwaysOn, AlwaysRecord, Composite, LoadOptions, LoadSource,
    ParentBased, Pattern, RateLimiting, Rule, Rules, Sampler, ScoreOptions, Scored, TextMatch,
};

/// What a sampler needs that is not decided here: whoever runs the engine has it.
pub trait SamplerHost {
    /// The name of the service, for rules.
    fn service_name(&self) -> &str;

    /// Asks a sampling server; until it has answered, `initial` decides.
    ///
    /// # Errors
    /// The settings cannot be used.
    fn remote(&self, settings: &RemoteSettings, initial: Arc<dyn Sampler>)
    -> Result<Arc<dyn Sampler>, Error>;

    /// A regular expression that looks for a match anywhere in a text.
    ///
    /// # Errors
    /// It is none, or there are none in this build.
    fn regex(&self, pattern: &str) -> Result<Arc<dyn TextMatch>, Error>;

    /// The load of the process.
    fn load(&self) -> Box<dyn LoadSource>;

    /// Makes a sampler that is not built in.
    ///
    /// # Errors
    /// There is none of its name, or its maker says so.
    fn component(&self, asked: &Component) -> Result<Arc<dyn Sampler>, Problem>;
}

impl SamplerPlan {
    /// The sampler itself.
    ///
    /// # Errors
    /// What is wrong with a setting, or what the host says.
    pub fn build(&self, host: &dyn SamplerHost) -> Result<Arc<dyn Sampler>, Problem> {
        Ok(match self {
            Self::AlwaysOn => Arc::new(AlwaysOn),
            Self::AlwaysOff => Arc::new(AlwaysOff),
            Self::AlwaysRecord(root) => Arc::new(AlwaysRecord::new(root.build(host)?)),
            Self::TraceIdRatioBased(ratio) => SamplerConfig::of_ratio(*ratio),
            Self::Probability(ratio) => SamplerConfig::of_probability(*ratio),
            Self::ParentBased(plan) => Arc::new(
                ParentBased::new(plan.root.build(host)?)
                    .remote_parent_sampled(plan.remote_parent_sampled.build(host)?)
                    .remote_parent_not_sampled(plan.remote_parent_not_sampled.build(host)?)
                    .local_parent_sampled(plan.local_parent_sampled.build(host)?)
                    .local_parent_not_sampled(plan.local_parent_not_sampled.build(host)?),
            ),
            Self::JaegerRemote {
                settings,
                initial,
                path,
                at,
            } => {
                let made = host.remote(settings, initial.build(host)?);
                made.map_err(|error| Problem::new(error.kind(), path.clone(), *at, error.message()))?
            }
            Self::Settings(component) => settings(component, host)?,
            Self::Component(asked) => host.component(asked)?,
        })
    }
}

/// One of those with settings, which have been checked against the tree.
fn settings(component: &Component, host: &dyn SamplerHost) -> Result<Arc<dyn Sampler>, Problem> {
    let place = Place {
        node: &component.properties,
        path: component.path.clone(),
    };
    let number = |key: &str, default: f64| place.node.get(key).and_then(Node::as_f64).unwrap_or(default);
    Ok(match component.name.as_str() {
        "composite/development" => Arc::new(Composite::new(composable(&place)?)),
        "rate_limited" => {
            let limit = RateLimiting::new(number("per_second", 0.0));
            Arc::new(limit.ok_or_else(|| wrong(&place, "`per_second` is less than 0"))?)
        }
        "adaptive_target" => {
            let (min, max) = (number("min", AdaptiveTarget::MIN), number("max", 1.0));
            let target = AdaptiveTarget::within(number("per_second", 0.0), min, max);
            let text = "`per_second` must be above 0, `min` at least 2^-56 and at most `max`";
            Arc::new(target.ok_or_else(|| wrong(&place, text))?)
        }
        "adaptive_load" => {
            let mut options = LoadOptions::default();
            options.min = number("min", options.min);
            options.max = number("max", options.max);
            options.low = number("low", options.low);
            options.high = number("high", options.high);
            options.up = number("up", options.up);
            options.down = number("down", options.down);
            let text =
                "it needs 2^-56 <= `min` <= `max`, 0 <= `low` <= `high`, `up` >= 1 and 0 < `down` <= 1";
            let load = AdaptiveLoad::new(host.load(), options);
            Arc::new(load.ok_or_else(|| wrong(&place, text))?)
        }
        "rules" => Arc::new(rules(&place, host)?),
        _ => {
            let text = "`min` must be at least 2^-56 and at most `max`, and `duration_scale_ms` above 0";
            Arc::new(Scored::new(scored(&place)).ok_or_else(|| wrong(&place, text))?)
        }
    })
}

fn wrong(place: &Place<'_>, text: &str) -> Problem {
    Problem::new(ErrorKind::BadValue, place.path.clone(), place.node.at, text)
}

fn texts(place: Option<Place<'_>>) -> Vec<String> {
    let items = place.iter().flat_map(Place::items).collect::<Vec<_>>();
    items
        .iter()
        .filter_map(|item| item.node.as_str().map(ToOwned::to_owned))
        .collect()
}

fn kinds(place: Option<Place<'_>>) -> Vec<SpanKind> {
    let all = (1..=5).filter_map(SpanKind::from_otlp);
    let names = texts(place);
    all.filter(|kind| names.iter().any(|name| name == kind.name()))
        .collect()
}

fn pattern(place: &Place<'_>, host: &dyn SamplerHost) -> Result<Pattern, Problem> {
    let Some((entry, below)) = place.only() else {
        return Err(wrong(place, "a pattern is needed here"));
    };
    let text = below.node.as_str().unwrap_or_default();
    Ok(match entry.key.as_str() {
        "exact" => Pattern::exact(text),
        "glob" => Pattern::glob(text),
        _ => {
            let made = host.regex(text);
            let problem =
                |error: Error| Problem::new(error.kind(), below.path.clone(), below.node.at, error.message());
            Pattern::Custom(made.map_err(problem)?)
        }
    })
}

fn rules(place: &Place<'_>, host: &dyn SamplerHost) -> Result<Rules, Problem> {
    let mut made = Vec::new();
    for item in place.get("rules").iter().flat_map(Place::items) {
        let sample = item
            .get("sample")
            .ok_or_else(|| wrong(&item, "`sample` is needed"))?;
        let (entry, below) = sample
            .only()
            .ok_or_else(|| wrong(&sample, "one member is needed"))?;
        let number = below.node.as_f64().unwrap_or(f64::NAN);
        let rule = match entry.key.as_str() {
            "rate" => Rule::rate(number),
            "per_second" => Rule::budget(number),
            _ => SamplerPlan::of(&below)
                .map(|plan| plan.build(host))
                .transpose()?
                .map(Rule::sampler),
        };
        let mut rule = rule.ok_or_else(|| wrong(&below, "it is less than 0, or a rate that cannot be"))?;
        if let Some(service) = item.get("service") {
            rule = rule.service(pattern(&service, host)?);
        }
        if let Some(name) = item.get("name") {
            rule = rule.name(pattern(&name, host)?);
        }
        for kind in kinds(item.get("span_kinds")) {
            rule = rule.kind(kind);
        }
        for attribute in item.get("attributes").iter().flat_map(Place::items) {
            if let (Some(key), Some(value)) = (attribute.text("key"), attribute.get("value")) {
                rule = rule.attribute(key, pattern(&value, host)?);
            }
        }
        made.push(rule);
    }
    let rules = Rules::new(host.service_name(), made);
    Ok(
        match place.get("otherwise").and_then(|place| SamplerPlan::of(&place)) {
            Some(otherwise) => rules.otherwise(otherwise.build(host)?),
            None => rules,
        },
    )
}

fn scored(place: &Place<'_>) -> ScoreOptions {
    let mut options = ScoreOptions::default();
    let set = |node: Option<&Node>, name: &str, value: &mut f64| {
        if let Some(given) = node.and_then(|node| node.get(name)).and_then(Node::as_f64) {
            *value = given;
        }
    };
    let here = Some(place.node);
    for (name, value) in [
        ("bias", &mut options.bias),
        ("criticality", &mut options.criticality),
        ("duration", &mut options.duration),
        ("duration_scale_ms", &mut options.duration_scale_ms),
        ("errors", &mut options.errors),
        ("min", &mut options.min),
        ("max", &mut options.max),
    ] {
        set(here, name, value);
    }
    let kind = place.node.get("kind");
    for (name, value) in [
        ("internal", &mut options.kind.internal),
        ("server", &mut options.kind.server),
        ("client", &mut options.kind.client),
        ("producer", &mut options.kind.producer),
        ("consumer", &mut options.kind.consumer),
    ] {
        set(kind, name, value);
    }
    let class = place.node.get("class");
    for (name, value) in [
        ("http", &mut options.class.http),
        ("database", &mut options.class.database),
        ("messaging", &mut options.class.messaging),
        ("rpc", &mut options.class.rpc),
        ("other", &mut options.class.other),
    ] {
        set(class, name, value);
    }
    if let Some(key) = place.text("criticality_key") {
        options.criticality_key = key.to_owned().into();
    }
    if let Some(max) = place.number("max_operations") {
        options.max_operations = usize::try_from(max).unwrap_or(usize::MAX);
    }
    options
}

/// The composable sampler at a place.
fn composable(place: &Place<'_>) -> Result<Box<dyn ComposableSampler>, Problem> {
    let Some((entry, below)) = place.only() else {
        return Err(wrong(place, "a sampler is needed here"));
    };
    Ok(match entry.key.as_str() {
        "always_on" => Box::new(composable::AlwaysOn),
        "always_off" => Box::new(composable::AlwaysOff),
        "probability" => {
            let ratio = below.node.get("ratio").and_then(Node::as_f64).unwrap_or(1.0);
            // Nothing else has passed the check.
            match composable::Probability::new(ratio) {
                Some(probability) => Box::new(probability),
                None => Box::new(composable::AlwaysOff),
            }
        }
        "parent_threshold" => {
            let root = below
                .get("root")
                .ok_or_else(|| wrong(&below, "`root` is needed"))?;
            Box::new(composable::ParentThreshold::new(composable(&root)?))
        }
        _ => {
            let mut made = composable::RuleBased::new();
            for rule in below.get("rules").iter().flat_map(Place::items) {
                let sampler = rule
                    .get("sampler")
                    .ok_or_else(|| wrong(&rule, "`sampler` is needed"))?;
                made = made.rule(conditions(&rule), composable(&sampler)?);
            }
            Box::new(made)
        }
    })
}

fn conditions(rule: &Place<'_>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    if let Some(values) = rule.get("attribute_values") {
        let key = values.text("key").unwrap_or_default();
        conditions.push(Condition::attribute_values(key, texts(values.get("values"))));
    }
    if let Some(patterns) = rule.get("attribute_patterns") {
        let key = patterns.text("key").unwrap_or_default();
        let (included, excluded) = (texts(patterns.get("included")), texts(patterns.get("excluded")));
        conditions.push(Condition::attribute_patterns(key, included, excluded));
    }
    if rule.get("span_kinds").is_some() {
        conditions.push(Condition::span_kinds(kinds(rule.get("span_kinds"))));
    }
    if let Some(parents) = rule.get("parent") {
        let kinds = texts(Some(parents)).into_iter().map(|name| match name.as_str() {
            "none" => ParentKind::None,
            "remote" => ParentKind::Remote,
            _ => ParentKind::Local,
        });
        conditions.push(Condition::parent(kinds));
    }
    conditions
}
