//! Processors that are there already: each is asked for by a method of the [`Builder`](crate::Builder) or by its options.
//!
//! [`AttributeRule`]s change attributes, [`Redaction`] takes out of spans what they must not say, [`Filter`] keeps spans from the exporters, [`ErrorCounter`] counts
//! what failed, [`TraceCorrelator`] keeps traces in the process for a while, and [`Overhead`] says what tracing costs. One of
//! your own is a [`SpanProcessor`](crate::SpanProcessor).

mod correlator;
mod enrich;
mod errors;
mod filter;
mod lock;
mod overhead;
mod redact;

pub use correlator::{RecentTrace, TraceCorrelator};
pub(crate) use enrich::Enriching;
pub use errors::{ErrorCounter, ErrorReport};
pub(crate) use filter::of_options as filter_of_options;
pub use overhead::Overhead;
pub(crate) use overhead::{Operation, OverheadWatch, Part, Timed};
pub(crate) use redact::{Redactor, redaction};
pub use spanline_core::process::{
    AttributeRule, CostEstimate, CpuShare, ErrorCount, Filter, FilterAction, FilterError, QueryParameters,
    Redaction, RedactionCounts, SpanConditions, TextFinder, TraceBounds, TraceCounts, built_in_finder,
    built_in_finders,
};
