//! The records of a slot, as far as they can be trusted.

use crate::queue::record::HEADER;
use alloc::vec::Vec;
use core::ops::Range;
use spanline_core::wire::otlp::SpanView;

/// One span of a slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecoveredSpan {
    /// The number of its scope.
    pub scope: u16,
    /// Its message, from the start of the slot.
    pub message: Range<usize>,
}

/// What was found in a slot.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recovered {
    /// The spans that are whole, in order.
    pub spans: Vec<RecoveredSpan>,
    /// Bytes that are no record, or records that are no span.
    pub damaged: usize,
}

/// Reads the published bytes of a slot. A record is taken when its header is whole, it ends within what was published,
/// and its message is a span by all that [`SpanView::check`] knows. One that is no span is passed over; where a header
/// is wrong nothing tells where the next record begins, and the rest of the slot is given up.
///
/// With `spans` false the messages are not checked: scopes, which their reader checks.
pub fn recover(published: &[u8], spans: bool) -> Recovered {
    let mut recovered = Recovered::default();
    let mut at = 0;
    while at < published.len() {
        let Some((scope, message)) = record(published, at) else {
            recovered.damaged += published.len() - at;
            break;
        };
        let end = message.end;
        let is_whole = published
            .get(message.clone())
            .is_some_and(|message| !spans || SpanView::check(message).is_ok());
        if is_whole {
            recovered.spans.push(RecoveredSpan { scope, message });
        } else {
            recovered.damaged += end - at;
        }
        at = end;
    }
    recovered
}

/// The record at this place.
fn record(published: &[u8], at: usize) -> Option<(u16, Range<usize>)> {
    let word = u64::from_le_bytes(*published.get(at..)?.first_chunk()?);
    let length = (word & 0xffff_ffff) as usize;
    let start = at + HEADER;
    let end = start.checked_add(length)?;
    let is_header = word >> 48 == 0 && length > 0 && end <= published.len();
    is_header.then_some(((word >> 32) as u16, start..end))
}
