//! The collector's own counters, as JSON.

use super::Query;
use serde_json::{Value, json};

/// `/api/status`. `spans.received = accepted + duplicate + rejected`; `accepted = kept + evicted`.
pub(crate) fn json(query: &Query) -> Value {
    let size = query.store.size();
    let counters = &query.counters;
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "requests": {
            "decoded": counters.requests.get(),
            "refused": counters.requests_refused.all(),
            "connectionsRefused": counters.connections_refused.get(),
        },
        "spans": {
            "received": counters.spans_received.get(),
            "accepted": counters.spans_accepted.get(),
            "duplicate": counters.spans_duplicate.get(),
            "rejected": counters.spans_rejected.all(),
        },
        "kept": {
            "traces": size.traces,
            "spans": size.spans,
            "bytes": size.bytes,
            "limitBytes": size.limit,
        },
        "evicted": {
            "traces": counters.traces_evicted.get(),
            "spans": counters.spans_evicted.get(),
        },
        "finished": {
            "traces": counters.traces_finished.get(),
            "printed": counters.traces_printed.get(),
            "onlyCounted": counters.traces_not_printed.get(),
        },
    })
}
