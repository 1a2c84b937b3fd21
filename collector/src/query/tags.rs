//! Attribute values as Jaeger writes them, and as text to compare with.

use serde_json::{Value, json};
use spanline_core::SpanKind;
use spanline_core::wire::otlp::{SpanView, ValueText, ValueView};
use std::borrow::Cow;

/// Integers beyond this are not exact in JavaScript and are written as text.
const EXACT: i64 = (1 << 53) - 1;

/// The kind in lower case; empty when it is unspecified.
pub(crate) fn kind_name(span: &SpanView<'_>) -> &'static str {
    span.kind().map_or("", SpanKind::name)
}

/// A tag of this key and text.
pub(crate) fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "type": "string", "value": value})
}

/// A tag of this key and value.
pub(crate) fn tag(key: &str, value: ValueView<'_>) -> Value {
    let (kind, value) = match value {
        ValueView::Bool(v) => ("bool", Value::from(v)),
        ValueView::I64(v) if (-EXACT..=EXACT).contains(&v) => ("int64", Value::from(v)),
        ValueView::I64(v) => ("int64", Value::from(v.to_string())),
        ValueView::F64(v) if v.is_finite() => ("float64", Value::from(v)),
        // JSON has no number for NaN and the infinities: they are written as text.
        ValueView::F64(_) => ("float64", Value::from(ValueText(value).to_string())),
        ValueView::Bytes(_) => ("binary", Value::from(ValueText(value).to_string())),
        other => ("string", Value::from(ValueText(other).to_string())),
    };
    json!({"key": key, "type": kind, "value": value})
}

/// The value as text, for comparing with what a search asks for.
pub(crate) fn as_text(value: ValueView<'_>) -> Cow<'_, str> {
    match value {
        ValueView::Str(text) => Cow::Borrowed(text),
        other => Cow::Owned(ValueText(other).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_integers_and_odd_doubles() {
        assert_eq!(
            tag("a", ValueView::I64(EXACT))["value"],
            json!(9_007_199_254_740_991_i64)
        );
        assert_eq!(
            tag("a", ValueView::I64(EXACT + 1))["value"],
            json!("9007199254740992")
        );
        assert_eq!(
            tag("a", ValueView::I64(i64::MIN))["value"],
            json!("-9223372036854775808")
        );
        let infinite = tag("a", ValueView::F64(f64::NEG_INFINITY));
        assert_eq!(
            infinite,
            json!({"key": "a", "type": "float64", "value": "-Infinity"})
        );
        assert_eq!(as_text(ValueView::F64(0.5)), "0.5");
        assert_eq!(as_text(ValueView::Bytes(b"foob")), "Zm9vYg==");
    }
}
