//! Tail sampling: deciding about a trace after its spans were seen. Policies are those of the OpenTelemetry Collector's
//! `tail_sampling` processor, with its names; where it contradicts itself they are mended, as each one says.
//!
//! Nothing here holds spans, reads a clock or knows a thread. Whoever holds a trace feeds its spans to a
//! [`TraceSummary`] as they come, and asks [`TailPolicies`] when the time has come: the summary has a fixed size, and
//! what is decided depends neither on the order of the spans nor on how they were split into messages. Kept spans are
//! marked by [`stamp`]; [`DecisionMemory`] knows what to do with spans that come too late.
//!
//! ```
//! use spanline_core::{SpanId, StatusCode, TraceId, wire::otlp::{SpanParts, SpanView}};
//! use spanline_core::sample::tail::{PolicyKind, PolicyOptions, ResourceFacts, TailPolicies, stamp};
//!
//! let errors = PolicyKind::StatusCode { status_codes: vec![StatusCode::Error] };
//! let mut policies = TailPolicies::new([PolicyOptions::new("errors", errors)], false).unwrap();
//! let watch = policies.watch().clone();
//!
//! let parts = SpanParts {
//!     status: StatusCode::Error,
//!     ..SpanParts::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]))
//! };
//! let mut message = vec![0; parts.encoded_len()];
//! parts.write_to(&mut message);
//! let span = SpanView::ours(&message);
//!
//! let mut summary = watch.summary(span.trace_id());
//! summary.add(&watch, span, &ResourceFacts::NONE);
//! let decision = policies.decide(&summary, 1);
//! assert!(decision.sampled);
//!
//! let mut kept = Vec::new();
//! stamp(span, &decision, &watch, true, &mut kept);
//! let kept = SpanView::ours(&kept);
//! assert_eq!(kept.trace_state(), "ot=th:0");
//! assert_eq!(kept.attribute("sampling.policy").unwrap().as_str(), Some("errors"));
//! ```

mod budget;
mod build;
mod chance;
mod composite;
mod decision;
mod error;
mod facts;
mod filter;
mod fnv;
mod memory;
mod node;
mod options;
mod policies;
mod report;
mod shares;
mod short;
mod stamp;
mod summary;
mod watch;

pub use {
    decision::{TailDecision, TailReason},
    error::TailError,
    facts::ResourceFacts,
    memory::DecisionMemory,
    options::{ConditionError, PolicyKind, PolicyOptions, RateAllocation, SpanCondition},
    policies::TailPolicies,
    report::{PolicyReport, TailReport},
    stamp::stamp,
    summary::TraceSummary,
    watch::TailWatch,
};
