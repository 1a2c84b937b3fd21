//! What a failed span says of its error.

use crate::StatusCode;
use crate::wire::otlp::{SpanView, ValueView};

/// The type of an error of which nothing is said but that there was one.
pub const UNKNOWN_ERROR: &str = "unknown";

/// The error's type: the attribute `error.type`; else, where the status is Error, the `exception.type` of the last
/// exception that was recorded, or `unknown`. `None`: the span did not fail. An exception alone is no failure, as the code
/// may have handled it.
///
/// ```
/// use spanline_core::process::error_type;
/// use spanline_core::wire::otlp::SpanView;
/// assert_eq!(error_type(SpanView::ours(b"")), None);
/// // A status with the code Error.
/// assert_eq!(error_type(SpanView::ours(b"\x7a\x02\x18\x02")), Some("unknown"));
/// ```
pub fn error_type(span: SpanView<'_>) -> Option<&str> {
    if let Some(said) = text(span.attribute("error.type")) {
        return Some(said);
    }
    if span.status().0 != StatusCode::Error {
        return None;
    }
    let exceptions = span.events().filter(|event| event.name() == "exception");
    let last = exceptions
        .filter_map(|event| text(event.attribute("exception.type")))
        .last();
    Some(last.unwrap_or(UNKNOWN_ERROR))
}

fn text(value: Option<ValueView<'_>>) -> Option<&str> {
    value?.as_str().filter(|text| !text.is_empty())
}
