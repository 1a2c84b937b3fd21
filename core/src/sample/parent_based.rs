//! The parent-based sampler.

use super::{
    AlwaysOff, AlwaysOn, Plan, Probability, Sampler, SamplerReport, SamplingRequest, SamplingResult,
    SpanOutcome,
};
use crate::Notice;
use alloc::{boxed::Box, format, string::String};

/// Does as the parent did, and asks another sampler about roots.
///
/// Each of the four kinds of parent has a delegate of its own; by default sampled parents have [`AlwaysOn`] and others
/// [`AlwaysOff`].
///
/// ```
/// use spanline_core::sample::{AlwaysOn, ParentBased, Sampler};
/// assert!(ParentBased::new(AlwaysOn).description().starts_with("ParentBased{root=AlwaysOnSampler,"));
/// assert!(ParentBased::with_rate(0.1).is_some() && ParentBased::with_rate(1.5).is_none());
/// ```
#[derive(Debug)]
pub struct ParentBased {
    root: Box<dyn Sampler>,
    remote_sampled: Box<dyn Sampler>,
    remote_not_sampled: Box<dyn Sampler>,
    local_sampled: Box<dyn Sampler>,
    local_not_sampled: Box<dyn Sampler>,
    deferred_as_root: bool,
}

impl ParentBased {
    /// A sampler with this root and the default delegates.
    pub fn new(root: impl Sampler + 'static) -> Self {
        Self {
            root: Box::new(root),
            remote_sampled: Box::new(AlwaysOn),
            remote_not_sampled: Box::new(AlwaysOff),
            local_sampled: Box::new(AlwaysOn),
            local_not_sampled: Box::new(AlwaysOff),
            deferred_as_root: true,
        }
    }

    /// What a plain sampling rate means: [`Probability`] as the root, for 0 [`AlwaysOff`]. `None` when the rate is
    /// neither 0 nor between 2^-56 and 1.
    pub fn with_rate(rate: f64) -> Option<Self> {
        if rate == 0.0 {
            return Some(Self::new(AlwaysOff));
        }
        Probability::new(rate).map(Self::new)
    }

    /// The delegate for a remote parent that is sampled. Default: [`AlwaysOn`].
    #[must_use]
    pub fn remote_parent_sampled(mut self, delegate: impl Sampler + 'static) -> Self {
        self.remote_sampled = Box::new(delegate);
        self
    }

    /// The delegate for a remote parent that is not sampled. Default: [`AlwaysOff`].
    #[must_use]
    pub fn remote_parent_not_sampled(mut self, delegate: impl Sampler + 'static) -> Self {
        self.remote_not_sampled = Box::new(delegate);
        self
    }

    /// The delegate for a local parent that is sampled. Default: [`AlwaysOn`].
    #[must_use]
    pub fn local_parent_sampled(mut self, delegate: impl Sampler + 'static) -> Self {
        self.local_sampled = Box::new(delegate);
        self
    }

    /// The delegate for a local parent that is not sampled. Default: [`AlwaysOff`].
    #[must_use]
    pub fn local_parent_not_sampled(mut self, delegate: impl Sampler + 'static) -> Self {
        self.local_not_sampled = Box::new(delegate);
        self
    }

    /// Whether a parent that came without a sampling decision counts as a root, or else as sampled. Default: true,
    /// so that a header from outside cannot bypass sampling.
    #[must_use]
    pub const fn deferred_as_root(mut self, on: bool) -> Self {
        self.deferred_as_root = on;
        self
    }

    /// The samplers that it asks, by what for.
    fn parts(&self) -> [(&'static str, &dyn Sampler); 5] {
        [
            ("root", &*self.root),
            ("remote parent sampled", &*self.remote_sampled),
            ("remote parent not sampled", &*self.remote_not_sampled),
            ("local parent sampled", &*self.local_sampled),
            ("local parent not sampled", &*self.local_not_sampled),
        ]
    }

    /// The delegate for this request.
    fn choose(&self, request: &SamplingRequest<'_>) -> &dyn Sampler {
        let parent = request.parent.span_context();
        let deferred = request.parent.is_deferred();
        if !parent.is_valid() || deferred && self.deferred_as_root {
            return &*self.root;
        }
        &**match (parent.is_remote(), parent.is_sampled() || deferred) {
            (true, true) => &self.remote_sampled,
            (true, false) => &self.remote_not_sampled,
            (false, true) => &self.local_sampled,
            (false, false) => &self.local_not_sampled,
        }
    }
}

impl Sampler for ParentBased {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        self.choose(request).should_sample(request)
    }

    fn description(&self) -> String {
        format!(
            "ParentBased{{root={},remoteParentSampled={},remoteParentNotSampled={},\
             localParentSampled={},localParentNotSampled={}}}",
            self.root.description(),
            self.remote_sampled.description(),
            self.remote_not_sampled.description(),
            self.local_sampled.description(),
            self.local_not_sampled.description(),
        )
    }

    fn plan(&self) -> Plan {
        Plan {
            root: self.root.plan().root,
            remote_sampled: self.remote_sampled.plan().remote_sampled,
            remote_not_sampled: self.remote_not_sampled.plan().remote_not_sampled,
            local_sampled: self.local_sampled.plan().local_sampled,
            local_not_sampled: self.local_not_sampled.plan().local_not_sampled,
        }
    }

    fn take_notice(&self) -> Option<Notice> {
        self.parts().into_iter().find_map(|(_, part)| part.take_notice())
    }

    fn report(&self) -> SamplerReport {
        let report = SamplerReport::new(self.description());
        let parts = self.parts().into_iter();
        parts.fold(report, |report, (name, part)| {
            report.with_part(name, part.report())
        })
    }

    fn learns(&self) -> bool {
        self.parts().into_iter().any(|(_, part)| part.learns())
    }

    fn observe(&self, outcome: &SpanOutcome<'_>) {
        for (_, part) in self.parts() {
            part.observe(outcome);
        }
    }

    fn shutdown(&self) {
        for (_, part) in self.parts() {
            part.shutdown();
        }
    }
}
