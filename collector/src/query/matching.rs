//! Whether a trace is what a search looks for: one of its spans has to satisfy everything.

use super::params::Search;
use super::tags::{as_text, kind_name};
use crate::store::{StoredSpan, Trace};
use spanline_core::StatusCode;
use spanline_core::wire::otlp::{ResourceView, ScopeView};

/// Whether one span of the trace satisfies the search.
pub(crate) fn trace_matches(trace: &Trace, search: &Search) -> bool {
    // No span of the trace starts outside its own bounds.
    trace.start <= search.end
        && trace.end >= search.start
        && trace.spans.iter().any(|span| matches(span, search))
}

fn matches(span: &StoredSpan, search: &Search) -> bool {
    search
        .service
        .as_deref()
        .is_none_or(|service| service == span.service())
        && (search.start..=search.end).contains(&span.start)
        && (search.min_duration..=search.max_duration).contains(&span.duration())
        && search
            .operation
            .as_deref()
            .is_none_or(|operation| operation == span.view().name())
        && search.tags.iter().all(|(key, value)| has_tag(span, key, value))
}

/// A tag is looked for among what Jaeger's JSON shows as tags: attributes of span, events, scope and resource, and
/// the facts that OTLP keeps in fields of their own.
fn has_tag(span: &StoredSpan, key: &str, wanted: &str) -> bool {
    let view = span.view();
    let (code, message) = view.status();
    let fact = match key {
        "error" => wanted == "true" && code == StatusCode::Error,
        "span.kind" => kind_name(&view) == wanted && !wanted.is_empty(),
        "otel.status_code" => match code {
            StatusCode::Error => wanted.eq_ignore_ascii_case("ERROR"),
            StatusCode::Ok => wanted.eq_ignore_ascii_case("OK"),
            StatusCode::Unset => false,
        },
        "otel.status_description" => !message.is_empty() && message == wanted,
        "w3c.tracestate" => !view.trace_state().is_empty() && view.trace_state() == wanted,
        "service.name" => span.service() == wanted,
        "otel.scope.name" => ScopeView::ours(&span.scope.bytes).name() == wanted,
        "otel.scope.version" => ScopeView::ours(&span.scope.bytes).version() == wanted,
        _ => false,
    };
    if fact {
        return true;
    }
    let same = |(name, value)| name == key && as_text(value) == wanted;
    view.attributes().any(same)
        || ResourceView::ours(&span.resource.bytes).attributes().any(same)
        || ScopeView::ours(&span.scope.bytes).attributes().any(same)
        || view
            .events()
            .any(|event| (key == "event" && event.name() == wanted) || event.attributes().any(same))
}
