//! Limits of attributes, events and links, as a span keeps them.

use super::propagation::span_id;
use crate::common::{borrowed, memory, only_members, only_span, owned_value, same, text, typed};
use spanline::options::Options;
use spanline::{Builder, KeyValue, OwnedValue, SpanContext, TraceFlags, TraceId, TraceState};
use spanline_test_vectors::serde_json::json;
use spanline_test_vectors::{Case, Level, Value as Json, run};

fn with_limits(case: &Case) -> Result<Builder, String> {
    let mut unknown = None;
    let builder = memory().options(|options| {
        for (name, value) in case.get("limits").as_object().expect("limits") {
            match place(options, name) {
                Some(place) => *place = value.as_u64(),
                None => unknown = Some(format!("unknown limit {name}")),
            }
        }
    });
    unknown.map_or(Ok(builder), Err)
}

fn place<'a>(options: &'a mut Options, name: &str) -> Option<&'a mut Option<u64>> {
    Some(match name {
        "count" | "SpanAttributeCountLimit" => &mut options.limits.attributes,
        "value_length" | "SpanAttributeValueLengthLimit" => &mut options.limits.value_length,
        "depth" => &mut options.limits.value_depth,
        "EventCountLimit" => &mut options.limits.events,
        "LinkCountLimit" => &mut options.limits.links,
        "AttributeCountLimit" => &mut options.attribute_limits.count,
        "AttributeValueLengthLimit" => &mut options.attribute_limits.value_length,
        "AttributePerEventCountLimit" => &mut options.limits.event_attributes,
        "AttributePerLinkCountLimit" => &mut options.limits.link_attributes,
        _ => return None,
    })
}

fn check(attributes: &[KeyValue], dropped: u32, case: &Case) -> Result<(), String> {
    only_members(case.get("expect"), &["attributes", "dropped"])?;
    let found: Vec<Json> = attributes
        .iter()
        .map(|attribute| json!([attribute.key, typed(&attribute.value)]))
        .collect();
    same("attributes", &Json::Array(found), case.expect("attributes"))?;
    same(
        "dropped",
        Some(u64::from(dropped)),
        case.expect("dropped").as_u64(),
    )
}

fn apply(case: &Case) -> Result<(), String> {
    let set: Vec<(String, OwnedValue)> = case
        .get("set")
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| (text(&pair[0]).to_owned(), owned_value(&pair[1])))
        .collect();
    let given = borrowed(&set);

    let provider = with_limits(case)?.build().unwrap();
    let tracer = provider.tracer("vectors");
    let one_by_one = tracer.span("set").start();
    for (key, value) in &set {
        one_by_one.set(key, value);
    }
    one_by_one.end();
    let span = only_span(&provider);
    check(&span.attributes, span.dropped_attributes, case)?;

    provider.reset_finished_spans();
    tracer.span("at once").start().set_many(&given);
    let span = only_span(&provider);
    check(&span.attributes, span.dropped_attributes, case)?;

    provider.reset_finished_spans();
    tracer.span("at creation").attributes(&given).start().end();
    let span = only_span(&provider);
    check(&span.attributes, span.dropped_attributes, case).map_err(|e| format!("at creation: {e}"))
}

fn link(id: &str) -> SpanContext {
    let trace = TraceId::from_bytes([1; 16]);
    SpanContext::new(
        trace,
        span_id(&json!(id)),
        TraceFlags::NONE,
        false,
        TraceState::EMPTY,
    )
}

fn collections(case: &Case) -> Result<(), String> {
    only_members(
        case.get("expect"),
        &["events", "dropped_events", "links", "dropped_links"],
    )?;
    let provider = with_limits(case)?.build().unwrap();
    let span = provider.tracer("vectors").span("span").start();
    for event in case.get("events").as_array().into_iter().flatten() {
        span.add_event(text(event), &[]);
    }
    for id in case.get("links").as_array().into_iter().flatten() {
        span.add_link(&link(text(id)), &[]);
    }
    span.end();
    let span = only_span(&provider);
    for (member, value) in case.get("expect").as_object().unwrap() {
        let found = match member.as_str() {
            "events" => json!(span.events.iter().map(|event| &event.name).collect::<Vec<_>>()),
            "links" => json!(
                span.links
                    .iter()
                    .map(|link| link.span_id.to_string())
                    .collect::<Vec<_>>()
            ),
            "dropped_events" => json!(span.dropped_events),
            _ => json!(span.dropped_links),
        };
        same(member, &found, value)?;
    }
    Ok(())
}

/// The effective limits, found by going over all of them.
fn precedence(case: &Case) -> Result<(), String> {
    only_members(
        case.get("expect"),
        &["span", "event", "link", "span_value_length"],
    )?;
    let provider = with_limits(case)?.build().unwrap();
    let keys: Vec<String> = (0..200).map(|n| format!("k{n}")).collect();
    let long = "x".repeat(1_000);
    let many: Vec<_> = keys
        .iter()
        .map(|key| (key.as_str(), long.as_str().into()))
        .collect();
    let span = provider.tracer("vectors").span("span").start();
    span.set_many(&many)
        .add_event("event", &many)
        .add_link(&link("0000000000000001"), &many);
    span.end();
    let span = only_span(&provider);
    let length = |attributes: &[KeyValue]| attributes[0].value.as_str().unwrap().chars().count();
    let value_length = length(&span.attributes);
    same(
        "length in events",
        length(&span.events[0].attributes),
        value_length,
    )?;
    same("length in links", length(&span.links[0].attributes), value_length)?;
    same(
        "dropped",
        span.dropped_attributes as usize,
        200 - span.attributes.len(),
    )?;
    let found = json!({
        "span": span.attributes.len(),
        "event": span.events[0].attributes.len(),
        "link": span.links[0].attributes.len(),
        "span_value_length": Some(value_length).filter(|&length| length < 1_000),
    });
    same("limits", &found, case.get("expect"))
}

#[test]
fn attribute_limits() {
    let ops = ["apply", "span_collections", "precedence"];
    run(
        "sdk",
        Level::Surface,
        "attribute_limits.json",
        &ops,
        |case| match case.op() {
            "apply" => apply(case),
            "span_collections" => collections(case),
            _ => precedence(case),
        },
    );
}
