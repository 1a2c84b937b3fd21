//! The stage as a whole, by a clock that the tests turn.

mod bounds;
mod decisions;
mod orders;
mod spool;

use crate::export::batch::Batch;
use crate::queue::store::SlotStore;
use crate::{
    Bounds, Cutting, EncodedPart, Engine, Envelope, Judge, Life, Next, Pipeline, Producer, Stats,
    TailSettings, Wake,
};
use alloc::{boxed::Box, string::String, sync::Arc, vec, vec::Vec};
use core::sync::atomic::{AtomicUsize, Ordering};
use spanline_core::sample::tail::{PolicyOptions, TailPolicies};
use spanline_core::wire::otlp::{SpanParts, SpanView};
use spanline_core::{SpanId, SpanLimits, StatusCode, TraceId};

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;

struct Wakes(Arc<AtomicUsize>);

impl Wake for Wakes {
    fn wake(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

struct Plain(EncodedPart);

impl Envelope for Plain {
    fn resource(&self) -> &EncodedPart {
        &self.0
    }
    fn scope(&self, _: u16) -> &EncodedPart {
        &self.0
    }
}

/// A span as it came out.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Out {
    trace: u64,
    span: u64,
    state: String,
    reason: Option<String>,
    policy: Option<String>,
    partial: bool,
}

impl Out {
    fn of(view: SpanView<'_>) -> Self {
        let text = |key| {
            view.attribute(key)
                .and_then(|value| value.as_str().map(String::from))
        };
        let number = |bytes: &[u8]| u64::from_be_bytes(*bytes.last_chunk().unwrap());
        Self {
            trace: number(view.trace_id().as_bytes()),
            span: number(view.span_id().as_bytes()),
            state: view.trace_state().into(),
            reason: text("sampling.reason"),
            policy: text("sampling.policy"),
            partial: view.attribute("sampling.partial").is_some(),
        }
    }
}

/// What a span is beside its ids.
#[derive(Clone, Copy, Default, Debug)]
struct Kind {
    /// 0: none.
    parent: u64,
    remote: bool,
    error: bool,
    /// Milliseconds.
    took: u64,
    /// Bytes of its name.
    size: usize,
}

fn child(parent: u64) -> Kind {
    Kind {
        parent,
        ..Kind::default()
    }
}

fn failed(parent: u64) -> Kind {
    Kind {
        error: true,
        ..child(parent)
    }
}

const ROOT: Kind = Kind {
    parent: 0,
    remote: false,
    error: false,
    took: 0,
    size: 0,
};

/// Ends a span; gives the length of its message.
fn ended(producer: &mut Producer, trace: u64, span: u64, kind: Kind) -> usize {
    let name = "n".repeat(kind.size);
    let parts = SpanParts {
        parent_span_id: SpanId::from_bytes(kind.parent.to_be_bytes()),
        parent_is_remote: kind.remote,
        status: if kind.error {
            StatusCode::Error
        } else {
            StatusCode::Unset
        },
        start_unix_nano: SECOND,
        end_unix_nano: SECOND + kind.took * MS,
        name: &name,
        ..SpanParts::new(trace_id(trace), SpanId::from_bytes(span.to_be_bytes()))
    };
    producer.count(Life::SampleNone);
    producer.count(Life::Ended);
    let size = parts.encoded_len();
    producer.append(size, 0, |place| {
        parts.write_to(place);
    });
    size
}

fn trace_id(trace: u64) -> TraceId {
    let mut bytes = [9; 16];
    bytes[8..].copy_from_slice(&trace.to_be_bytes());
    TraceId::from_bytes(bytes)
}

fn policies(words: &[&str]) -> Vec<PolicyOptions> {
    words
        .iter()
        .map(|word| PolicyOptions::short(word).unwrap())
        .collect()
}

/// A pipeline whose exporter takes everything, unless it is not hungry.
struct World {
    engine: Arc<Engine>,
    pipeline: Pipeline,
    wakes: Arc<AtomicUsize>,
    now: u64,
    out: Vec<Out>,
    batches: Vec<Arc<Batch>>,
}

impl World {
    fn new(policies: Vec<PolicyOptions>, settings: TailSettings) -> Self {
        Self::with(policies, settings, Bounds::default(), None)
    }

    fn with(
        policies: Vec<PolicyOptions>,
        settings: TailSettings,
        bounds: Bounds,
        store: Option<Arc<SlotStore>>,
    ) -> Self {
        let wakes = Arc::new(AtomicUsize::new(0));
        let wake = Box::new(Wakes(wakes.clone()));
        let engine = Engine::with_store(1, 2002, SpanLimits::default(), bounds, wake, store);
        let judge = Judge::new(
            TailPolicies::new(policies, false).unwrap(),
            &EncodedPart::default(),
            100,
            7,
        );
        let pipeline = Pipeline::new(engine.clone(), Cutting::default()).with_tail(settings, judge);
        Self {
            engine,
            pipeline,
            wakes,
            now: 1,
            out: Vec::new(),
            batches: Vec::new(),
        }
    }

    fn producer(&self) -> Producer {
        Producer::new(self.engine.clone())
    }

    /// Looks until there is nothing to do; gives until when.
    fn look(&mut self, hungry: bool, urgent: bool) -> Option<u64> {
        loop {
            let mut envelope = Plain(EncodedPart::default());
            match self.pipeline.next(self.now, hungry, urgent, &mut envelope) {
                Next::Deliver(batch) => {
                    self.out.extend(batch.views().map(|(_, view)| Out::of(view)));
                    self.batches.push(Arc::new(batch));
                }
                Next::WaitUntil(until) if until > self.now => return Some(until),
                Next::WaitUntil(_) => {}
                Next::Wait => return None,
            }
        }
    }

    /// Lets this much time pass, looking whenever there is a reason to.
    fn pass(&mut self, nanos: u64) -> Option<u64> {
        let end = self.now + nanos;
        loop {
            match self.look(true, false) {
                Some(until) if until <= end => self.now = until,
                next => {
                    self.now = end;
                    return next;
                }
            }
        }
    }

    fn flush(&mut self) {
        self.look(true, true);
    }

    fn spans(&self) -> Vec<(u64, u64)> {
        self.out.iter().map(|out| (out.trace, out.span)).collect()
    }

    fn stats(&self) -> Stats {
        let stats = self.engine.stats();
        assert!(stats.balances(), "{stats:?}");
        stats
    }
}
