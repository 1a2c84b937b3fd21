//! `inject` and `extract` with the maps and lists that a program has, and the trace state of the API.

use crate::common::{only_members, pairs, same, text};
use spanline::propagate::{Getter, Setter};
use spanline::{
    Baggage, BaggageEntry, Context, Provider, SpanContext, SpanId, TraceFlags, TraceId, TraceState, context,
};
use spanline_test_vectors::{Case, Level, Value as Json, run};
use std::collections::{BTreeMap, HashMap};

pub(crate) fn with(propagator: &str) -> Provider {
    let builder = spanline::init().without_environment().exporter("none");
    builder.propagators([propagator]).build().unwrap()
}

fn baggage(list: &Json) -> Result<Baggage, String> {
    let mut baggage = Baggage::EMPTY;
    for entry in list.as_array().into_iter().flatten() {
        only_members(entry, &["key", "value", "metadata"])?;
        let (key, value) = (text(&entry["key"]), text(&entry["value"]));
        baggage = baggage.set(key, value, entry["metadata"].as_str()).unwrap();
    }
    Ok(baggage)
}

pub(crate) fn trace_state(members: &Json) -> TraceState {
    let members = pairs(members);
    let members = members.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    TraceState::from_members(members).unwrap()
}

pub(crate) fn trace_id(value: &Json) -> TraceId {
    TraceId::from_hex(text(value)).unwrap()
}

pub(crate) fn span_id(value: &Json) -> SpanId {
    SpanId::from_hex(text(value)).unwrap()
}

/// A context of a vector: what is current before `extract`, or what `inject` carries.
pub(crate) fn given(value: &Json) -> Result<Context, String> {
    let known = [
        "trace_id",
        "span_id",
        "parent_span_id",
        "flags",
        "remote",
        "tracestate",
        "baggage",
        "debug",
        "deferred",
    ];
    only_members(value, &known)?;
    let mut given = Context::EMPTY;
    if value["trace_id"].is_string() {
        let flags = TraceFlags::from_bits(u8::try_from(value["flags"].as_u64().unwrap()).unwrap());
        let remote = value["remote"] == true;
        let (trace_id, span_id) = (trace_id(&value["trace_id"]), span_id(&value["span_id"]));
        let span = SpanContext::new(
            trace_id,
            span_id,
            flags,
            remote,
            trace_state(&value["tracestate"]),
        );
        given = match remote {
            true => given.with_remote_span_context(span),
            false => given.with_span(span, None),
        };
    }
    if value["parent_span_id"].is_string() {
        given = given.with_parent_span_id(span_id(&value["parent_span_id"]));
    }
    Ok(given
        .with_debug(value["debug"] == true)
        .with_deferred(value["deferred"] == true)
        .with_baggage(baggage(&value["baggage"])?))
}

fn sorted(baggage: &Baggage) -> Vec<&BaggageEntry> {
    let mut entries: Vec<_> = baggage.entries().iter().collect();
    entries.sort_by_key(|entry| &entry.key);
    entries
}

pub(crate) fn check(found: &Context, given: &Context, expect: &Json) -> Result<(), String> {
    let span = found.span_context();
    if expect["valid"] == true {
        same("remote", span.is_remote(), true)?;
        same("valid", span.is_valid(), true)?;
        same(
            "tracestate",
            span.trace_state(),
            &trace_state(&expect["tracestate"]),
        )?;
        same("debug", found.is_debug(), expect["debug"] == true)?;
        same("deferred", found.is_deferred(), expect["deferred"] == true)?;
    } else {
        same("span context", span, given.span_context())?;
    }
    for (member, value) in expect.as_object().unwrap() {
        match member.as_str() {
            "valid" | "tracestate" | "debug" | "deferred" => {}
            "trace_id" => same("trace id", span.trace_id(), trace_id(value))?,
            "span_id" => same("span id", span.span_id(), span_id(value))?,
            "flags" => same("flags", Some(u64::from(span.flags().bits())), value.as_u64())?,
            "remote" => same("remote", Some(span.is_remote()), value.as_bool())?,
            "baggage" => same("baggage", sorted(found.baggage()), sorted(&baggage(value)?))?,
            _ => return Err(format!("unknown member `{member}`")),
        }
    }
    Ok(())
}

/// Message properties are no HTTP headers, whose names have no case.
#[cfg(feature = "http")]
const MESSAGES: &str = "messaging.json";

/// Whether the first of two spellings of a name counts: a map has no order but that of the spellings.
fn counts_on_order(case: &Case) -> bool {
    (case.file(), case.id()) == ("jaeger.json", "baggage-first-value-wins")
}

fn extract(case: &Case) -> Result<(), String> {
    let given = given(case.get("given"))?;
    let read = |what: &str, carrier: &dyn Getter| {
        let _current = context::attach(given.clone());
        check(&spanline::extract(carrier), &given, case.get("expect"))
            .and_then(|()| {
                check(
                    &spanline::extract_into(given.clone(), carrier),
                    &given,
                    case.get("expect"),
                )
            })
            .map_err(|difference| format!("{what}: {difference}"))
    };
    let list = pairs(case.get("carrier"));
    // A map cannot repeat a name.
    let map: HashMap<String, String> = list.iter().cloned().collect();
    if map.len() == list.len() && !counts_on_order(case) {
        read("HashMap", &map)?;
        read("BTreeMap", &map.into_iter().collect::<BTreeMap<_, _>>())?;
    }
    #[cfg(feature = "http")]
    if case.file() != MESSAGES
        && let Some(headers) = headers(&list)
    {
        read("HeaderMap", &spanline::http::HeaderExtractor(&headers))?;
    }
    read("list", &list)
}

/// The carrier as HTTP headers. `None`: it holds what HTTP refuses, such as line ends.
#[cfg(feature = "http")]
fn headers(list: &[(String, String)]) -> Option<http::HeaderMap> {
    let mut headers = http::HeaderMap::new();
    for (name, value) in list {
        let name = http::HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, http::HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    Some(headers)
}

fn inject(case: &Case) -> Result<(), String> {
    only_members(case.get("expect"), &["carrier", "absent"])?;
    let context = given(case.get("context"))?;
    let mut expected = pairs(case.expect("carrier"));
    expected
        .iter_mut()
        .for_each(|(name, _)| name.make_ascii_lowercase());
    expected.sort();
    let write = |what: &str, written: Vec<(String, String)>| {
        let lower = written
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value));
        let mut lower: Vec<_> = lower.collect();
        lower.sort();
        for absent in case.expect("absent").as_array().into_iter().flatten() {
            if lower
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(text(absent)))
            {
                return Err(format!("{what}: {absent} is written"));
            }
        }
        same(what, lower, expected.clone())
    };
    fn current<C: Setter + Default>(context: &Context) -> C {
        let mut carrier = C::default();
        let _current = context::attach(context.clone());
        spanline::inject(&mut carrier);
        carrier
    }
    let map: HashMap<String, String> = current(&context);
    write("HashMap", map.into_iter().collect())?;
    let list: Vec<(String, String)> = current(&context);
    write("list", list)?;
    #[cfg(feature = "http")]
    {
        let mut headers = http::HeaderMap::new();
        spanline::inject_context(&context, &mut spanline::http::HeaderInjector(&mut headers));
        let text = |value: &http::HeaderValue| String::from_utf8(value.as_bytes().to_vec()).unwrap();
        let written = headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)));
        write("HeaderMap", written.collect())?;
    }
    let mut given = BTreeMap::new();
    spanline::inject_context(&context, &mut given);
    write("BTreeMap", given.into_iter().collect())
}

pub(crate) fn propagate(case: &Case) -> Result<(), String> {
    match case.op() {
        "extract" | "extract_composite" => extract(case),
        _ => inject(case),
    }
}

#[test]
fn w3c_traceparent() {
    let provider = with("tracecontext");
    let _provider = provider.enter();
    let ops = ["extract", "inject"];
    run("sdk", Level::Surface, "w3c_traceparent.json", &ops, propagate);
}

#[test]
fn w3c_tracestate() {
    let provider = with("tracecontext");
    let _provider = provider.enter();
    run(
        "sdk",
        Level::Surface,
        "w3c_tracestate.json",
        &["extract"],
        propagate,
    );
}

#[test]
fn baggage_header() {
    let provider = with("baggage");
    let _provider = provider.enter();
    let ops = ["extract", "inject"];
    run("sdk", Level::Surface, "baggage.json", &ops, propagate);
}

fn operate(case: &Case) -> Result<(), String> {
    only_members(case.get("expect"), &["ok", "tracestate", "value"])?;
    let start = trace_state(case.get("start"));
    let before = start.clone();
    let args = case.get("args");
    let result = match case.op() {
        "set" => start.set(text(&args[0]), text(&args[1])),
        "delete" => Ok(start.delete(text(&args[0]))),
        _ => {
            same("value", start.get(text(&args[0])), case.expect("value").as_str())?;
            Ok(start.clone())
        }
    };
    same("ok", Some(result.is_ok()), case.expect("ok").as_bool())?;
    same("the old state", &start, &before)?;
    let after = result.unwrap_or(start);
    let members: Vec<_> = after
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    same("tracestate", members, pairs(case.expect("tracestate")))
}

#[test]
fn tracestate_ops() {
    let ops = ["set", "delete", "get"];
    run("sdk", Level::Surface, "tracestate_ops.json", &ops, operate);
}
