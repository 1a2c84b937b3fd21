//! Samplers that are put together (OpenTelemetry "ComposableSampler", in development there).
//!
//! A composable sampler does not decide: it says with which threshold it would keep a trace, its *intent*. Only
//! [`Composite`], which holds the outermost one, compares and writes the trace state, so that nested samplers agree.
//!
//! ```
//! use spanline_core::SpanKind;
//! use spanline_core::sample::{Composite, Sampler, composable::{AlwaysOff, Condition, ParentThreshold, Probability, RuleBased}};
//! let rules = RuleBased::new()
//!     .rule([Condition::attribute_values("http.route", ["/healthz"])], AlwaysOff)
//!     .rule([Condition::span_kinds([SpanKind::Server])], Probability::new(0.1).unwrap());
//! let sampler = Composite::new(ParentThreshold::new(rules));
//! assert_eq!(
//!     sampler.description(),
//!     "CompositeSampler{ComposableParentThreshold{root=ComposableRuleBased{ComposableAlwaysOff,ComposableProbability{0.1}}}}",
//! );
//! ```

mod annotating;
mod basic;
mod composite;
mod intent;
mod parent_threshold;
mod rule_based;

pub use annotating::Annotating;
pub use basic::{AlwaysOff, AlwaysOn, Probability};
pub use composite::Composite;
pub use intent::{ComposableSampler, IntentRequest, SamplingIntent, TraceStateProvider};
pub use parent_threshold::ParentThreshold;
pub use rule_based::{Condition, ParentKind, RuleBased};
