//! Helpers of the runners of conformance vectors.
#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]

#[cfg(feature = "alloc")]
pub(crate) mod batch;
#[cfg(feature = "alloc")]
pub(crate) mod propagation;

pub(crate) use spanline_test_vectors::json::{only_members, pairs, same, text};
pub(crate) use spanline_test_vectors::{Case, Level, Value as Json, run};

/// A 56-bit number as 14 hex digits; null is none.
pub(crate) fn number56(value: &Json) -> Option<u64> {
    value.as_str().map(|digits| {
        assert_eq!(digits.len(), 14);
        u64::from_str_radix(digits, 16).unwrap()
    })
}
