//! What the runners of propagation vectors share: contexts, and carriers of each kind.

use super::{Case, Json, only_members, pairs, same, text};
use spanline_core::propagate::{Getter, TextMapPropagator};
use spanline_core::{Baggage, BaggageEntry, Context, SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use std::collections::BTreeMap;

pub(crate) fn context(value: &Json) -> Result<Context, String> {
    only_members(
        value,
        &[
            "trace_id",
            "span_id",
            "parent_span_id",
            "flags",
            "remote",
            "tracestate",
            "baggage",
            "debug",
            "deferred",
        ],
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
    if let Some(parent) = value["parent_span_id"].as_str() {
        context = context.with_parent_span_id(SpanId::from_hex(parent).unwrap());
    }
    Ok(context
        .with_debug(value["debug"] == true)
        .with_deferred(value["deferred"] == true)
        .with_baggage(baggage(&value["baggage"])?))
}

pub(crate) fn baggage(value: &Json) -> Result<Baggage, String> {
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

pub(crate) fn check_extracted(found: &Context, given: &Context, expect: &Json) -> Result<(), String> {
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

/// Whether the first of two spellings of a name counts: a map has no order but that of the spellings.
fn counts_on_order(case: &Case) -> bool {
    (case.file(), case.id()) == ("jaeger.json", "baggage-first-value-wins")
}

pub(crate) fn extract(propagator: &dyn TextMapPropagator, case: &Case) -> Result<(), String> {
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
    if map.len() == carrier.len() && !counts_on_order(case) {
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

pub(crate) fn inject(propagator: &dyn TextMapPropagator, case: &Case) -> Result<(), String> {
    only_members(case.get("expect"), &["carrier", "absent", "hex"])?;
    let context = context(case.get("context"))?;
    let mut expected = pairs(case.expect("carrier"));
    expected
        .iter_mut()
        .for_each(|(name, _)| name.make_ascii_lowercase());
    expected.sort();
    let check = |name: &str, written: Vec<(String, String)>| {
        let mut lower: Vec<_> = written
            .into_iter()
            .map(|(k, v)| (k.to_ascii_lowercase(), v))
            .collect();
        lower.sort();
        for absent in case.expect("absent").as_array().into_iter().flatten() {
            if lower
                .iter()
                .any(|(written, _)| written.eq_ignore_ascii_case(text(absent)))
            {
                return Err(format!("{name}: {absent} is written"));
            }
        }
        same(name, lower, expected.clone())
    };
    let mut carrier = Vec::new();
    propagator.inject(&context, &mut carrier);
    for (name, _) in &carrier {
        let is_listed = propagator.fields().contains(&name.as_str()) || name.starts_with("uberctx-");
        same("field", is_listed, true)?;
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

pub(crate) fn propagate(propagator: &dyn TextMapPropagator, case: &Case) -> Result<(), String> {
    match case.op() {
        "extract" | "extract_composite" => extract(propagator, case),
        "fields" => {
            let mut expected: Vec<_> = case
                .expect("fields")
                .as_array()
                .unwrap()
                .iter()
                .map(text)
                .collect();
            let mut fields = propagator.fields();
            expected.sort_unstable();
            fields.sort_unstable();
            same("fields", fields, expected)
        }
        _ => inject(propagator, case),
    }
}
