//! What processors do with spans: enrich and redact what they say, and of those that have ended filter some, count errors, keep traces,
//! watch what tracing costs.
//!
//! Pure: clocks, locks and threads are whose who calls. Time comes with each call.

mod conditions;
mod enrich;
mod error_type;
mod errors;
mod filter;
mod filter_text;
mod overhead;
mod redact;
mod sha256;
mod traces;

pub use conditions::SpanConditions;
pub use enrich::{AttributeChange, AttributeRule, EnrichError, Enrichment, ParsedRule};
pub use error_type::{UNKNOWN_ERROR, error_type};
pub use errors::{ErrorCount, ErrorTally, Failure};
pub use filter::{Filter, FilterAction};
pub use filter_text::{FilterError, RegexMaker};
pub use overhead::{CostEstimate, CpuReading, CpuShare, OverheadWindow};
pub use redact::{
    QueryParameters, Redaction, RedactionCounts, TextFinder, built_in_finder, built_in_finders, key_pattern,
};
pub use traces::{TraceBounds, TraceCounts, TraceStore, TraceSummary};
