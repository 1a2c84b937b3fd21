//! Tail sampling.

use super::{
    Tail, TailOptions,
    generated::index::*,
    reader::{Reader, bad_value},
};
use crate::{Error, TailSettings};
use alloc::format;

/// Resolves the options `tail.*`.
pub(super) fn resolve(r: &mut Reader<'_>, code: &TailOptions, buffer_bytes: u64) -> Result<Tail, Error> {
    if code.policies.is_some() {
        r.set_given(TAIL_POLICIES);
    }
    let max_bytes = r.limit(TAIL_MAX_BYTES, code.max_bytes)?;
    if let Some(most) = max_bytes.filter(|&most| most > buffer_bytes / 3 * 2) {
        let wrong = format!("{most} is more than two thirds of buffer_bytes, which is {buffer_bytes}");
        return Err(bad_value(TAIL_MAX_BYTES, wrong, None));
    }
    Ok(Tail {
        policies: code.policies.clone(),
        decision_wait_ms: r.number(TAIL_DECISION_WAIT_MS, code.decision_wait_ms)?,
        decision_after_root_ms: r.number(TAIL_DECISION_AFTER_ROOT_MS, code.decision_after_root_ms)?,
        num_traces: r.number(TAIL_NUM_TRACES, code.num_traces)?,
        max_bytes: Some(max_bytes.unwrap_or(buffer_bytes / 2)),
        max_trace_bytes: r.limit(TAIL_MAX_TRACE_BYTES, code.max_trace_bytes)?,
        sample_on_first_match: r.boolean(TAIL_SAMPLE_ON_FIRST_MATCH, code.sample_on_first_match),
        decision_cache: r.number(TAIL_DECISION_CACHE, code.decision_cache)?,
        drop_pending_on_shutdown: r.boolean(TAIL_DROP_PENDING_ON_SHUTDOWN, code.drop_pending_on_shutdown),
    })
}

impl Tail {
    /// When traces are decided, and how much is held until then.
    pub fn settings(&self) -> TailSettings {
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let nanos = |ms: u64| ms.saturating_mul(1_000_000);
        let after_root = Some(self.decision_after_root_ms).filter(|&wait| wait > 0);
        TailSettings {
            decision_wait_nanos: nanos(self.decision_wait_ms),
            after_root_nanos: after_root.map(nanos),
            max_traces: size(self.num_traces),
            max_bytes: self.max_bytes.map_or(usize::MAX, size),
            max_trace_bytes: self.max_trace_bytes.map(size),
            drop_pending: self.drop_pending_on_shutdown,
        }
    }
}
