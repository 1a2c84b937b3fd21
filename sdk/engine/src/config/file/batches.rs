//! Several processors, one pipeline: what holds when they say different things.

use super::walk::{Place, Walk};
use crate::config::{Node, flat::integer};
use crate::options::LogLevel;
use alloc::{format, vec::Vec};
use core::cmp::Ordering;

/// One setting of batches.
struct Rule {
    member: &'static str,
    option: &'static str,
    /// What a processor has that does not say; `None`: no bound.
    default: Option<u64>,
    /// Whether 0 means that there is no bound.
    zero_is_none: bool,
    /// Whether the smallest holds, or the largest.
    smallest: bool,
}

/// * Spans are cut into batches for all exporters at once: the shortest delay, so that none gets them later than it
///   asked, and the smallest maximum, so that none gets more than it takes.
/// * What bounds memory or time before spans are lost is as large as the most patient asks.
const RULES: [Rule; 4] = [
    Rule {
        member: "schedule_delay",
        option: "delay_ms",
        default: Some(500),
        zero_is_none: false,
        smallest: true,
    },
    Rule {
        member: "max_export_batch_size",
        option: "max_batch_spans",
        default: None,
        zero_is_none: false,
        smallest: true,
    },
    Rule {
        member: "max_queue_size",
        option: "max_queue_spans",
        default: None,
        zero_is_none: false,
        smallest: false,
    },
    Rule {
        member: "export_timeout",
        option: "export_timeout_ms",
        default: None,
        zero_is_none: true,
        smallest: false,
    },
];

/// Sets the options of batches from the `batch` and `simple` processors at these places. `simple` is a delay of 0.
pub(super) fn settings(walk: &mut Walk, processors: &[(bool, Place<'_>)]) {
    for rule in &RULES {
        let said: Vec<Option<u64>> = processors
            .iter()
            .map(|(simple, place)| match *simple {
                true if rule.member == "schedule_delay" => Some(0),
                true => rule.default,
                false => place
                    .node
                    .get(rule.member)
                    .and_then(Node::as_u64)
                    .filter(|&number| number > 0 || !rule.zero_is_none)
                    .or(rule.default),
            })
            .collect();
        // Nothing is no bound: more than every number.
        let compare = |a: &Option<u64>, b: &Option<u64>| match (a, b) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        let smallest = said.iter().copied().min_by(compare).flatten();
        let largest = said.iter().copied().max_by(compare).flatten();
        let holds = if rule.smallest { smallest } else { largest };
        let Some((_, place)) = processors.first() else {
            continue;
        };
        if smallest != largest {
            let value = holds.map_or_else(|| "none".into(), |number| format!("{number}"));
            let text = format!(
                "the processors differ in `{}`, and all exporters share one pipeline: {value} holds for all",
                rule.member
            );
            walk.remark(LogLevel::Info, place, text);
        }
        let asked = processors.iter().any(|(simple, place)| {
            *simple || place.node.get(rule.member).is_some_and(|node| !node.is_null())
        });
        if let Some(number) = holds.filter(|_| asked) {
            walk.set(rule.option, integer(number), place);
        }
    }
}
