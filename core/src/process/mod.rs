//! What processors do with spans: what they say is redacted.
//!
//! Pure: clocks, locks and threads are whose who calls. Time comes with each call.

mod redact;

pub use redact::{
    QueryParameters, Redaction, RedactionCounts, TextFinder, built_in_finder, built_in_finders, key_pattern,
};
