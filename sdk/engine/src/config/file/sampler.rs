//! Samplers of the file.

use super::{
    component::{Component, ComponentKind},
    walk::Place,
};
use crate::config::problem::{Problem, join};
use crate::config::{Node, Position};
use crate::options::RemoteSettings;
use alloc::{
    borrow::ToOwned,
    boxed::Box,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, iter::once};
use spanline_core::OwnedValue;

/// A sampler that a file describes.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum SamplerPlan {
    /// Every span.
    AlwaysOn,
    /// No span.
    AlwaysOff,
    /// As this one, but what it drops is recorded for processors.
    AlwaysRecord(Box<SamplerPlan>),
    /// A share of all traces, by the frozen algorithm.
    TraceIdRatioBased(f64),
    /// A share of all traces, consistently.
    Probability(f64),
    /// As the parent.
    ParentBased(Box<ParentBasedPlan>),
    /// As a sampling server says; until it has, as this one.
    JaegerRemote {
        /// Which server, and how often.
        settings: RemoteSettings,
        /// Until it has answered.
        initial: Box<SamplerPlan>,
        /// Where the configuration names the server.
        path: String,
        /// Where that stands in the text.
        at: Option<Position>,
    },
    /// One that has settings: its name, and what stands below it, which has been checked.
    Settings(Component),
    /// One that is not built in.
    Component(Component),
}

/// The delegates of a parent-based sampler.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct ParentBasedPlan {
    /// For spans without a parent.
    pub root: SamplerPlan,
    /// For a parent in another process that is sampled.
    pub remote_parent_sampled: SamplerPlan,
    /// For a parent in another process that is not sampled.
    pub remote_parent_not_sampled: SamplerPlan,
    /// For a parent in this process that is sampled.
    pub local_parent_sampled: SamplerPlan,
    /// For a parent in this process that is not sampled.
    pub local_parent_not_sampled: SamplerPlan,
}

impl SamplerPlan {
    /// The sampler at a place that has been checked.
    pub(super) fn of(place: &Place<'_>) -> Option<Self> {
        let (entry, below) = place.only()?;
        let ratio = || {
            below
                .node
                .get("ratio")
                .and_then(Node::as_f64)
                .unwrap_or(1.0)
                .abs()
        };
        let delegate = |key, default| {
            below
                .get(key)
                .and_then(|place| Self::of(&place))
                .unwrap_or(default)
        };
        Some(match entry.key.as_str() {
            "always_on" => Self::AlwaysOn,
            "always_off" => Self::AlwaysOff,
            "always_record" => Self::AlwaysRecord(Box::new(delegate("root", Self::AlwaysOn))),
            "trace_id_ratio_based" => Self::TraceIdRatioBased(ratio()),
            "probability/development" => Self::Probability(ratio()),
            "jaeger_remote/development" => {
                let settings = RemoteSettings {
                    endpoint: below.text("endpoint").unwrap_or_default().to_owned(),
                    interval_ms: below.number("interval").unwrap_or(RemoteSettings::INTERVAL_MS),
                };
                Self::JaegerRemote {
                    settings,
                    initial: Box::new(delegate("initial_sampler", Self::AlwaysOff)),
                    path: join(&below.path, "endpoint"),
                    at: below.node.get("endpoint").and_then(|node| node.at),
                }
            }
            "composite/development"
            | "rate_limited"
            | "adaptive_target"
            | "adaptive_load"
            | "rules"
            | "scored" => Self::Settings(place.component(ComponentKind::Sampler)?),
            "parent_based" => Self::ParentBased(Box::new(ParentBasedPlan {
                root: delegate("root", Self::AlwaysOn),
                remote_parent_sampled: delegate("remote_parent_sampled", Self::AlwaysOn),
                remote_parent_not_sampled: delegate("remote_parent_not_sampled", Self::AlwaysOff),
                local_parent_sampled: delegate("local_parent_sampled", Self::AlwaysOn),
                local_parent_not_sampled: delegate("local_parent_not_sampled", Self::AlwaysOff),
            })),
            _ => Self::Component(place.component(ComponentKind::Sampler)?),
        })
    }

    /// The sampling servers that are asked.
    pub(crate) fn remotes(&self) -> Vec<&RemoteSettings> {
        match self {
            Self::JaegerRemote {
                settings, initial, ..
            } => once(settings).chain(initial.remotes()).collect(),
            Self::AlwaysRecord(root) => root.remotes(),
            Self::ParentBased(plan) => {
                let delegates = [
                    &plan.root,
                    &plan.remote_parent_sampled,
                    &plan.remote_parent_not_sampled,
                    &plan.local_parent_sampled,
                    &plan.local_parent_not_sampled,
                ];
                delegates.into_iter().flat_map(Self::remotes).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Name and rate as the `sampler` option has them, where that can say it.
    pub(super) fn as_option(&self) -> Option<(String, Option<f64>)> {
        Some(match self {
            Self::AlwaysOn => ("always_on".to_owned(), None),
            Self::AlwaysOff => ("always_off".to_owned(), None),
            Self::TraceIdRatioBased(ratio) => ("traceidratio".to_owned(), Some(*ratio)),
            Self::Probability(ratio) => ("probability".to_owned(), Some(*ratio)),
            Self::ParentBased(plan) => {
                let usual = plan.remote_parent_sampled == Self::AlwaysOn
                    && plan.remote_parent_not_sampled == Self::AlwaysOff
                    && plan.local_parent_sampled == Self::AlwaysOn
                    && plan.local_parent_not_sampled == Self::AlwaysOff
                    && !matches!(plan.root, Self::ParentBased(_));
                let (root, rate) = plan.root.as_option().filter(|_| usual)?;
                (format!("parentbased_{root}"), rate)
            }
            Self::AlwaysRecord(_) | Self::JaegerRemote { .. } | Self::Settings(_) | Self::Component(_) => {
                return None;
            }
        })
    }

    /// Looks whether a value describes a sampler as a file does: a map with its name, below which its settings stand.
    ///
    /// # Errors
    /// The first thing that is wrong.
    ///
    /// ```
    /// use spanline_core::OwnedValue;
    /// use spanline_engine::config::SamplerPlan;
    /// let limit = OwnedValue::Map(vec![("per_second".into(), OwnedValue::I64(100))]);
    /// let plan = SamplerPlan::from_value(&OwnedValue::Map(vec![("rate_limited".into(), limit)]), "sampler")?;
    /// assert_eq!(plan.to_string(), "rate_limited");
    /// # Ok::<(), spanline_engine::config::Problem>(())
    /// ```
    pub fn from_value(value: &OwnedValue, path: &str) -> Result<Self, Problem> {
        let node = Node::from(value);
        let mut check = super::schema::Check::default();
        check.value(path, &node, &super::tree::SAMPLER);
        check.problems.first()?;
        let place = Place {
            node: &node,
            path: path.to_string(),
        };
        let missing = || Problem::new(crate::ErrorKind::Missing, path, None, "a sampler is needed here");
        Self::of(&place).ok_or_else(missing)
    }
}

impl fmt::Display for SamplerPlan {
    /// As [`SamplerConfig`](crate::options::SamplerConfig); those with settings by their names alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlwaysOn => f.write_str("AlwaysOn"),
            Self::AlwaysOff => f.write_str("AlwaysOff"),
            Self::AlwaysRecord(root) => write!(f, "AlwaysRecord(root={root})"),
            Self::TraceIdRatioBased(ratio) => write!(f, "TraceIdRatioBased({ratio})"),
            Self::Probability(ratio) => write!(f, "Probability({ratio})"),
            Self::ParentBased(plan) => write!(f, "ParentBased(root={})", plan.root),
            Self::JaegerRemote {
                settings, initial, ..
            } => settings.show(f, initial),
            Self::Settings(component) | Self::Component(component) => f.write_str(&component.name),
        }
    }
}
