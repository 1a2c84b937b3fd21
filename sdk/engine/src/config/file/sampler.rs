//! Samplers of the file.

use super::{
    component::{Component, ComponentKind},
    walk::Place,
};
use crate::config::Node;
use crate::options::SamplerConfig;
use alloc::{borrow::ToOwned, boxed::Box, format, string::String, sync::Arc};
use spanline_core::sample::{AlwaysOff, AlwaysOn, AlwaysRecord, ParentBased, Sampler};

/// Makes a sampler that is not built in.
pub type MakeSampler<'a, E> = dyn FnMut(&Component) -> Result<Arc<dyn Sampler>, E> + 'a;

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
            Self::AlwaysRecord(_) | Self::Component(_) => return None,
        })
    }

    /// The sampler itself. `component` makes those that are not built in.
    ///
    /// # Errors
    /// Those of `component`.
    pub fn build<E>(&self, component: &mut MakeSampler<'_, E>) -> Result<Arc<dyn Sampler>, E> {
        Ok(match self {
            Self::AlwaysOn => Arc::new(AlwaysOn),
            Self::AlwaysOff => Arc::new(AlwaysOff),
            Self::AlwaysRecord(root) => Arc::new(AlwaysRecord::new(root.build(component)?)),
            Self::TraceIdRatioBased(ratio) => SamplerConfig::TraceIdRatioBased(*ratio).build(),
            Self::Probability(ratio) => SamplerConfig::Probability(*ratio).build(),
            Self::ParentBased(plan) => Arc::new(
                ParentBased::new(plan.root.build(component)?)
                    .remote_parent_sampled(plan.remote_parent_sampled.build(component)?)
                    .remote_parent_not_sampled(plan.remote_parent_not_sampled.build(component)?)
                    .local_parent_sampled(plan.local_parent_sampled.build(component)?)
                    .local_parent_not_sampled(plan.local_parent_not_sampled.build(component)?),
            ),
            Self::Component(asked) => component(asked)?,
        })
    }
}
