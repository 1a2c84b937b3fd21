//! The traces that the demo must read back: an order that went through, one whose card was declined, and one whose
//! payment broke. Each is one chain over both services, from the request that came in to the work that it caused.

use serde_json::Value;

/// Service, kind and name of each span of the chain; each is the parent of the next, and the first has none.
const CHAIN: [(&str, &str, &str); 5] = [
    ("orders", "server", "POST /orders"),
    ("orders", "internal", "charge"),
    ("orders", "client", "POST"),
    ("payments", "server", "POST /payments"),
    ("payments", "internal", "authorize"),
];

/// The ids of the traces.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) paid: String,
    pub(super) failed: String,
}

/// Looks for them in what the API answered.
pub(super) fn all(traces: &Value) -> Option<Found> {
    let chains: Vec<(&str, [&Value; CHAIN.len()])> = traces
        .as_array()?
        .iter()
        .filter_map(|trace| Some((trace["traceID"].as_str()?, chain(trace)?)))
        .collect();
    // What each service answered, and which spans of the chain have failed.
    let find = |status: u16, failed: [bool; CHAIN.len()]| {
        let (id, _) = chains.iter().find(|(_, chain)| {
            chain.map(has_error) == failed && [0, 2, 3].iter().all(|&at| answered(chain[at], status))
        })?;
        Some((*id).to_owned())
    };
    let paid = find(201, [false; CHAIN.len()])?;
    // A declined card is no failure of those who say so.
    find(402, [false, true, true, false, true])?;
    let failed = find(500, [true; CHAIN.len()])?;
    Some(Found { paid, failed })
}

/// The spans of the chain in this trace.
fn chain(trace: &Value) -> Option<[&Value; CHAIN.len()]> {
    let spans = spans(trace);
    spans.iter().find_map(|&last| {
        let mut chain = [last; CHAIN.len()];
        for at in (0..CHAIN.len()).rev() {
            let span = chain[at];
            let is = (
                service_of(trace, span),
                tag(span, "span.kind").as_str()?,
                span["operationName"].as_str()?,
            );
            if is != CHAIN[at] {
                return None;
            }
            if at > 0 {
                chain[at - 1] = parent(&spans, span)?;
            }
        }
        let is_root = chain[0]["references"].as_array().is_none_or(Vec::is_empty);
        is_root.then_some(chain)
    })
}

fn answered(span: &Value, status: u16) -> bool {
    tag(span, "http.response.status_code") == status
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

    /// A trace with these spans failed, each the child of the one before, but for one that names another parent.
    fn trace(id: &str, status: u16, failed: [bool; 5], other_parent: Option<(usize, &str)>) -> Value {
        let spans = CHAIN.iter().enumerate().map(|(at, (service, kind, name))| {
            let parent = match other_parent {
                Some((which, parent)) if which == at => Some(parent.to_owned()),
                _ => at.checked_sub(1).map(|before| before.to_string()),
            };
            let references = parent.map(|parent| json!({ "refType": "CHILD_OF", "spanID": parent }));
            json!({
                "spanID": at.to_string(),
                "operationName": name,
                "processID": service,
                "references": references.into_iter().collect::<Vec<_>>(),
                "tags": [
                    { "key": "span.kind", "value": kind },
                    { "key": "http.response.status_code", "value": status },
                    { "key": "error", "value": failed[at] },
                ],
            })
        });
        json!({
            "traceID": id,
            "processes": { "orders": { "serviceName": "orders" }, "payments": { "serviceName": "payments" } },
            "spans": spans.collect::<Vec<_>>(),
        })
    }

    const DECLINED: [bool; 5] = [false, true, true, false, true];

    fn paid() -> Value {
        trace("t1", 201, [false; 5], None)
    }

    fn declined() -> Value {
        trace("t2", 402, DECLINED, None)
    }

    fn failed() -> Value {
        trace("t3", 500, [true; 5], None)
    }

    #[test]
    fn every_trace_is_asked_for() {
        let found = all(&json!([failed(), declined(), paid()])).unwrap();
        assert_eq!((found.paid.as_str(), found.failed.as_str()), ("t1", "t3"));
        for without in [[declined(), paid()], [failed(), paid()], [failed(), declined()]] {
            assert!(all(&json!(without)).is_none());
        }
        let blamed = trace("t2", 402, [true; 5], None);
        assert!(all(&json!([failed(), blamed, paid()])).is_none());
    }

    #[test]
    fn a_broken_chain_is_not_enough() {
        for broken in [(3, "lost"), (2, "3"), (0, "lost")] {
            let broken = trace("t1", 201, [false; 5], Some(broken));
            assert!(all(&json!([failed(), declined(), broken])).is_none());
        }
    }
}
