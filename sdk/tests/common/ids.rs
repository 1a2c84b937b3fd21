//! Ids that a test decides.

use spanline::{IdGenerator, SpanId, TraceId};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Gives these ids in order, and ids that are not valid when there are no more.
#[derive(Clone, Debug, Default)]
pub(crate) struct FixedIds {
    ids: Arc<Mutex<Ids>>,
    random: bool,
}

#[derive(Debug, Default)]
struct Ids {
    traces: VecDeque<TraceId>,
    spans: VecDeque<SpanId>,
}

impl FixedIds {
    pub(crate) fn new(
        traces: impl IntoIterator<Item = TraceId>,
        spans: impl IntoIterator<Item = SpanId>,
    ) -> Self {
        let ids = Ids {
            traces: traces.into_iter().collect(),
            spans: spans.into_iter().collect(),
        };
        Self {
            ids: Arc::new(Mutex::new(ids)),
            random: false,
        }
    }

    /// Whether the trace ids are said to be random.
    pub(crate) fn random(mut self, random: bool) -> Self {
        self.random = random;
        self
    }
}

impl IdGenerator for FixedIds {
    fn trace_id(&self) -> TraceId {
        self.ids
            .lock()
            .unwrap()
            .traces
            .pop_front()
            .unwrap_or(TraceId::INVALID)
    }

    fn span_id(&self) -> SpanId {
        self.ids
            .lock()
            .unwrap()
            .spans
            .pop_front()
            .unwrap_or(SpanId::INVALID)
    }

    fn is_random(&self) -> bool {
        self.random
    }
}
