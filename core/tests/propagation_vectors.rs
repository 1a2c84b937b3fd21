//! The propagation vectors: every case through a list of pairs, and through maps where a map can hold the carrier.

mod common;

use common::{Case, Level, pairs, run, same, text};
use spanline_core::propagate::TraceParent;
use spanline_core::{SpanId, TraceId, TraceStateRef};

#[cfg(feature = "alloc")]
mod owned {
    use super::*;
    use common::{Json, only_members};
    use spanline_core::propagate::{BaggagePropagator, Getter, TextMapPropagator, TraceContextPropagator};
    use spanline_core::{Baggage, BaggageEntry, Context, SpanContext, TraceFlags, TraceState};
    use std::collections::BTreeMap;

    fn context(value: &Json) -> Result<Context, String> {
        only_members(
            value,
            &["trace_id", "span_id", "flags", "remote", "tracestate", "baggage"],
        )?;
        let mut context = Context::EMPTY;
        if let Some(trace_id) = value["trace_id"].as_str() {
            let members = pairs(&value["tracestate"]);
            let members = members.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            context = context.with_span(
                SpanContext::new(
                    TraceId::from_hex(trace_id).unwrap(),
                    SpanId::from_hex(text(&value["span_id"])).unwrap(),
                    TraceFlags::from_bits(value["flags"].as_u64().unwrap() as u8),
                    value["remote"].as_bool().unwrap_or(false),
                    TraceState::from_members(members).unwrap(),
                ),
                None,
            );
        }
        Ok(context.with_baggage(baggage(&value["baggage"])?))
    }

    fn baggage(value: &Json) -> Result<Baggage, String> {
        let mut baggage = Baggage::EMPTY;
        for entry in value.as_array().into_iter().flatten() {
            only_members(entry, &["key", "value", "metadata"])?;
            baggage = baggage
                .set(
                    text(&entry["key"]),
                    text(&entry["value"]),
                    entry["metadata"].as_str(),
                )
                .unwrap();
        }
        Ok(baggage)
    }

    fn sorted(baggage: &Baggage) -> Vec<&BaggageEntry> {
        let mut entries: Vec<_> = baggage.entries().iter().collect();
        entries.sort_by_key(|entry| &entry.key);
        entries
    }

    fn check_extracted(found: &Context, given: &Context, expect: &Json) -> Result<(), String> {
        let span = found.span_context();
        match expect["valid"].as_bool() {
            Some(true) => {
                same("remote", span.is_remote(), true)?;
                same("valid", span.is_valid(), true)?;
                let members: Vec<_> = span
                    .trace_state()
                    .iter()
                    .map(|(k, v)| (k.to_owned(), v.to_owned()))
                    .collect();
                same("tracestate", members, pairs(&expect["tracestate"]))?;
                same(
                    "debug",
                    found.is_debug(),
                    expect["debug"].as_bool().unwrap_or(false),
                )?;
                same(
                    "deferred",
                    found.is_deferred(),
                    expect["deferred"].as_bool().unwrap_or(false),
                )?;
            }
            _ => same("span context", span, given.span_context())?,
        }
        for (member, value) in expect.as_object().unwrap() {
            match member.as_str() {
                "valid" | "tracestate" | "debug" | "deferred" => {}
                "trace_id" => same("trace id", span.trace_id().to_string().as_str(), text(value))?,
                "span_id" => same("span id", span.span_id().to_string().as_str(), text(value))?,
                "flags" => same("flags", u64::from(span.flags().bits()), value.as_u64().unwrap())?,
                "remote" => same("remote", span.is_remote(), value.as_bool().unwrap())?,
                "baggage" => same("baggage", sorted(found.baggage()), sorted(&baggage(value)?))?,
                _ => return Err(format!("unknown member `{member}`")),
            }
        }
        Ok(())
    }

    fn extract(propagator: &dyn TextMapPropagator, case: &Case) -> Result<(), String> {
        let carrier = pairs(case.get("carrier"));
        let given = context(case.get("given"))?;
        let check = |name: &str, carrier: &dyn Getter| {
            let found = propagator.extract(given.clone(), carrier);
            check_extracted(&found, &given, case.get("expect"))
                .map_err(|difference| format!("{name}: {difference}"))
        };
        check("list", &carrier)?;
        let borrowed: Vec<_> = carrier.iter().map(|(k, v)| (k.as_str(), v.as_bytes())).collect();
        check("borrowed list", &borrowed)?;
        let map: BTreeMap<_, _> = carrier.iter().cloned().collect();
        if map.len() == carrier.len() {
            #[cfg(feature = "std")]
            check(
                "HashMap",
                &map.clone()
                    .into_iter()
                    .collect::<std::collections::HashMap<_, _>>(),
            )?;
            check("BTreeMap", &map)?;
        }
        Ok(())
    }

    fn inject(propagator: &dyn TextMapPropagator, case: &Case) -> Result<(), String> {
        only_members(case.get("expect"), &["carrier", "absent"])?;
        let context = context(case.get("context"))?;
        let mut expected = pairs(case.expect("carrier"));
        expected.sort();
        let check = |name: &str, written: Vec<(String, String)>| {
            let mut lower: Vec<_> = written
                .into_iter()
                .map(|(k, v)| (k.to_ascii_lowercase(), v))
                .collect();
            lower.sort();
            for absent in case.expect("absent").as_array().into_iter().flatten() {
                if lower.iter().any(|(written, _)| written == text(absent)) {
                    return Err(format!("{name}: {absent} is written"));
                }
            }
            same(name, lower, expected.clone())
        };
        let mut carrier = Vec::new();
        propagator.inject(&context, &mut carrier);
        for (name, _) in &carrier {
            same("field", propagator.fields().contains(&name.as_str()), true)?;
        }
        check("list", carrier)?;
        let mut carrier = BTreeMap::new();
        propagator.inject(&context, &mut carrier);
        check("BTreeMap", carrier.into_iter().collect())?;
        #[cfg(feature = "std")]
        {
            let mut carrier = std::collections::HashMap::new();
            propagator.inject(&context, &mut carrier);
            check("HashMap", carrier.into_iter().collect())?;
        }
        Ok(())
    }

    fn propagate(propagator: &dyn TextMapPropagator, case: &Case) -> Result<(), String> {
        match case.op() {
            "extract" => extract(propagator, case),
            _ => inject(propagator, case),
        }
    }

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
