//! What Jaeger corrects in a trace before it shows it, unless it is asked for raw. Each correction leaves a warning.
//!
//! Spans that arrived twice are dropped on arrival already, and clock skew is not corrected (Jaeger's default).

use crate::store::{StoredSpan, Trace};
use spanline_core::{SpanId, SpanKind};
use std::collections::{HashMap, HashSet};

/// A span as it is to be shown.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) span: &'a StoredSpan,
    pub(crate) id: SpanId,
    /// The all-zero id for a root.
    pub(crate) parent: SpanId,
    pub(crate) warnings: Vec<String>,
}

/// The spans as received, by start and id.
pub(crate) fn raw(trace: &Trace) -> Vec<Shown<'_>> {
    let mut spans: Vec<Shown<'_>> = trace
        .spans
        .iter()
        .map(|span| Shown {
            span,
            id: span.id,
            parent: span.parent,
            warnings: Vec::new(),
        })
        .collect();
    spans.sort_by(|a, b| (a.span.start, a.id, &a.span.bytes).cmp(&(b.span.start, b.id, &b.span.bytes)));
    spans
}

/// The spans with unique ids: where a client and a server span share one (as Zipkin's instrumentations send them),
/// the server span gets a new id, becomes the client's child, and the children of the shared id become its children.
pub(crate) fn adjusted(trace: &Trace) -> Vec<Shown<'_>> {
    let mut spans = raw(trace);
    let mut ids: HashSet<SpanId> = HashSet::with_capacity(spans.len());
    let shared: HashSet<SpanId> = spans
        .iter()
        .filter(|shown| !ids.insert(shown.id))
        .map(|shown| shown.id)
        .collect();
    if shared.is_empty() {
        return spans;
    }
    let kind = |shown: &Shown<'_>| shown.span.view().kind();
    let clients: HashSet<SpanId> = spans
        .iter()
        .filter(|shown| shared.contains(&shown.id) && kind(shown) == Some(SpanKind::Client))
        .map(|shown| shown.id)
        .collect();
    let mut next = u64::MAX;
    let mut moved: HashMap<SpanId, SpanId> = HashMap::new();
    for shown in &mut spans {
        if !clients.contains(&shown.id) || kind(shown) != Some(SpanKind::Server) {
            continue;
        }
        let mut id = SpanId::from_bytes(next.to_be_bytes());
        while !ids.insert(id) {
            next -= 1;
            id = SpanId::from_bytes(next.to_be_bytes());
        }
        let old = std::mem::replace(&mut shown.id, id);
        shown.parent = old;
        shown.warnings.push(format!(
            "span id {old} was shared with a client span; this server span got a new id"
        ));
        moved.entry(old).or_insert(id);
    }
    let servers: HashSet<SpanId> = moved.values().copied().collect();
    for shown in &mut spans {
        if let Some(&server) = moved.get(&shown.parent)
            && !servers.contains(&shown.id)
            && shown.id != shown.parent
            && shown.warnings.is_empty()
        {
            shown.parent = server;
        }
    }
    spans
}
