//! Processors that are there already: each is asked for by a method of the [`Builder`](crate::Builder) or by its options.
//!
//! [`Redaction`] takes out of spans what they must not say. One of your own is a [`SpanProcessor`](crate::SpanProcessor).

mod redact;

pub(crate) use redact::{Redactor, redaction};
pub use spanline_core::process::{
    QueryParameters, Redaction, RedactionCounts, TextFinder, built_in_finder, built_in_finders,
};
