//! The policies, what they have decided, and how kept spans are marked.

use crate::export::batch::EncodedPart;
use alloc::{sync::Arc, vec, vec::Vec};
use spanline_core::TraceId;
use spanline_core::sample::tail::{
    DecisionMemory, ResourceFacts, TailDecision, TailPolicies, TailReason, TailReport, TailWatch,
    TraceSummary, stamp,
};
use spanline_core::wire::otlp::{self, RequestView, ResourceView, SpanView};

/// Decides traces by policies, and remembers what it decided.
#[derive(Debug)]
pub struct Judge {
    policies: TailPolicies,
    watch: Arc<TailWatch>,
    resource: ResourceFacts,
    memory: DecisionMemory,
    /// The span that was marked last.
    stamped: Vec<u8>,
}

/// What is known of a trace that does not wait for its decision.
#[derive(Debug)]
pub(super) enum Late {
    /// Nothing: it begins here.
    New,
    /// It is kept; whether it was dropped before this span came.
    Keep(TailDecision, bool),
    /// It was dropped.
    Drop,
}

/// Why a trace is decided now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cause {
    /// Its time has come.
    Due,
    /// There is no room for it.
    Evicted,
}

impl Judge {
    /// These policies, for spans of this resource. So many decisions are remembered exactly, and four times as many less so;
    /// `seed`: random bits.
    pub fn new(policies: TailPolicies, resource: &EncodedPart, remembered: usize, seed: u64) -> Self {
        let watch = policies.watch().clone();
        Self {
            resource: facts(&watch, resource),
            watch,
            policies,
            memory: DecisionMemory::new(remembered, remembered.saturating_mul(4), seed),
            stamped: Vec::new(),
        }
    }

    pub(super) fn summary(&self, id: TraceId) -> TraceSummary {
        self.watch.summary(id)
    }

    pub(super) fn add(&self, summary: &mut TraceSummary, span: SpanView<'_>) {
        summary.add(&self.watch, span, &self.resource);
    }

    /// Decides a trace. `None`: it is dropped.
    pub(super) fn decide(&mut self, trace: &TraceSummary, cause: Cause, now: u64) -> Option<TailDecision> {
        let mut decision = self.policies.decide(trace, now);
        if cause == Cause::Evicted {
            decision = decision.with_reason(TailReason::Evicted);
        }
        self.memory.put(trace.trace_id(), &decision);
        decision.sampled.then_some(decision)
    }

    /// Remembers a trace as dropped that the policies were not asked about.
    pub(super) fn give_up(&mut self, id: TraceId) {
        self.memory.put(id, &TailDecision::DROPPED);
    }

    /// What becomes of a span whose trace does not wait for its decision.
    pub(super) fn late(&mut self, id: TraceId, span: SpanView<'_>) -> Late {
        let Some(decision) = self.memory.get(id) else {
            return Late::New;
        };
        if decision.sampled {
            return Late::Keep(decision.with_reason(TailReason::Late), false);
        }
        let mut summary = self.summary(id);
        self.add(&mut summary, span);
        match self.policies.upgrade(&decision, &summary) {
            Some(upgraded) => {
                self.memory.put(id, &upgraded);
                Late::Keep(upgraded, true)
            }
            None => Late::Drop,
        }
    }

    /// The span marked as kept by this decision; with its reasons, where `explain`.
    pub(super) fn stamp(&mut self, span: SpanView<'_>, decision: &TailDecision, explain: bool) -> &[u8] {
        self.stamped.clear();
        stamp(span, decision, &self.watch, explain, &mut self.stamped);
        &self.stamped
    }

    pub(super) fn report(&self) -> TailReport {
        self.policies.report()
    }

    /// What the memory of decisions takes.
    pub(super) fn charge(&self) -> usize {
        self.memory.charge()
    }
}

/// What the resource fulfils, which is read out of a request without spans.
fn facts(watch: &TailWatch, resource: &EncodedPart) -> ResourceFacts {
    let size = resource.head.len();
    let mut request = vec![0; otlp::framed_len(size)];
    let at = otlp::write_frame(&mut request, 0, otlp::RESOURCE_SPANS, size);
    if let Some(place) = request.get_mut(at..) {
        place.copy_from_slice(&resource.head);
    }
    let group = RequestView::ours(&request).resource_spans().next();
    group.map_or(ResourceFacts::NONE, |group| {
        watch.resource(ResourceView::ours(&group.resource()))
    })
}
