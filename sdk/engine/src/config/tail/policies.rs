//! From the description of policies to policies.

use super::{wrong, wrong_member};
use crate::config::{Node, Problem, Value, file::Place};
use crate::{Error, ErrorKind, options::text::quoted};
use alloc::{borrow::ToOwned, boxed::Box, format, string::String, sync::Arc, vec::Vec};
use spanline_core::StatusCode;
use spanline_core::sample::tail::{PolicyKind, PolicyOptions, RateAllocation};
use spanline_core::sample::{Pattern, TextMatch};

/// Makes a regular expression.
pub(super) type Regex<'a> = &'a dyn Fn(&str) -> Result<Arc<dyn TextMatch>, Error>;

/// The policies of a list that has been checked against its shape.
pub(super) fn list(place: &Place<'_>, regex: Regex<'_>) -> Result<Vec<PolicyOptions>, Problem> {
    let one = |item: Place<'_>| match item.node.as_str() {
        Some(word) => PolicyOptions::short(word).map_err(|error| {
            wrong(
                &item,
                format!("{} {}; {}", quoted(word), error.problem, error.hint),
            )
        }),
        None => policy(&item, regex),
    };
    place.items().map(one).collect()
}

fn policy(place: &Place<'_>, regex: Regex<'_>) -> Result<PolicyOptions, Problem> {
    let kind = place.text("type").unwrap_or_default();
    let others = place.node.entries().iter();
    let other = others
        .map(|entry| entry.key.as_str())
        .find(|key| !["name", "type", "late_upgrade", kind].contains(key));
    if let Some(other) = other {
        let text = format!("the policy is of the type `{kind}`, whose settings stand below that name");
        return Err(wrong_member(place, other, text));
    }
    let nothing = Node::default();
    let below = place.present(kind).unwrap_or(Place {
        node: &nothing,
        path: crate::config::problem::join(&place.path, kind),
    });
    let needs_settings = !matches!(kind, "always_sample" | "trace_flags");
    if needs_settings && below.node.is_null() {
        let text = format!("`{kind}` needs its settings, in a member of that name");
        return Err(Problem::new(ErrorKind::Missing, below.path, place.node.at, text));
    }
    let mut options = PolicyOptions::new(
        place.text("name").unwrap_or_default(),
        self::kind(kind, &below, regex)?,
    );
    options.late_upgrade = place.node.get("late_upgrade").and_then(Node::as_bool);
    Ok(options)
}

fn kind(kind: &str, below: &Place<'_>, regex: Regex<'_>) -> Result<PolicyKind, Problem> {
    let number = |key| below.number(key).unwrap_or_default();
    let key = || below.text("key").unwrap_or_default().to_owned();
    let flag = |key| below.node.get(key).and_then(Node::as_bool).unwrap_or_default();
    let subs = |key| match below.get(key) {
        Some(place) => list(&place, regex),
        None => Ok(Vec::new()),
    };
    Ok(match kind {
        "always_sample" => PolicyKind::AlwaysSample,
        "latency" => PolicyKind::Latency {
            threshold_ms: number("threshold_ms"),
            upper_threshold_ms: number("upper_threshold_ms"),
        },
        "status_code" => PolicyKind::StatusCode {
            status_codes: texts(below, "status_codes")
                .iter()
                .map(|name| code(name))
                .collect(),
        },
        "numeric_attribute" => PolicyKind::NumericAttribute {
            key: key(),
            min_value: integer(below, "min_value")?,
            max_value: integer(below, "max_value")?,
            invert_match: flag("invert_match"),
        },
        "string_attribute" => PolicyKind::StringAttribute {
            key: key(),
            values: patterns(below, flag("enabled_regex_matching"), regex)?,
            invert_match: flag("invert_match"),
        },
        "boolean_attribute" => PolicyKind::BooleanAttribute {
            key: key(),
            value: flag("value"),
            invert_match: flag("invert_match"),
        },
        "probabilistic" => PolicyKind::Probabilistic {
            sampling_percentage: float(below, "sampling_percentage"),
            hash_salt: below.text("hash_salt").map(ToOwned::to_owned),
        },
        "rate_limiting" => PolicyKind::RateLimiting {
            spans_per_second: number("spans_per_second"),
            burst_capacity: number("burst_capacity"),
        },
        "bytes_limiting" => PolicyKind::BytesLimiting {
            bytes_per_second: number("bytes_per_second"),
            burst_capacity: number("burst_capacity"),
        },
        "span_count" => PolicyKind::SpanCount {
            min_spans: number("min_spans"),
            max_spans: number("max_spans"),
        },
        "trace_state" => PolicyKind::TraceState {
            key: key(),
            values: texts(below, "values"),
        },
        "trace_flags" => PolicyKind::TraceFlags,
        "and" => PolicyKind::And {
            and_sub_policy: subs("and_sub_policy")?,
        },
        "not" => {
            let place = below.get("not_sub_policy");
            let place = place.ok_or_else(|| wrong(below, "`not_sub_policy` is needed"))?;
            PolicyKind::Not {
                not_sub_policy: Box::new(policy(&place, regex)?),
            }
        }
        "drop" => PolicyKind::Drop {
            drop_sub_policy: subs("drop_sub_policy")?,
        },
        "composite" => PolicyKind::Composite {
            max_total_spans_per_second: number("max_total_spans_per_second"),
            policy_order: texts(below, "policy_order"),
            composite_sub_policy: subs("composite_sub_policy")?,
            rate_allocation: below
                .get("rate_allocation")
                .iter()
                .flat_map(Place::items)
                .map(|item| part(&item))
                .collect(),
        },
        // `ottl_condition`: the shape knows no other.
        _ => {
            let text = "conditions in OTTL are not understood here: ask for attributes, status or duration, or give a \
                        `SpanCondition` in code";
            return Err(Problem::new(
                ErrorKind::Unsupported,
                below.path.clone(),
                below.node.at,
                text,
            ));
        }
    })
}

fn part(place: &Place<'_>) -> RateAllocation {
    RateAllocation {
        policy: place.text("policy").unwrap_or_default().to_owned(),
        percent: float(place, "percent"),
    }
}

fn float(place: &Place<'_>, key: &str) -> f64 {
    place.node.get(key).and_then(Node::as_f64).unwrap_or_default()
}

/// Bounds may be negative, but must be whole.
fn integer(place: &Place<'_>, key: &str) -> Result<Option<i64>, Problem> {
    match place.node.get(key).map(|node| &node.value) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Int(number)) => Ok(Some(*number)),
        Some(_) => Err(wrong_member(place, key, "a bound is a whole number")),
    }
}

fn code(name: &str) -> StatusCode {
    match name {
        "OK" => StatusCode::Ok,
        "ERROR" => StatusCode::Error,
        _ => StatusCode::Unset,
    }
}

fn texts(place: &Place<'_>, key: &str) -> Vec<String> {
    let items = place.get(key);
    let items = items.iter().flat_map(Place::items);
    items
        .filter_map(|item| item.node.as_str().map(ToOwned::to_owned))
        .collect()
}

fn patterns(place: &Place<'_>, are_regexes: bool, regex: Regex<'_>) -> Result<Vec<Pattern>, Problem> {
    let values = place.get("values");
    let values = values.iter().flat_map(Place::items);
    let pattern = |item: Place<'_>| {
        let text = item.node.as_str().unwrap_or_default();
        if !are_regexes {
            return Ok(Pattern::exact(text));
        }
        let made = regex(text);
        made.map(Pattern::Custom)
            .map_err(|error| Problem::new(error.kind(), item.path.clone(), item.node.at, error.message()))
    };
    values.map(pattern).collect()
}
