//! Samplers, seen from a span that they decided about.

use super::propagation::{span_id, trace_id, trace_state};
use crate::common::{FixedIds, memory, only_members, pairs, same, spans, text};
use spanline::options::SamplerOption;
use spanline::sample::{AlwaysOff, AlwaysOn, AlwaysRecord, Composite, ParentBased, Probability, Sampler};
use spanline::{Builder, Context, FinishedSpan, OwnedValue, SpanContext, SpanId, TraceFlags};
use spanline_test_vectors::serde_json::Map;
use spanline_test_vectors::{Case, Level, Value as Json, run};

#[path = "../../../core/tests/common/composable.rs"]
mod composable;

const SPAN: SpanId = SpanId::from_bytes([7; 8]);

fn sampler(config: &Json, deferred_as_root: bool) -> Result<Box<dyn Sampler>, String> {
    // Beside the sampler stand the attributes and the kind of the span.
    let members = config.as_object().into_iter().flatten();
    let mut members = members.filter(|(name, _)| !["attributes", "kind"].contains(&name.as_str()));
    let (name, options) = match members.next() {
        Some((name, options)) => (name.as_str(), options),
        None => (text(config), &Json::Null),
    };
    let nested = |config| sampler(config, deferred_as_root);
    Ok(match name {
        "always_on" => Box::new(AlwaysOn),
        "always_off" => Box::new(AlwaysOff),
        "probability" => Box::new(Probability::new(options.as_f64().unwrap()).ok_or("refused")?),
        "composite" => Box::new(Composite::new(composable::of(options)?)),
        "always_record" => Box::new(AlwaysRecord::new(nested(options)?)),
        "parent_based" => {
            let mut made = ParentBased::new(nested(&options["root"])?).deferred_as_root(deferred_as_root);
            for (name, delegate) in options.as_object().unwrap() {
                made = match name.as_str() {
                    "root" => made,
                    "remote_parent_sampled" => made.remote_parent_sampled(nested(delegate)?),
                    "remote_parent_not_sampled" => made.remote_parent_not_sampled(nested(delegate)?),
                    "local_parent_sampled" => made.local_parent_sampled(nested(delegate)?),
                    "local_parent_not_sampled" => made.local_parent_not_sampled(nested(delegate)?),
                    _ => return Err(format!("unknown delegate `{name}`")),
                };
            }
            Box::new(made)
        }
        _ => return Err(format!("unknown sampler `{name}`")),
    })
}

fn parent(value: &Json) -> Result<Context, String> {
    if value.is_null() {
        return Ok(Context::EMPTY);
    }
    let known = ["trace_id", "span_id", "flags", "remote", "tracestate", "deferred"];
    only_members(value, &known)?;
    let flags = TraceFlags::from_bits(u8::try_from(value["flags"].as_u64().unwrap()).unwrap());
    let remote = value["remote"].as_bool().unwrap();
    let (trace, span) = (trace_id(&value["trace_id"]), span_id(&value["span_id"]));
    let span = SpanContext::new(trace, span, flags, remote, trace_state(&value["tracestate"]));
    let context = match remote {
        true => Context::EMPTY.with_remote_span_context(span),
        false => Context::EMPTY.with_span(span, None),
    };
    Ok(context.with_deferred(value["deferred"] == true))
}

/// What one span of a provider became.
struct Seen {
    recording: bool,
    context: SpanContext,
    exported: Option<FinishedSpan>,
}

fn one_span(case: &Case, builder: Builder, parent: &Context) -> Seen {
    let ids = FixedIds::new([trace_id(case.get("trace_id"))], [SPAN]).random(true);
    let provider = builder.id_generator(ids).build().unwrap();
    let tracer = provider.tracer("vectors");
    let of_span = case.get("sampler");
    let mut builder = tracer.span("span").parent(parent);
    for (key, value) in of_span["attributes"].as_object().into_iter().flatten() {
        builder = builder.attribute(key, text(value));
    }
    if let Some(kind) = of_span["kind"].as_str().and_then(composable::kind) {
        builder = builder.kind(kind);
    }
    let span = builder.start();
    let (recording, context) = (span.is_recording(), span.context().clone());
    span.end();
    let exported = spans(&provider).pop();
    Seen {
        recording,
        context,
        exported,
    }
}

fn sample(case: &Case) -> Result<(), String> {
    only_members(case.get("config"), &["deferred_as_root"])?;
    let sampler = sampler(
        case.get("sampler"),
        case.get("config")["deferred_as_root"] != false,
    )?;
    let seen = one_span(
        case,
        memory().custom_sampler(sampler),
        &parent(case.get("parent"))?,
    );
    let state = seen.context.trace_state();
    same(
        "trace id",
        seen.context.trace_id(),
        trace_id(case.get("trace_id")),
    )?;
    same("span id", seen.context.span_id(), SPAN)?;
    if let Some(exported) = &seen.exported {
        same(
            "exported tracestate",
            exported.trace_state.as_str(),
            state.as_str(),
        )?;
    }
    for (member, value) in case.get("expect").as_object().unwrap() {
        match member.as_str() {
            "decision" => {
                let decision = match (seen.recording, seen.context.is_sampled(), seen.exported.is_some()) {
                    (false, false, false) => "DROP",
                    (true, false, false) => "RECORD_ONLY",
                    (true, true, true) => "RECORD_AND_SAMPLE",
                    _ => "a combination that must not be",
                };
                same("decision", decision, text(value))?;
            }
            "ot" => {
                let entries = state.get("ot").unwrap_or_default().split_terminator(';');
                let found: Map<String, Json> = entries
                    .map(|entry| entry.split_once(':').unwrap())
                    .map(|(key, value)| (key.to_owned(), Json::from(value)))
                    .collect();
                same("ot", &Json::Object(found), value)?;
            }
            "tracestate_has" => {
                for (key, value) in pairs(value) {
                    same(&key, state.get(&key), Some(value.as_str()))?;
                }
            }
            "attributes" => {
                for (key, value) in value.as_object().unwrap() {
                    let exported = seen.exported.as_ref().ok_or("not exported")?;
                    same(
                        key,
                        exported.attribute(key).and_then(OwnedValue::as_str),
                        value.as_str(),
                    )?;
                }
            }
            _ => return Err(format!("unknown member `{member}`")),
        }
    }
    Ok(())
}

#[test]
fn samples() {
    run("sdk", Level::Surface, "sampling.json", &["sample"], sample);
}

fn trace_id_ratio(case: &Case) -> Result<(), String> {
    only_members(case.get("expect"), &["sampled"])?;
    let sampler = SamplerOption::Named {
        name: "traceidratio".to_owned(),
        rate: case.get("ratio").as_f64(),
    };
    let seen = one_span(case, memory().sampler(sampler), &Context::EMPTY);
    same("exported", seen.exported.is_some(), seen.context.is_sampled())?;
    same(
        "sampled",
        Some(seen.context.is_sampled()),
        case.expect("sampled").as_bool(),
    )
}

#[test]
fn trace_id_ratios() {
    run(
        "sdk",
        Level::Surface,
        "sampling.json",
        &["trace_id_ratio"],
        trace_id_ratio,
    );
}
