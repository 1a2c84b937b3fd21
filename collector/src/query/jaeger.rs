//! A trace in Jaeger's JSON.

use super::adjust::{self, Shown};
use super::tags::{kind_name, tag, text};
use crate::store::{Resource, Scope, Trace};
use serde_json::{Value, json};
use spanline_core::StatusCode;
use spanline_core::wire::otlp::{ResourceView, ScopeView, ValueView};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

/// Attributes that older instrumentations use for what is the scope today.
const LEGACY_SCOPE: [(&str, &str); 2] = [
    ("otel.library.name", "otel.scope.name"),
    ("otel.library.version", "otel.scope.version"),
];

/// Writes the trace object; corrected as Jaeger does, unless `raw`. Spans beyond `limit` bytes of `out` are left out,
/// and a warning of the trace says so. Returns whether all spans are there.
pub(crate) fn trace(trace: &Trace, raw: bool, limit: usize, out: &mut String) -> bool {
    let shown = if raw {
        adjust::raw(trace)
    } else {
        adjust::adjusted(trace)
    };
    let mut processes = String::new();
    let mut process_ids: HashMap<*const Resource, String> = HashMap::new();
    let mut scopes: HashMap<*const Scope, Vec<Value>> = HashMap::new();
    let trace_id = trace.id.to_string();
    // Writing to a String never fails.
    let _ = write!(out, r#"{{"traceID":"{trace_id}","spans":["#);
    let mut written = 0;
    for one in &shown {
        if out.len() + processes.len() > limit {
            break;
        }
        // Equal resources of kept spans are one value, so its address tells them apart.
        let resource = &one.span.resource;
        let next = process_ids.len() + 1;
        let process = process_ids.entry(Arc::as_ptr(resource)).or_insert_with(|| {
            let comma = if next > 1 { "," } else { "" };
            let _ = write!(processes, r#"{comma}"p{next}":{}"#, process(resource));
            format!("p{next}")
        });
        let scope = scopes
            .entry(Arc::as_ptr(&one.span.scope))
            .or_insert_with(|| scope_tags(&one.span.scope));
        let comma = if written > 0 { "," } else { "" };
        let _ = write!(out, "{comma}{}", span(one, &trace_id, process, scope, raw));
        written += 1;
    }
    let whole = written == shown.len();
    let warnings = if whole {
        Value::Null
    } else {
        json!([format!(
            "only {written} of {} spans are here: the answer became too long",
            shown.len()
        )])
    };
    let _ = write!(out, r#"],"processes":{{{processes}}},"warnings":{warnings}}}"#);
    whole
}

fn process(resource: &Resource) -> Value {
    let tags: Vec<Value> = ResourceView::ours(&resource.bytes)
        .attributes()
        .filter(|(key, _)| *key != "service.name")
        .map(|(key, value)| tag(key, value))
        .collect();
    json!({"serviceName": resource.service, "tags": tags})
}

fn scope_tags(scope: &Scope) -> Vec<Value> {
    let view = ScopeView::ours(&scope.bytes);
    let mut tags = Vec::new();
    if !view.name().is_empty() {
        tags.push(text("otel.scope.name", view.name()));
    }
    if !view.version().is_empty() {
        tags.push(text("otel.scope.version", view.version()));
    }
    tags.extend(view.attributes().map(|(key, value)| tag(key, value)));
    tags
}

fn span(shown: &Shown<'_>, trace_id: &str, process: &str, scope: &[Value], raw: bool) -> Value {
    let span = shown.span;
    let view = span.view();
    let mut warnings = shown.warnings.clone();
    let mut references = Vec::new();
    if shown.parent.is_valid() {
        references
            .push(json!({"refType": "CHILD_OF", "traceID": trace_id, "spanID": shown.parent.to_string()}));
    }
    for link in view.links() {
        let complete = link.trace_id().is_valid() && link.span_id().is_valid();
        if !raw && !complete {
            warnings.push("a link without ids was left out".to_owned());
            continue;
        }
        let (trace_id, span_id) = (link.trace_id().to_string(), link.span_id().to_string());
        references.push(json!({"refType": "FOLLOWS_FROM", "traceID": trace_id, "spanID": span_id}));
    }

    let mut tags: Vec<Value> = Vec::new();
    for (key, value) in view.attributes() {
        tags.push(match (raw, key, value) {
            (false, "ip" | "peer.ipv4", ValueView::I64(ip)) if u32::try_from(ip).is_ok() => {
                warnings.push(format!("attribute {key} was a number; it is shown as an address"));
                text(key, &std::net::Ipv4Addr::from(ip as u32).to_string())
            }
            (false, _, value) if scope.is_empty() => {
                let name = LEGACY_SCOPE
                    .iter()
                    .find(|(old, _)| *old == key)
                    .map_or(key, |(_, new)| new);
                tag(name, value)
            }
            (_, _, value) => tag(key, value),
        });
    }
    if !kind_name(&view).is_empty() {
        tags.push(text("span.kind", kind_name(&view)));
    }
    let (code, message) = view.status();
    match code {
        StatusCode::Error => {
            tags.push(text("otel.status_code", "ERROR"));
            tags.push(json!({"key": "error", "type": "bool", "value": true}));
        }
        StatusCode::Ok => tags.push(text("otel.status_code", "OK")),
        StatusCode::Unset => {}
    }
    if !message.is_empty() {
        tags.push(text("otel.status_description", message));
    }
    tags.extend_from_slice(scope);
    if !view.trace_state().is_empty() {
        tags.push(text("w3c.tracestate", view.trace_state()));
    }

    let logs: Vec<Value> = view
        .events()
        .map(|event| {
            let mut fields = Vec::new();
            if !event.name().is_empty() {
                fields.push(text("event", event.name()));
            }
            fields.extend(event.attributes().map(|(key, value)| tag(key, value)));
            json!({"timestamp": event.time_unix_nano() / 1_000, "fields": fields})
        })
        .collect();

    json!({
        "traceID": trace_id,
        "spanID": shown.id.to_string(),
        "flags": view.flags() & 0xff,
        "operationName": view.name(),
        "references": references,
        "startTime": span.start / 1_000,
        "duration": span.duration() / 1_000,
        "tags": tags,
        "logs": logs,
        "processID": process,
        "warnings": if warnings.is_empty() { Value::Null } else { Value::from(warnings) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, Row};

    #[test]
    fn a_trace_that_is_too_long_is_cut_and_says_so() {
        let rows: Vec<Row> = (1..=1_000)
            .map(|n| Row("a", n, n - 1, "op", n as f64, 1.0, false))
            .collect();
        let whole = testing::trace(&rows);
        let mut text = String::new();
        assert!(trace(&whole, false, usize::MAX, &mut text));
        let parsed: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            (parsed["spans"].as_array().map(Vec::len), &parsed["warnings"]),
            (Some(1_000), &Value::Null)
        );

        let mut text = String::new();
        assert!(!trace(&whole, false, 10_000, &mut text));
        assert!(text.len() < 10_500, "{}", text.len());
        let parsed: Value = serde_json::from_str(&text).expect("JSON");
        let spans = parsed["spans"].as_array().map_or(0, Vec::len);
        assert!((10..100).contains(&spans), "{spans}");
        let warning = format!("only {spans} of 1000 spans are here: the answer became too long");
        assert_eq!(parsed["warnings"], json!([warning]));
    }
}
