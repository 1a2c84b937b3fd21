//! Batches of spans that a process left in its spool.

use super::{
    batch::{Batch, Plan},
    ledger::{Ledger, Piece, Receipt, Source},
    pipeline::Cutting,
};
use alloc::{sync::Arc, vec::Vec};

/// A batch being made from the records of a process that is gone.
pub struct Replay<'a> {
    plan: Plan<'a>,
    source: &'a Arc<Source>,
    records: Vec<(u16, &'a [u8])>,
    pieces: Vec<Piece>,
}

impl core::fmt::Debug for Replay<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Replay")
            .field("records", &self.records.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Replay<'a> {
    /// Begins a batch of spans of this process, cut as under backlog.
    pub fn new(cutting: &Cutting, source: &'a Arc<Source>) -> Self {
        Self {
            plan: Plan::new(cutting.backlog_spans, cutting.batch_bytes, &**source),
            source,
            records: Vec::new(),
            pieces: Vec::new(),
        }
    }

    /// Takes a finished span of this scope; `piece` is where it lies, with whatever is passed over in front of it.
    /// False, and it is not taken, when the batch is full.
    pub fn admit(&mut self, scope: u16, message: &'a [u8], piece: Piece) -> bool {
        if !self.plan.admit(scope, message.len()) {
            return false;
        }
        self.records.push((scope, message));
        match self.pieces.last_mut() {
            Some(last) if last.slot == piece.slot && last.to == piece.from => last.to = piece.to,
            _ => self.pieces.push(piece),
        }
        true
    }

    /// The batch; `None` when nothing was taken. `ledger` is told when exporters are done with it, `now` is when it is
    /// made.
    pub fn finish(self, ledger: Arc<dyn Ledger>, now: u64) -> Option<Batch> {
        if self.records.is_empty() {
            return None;
        }
        let (records, source) = (self.records, self.source.clone());
        let batch = self.plan.write_from(now, |writer| {
            for (scope, message) in records {
                writer.put(scope, message);
            }
        });
        Some(batch.with_origin(Some(Receipt::new(ledger, self.pieces)), Some(source)))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use spanline_core::{
        InstrumentationScope, KeyValue, Resource,
        wire::otlp::{RequestView, ResourceView, ScopeView, SpanView, decode_request_protobuf},
    };

    #[derive(Debug)]
    struct Nobody;

    impl Ledger for Nobody {
        fn settled(&self, _: usize, _: &[Piece]) {}
    }

    /// A span of nothing but ids.
    fn message(id: u8) -> Vec<u8> {
        let mut message = alloc::vec![0x0a, 16];
        message.extend([id; 16]);
        message.extend([0x12, 8]);
        message.extend([id; 8]);
        message
    }

    #[test]
    fn spans_are_wrapped_in_the_resource_and_scopes_of_their_own_process() {
        let resource = Resource::new([KeyValue::new("service.name", "gone")], None);
        let named = InstrumentationScope::named("of the other");
        let source = Arc::new(Source::new(resource, [InstrumentationScope::default(), named]));
        let mut replay = Replay::new(&Cutting::default(), &source);
        let messages = [message(1), message(2), message(3)];
        for (n, message) in messages.iter().enumerate() {
            let piece = Piece {
                slot: 7,
                from: n as u32 * 40,
                to: (n as u32 + 1) * 40,
            };
            assert!(replay.admit(u16::from(n != 1), message, piece));
        }
        assert_eq!(replay.pieces.len(), 1);
        let batch = replay.finish(Arc::new(Nobody), 5).unwrap();
        assert!(batch.is_replayed() && batch.is_stored());
        assert_eq!((batch.spans(), batch.made_at()), (3, 5));
        decode_request_protobuf(batch.body()).unwrap();
        let group = RequestView::ours(batch.body()).resource_spans().next().unwrap();
        let name = ResourceView::ours(&group.resource())
            .attribute("service.name")
            .and_then(|value| value.as_str().map(alloc::string::ToString::to_string));
        assert_eq!(name.as_deref(), Some("gone"));
        let scopes: Vec<_> = group
            .scope_spans()
            .map(|scope| {
                let name = alloc::string::String::from(ScopeView::ours(&scope.scope()).name());
                (
                    name,
                    scope
                        .spans_unchecked()
                        .map(SpanView::as_bytes)
                        .collect::<Vec<_>>(),
                )
            })
            .collect();
        assert_eq!(scopes[0].0, "of the other");
        assert_eq!(scopes[0].1, [&messages[0][..], &messages[2]]);
        assert_eq!((scopes[1].0.as_str(), scopes[1].1.len()), ("", 1));
        assert_eq!(batch.source().unwrap().instrumentation_scope(9).unwrap().name, "");
    }

    #[test]
    fn a_full_batch_takes_nothing_more_and_an_empty_one_is_none() {
        let source = Arc::new(Source::default());
        let cutting = Cutting {
            backlog_spans: 1,
            ..Cutting::default()
        };
        let first = message(1);
        let piece = Piece {
            slot: 0,
            from: 0,
            to: 1,
        };
        let mut replay = Replay::new(&cutting, &source);
        assert!(replay.admit(0, &first, piece) && !replay.admit(0, &first, piece));
        assert_eq!(
            replay.finish(Arc::new(Nobody), 0).map(|batch| batch.spans()),
            Some(1)
        );
        let nothing = Replay::new(&cutting, &source).finish(Arc::new(Nobody), 0);
        assert!(nothing.is_none());
    }
}
