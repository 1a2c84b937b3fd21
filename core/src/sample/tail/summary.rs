//! What is known of a trace.

use super::{
    TailWatch,
    facts::{Facts, ResourceFacts},
};
use crate::{
    StatusCode, TraceFlags, TraceId,
    sample::OtState,
    wire::{
        otlp::{SpanView, attribute_pair},
        proto::{Content, Reader},
    },
};

const ROOT: u8 = 1 << 3;
const LOCAL_ROOT: u8 = 1 << 4;
const SAMPLED: u8 = 1 << 5;
/// No randomness has 64 bits.
const NO_RANDOM_VALUE: u64 = u64::MAX;
/// The parent is in another process, and that is known.
const REMOTE: u32 = 0x300;

/// All that policies want to know of a trace, in a fixed size: see [`TraceSummary::charge`]. Made by
/// [`TailWatch::summary`].
///
/// Whatever the order in which spans are added, and however they are split over summaries that are
/// [merged](TraceSummary::merge) afterwards: it comes to the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceSummary {
    trace_id: TraceId,
    /// `u64::MAX` before there is one.
    min_start: u64,
    max_end: u64,
    spans: u64,
    bytes: u64,
    errors: u64,
    /// The smallest that was given, should spans contradict each other.
    random_value: u64,
    /// Bits 0 to 2: statuses by number; then the constants above.
    seen: u8,
    pub(super) facts: Facts,
}

impl TraceSummary {
    pub(super) const fn new(trace_id: TraceId) -> Self {
        Self {
            trace_id,
            min_start: u64::MAX,
            max_end: 0,
            spans: 0,
            bytes: 0,
            errors: 0,
            random_value: NO_RANDOM_VALUE,
            seen: 0,
            facts: Facts::NONE,
        }
    }

    /// Adds a span: one pass over its message. The trace id is not looked at.
    ///
    /// `watch` has to be that of the policies that will decide. Patterns and conditions in code are called from here.
    pub fn add(&mut self, watch: &TailWatch, span: SpanView<'_>, resource: &ResourceFacts) {
        let message = span.as_bytes();
        let (mut state, mut has_parent, mut flags, mut status): (&[u8], _, _, _) = (&[], false, 0, 0);
        let (mut start, mut end) = (0, 0);
        let mut facts = Facts::NONE;
        for field in Reader::new(message) {
            match (field.number, field.content) {
                (3, Content::Bytes(text)) => state = text,
                (4, Content::Bytes(id)) => has_parent = id.len() == 8 && id.iter().any(|&byte| byte != 0),
                (7, Content::Fixed64(time)) => start = time,
                (8, Content::Fixed64(time)) => end = time,
                (9, Content::Bytes(pair)) if !watch.keys.is_empty() => {
                    let (key, value) = attribute_pair(pair);
                    watch.attribute(key, value, &mut facts);
                }
                (15, Content::Bytes(message)) => {
                    for field in Reader::new(message) {
                        if let (3, Content::Varint(code)) = (field.number, field.content) {
                            status = code as i32;
                        }
                    }
                }
                (16, Content::Fixed32(bits)) => flags = bits,
                _ => {}
            }
        }
        let status = StatusCode::from_otlp(status.into()).unwrap_or_default();
        self.seen |= 1 << status as u8;
        self.seen |= if has_parent { 0 } else { ROOT };
        self.seen |= if has_parent && flags & REMOTE != REMOTE {
            0
        } else {
            LOCAL_ROOT
        };
        self.seen |= if flags & u32::from(TraceFlags::SAMPLED.bits()) != 0 {
            SAMPLED
        } else {
            0
        };
        if start != 0 {
            self.min_start = self.min_start.min(start);
        }
        self.max_end = self.max_end.max(end);
        self.spans = self.spans.saturating_add(1);
        self.bytes = self.bytes.saturating_add(message.len() as u64);
        self.errors = self.errors.saturating_add((status == StatusCode::Error).into());
        self.trace_state(watch, state, &mut facts);
        watch.conditions(span, &mut facts);
        self.facts.join(&facts);
        self.facts.join(&resource.0);
    }

    fn trace_state(&mut self, watch: &TailWatch, text: &[u8], facts: &mut Facts) {
        if text.is_empty() {
            return;
        }
        let Ok(state) = crate::TraceStateRef::parse(text) else {
            return;
        };
        if let Some(random) = state.get("ot").and_then(|ot| OtState::parse(ot).random_value()) {
            self.random_value = self.random_value.min(random);
        }
        for watched in &watch.states {
            let found = state.get(&watched.key);
            let fits = found.is_some_and(|found| watched.values.iter().any(|value| **value == *found));
            facts.set(watched.bit, fits);
        }
    }

    /// Adds what another summary of the same trace has seen.
    pub fn merge(&mut self, other: &Self) {
        self.min_start = self.min_start.min(other.min_start);
        self.max_end = self.max_end.max(other.max_end);
        self.spans = self.spans.saturating_add(other.spans);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.errors = self.errors.saturating_add(other.errors);
        self.random_value = self.random_value.min(other.random_value);
        self.seen |= other.seen;
        self.facts.join(&other.facts);
    }

    /// The trace.
    pub const fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// Spans that were added.
    pub const fn spans(&self) -> u64 {
        self.spans
    }

    /// The length of their messages.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Those of them whose status is an error.
    pub const fn errors(&self) -> u64 {
        self.errors
    }

    /// Nanoseconds from the first start to the last end; 0 when one of them is missing, or the end is before the start.
    pub const fn duration_nanos(&self) -> u64 {
        self.max_end.saturating_sub(self.min_start)
    }

    /// Whether a span without a parent was added.
    pub const fn has_root(&self) -> bool {
        self.seen & ROOT != 0
    }

    /// Whether a span without a parent in its own process was added.
    pub const fn has_local_root(&self) -> bool {
        self.seen & LOCAL_ROOT != 0
    }

    /// The randomness by which the trace is decided, 56 bits.
    pub const fn randomness(&self) -> u64 {
        match self.random_value {
            NO_RANDOM_VALUE => self.trace_id.randomness(),
            random => random,
        }
    }

    /// Bytes that it takes: always the same, without anything elsewhere.
    pub const fn charge(&self) -> usize {
        size_of::<Self>()
    }

    /// Whether a span has one of the statuses with these bits.
    pub(super) const fn has_status(&self, bits: u8) -> bool {
        self.seen & bits & 0b111 != 0
    }

    pub(super) const fn has_sampled_flag(&self) -> bool {
        self.seen & SAMPLED != 0
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_summary_is_small() {
        assert!(super::TraceSummary::new(crate::TraceId::INVALID).charge() <= 128);
    }
}
