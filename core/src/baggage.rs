//! Baggage (W3C Baggage, OpenTelemetry baggage API).

use alloc::{string::String, vec::Vec};

/// One entry of a baggage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BaggageEntry {
    /// Name: any non-empty text, case-sensitive.
    pub key: String,
    /// Value: any text.
    pub value: String,
    /// Metadata, one opaque text.
    pub metadata: Option<String>,
}

/// Name-value pairs that travel with a request. Immutable: each change gives a new value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Baggage {
    entries: Vec<BaggageEntry>,
}

impl Baggage {
    /// No entries.
    pub const EMPTY: Self = Self { entries: Vec::new() };

    /// All entries, in order of first insertion.
    pub fn entries(&self) -> &[BaggageEntry] {
        &self.entries
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
