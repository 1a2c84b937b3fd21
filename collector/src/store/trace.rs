//! One trace as it is kept.

use super::span::{ARC, MALLOC, StoredSpan};
use spanline_core::TraceId;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::mem::size_of;
use std::sync::Arc;
use std::time::Duration;

/// The spans of one trace, in order of arrival. Readers hold it by `Arc`: one that is being read is copied (pointers
/// only) before the next span joins.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) id: TraceId,
    pub(crate) spans: Vec<Arc<StoredSpan>>,
    /// Where the span of these bytes is, so that repeated exports are seen.
    seen: HashMap<u64, u32>,
    /// Earliest start, ns since 1970.
    pub(crate) start: u64,
    /// Latest end, ns since 1970.
    pub(crate) end: u64,
    pub(crate) errors: usize,
    /// Index of the root that started first.
    root: Option<usize>,
    /// When it counts as finished, unless more spans arrive; none once that was noticed.
    pub(crate) deadline: Option<Duration>,
    pub(crate) finished: bool,
    span_bytes: usize,
}

/// Fixed cost of a trace: itself, and its entries in the store's map, order and queue of deadlines.
const FIXED: usize = size_of::<Trace>() + ARC + 4 * MALLOC + 2 * 25 + 2 * 16 + 3 * 32;

impl Trace {
    pub(crate) fn new(id: TraceId) -> Self {
        Self {
            id,
            spans: Vec::new(),
            seen: HashMap::new(),
            start: u64::MAX,
            end: 0,
            errors: 0,
            root: None,
            deadline: None,
            finished: false,
            span_bytes: 0,
        }
    }

    /// Adds a span; false when this very span is here already. Two different spans with one id are both kept.
    pub(crate) fn add(&mut self, span: StoredSpan, hasher: &impl BuildHasher) -> bool {
        let hash = hasher.hash_one(&span.bytes);
        let index = self.spans.len();
        match self.seen.get(&hash) {
            Some(&known)
                if self
                    .spans
                    .get(known as usize)
                    .is_some_and(|known| known.same(&span)) =>
            {
                return false;
            }
            Some(_) => {}
            None => {
                self.seen.insert(hash, u32::try_from(index).unwrap_or(u32::MAX));
            }
        }
        self.start = self.start.min(span.start);
        self.end = self.end.max(span.end).max(span.start);
        self.errors += usize::from(span.error);
        self.span_bytes += span.charge();
        if span.is_root() && self.root().is_none_or(|root| span.start < root.start) {
            self.root = Some(index);
        }
        self.spans.push(Arc::new(span));
        true
    }

    /// The span without a parent; of several, the one that started first.
    pub(crate) fn root(&self) -> Option<&StoredSpan> {
        self.root
            .and_then(|index| self.spans.get(index))
            .map(|span| &**span)
    }

    /// The root or, while it is missing, the span that started first.
    pub(crate) fn head(&self) -> Option<&StoredSpan> {
        self.root().or_else(|| {
            self.spans
                .iter()
                .min_by_key(|span| (span.start, span.id))
                .map(|span| &**span)
        })
    }

    /// From the first start to the last end, ns.
    pub(crate) fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    pub(crate) fn charge(&self) -> usize {
        let seen = self.seen.capacity() * 8 / 7 * (size_of::<(u64, u32)>() + 1);
        FIXED + self.span_bytes + self.spans.capacity() * size_of::<usize>() + seen
    }
}
