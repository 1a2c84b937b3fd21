//! The life of a span as state machines, without I/O: open spans in slots, records in chunks, batches, exporter queues
//! and statistics.
//!
//! The host owns clocks, threads, sockets and the environment: it opens spans through a [`Producer`] per thread, runs
//! a [`Pipeline`] on one thread of its own (or a timer), asks it what to do [`Next`], hands batches to
//! [`ExportQueue`]s and reports what became of them.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod attributes;
pub mod config;
mod configurator;
mod engine;
mod error;
mod export;
mod late;
mod open;
pub mod options;
mod queue;
pub mod retry;
mod rewriting;
mod slot;
mod spans;
pub mod spool;
mod stats;
mod sync;
mod tail;

pub use configurator::TracerConfigurator;
pub use engine::{Bounds, Engine, Wake};
pub use error::{Error, ErrorKind};
pub use export::{
    batch::{Batch, EncodedPart, Envelope},
    duration::{AnswerStatus, Durations},
    ledger::{Ledger, Piece, Source},
    outcome::{Outcome, QueueBounds},
    pipeline::{Cutting, Next, Pipeline},
    queue::{ExportQueue, Poll, Sending},
    replay::Replay,
};
pub use open::{Anchor, NewSpan, StartTime};
pub use queue::{producer::Producer, region::Region, settled::Settled, store::SlotStore};
pub use slot::{FreeSlot, SpanRef};
pub use spans::{Changer, Finished};
pub use stats::{
    ByDecision, Dropped, ExporterStats, Life, ParentOrigin, Redacted, Refused, StartedBy, Stats,
};
pub use tail::{Judge, TailSettings, TailStats};
