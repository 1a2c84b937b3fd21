//! The sampler contract.

use super::{SamplerReport, SpanOutcome, Threshold};
use crate::{Context, KeyValue, Link, Notice, SpanKind, TraceId, TraceState, Value};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};

/// What becomes of a new span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Not recorded; only its ids propagate.
    Drop,
    /// Recorded for processors, never exported; the sampled flag stays unset.
    RecordOnly,
    /// Recorded and exported.
    RecordAndSample,
}

/// The attributes given at creation, read only when a sampler asks.
pub trait AttributeSource {
    /// Calls `visit` with each attribute in the order given; a key may repeat, then the last counts.
    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>));
}

impl AttributeSource for [(&str, Value<'_>)] {
    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>)) {
        for &(key, value) in self {
            visit(key, value);
        }
    }
}

impl<S: AttributeSource + ?Sized> AttributeSource for &S {
    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>)) {
        (**self).visit(visit);
    }
}

/// What is known of a span that is about to start.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct SamplingRequest<'a> {
    /// The parent's context; its span context is invalid for a root.
    pub parent: &'a Context,
    /// The trace id: the parent's when that is valid, else a new one.
    pub trace_id: TraceId,
    /// Whether the trace id is known to be random (the random flag of the span to be).
    pub trace_id_random: bool,
    /// The span's name.
    pub name: &'a str,
    /// The span's kind.
    pub kind: SpanKind,
    /// The attributes given at creation.
    pub attributes: &'a dyn AttributeSource,
    /// The links given at creation.
    pub links: &'a [Link<'a>],
    /// 64 fresh random bits, for samplers that need some: core draws none itself. Default: none, then a sampler that
    /// would need them does without.
    pub random: Option<u64>,
    /// This moment in nanoseconds, by a clock that only goes forward, for samplers that go by time: core reads none
    /// itself. What it counts from does not matter. Default: 0, then no time passes for them.
    pub now: u64,
}

impl<'a> SamplingRequest<'a> {
    /// A request of these parts, without random bits and without time.
    pub fn new(
        parent: &'a Context,
        trace_id: TraceId,
        trace_id_random: bool,
        name: &'a str,
        kind: SpanKind,
        attributes: &'a dyn AttributeSource,
        links: &'a [Link<'a>],
    ) -> Self {
        Self {
            parent,
            trace_id,
            trace_id_random,
            name,
            kind,
            attributes,
            links,
            random: None,
            now: 0,
        }
    }

    /// The same with 64 fresh random bits. Probability samplers ask for them when the trace id is not known to be random,
    /// composite ones when the parent's probability is not known.
    #[must_use]
    pub const fn with_random(mut self, random: u64) -> Self {
        self.random = Some(random);
        self
    }

    /// The same at this moment: see [`SamplingRequest::now`].
    #[must_use]
    pub const fn with_now(mut self, now: u64) -> Self {
        self.now = now;
        self
    }
}

impl core::fmt::Debug for SamplingRequest<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SamplingRequest")
            .field("parent", self.parent)
            .field("trace_id", &self.trace_id)
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A sampler's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingResult {
    /// What becomes of the span.
    pub decision: Decision,
    /// Attributes to add after those given at creation.
    pub attributes: Vec<KeyValue>,
    /// The span's trace state: `None` passes the parent's on, `Some` replaces it (empty clears it).
    pub trace_state: Option<TraceState>,
}

impl SamplingResult {
    /// This decision, no attributes, the parent's trace state.
    pub const fn of(decision: Decision) -> Self {
        Self {
            decision,
            attributes: Vec::new(),
            trace_state: None,
        }
    }
}

/// A decision that can be told without asking the sampler.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Quick {
    /// [`Decision::RecordAndSample`], no attributes, the parent's trace state.
    Sample,
    /// [`Decision::Drop`], the parent's trace state.
    Drop,
    /// Only in [`Plan::root`]: [`Decision::Drop`] without trace state when the trace id is known to be random and
    /// [`Threshold::keeps`] refuses its [`TraceId::randomness`]; else the sampler must be asked.
    Threshold(Threshold),
    /// The sampler must be asked.
    #[default]
    Ask,
}

/// What a sampler always answers by the kind of parent, so that most spans need no call.
///
/// A parent whose context carries the deferred mark is always asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// No valid parent.
    pub root: Quick,
    /// A remote parent with the sampled flag.
    pub remote_sampled: Quick,
    /// A remote parent without it.
    pub remote_not_sampled: Quick,
    /// A local parent with the sampled flag.
    pub local_sampled: Quick,
    /// A local parent without it.
    pub local_not_sampled: Quick,
}

impl Plan {
    /// The same answer whatever the parent.
    pub const fn all(quick: Quick) -> Self {
        Self {
            root: quick,
            remote_sampled: quick,
            remote_not_sampled: quick,
            local_sampled: quick,
            local_not_sampled: quick,
        }
    }
}

/// Decides which spans are recorded. Called from many threads at once; users may write their own.
pub trait Sampler: Send + Sync + core::fmt::Debug {
    /// Decides about one span. Must not block.
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult;

    /// A short text for people; may change while the program runs.
    fn description(&self) -> String;

    /// What this sampler always answers. Read once, when the provider is built; the default is to be asked always.
    fn plan(&self) -> Plan {
        Plan::default()
    }

    /// Something to tell the user, each only once; see [`Notice`]. By default nothing.
    fn take_notice(&self) -> Option<Notice> {
        None
    }

    /// Its description, current rate and statistics. By default the description alone.
    fn report(&self) -> SamplerReport {
        SamplerReport::new(self.description())
    }

    /// Whether it wants to be told of spans that end, by [`Sampler::observe`]. Read once, when the provider is built;
    /// telling it costs every recorded span. By default it does not.
    fn learns(&self) -> bool {
        false
    }

    /// A recorded span has ended. Only called when [`Sampler::learns`] said so. Must not block.
    fn observe(&self, outcome: &SpanOutcome<'_>) {
        let _ = outcome;
    }

    /// The provider has shut down: nothing is asked any more, so that whatever runs for this sampler may end.
    fn shutdown(&self) {}
}

macro_rules! forward {
    ($($pointer:ident),*) => {$(
        impl<S: Sampler + ?Sized> Sampler for $pointer<S> {
            #[inline]
            fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
                (**self).should_sample(request)
            }

            fn description(&self) -> String {
                (**self).description()
            }

            fn plan(&self) -> Plan {
                (**self).plan()
            }

            fn take_notice(&self) -> Option<Notice> {
                (**self).take_notice()
            }

            fn report(&self) -> SamplerReport {
                (**self).report()
            }

            fn learns(&self) -> bool {
                (**self).learns()
            }

            fn observe(&self, outcome: &SpanOutcome<'_>) {
                (**self).observe(outcome);
            }

            fn shutdown(&self) {
                (**self).shutdown();
            }
        }
    )*};
}

forward!(Arc, Box);
