//! Hashes of values.

use super::super::sha256::Sha256;
use crate::wire::otlp::{SPAN_ATTRIBUTES, SpanView, ValueText, ValueView, push_attribute};
use crate::{Value, ValueLimits};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};

/// Of a value that is read in place.
pub(super) fn of_view(salt: &str, value: ValueView<'_>) -> String {
    let mut hash = Sha256::new();
    hash.add(salt.as_bytes());
    match value {
        ValueView::Str(text) => hash.add(text.as_bytes()),
        ValueView::Bytes(bytes) => hash.add(bytes),
        ValueView::Bool(value) => hash.add(&[u8::from(value)]),
        ValueView::I64(number) => hash.add(&number.to_le_bytes()),
        ValueView::F64(number) => hash.add(&number.to_le_bytes()),
        other => hash.add(ValueText(other).to_string().as_bytes()),
    }
    hash.hex()
}

/// Of any other.
pub(super) fn of(salt: &str, value: Value<'_>) -> String {
    let mut field = Vec::new();
    push_attribute(SPAN_ATTRIBUTES, "", value, &ValueLimits::default(), &mut field);
    let mut attributes = SpanView::ours(&field).attributes();
    of_view(
        salt,
        attributes.next().map_or(ValueView::Empty, |(_, value)| value),
    )
}
