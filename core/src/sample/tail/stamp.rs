//! Marking spans that are kept.

use super::{TailDecision, TailReason, TailWatch};
use crate::{
    TraceState,
    sample::OtState,
    wire::otlp::{SpanEdit, SpanView},
};
use alloc::vec::Vec;

const POLICY: &str = "sampling.policy";
const REASON: &str = "sampling.reason";
const COMPOSITE_POLICY: &str = "sampling.composite_policy";
const ESTIMATED: &str = "sampling.estimated";
const PARTIAL: &str = "sampling.partial";

/// Appends a kept span to `out` as a message, marked by the decision and otherwise unchanged.
///
/// Its trace state gets `ot=th:...`, the threshold of everything that could have rejected it: of the threshold it comes
/// with and the decision's the stricter one; where the decision does not follow the trace's randomness (a hash with a
/// salt, a budget) their probabilities are multiplied. A decision without a threshold removes what stands there, as it no
/// longer holds. A trace state that breaks the
/// grammar stays as it is.
///
/// With `explain`, meant for the trace's root or first span and for late ones, it gets attributes: `sampling.policy` and
/// `sampling.composite_policy` where known, `sampling.reason`, `sampling.estimated` when the threshold is an estimate, and
/// `sampling.partial` after an upgrade, when earlier spans of the trace are gone.
pub fn stamp(
    span: SpanView<'_>,
    decision: &TailDecision,
    watch: &TailWatch,
    explain: bool,
    out: &mut Vec<u8>,
) {
    let mut edit = SpanEdit::new(span);
    if let Ok(state) = TraceState::parse(span.trace_state().as_bytes())
        && let Some(marked) = mark(&state, decision)
    {
        edit.set_trace_state(marked.as_str());
    }
    if explain {
        let (policy, part) = watch.names(decision);
        edit.set_attribute(REASON, decision.reason.name().into());
        for (key, name) in [(POLICY, policy), (COMPOSITE_POLICY, part)] {
            match name {
                Some(name) => edit.set_attribute(key, name.into()),
                None => edit.remove_attribute(key),
            };
        }
        for (key, holds) in [
            (ESTIMATED, decision.is_estimated()),
            (PARTIAL, decision.reason == TailReason::Upgraded),
        ] {
            if holds {
                edit.set_attribute(key, true.into());
            }
        }
    }
    edit.finish_into(out);
}

/// `None`: it stays as it is.
fn mark(state: &TraceState, decision: &TailDecision) -> Option<TraceState> {
    let old = state.get("ot").map(OtState::parse).unwrap_or_default();
    let threshold = decision.compose(old.threshold());
    if threshold == old.threshold() {
        return None;
    }
    let new = old.with_threshold(threshold).encode();
    // Without room for the new threshold the old one goes all the same: it no longer holds.
    let new = new.or_else(|| old.with_threshold(None).encode())?;
    match new.as_str() {
        "" => Some(state.delete("ot")),
        text => state.set("ot", text).ok(),
    }
}
