//! The `baggage` header.

use crate::lines;
use spanline_core::Context;
use spanline_core::propagate::{BaggagePropagator, TextMapPropagator};

/// Each line is one header.
pub fn baggage(input: &[u8]) {
    let propagator = BaggagePropagator::new();
    let carrier: Vec<_> = lines(input).map(|line| ("baggage", line)).collect();
    let context = propagator.extract(Context::EMPTY, &carrier);
    assert!(context.baggage().len() <= 180);
    let mut written = Vec::new();
    propagator.inject(&context, &mut written);
    for (_, value) in &written {
        assert!(!value.is_empty() && value.len() <= 8192);
        assert!(value.bytes().all(|c| matches!(c, b'\t' | b' '..=b'~')));
    }
    // An entry that grew by its encoding may be left out; what is written is read back as it was.
    let again = propagator.extract(Context::EMPTY, &written);
    for entry in again.baggage().entries() {
        assert_eq!(context.baggage().entry(&entry.key), Some(entry));
    }
}
