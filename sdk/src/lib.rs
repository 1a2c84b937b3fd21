//! Distributed tracing for Rust programs: spans that cost little, are exported in the background, and never harm the
//! program that makes them.
//!
//! ```
//! use spanline::span;
//!
//! # fn main() -> Result<(), spanline::Error> {
//! let provider = spanline::init().service_name("shop").exporter("memory").start()?;
//! {
//!     let order = span!("order", "customer" = "c-17");
//!     let _payment = span!("payment", kind = spanline::SpanKind::Client);
//!     order.set("total", 12.5);
//! }
//! let report = provider.shutdown()?;
//! assert!(report.complete && report.stats.balances());
//! # Ok(())
//! # }
//! ```
//!
//! * [`init`] describes and starts a [`Provider`]; the environment (`OTEL_*`) alone is enough.
//! * [`span!`], [`macro@traced`] and [`Tracer`] make spans; [`context`] says what is current; [`InSpan`] runs futures in a span.
//! * [`inject`] and [`extract`] carry the context over process boundaries; [`messaging`], [`sql`] and [`environment`] over
//!   particular ones.
//! * After start-up nothing here returns an error, panics or blocks because of telemetry: what is lost is counted in
//!   [`Stats`].
#![deny(unsafe_code)]

mod builder;
mod by_epoch;
mod clock;
pub mod config;
pub mod context;
mod detect;
mod doctor;
mod end;
pub mod environment;
mod exit;
mod export;
mod features;
mod fork;
mod frame;
mod future;
mod guard;
#[cfg(feature = "http")]
pub mod http;
mod id_generator;
mod latest;
mod learning;
mod local;
mod log;
mod macros;
pub mod messaging;
mod observe;
mod processor;
pub mod processors;
mod propagation;
mod provider;
mod sampling;
mod scope;
mod signals;
mod span;
#[cfg_attr(not(all(feature = "spool", target_os = "linux")), path = "spool/off.rs")]
mod spool;
pub mod sql;
mod start;
mod thread;
mod traced;
mod tracer;
mod transport;

pub use builder::{Builder, init};
pub use context::{attach, current_span};
pub use detect::{
    ContainerDetector, HostDetector, ProcessDetector, ResourceDetector, SCHEMA_URL, ServiceDetector,
};
pub use doctor::{Diagnosis, ExporterCheck, Trouble, TroubleKind, doctor};
pub use export::{
    AnswerStatus, ConsoleExporter, ExportBatch, ExportResult, ExportedSpan, ExporterDescription,
    FinishedEvent, FinishedLink, FinishedSpan, MemoryExporter, SpanExporter,
};
pub use future::{InContextFuture, InSpan, InSpanFuture};
pub use id_generator::IdGenerator;
pub use log::{ErrorHandler, Level, LogSink, Problem, set_error_handler, set_log_sink, unheard};
pub use observe::{Metric, MetricKind, MetricPoint, MetricValue, Metrics};
pub use processor::{EndedSpan, SpanProcessor, Verdict};
pub use propagation::{extract, extract_into, inject, inject_context, propagator, set_propagator};
pub use provider::{Override, Provider, Report, global};
pub use sampling::{JaegerRemote, ProcessLoad};
pub use scope::{Entered, Scope};
pub use span::{CurrentSpan, Span};
pub use spanline_core::sample::{self, Sampler};
pub use spanline_core::semconv;
pub use spanline_core::wire::otlp;
pub use spanline_core::{
    Baggage, BaggageEntry, Context, ContextKey, ContextValue, EntityRef, InstrumentationScope, KeyValue,
    Link, OwnedValue, Resource, SpanContext, SpanId, SpanKind, StatusCode, TraceFlags, TraceId, TraceState,
    Value, propagate,
};
pub use spanline_engine::options;
pub use spanline_engine::{
    ByDecision, Dropped, Durations, Error, ErrorKind, ExporterStats, Redacted, Refused, StartedBy, Stats,
    TailStats,
};

pub use tracer::{SpanBuilder, Tracer};

/// Runs a function in a span of its own: current while the function runs, ended when it returns.
///
/// It goes on functions and methods, synchronous or `async`, generic or not, also under `async_trait`, and on functions
/// whose last expression is an `async` block, alone or in `Box::pin`. Not on `const` and `unsafe` functions. Signature
/// and other attributes stay; the future of an `async fn` stays `Send` where it was, and its span begins at the first
/// poll.
///
/// ```
/// use spanline::traced;
///
/// #[traced]
/// fn total(prices: &[f64]) -> f64 {
///     prices.iter().sum()
/// }
///
/// #[traced("charge card", kind = Client, record(amount), fields("currency" = "EUR"))]
/// async fn charge(card: &str, amount: f64) -> Result<u64, std::io::Error> {
///     // An error that leaves the function is recorded.
///     Ok(7)
/// }
/// # let _ = (total(&[1.0]), charge("4111", 1.0));
/// ```
///
/// | in the parentheses | what |
/// |---|---|
/// | `"name"`, `name = "name"` | the span's name; the function's own name when not given |
/// | `kind = Server` | `Internal` (when not given), `Server`, `Client`, `Producer` or `Consumer` |
/// | `record(a, ?b, %c)` | records arguments as attributes of their names; no argument is recorded otherwise |
/// | `record_all`, `skip(a)` | records every argument but `self` and the skipped ones |
/// | `fields("key" = a.id, "other" = ?b)` | records expressions over the arguments |
/// | `err`, `err = false` | whether an `Err` that is returned is recorded; when not given: if the return type is spelled `Result<..>` |
///
/// * A value is recorded as what [`Value`] can be made from, or a larger integer (as text where it does not fit), else
///   as the text of `Debug`; `?` asks for that of `Debug`, `%` for that of `Display`. Nothing of this is evaluated
///   unless the span is recorded, or a custom sampler or a processor looks.
/// * The attribute `code.function.name` has the function's full path.
/// * An error is recorded by [`CurrentSpan::fail`] if it, or what it dereferences to (`Box<dyn Error>`), is an
///   [`std::error::Error`]; else by [`CurrentSpan::fail_text`] with its `Display` or `Debug`. What a generic type can
///   is known from its bounds alone.
/// * A panic that leaves the function gives the span the status `Error` and the `error.type` `panic`. A future that is
///   dropped before its end ends its span without a status.
pub use spanline_macros::traced;

/// The example in the project's README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// So do those of `docs`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/statistics.md")]
struct StatisticsPage;

#[cfg(doctest)]
#[doc = include_str!("../../docs/sampling.md")]
struct SamplingPage;

#[cfg(doctest)]
#[doc = include_str!("../../docs/exporters.md")]
struct ExportersPage;

#[cfg(doctest)]
#[doc = include_str!("../../docs/shutdown.md")]
struct ShutdownPage;

#[cfg(doctest)]
#[doc = include_str!("../../docs/processors.md")]
struct ProcessorsPage;

#[cfg(doctest)]
#[doc = include_str!("../../docs/propagation.md")]
struct PropagationPage;

#[cfg(doctest)]
#[doc = include_str!("../../docs/semantic-conventions.md")]
struct SemanticConventionsPage;

/// What macros expand to; not for direct use.
#[doc(hidden)]
pub mod __private {
    pub use crate::macros::Callsite;
    pub use crate::traced::{Entered, Failed, Recorded, Text, TracedFuture, by_type, call, function_name};
}

/// Readers of foreign input that nothing public reaches alone, for the fuzz targets; not for direct use.
#[doc(hidden)]
pub mod __fuzz {
    pub use crate::detect::container_id;
    #[cfg(feature = "grpc")]
    pub use crate::transport::read_grpc_answer;
}

/// A tracer for the instrumentation scope of this name, of whichever provider is global when a span starts.
pub fn tracer(name: impl Into<std::borrow::Cow<'static, str>>) -> Tracer {
    tracer_of(InstrumentationScope::named(name))
}

/// As [`tracer`], for a whole instrumentation scope.
pub fn tracer_of(scope: InstrumentationScope) -> Tracer {
    Tracer::global(scope)
}

/// Flushes the global provider. `None` when there is none.
pub fn flush() -> Option<Report> {
    global().map(|provider| provider.flush())
}

/// Shuts the global provider down. `None` when there is none, or when it has shut down already.
pub fn shutdown() -> Option<Report> {
    global().and_then(|provider| provider.shutdown().ok())
}

/// The accounting of the global provider. `None` when there is none.
pub fn stats() -> Option<Stats> {
    global().map(|provider| provider.stats())
}

/// What instrumentations go by, as the provider that is current here has it ([`Provider::conventions`]); the defaults
/// when there is none.
pub fn conventions() -> semconv::Conventions {
    provider::conventions()
}

/// The accounting of the global provider as metrics. `None` when there is none.
pub fn metrics() -> Option<Metrics> {
    global().map(|provider| provider.metrics())
}
