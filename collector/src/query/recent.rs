//! The list of recent traces that the page shows: a line for each, without their spans.

use super::envelope::ApiError;
use super::params;
use crate::store::{SharedStore, Trace};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

/// Traces listed when the client does not say how many, and at most.
const DEFAULT_LIMIT: usize = 200;
const MAX_LIMIT: usize = 2_000;

/// `/api/recent?service=&text=&errors=&limit=`: newest start first. `text` is looked for, in any case, in trace ids,
/// service names and span names; `errors=true` lists only traces with a failed span.
pub(crate) fn json(store: &SharedStore, query: &str) -> Result<Value, ApiError> {
    let limit = match params::first(query, "limit").map(|text| text.parse::<u32>()) {
        None => DEFAULT_LIMIT,
        Some(Ok(limit)) => (limit as usize).min(MAX_LIMIT),
        Some(Err(_)) => {
            return Err(ApiError::bad_request(
                "malformed parameter limit: it is not a number of traces",
            ));
        }
    };
    let service = params::first(query, "service");
    let text = params::first(query, "text").map(|text| text.trim().to_lowercase());
    let errors = params::boolean(query, "errors").map_err(ApiError::bad_request)?;
    let traces = store.newest_first();
    let matching = traces.iter().filter(|trace| {
        (!errors || trace.errors > 0)
            && service
                .as_deref()
                .is_none_or(|service| trace.spans.iter().any(|span| span.service() == service))
            && text.as_deref().is_none_or(|text| contains(trace, text))
    });
    let mut found = 0;
    let mut list = Vec::new();
    for trace in matching {
        found += 1;
        if list.len() < limit {
            list.push(summary(trace));
        }
    }
    Ok(json!({"traces": list, "found": found, "kept": traces.len()}))
}

fn contains(trace: &Trace, text: &str) -> bool {
    let holds = |hay: &str| hay.to_lowercase().contains(text);
    holds(&trace.id.to_string())
        || trace
            .spans
            .iter()
            .any(|span| holds(span.service()) || holds(span.view().name()))
}

fn summary(trace: &Trace) -> Value {
    let ids: HashSet<_> = trace.spans.iter().map(|span| span.id).collect();
    let orphans = trace
        .spans
        .iter()
        .filter(|span| !span.is_root() && !ids.contains(&span.parent))
        .count();
    let mut services: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for span in &trace.spans {
        let entry = services.entry(span.service()).or_default();
        entry.0 += 1;
        entry.1 += usize::from(span.error);
    }
    let services: Vec<Value> = services
        .into_iter()
        .map(|(name, (spans, errors))| json!({"name": name, "spans": spans, "errors": errors}))
        .collect();
    let head = trace.head();
    json!({
        "traceID": trace.id.to_string(),
        "service": head.map(|head| head.service()),
        "name": head.map(|head| head.view().name().to_owned()),
        "rootMissing": trace.root().is_none(),
        "startTime": trace.start / 1_000,
        "durationNanos": trace.duration().to_string(),
        "spans": trace.spans.len(),
        "errors": trace.errors,
        "orphans": orphans,
        "services": services,
    })
}
