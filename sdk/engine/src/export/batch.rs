//! A batch: one finished export request, shared by all exporters.

use super::{
    drain::Segment,
    ledger::{Receipt, Source},
};
use crate::queue::record::Records;
use alloc::{sync::Arc, vec, vec::Vec};
use core::ops::Range;
use spanline_core::wire::otlp::{self, SpanView};

/// Most bytes that tag and length of a message inside another take.
const FRAME: usize = 6;

/// The parts of a request that are not spans, encoded once by the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodedPart {
    /// The message's fields before the spans (or scopes): a resource or scope field.
    pub head: Vec<u8>,
    /// The schema URL field, or nothing.
    pub tail: Vec<u8>,
}

impl EncodedPart {
    fn size(&self) -> usize {
        self.head.len() + self.tail.len()
    }
}

/// Gives the resource and the scopes that a batch is wrapped in.
pub trait Envelope {
    /// The resource.
    fn resource(&self) -> &EncodedPart;
    /// The scope of this number, as given in [`crate::NewSpan::scope`].
    fn scope(&self, number: u16) -> &EncodedPart;
}

/// An immutable export request and what is known of it.
#[derive(Debug)]
pub struct Batch {
    body: Vec<u8>,
    spans: u64,
    scopes: Vec<ScopeSpans>,
    made_at: u64,
    limited: bool,
    /// Where its spans lie in a spool.
    receipt: Option<Receipt>,
    /// Another process's resource and scopes, when its spans are that process's.
    source: Option<Arc<Source>>,
}

/// Where one scope's spans lie in the body.
#[derive(Clone, Debug)]
struct ScopeSpans {
    number: u16,
    spans: Range<usize>,
}

impl Batch {
    /// The request: an encoded `ExportTraceServiceRequest`.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Spans in it.
    pub fn spans(&self) -> u64 {
        self.spans
    }

    /// What it costs in memory, in bytes.
    pub fn charge(&self) -> usize {
        self.body.capacity()
    }

    /// When it was cut, by the host's monotonic clock.
    pub fn made_at(&self) -> u64 {
        self.made_at
    }

    /// Whether a bound ended the cut, so that more was there to take.
    pub(crate) fn was_limited(&self) -> bool {
        self.limited
    }

    /// The process that is gone and recorded these spans, when it was not this one. The numbers of the scopes are that
    /// process's too.
    pub fn source(&self) -> Option<&Arc<Source>> {
        self.source.as_ref()
    }

    /// Whether the spans are those of a process that is gone.
    pub(crate) fn is_replayed(&self) -> bool {
        self.source.is_some()
    }

    /// Whether a spool keeps the spans until every exporter is done with them.
    pub(crate) fn is_stored(&self) -> bool {
        self.receipt.is_some()
    }

    /// Writes down that the exporter of this number is done with the batch, whatever became of it.
    pub(crate) fn settle(&self, exporter: usize) {
        if let Some(receipt) = &self.receipt {
            receipt.settle(exporter);
        }
    }

    /// Says where the spans lie, and whose they are.
    pub(crate) fn with_origin(self, receipt: Option<Receipt>, source: Option<Arc<Source>>) -> Self {
        Self {
            receipt,
            source,
            ..self
        }
    }

    /// The spans with the numbers of their scopes, in order.
    pub fn views(&self) -> impl Iterator<Item = (u16, SpanView<'_>)> {
        self.scopes.iter().flat_map(|scope| {
            let spans = self.body.get(scope.spans.clone()).unwrap_or_default();
            otlp::framed_spans(spans).map(|span| (scope.number, SpanView::ours(span)))
        })
    }
}

/// Which records go into a batch, and how large it will be.
pub(crate) struct Plan<'a> {
    envelope: &'a dyn Envelope,
    max_spans: usize,
    max_bytes: usize,
    spans: usize,
    bytes: usize,
    full: bool,
    /// Scope number and bytes of its framed spans, in order of first sight.
    scopes: Vec<(u16, usize)>,
    last: usize,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(max_spans: usize, max_bytes: usize, envelope: &'a dyn Envelope) -> Self {
        Self {
            envelope,
            max_spans,
            max_bytes,
            spans: 0,
            bytes: envelope.resource().size() + FRAME,
            full: false,
            scopes: Vec::new(),
            last: 0,
        }
    }

    pub(crate) fn spans(&self) -> usize {
        self.spans
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Takes a span of this scope and size, unless it goes beyond a bound.
    #[inline]
    pub(crate) fn admit(&mut self, scope: u16, message: usize) -> bool {
        let framed = otlp::framed_len(message);
        let known = self.find(scope);
        let around = match known {
            Some(_) => 0,
            None => self.envelope.scope(scope).size() + FRAME,
        };
        let bytes = self.bytes + around;
        if self.spans >= self.max_spans || (self.spans > 0 && bytes + message + FRAME > self.max_bytes) {
            self.full = true;
            return false;
        }
        self.spans += 1;
        self.bytes = bytes + framed;
        self.last = known.unwrap_or_else(|| {
            self.scopes.push((scope, 0));
            self.scopes.len() - 1
        });
        self.scopes[self.last].1 += framed;
        true
    }

    /// Where this scope stands in `scopes`. The spans of one thread mostly have the scope of the last.
    #[inline]
    fn find(&self, scope: u16) -> Option<usize> {
        match self.scopes.get(self.last) {
            Some((number, _)) if *number == scope => Some(self.last),
            _ => self.scopes.iter().position(|(number, _)| *number == scope),
        }
    }

    /// Writes the request from chunks.
    pub(crate) fn write(self, segments: &[Segment], now: u64) -> Batch {
        self.write_from(now, |writer| {
            for segment in segments {
                segment.chunk.read(segment.from, segment.to, |bytes| {
                    for record in Records::new(bytes) {
                        writer.put(record.scope, bytes.get(record.message).unwrap_or_default());
                    }
                });
            }
        })
    }

    /// Writes the request; `fill` gives the messages that were admitted.
    pub(crate) fn write_from(mut self, now: u64, fill: impl FnOnce(&mut Writer<'_, '_>)) -> Batch {
        let envelope = self.envelope;
        let resource = envelope.resource();
        let scope_size = |&(number, spans): &(u16, usize)| envelope.scope(number).size() + spans;
        let scopes: usize = self.scopes.iter().map(scope_size).map(otlp::framed_len).sum();
        let resource_spans = resource.size() + scopes;
        let mut body = vec![0; otlp::framed_len(resource_spans)];

        let mut at = otlp::write_frame(&mut body, 0, otlp::RESOURCE_SPANS, resource_spans);
        at = put(&mut body, at, &resource.head);
        let mut ranges = Vec::with_capacity(self.scopes.len());
        for scope in &self.scopes {
            let part = envelope.scope(scope.0);
            at = otlp::write_frame(&mut body, at, otlp::SCOPE_SPANS, scope_size(scope));
            at = put(&mut body, at, &part.head);
            ranges.push(ScopeSpans {
                number: scope.0,
                spans: at..at + scope.1,
            });
            at = put(&mut body, at + scope.1, &part.tail);
        }
        put(&mut body, at, &resource.tail);

        let cursors = ranges.iter().map(|scope| scope.spans.start).collect();
        fill(&mut Writer {
            plan: &mut self,
            body: &mut body,
            cursors,
        });
        Batch {
            body,
            spans: self.spans as u64,
            scopes: ranges,
            made_at: now,
            limited: self.full,
            receipt: None,
            source: None,
        }
    }
}

/// Puts messages into the places that the plan has made for them.
pub(crate) struct Writer<'w, 'p> {
    plan: &'w mut Plan<'p>,
    body: &'w mut [u8],
    /// Where the next message of each scope goes.
    cursors: Vec<usize>,
}

impl Writer<'_, '_> {
    #[inline]
    pub(crate) fn put(&mut self, scope: u16, message: &[u8]) {
        let Some(place) = self.plan.find(scope) else {
            return;
        };
        self.plan.last = place;
        let at = otlp::write_frame(self.body, self.cursors[place], otlp::SPANS, message.len());
        self.cursors[place] = put(self.body, at, message);
    }
}

/// Copies `bytes` to this place and gives the place behind them.
#[inline]
fn put(body: &mut [u8], at: usize, bytes: &[u8]) -> usize {
    let end = at + bytes.len();
    if let Some(place) = body.get_mut(at..end) {
        place.copy_from_slice(bytes);
    }
    end
}

/// Batches for tests of other modules.
#[cfg(all(test, not(loom)))]
pub(crate) mod tests_support {
    use super::*;
    use crate::export::ledger::{Ledger, Piece};

    /// A batch of one empty span.
    pub(crate) fn batch(made_at: u64) -> Arc<Batch> {
        Arc::new(Batch {
            body: vec![0; 16],
            spans: 1,
            scopes: Vec::new(),
            made_at,
            limited: false,
            receipt: None,
            source: None,
        })
    }

    /// The same, as it lies in a spool.
    pub(crate) fn stored(
        ledger: Arc<dyn Ledger>,
        pieces: Vec<Piece>,
        source: Option<Arc<Source>>,
    ) -> Arc<Batch> {
        let batch = Arc::into_inner(batch(0)).unwrap();
        Arc::new(batch.with_origin(Some(Receipt::new(ledger, pieces)), source))
    }
}
