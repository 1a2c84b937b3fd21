//! What a composable sampler is asked and what it says.

use crate::sample::{AttributeSource, SamplerReport, SamplingRequest, Threshold};
use crate::{Context, KeyValue, Link, SpanKind, TraceState};
use alloc::{borrow::Cow, boxed::Box, string::String, sync::Arc, vec::Vec};
use core::fmt;

/// What is known of a span that is about to start: a [`SamplingRequest`] without the trace id, as nothing but its
/// comparison with the threshold may decide.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct IntentRequest<'a> {
    /// The parent's context; its span context is invalid for a root.
    pub parent: &'a Context,
    /// The span's name.
    pub name: &'a str,
    /// The span's kind.
    pub kind: SpanKind,
    /// The attributes given at creation.
    pub attributes: &'a dyn AttributeSource,
    /// The links given at creation.
    pub links: &'a [Link<'a>],
    /// The threshold in the parent's trace state.
    pub parent_threshold: Option<Threshold>,
    /// This moment: see [`SamplingRequest::now`].
    pub now: u64,
}

impl<'a> IntentRequest<'a> {
    pub(super) const fn of(request: &SamplingRequest<'a>, parent_threshold: Option<Threshold>) -> Self {
        Self {
            parent: request.parent,
            name: request.name,
            kind: request.kind,
            attributes: request.attributes,
            links: request.links,
            parent_threshold,
            now: request.now,
        }
    }
}

impl fmt::Debug for IntentRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntentRequest")
            .field("parent", self.parent)
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Makes the trace state of a span from its parent's, once it is known whether the span is sampled. Its `ot` member is
/// overwritten: only [`super::Composite`] writes that.
pub trait TraceStateProvider: Send + Sync {
    /// The new trace state; the parent's to leave it.
    fn trace_state(&self, parent: &TraceState, sampled: bool) -> TraceState;
}

/// What a composable sampler says.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct SamplingIntent<'a> {
    /// Traces whose randomness reaches this are kept; `None`: none is.
    pub threshold: Option<Threshold>,
    /// Whether a kept span stands for as many as the threshold says, so that it may be written down.
    pub adjusted_count_reliable: bool,
    /// Attributes for spans that are sampled, in this order.
    pub attributes: Vec<Cow<'a, [KeyValue]>>,
    /// What becomes of the trace state beside the `ot` member.
    pub trace_state_provider: Option<&'a dyn TraceStateProvider>,
}

impl SamplingIntent<'_> {
    /// Keeps no trace.
    pub const NONE: Self = Self {
        threshold: None,
        adjusted_count_reliable: false,
        attributes: Vec::new(),
        trace_state_provider: None,
    };

    /// Keeps traces by this threshold, which may be written down if `adjusted_count_reliable`.
    pub const fn keep(threshold: Threshold, adjusted_count_reliable: bool) -> Self {
        Self {
            threshold: Some(threshold),
            adjusted_count_reliable,
            attributes: Vec::new(),
            trace_state_provider: None,
        }
    }
}

impl fmt::Debug for SamplingIntent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SamplingIntent")
            .field("threshold", &self.threshold)
            .field("adjusted_count_reliable", &self.adjusted_count_reliable)
            .field("attributes", &self.attributes)
            .finish_non_exhaustive()
    }
}

/// A sampler to be put together with others. Called from many threads at once; users may write their own.
pub trait ComposableSampler: Send + Sync + fmt::Debug {
    /// With which threshold such a span would be kept. Must not block.
    fn sampling_intent<'a>(&'a self, request: &IntentRequest<'_>) -> SamplingIntent<'a>;

    /// A short text for people.
    fn description(&self) -> String;

    /// Its description and the share that it keeps, with those of its parts. It counts nothing: [`super::Composite`]
    /// does. By default the description alone.
    fn report(&self) -> SamplerReport {
        SamplerReport::new(self.description())
    }
}

macro_rules! forward {
    ($($pointer:ident),*) => {$(
        impl<S: ComposableSampler + ?Sized> ComposableSampler for $pointer<S> {
            fn sampling_intent<'a>(&'a self, request: &IntentRequest<'_>) -> SamplingIntent<'a> {
                (**self).sampling_intent(request)
            }

            fn description(&self) -> String {
                (**self).description()
            }

            fn report(&self) -> SamplerReport {
                (**self).report()
            }
        }
    )*};
}

forward!(Arc, Box);
