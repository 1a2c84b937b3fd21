//! The propagation vectors: every case through a list of pairs, and through maps where a map can hold the carrier.

mod common;

use common::{Case, Level, pairs, run, same, text};
use spanline_core::propagate::TraceParent;
use spanline_core::{SpanId, TraceId, TraceStateRef};

#[cfg(feature = "alloc")]
mod owned {
    use super::*;
    use common::only_members;
    use common::propagation::propagate;
    use spanline_core::TraceState;
    use spanline_core::propagate::{BaggagePropagator, TraceContextPropagator};

    #[test]
    fn w3c_traceparent() {
        run(
            "core",
            Level::Engine,
            "w3c_traceparent.json",
            &["extract", "inject"],
            |case| propagate(&TraceContextPropagator, case),
        );
    }

    #[test]
    fn w3c_tracestate() {
        run(
            "core",
            Level::Engine,
            "w3c_tracestate.json",
            &["extract"],
            |case| propagate(&TraceContextPropagator, case),
        );
    }

    #[test]
    fn baggage_header() {
        run(
            "core",
            Level::Engine,
            "baggage.json",
            &["extract", "inject"],
            |case| propagate(&BaggagePropagator::new(), case),
        );
    }

    fn operate(case: &Case) -> Result<(), String> {
        only_members(case.get("expect"), &["ok", "tracestate", "value"])?;
        let start = pairs(case.get("start"));
        let start = start.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let start = TraceState::from_members(start).map_err(|error| error.to_string())?;
        let before = start.clone();
        let args = case.get("args");
        let result = match case.op() {
            "set" => start.set(text(&args[0]), text(&args[1])),
            "delete" => Ok(start.delete(text(&args[0]))),
            "truncate" => Ok(start.truncate(args[0].as_u64().unwrap() as usize)),
            _ => {
                same("value", start.get(text(&args[0])), case.expect("value").as_str())?;
                Ok(start.clone())
            }
        };
        same("ok", Some(result.is_ok()), case.expect("ok").as_bool())?;
        same("the old state", &start, &before)?;
        let after = result.unwrap_or(start);
        let members: Vec<_> = after.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        same("tracestate", members, pairs(case.expect("tracestate")))
    }

    #[test]
    fn tracestate_ops() {
        run(
            "core",
            Level::Engine,
            "tracestate_ops.json",
            &["set", "delete", "get", "truncate"],
            operate,
        );
    }
}

/// The readers that allocate nothing say the same, given one header value each.
fn borrowed(case: &Case) -> Result<(), String> {
    let carrier = pairs(case.get("carrier"));
    let values = |name: &str| -> Vec<&str> {
        let named = carrier.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    };
    let parent = match values("traceparent")[..] {
        [value] => TraceParent::parse(value.as_bytes()),
        _ => None,
    };
    same("valid", Some(parent.is_some()), case.expect("valid").as_bool())?;
    let Some(parent) = parent else {
        return Ok(());
    };
    same(
        "trace id",
        TraceId::from_hex(text(case.expect("trace_id"))),
        Some(parent.trace_id()),
    )?;
    same(
        "span id",
        SpanId::from_hex(text(case.expect("span_id"))),
        Some(parent.span_id()),
    )?;
    same(
        "flags",
        case.expect("flags").as_u64(),
        Some(u64::from(parent.flags().bits())),
    )?;
    let state = values("tracestate").join(",");
    let state = TraceStateRef::parse(state.as_bytes());
    let members = state
        .iter()
        .flat_map(|state| state.iter())
        .map(|(k, v)| (k.to_owned(), v.to_owned()));
    same(
        "tracestate",
        members.collect::<Vec<_>>(),
        pairs(case.expect("tracestate")),
    )
}

#[test]
fn borrowed_traceparent() {
    run(
        "core-borrowed",
        Level::Engine,
        "w3c_traceparent.json",
        &["extract"],
        borrowed,
    );
}

#[test]
fn borrowed_tracestate() {
    run(
        "core-borrowed",
        Level::Engine,
        "w3c_tracestate.json",
        &["extract"],
        borrowed,
    );
}
