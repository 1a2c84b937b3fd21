//! What a trace *is*: ids, span contexts, trace state, baggage, attribute values and limits, context
//! propagation, samplers, semantic conventions and the OTLP wire format.
//!
//! This crate does no I/O, starts no thread, reads no clock, draws no random number and has no global state:
//! all of that is passed in. It is `no_std`; the features `alloc` and `std` only add.
//!
//! | feature | adds |
//! |---|---|
//! | none | ids and their generator, flags, borrowed values, `traceparent`, [`TraceStateRef`], thresholds and the `ot` member, the OTLP writer into a fixed buffer, [`wire::otlp::SpanView`] |
//! | `alloc` | `TraceState`, `Baggage`, `Context`, owned values, samplers, propagators, the logic of processors, semantic conventions, request decoders, `SpanEdit` |
//! | `std` | carriers for std's maps, `std::error::Error` |
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod flags;
mod hex;
mod id;
mod limits;
mod rng;
mod span_data;
mod tracestate_ref;
mod value;

#[cfg(feature = "alloc")]
pub mod process;
pub mod propagate;
pub mod sample;
#[cfg(feature = "alloc")]
pub mod semconv;
pub mod wire;

#[cfg(feature = "alloc")]
mod baggage;
#[cfg(feature = "alloc")]
mod context;
#[cfg(feature = "alloc")]
mod entity;
#[cfg(feature = "alloc")]
mod notice;
#[cfg(feature = "alloc")]
mod pattern;
#[cfg(feature = "alloc")]
mod resource;
#[cfg(feature = "alloc")]
mod span_context;
#[cfg(feature = "alloc")]
mod tracestate;

pub use flags::TraceFlags;
pub use id::{SpanId, TraceId};
pub use limits::{SpanLimits, ValueLimits};
pub use rng::Xoshiro256;
pub use span_data::{SpanKind, StatusCode};
pub use tracestate_ref::{TraceStateError, TraceStateRef};
pub use value::Value;

#[cfg(feature = "alloc")]
pub use baggage::{Baggage, BaggageEntry, EmptyBaggageKey};
#[cfg(feature = "alloc")]
pub use context::{Context, ContextKey, ContextValue, SpanHandle};
#[cfg(feature = "alloc")]
pub use entity::EntityRef;
#[cfg(feature = "alloc")]
pub use notice::Notice;
#[cfg(feature = "alloc")]
pub use pattern::pattern_fits;
#[cfg(feature = "alloc")]
pub use resource::{InstrumentationScope, Resource};
#[cfg(feature = "alloc")]
pub use span_context::{Link, SpanContext};
#[cfg(feature = "alloc")]
pub use tracestate::TraceState;
#[cfg(feature = "alloc")]
pub use value::{KeyValue, OwnedValue};
