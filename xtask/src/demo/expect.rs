//! The traces that the demo must read back: an order that went through, and one whose payment failed. In both a server
//! span of payments is the child of a client span of orders, which descends from a server span of orders.

use serde_json::Value;

/// The ids of the two traces.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) good: String,
    pub(super) failed: String,
}

/// Looks for them in what the API answered.
pub(super) fn both(traces: &Value) -> Option<Found> {
    let traces: Vec<&Value> = traces
        .as_array()?
        .iter()
        .filter(|trace| has_the_shape(trace))
        .collect();
    let id = |failed: bool| {
        let trace = traces
            .iter()
            .find(|trace| spans(trace).iter().any(|span| has_error(span)) == failed)?;
        trace["traceID"].as_str().map(str::to_owned)
    };
    Some(Found {
        good: id(false)?,
        failed: id(true)?,
    })
}

fn has_the_shape(trace: &Value) -> bool {
    let spans = spans(trace);
    let is = |span: &Value, service: &str, kind: &str| {
        service_of(trace, span) == service && tag(span, "span.kind") == kind
    };
    spans
        .iter()
        .filter(|span| is(span, "payments", "server"))
        .any(|payment| {
            let Some(call) = parent(&spans, payment).filter(|call| is(call, "orders", "client")) else {
                return false;
            };
            // The parents of the call; never more than there are spans, should they form a ring.
            let above = std::iter::successors(parent(&spans, call), |span| parent(&spans, span));
            above.take(spans.len()).any(|span| is(span, "orders", "server"))
        })
}

fn spans(trace: &Value) -> Vec<&Value> {
    trace["spans"].as_array().into_iter().flatten().collect()
}

fn parent<'a>(spans: &[&'a Value], span: &Value) -> Option<&'a Value> {
    let references = span["references"].as_array()?;
    let id = &references
        .iter()
        .find(|reference| reference["refType"] == "CHILD_OF")?["spanID"];
    spans.iter().copied().find(|span| &span["spanID"] == id)
}

fn service_of<'a>(trace: &'a Value, span: &Value) -> &'a str {
    let process = span["processID"].as_str().unwrap_or_default();
    trace["processes"][process]["serviceName"]
        .as_str()
        .unwrap_or_default()
}

fn tag<'a>(span: &'a Value, key: &str) -> &'a Value {
    const NONE: &Value = &Value::Null;
    let tags = span["tags"].as_array().into_iter().flatten();
    tags.into_iter()
        .find(|tag| tag["key"] == key)
        .map_or(NONE, |tag| &tag["value"])
}

fn has_error(span: &Value) -> bool {
    tag(span, "error") == true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn span(id: &str, parent: &str, process: &str, kind: &str, error: bool) -> Value {
        let mut tags = vec![json!({ "key": "span.kind", "value": kind })];
        if error {
            tags.push(json!({ "key": "error", "value": true }));
        }
        let references = if parent.is_empty() {
            json!([])
        } else {
            json!([{ "refType": "CHILD_OF", "spanID": parent }])
        };
        json!({ "spanID": id, "processID": process, "references": references, "tags": tags })
    }

    fn trace(id: &str, call_parent: &str, error: bool) -> Value {
        json!({
            "traceID": id,
            "processes": { "p1": { "serviceName": "orders" }, "p2": { "serviceName": "payments" } },
            "spans": [
                span("c", "b", "p2", "server", error),
                span("b", call_parent, "p1", "client", false),
                span("a", "", "p1", "server", false),
            ],
        })
    }

    #[test]
    fn both_traces_are_asked_for() {
        let found = both(&json!([trace("t1", "a", true), trace("t2", "a", false)])).unwrap();
        assert_eq!((found.good.as_str(), found.failed.as_str()), ("t2", "t1"));
        assert!(both(&json!([trace("t2", "a", false)])).is_none());
    }

    #[test]
    fn a_broken_chain_is_not_enough() {
        assert!(both(&json!([trace("t1", "a", true), trace("t2", "lost", false)])).is_none());
        let ring = trace("t2", "b", false);
        assert!(both(&json!([trace("t1", "a", true), ring])).is_none());
    }
}
