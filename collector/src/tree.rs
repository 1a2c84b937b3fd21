//! The order in which the spans of a trace are shown: each under its parent, siblings by start.

use crate::store::{StoredSpan, Trace};
use spanline_core::SpanId;
use std::collections::HashMap;

/// One line of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// The span at this index of the trace's spans.
    Span { index: usize, depth: usize },
    /// The spans below say that this span is their parent, but it has not been received.
    Missing { parent: SpanId },
    /// The spans below name each other as parents.
    Loop,
}

/// All spans of a trace, each exactly once, in the order of a tree. Never recurses: a chain may be as long as the
/// trace.
pub(crate) fn lines(trace: &Trace) -> Vec<Line> {
    let spans: Vec<&StoredSpan> = trace.spans.iter().map(|span| &**span).collect();
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|&index| (spans[index].start, spans[index].id, index));

    let mut known: HashMap<SpanId, usize> = HashMap::with_capacity(spans.len());
    for (index, span) in spans.iter().enumerate() {
        known.entry(span.id).or_insert(index);
    }
    // Of equal ids the first is the parent of what names that id. A span may name itself: then it is in a loop.
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut roots = Vec::new();
    let mut orphans: Vec<(SpanId, Vec<usize>)> = Vec::new();
    let mut orphan_group: HashMap<SpanId, usize> = HashMap::new();
    for &index in &order {
        let span = spans[index];
        if span.is_root() {
            roots.push(index);
        } else if let Some(&parent) = known.get(&span.parent) {
            children.entry(parent).or_default().push(index);
        } else {
            let group = *orphan_group.entry(span.parent).or_insert_with(|| {
                orphans.push((span.parent, Vec::new()));
                orphans.len() - 1
            });
            orphans[group].1.push(index);
        }
    }

    let mut walk = Walk {
        children,
        shown: vec![false; spans.len()],
        lines: Vec::with_capacity(spans.len()),
    };
    walk.below(&roots, 0);
    for (parent, group) in orphans {
        walk.lines.push(Line::Missing { parent });
        walk.below(&group, 1);
    }
    if walk.shown.contains(&false) {
        walk.lines.push(Line::Loop);
        for index in order {
            walk.below(&[index], 1);
        }
    }
    walk.lines
}

struct Walk {
    children: HashMap<usize, Vec<usize>>,
    shown: Vec<bool>,
    lines: Vec<Line>,
}

impl Walk {
    fn below(&mut self, indexes: &[usize], depth: usize) {
        let mut todo: Vec<(usize, usize)> = indexes.iter().rev().map(|&index| (index, depth)).collect();
        while let Some((index, depth)) = todo.pop() {
            if std::mem::replace(&mut self.shown[index], true) {
                continue;
            }
            self.lines.push(Line::Span { index, depth });
            if let Some(children) = self.children.get(&index) {
                todo.extend(children.iter().rev().map(|&child| (child, depth + 1)));
            }
        }
    }
}
