//! The sampling vectors, at the level of core: requests are made by hand, no span is started.

mod common;
#[cfg(feature = "alloc")]
#[path = "common/composable.rs"]
mod composable;

use common::{Case, Json, Level, number56, only_members, run, same, text};
use spanline_core::TraceId;
use spanline_core::sample::{OtState, Threshold};

fn probability_to_threshold(case: &Case) -> Result<(), String> {
    let probability = case.get("probability").as_f64().unwrap();
    let precision = case.get("precision").as_u64().unwrap() as u8;
    let threshold = Threshold::with_precision(probability, precision);
    if case.expect("error") == true {
        return same("threshold", threshold, None);
    }
    let threshold = threshold.ok_or("refused")?;
    same("th", threshold.to_string().as_str(), text(case.expect("th")))?;
    same(
        "th, read back",
        Threshold::from_hex(threshold.to_string().as_bytes()),
        Some(threshold),
    )
}

fn parse_ot(case: &Case) -> Result<(), String> {
    let state = OtState::parse(text(case.get("ot")));
    let expect = case.get("expect");
    same(
        "threshold",
        state.threshold().map(Threshold::bits),
        number56(&expect["threshold"]),
    )?;
    same(
        "randomness",
        state.random_value(),
        number56(&expect["randomness"]),
    )?;
    let rest: Vec<_> = state
        .rest()
        .map(|(key, value)| Json::from(format!("{key}:{value}")))
        .collect();
    same("rest", &Json::Array(rest), &expect["rest"])?;
    let encoded = state.encode().ok_or("not encoded")?;
    let again = OtState::parse(encoded.as_str());
    same("threshold, read back", again.threshold(), state.threshold())?;
    same(
        "randomness, read back",
        again.random_value(),
        state.random_value(),
    )
}

fn trace_id(object: &Json) -> TraceId {
    TraceId::from_hex(text(&object["trace_id"])).unwrap()
}

fn randomness(case: &Case) -> Result<(), String> {
    let found = OtState::parse(text(case.get("ot"))).randomness(trace_id(case.value()));
    same("randomness", Some(found), number56(case.expect("randomness")))
}

fn decide(case: &Case) -> Result<(), String> {
    let threshold = Threshold::from_bits(number56(case.get("threshold")).unwrap()).unwrap();
    let sampled = threshold.keeps(number56(case.get("randomness")).unwrap());
    same("sampled", Some(sampled), case.expect("sampled").as_bool())
}

#[cfg(feature = "alloc")]
mod owned {
    use super::*;
    use common::pairs;
    use spanline_core::sample::{
        AlwaysOff, AlwaysOn, AlwaysRecord, Composite, Decision, ParentBased, Probability, Quick, Sampler,
        SamplingRequest, SamplingResult, TraceIdRatioBased,
    };
    use spanline_core::{Context, OwnedValue, SpanContext, SpanId, SpanKind, TraceFlags, TraceState, Value};

    fn sampler(config: &Json, deferred_as_root: bool) -> Result<Box<dyn Sampler>, String> {
        if let Some(name) = config.as_str() {
            return match name {
                "always_on" => Ok(Box::new(AlwaysOn)),
                "always_off" => Ok(Box::new(AlwaysOff)),
                _ => Err(format!("unknown sampler `{name}`")),
            };
        }
        let (name, options) = config
            .as_object()
            .and_then(|object| {
                // Beside the sampler stand the attributes and the kind of the span.
                let mut members = object.iter();
                members.find(|(name, _)| !["attributes", "kind"].contains(&name.as_str()))
            })
            .unwrap();
        let nested = |config| sampler(config, deferred_as_root);
        Ok(match name.as_str() {
            "always_on" => Box::new(AlwaysOn),
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
        only_members(
            value,
            &["trace_id", "span_id", "flags", "remote", "tracestate", "deferred"],
        )?;
        let members = pairs(&value["tracestate"]);
        let members = members.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let span_context = SpanContext::new(
            trace_id(value),
            SpanId::from_hex(text(&value["span_id"])).unwrap(),
            TraceFlags::from_bits(value["flags"].as_u64().unwrap() as u8),
            value["remote"].as_bool().unwrap(),
            TraceState::from_members(members).unwrap(),
        );
        let context = match span_context.is_remote() {
            true => Context::EMPTY.with_remote_span_context(span_context),
            false => Context::EMPTY.with_span(span_context, None),
        };
        Ok(context.with_deferred(value["deferred"] == true))
    }

    /// What the plan promises must be what the sampler answers.
    fn check_plan(
        sampler: &dyn Sampler,
        context: &Context,
        trace_id: TraceId,
        result: &SamplingResult,
    ) -> Result<(), String> {
        let parent = context.span_context();
        let plan = sampler.plan();
        let quick = match (parent.is_valid(), parent.is_remote(), parent.is_sampled()) {
            _ if context.is_deferred() => Quick::Ask,
            (false, _, _) => plan.root,
            (_, true, true) => plan.remote_sampled,
            (_, true, false) => plan.remote_not_sampled,
            (_, false, true) => plan.local_sampled,
            (_, false, false) => plan.local_not_sampled,
        };
        let promised = match quick {
            Quick::Sample => Decision::RecordAndSample,
            Quick::Drop => Decision::Drop,
            Quick::Threshold(threshold) if !threshold.keeps(trace_id.randomness()) => Decision::Drop,
            Quick::Threshold(_) | Quick::Ask => return Ok(()),
        };
        same("what the plan promised", &SamplingResult::of(promised), result)
    }

    fn sample(case: &Case) -> Result<(), String> {
        only_members(case.get("config"), &["deferred_as_root"])?;
        let sampler = sampler(
            case.get("sampler"),
            case.get("config")["deferred_as_root"] != false,
        )?;
        let parent = parent(case.get("parent"))?;
        let span = parent.span_context();
        let of_span = case.get("sampler");
        let attributes: Vec<(&str, Value<'_>)> = of_span["attributes"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), text(value).into()))
            .collect();
        let source: &[(&str, Value<'_>)] = &attributes;
        let kind = match &of_span["kind"] {
            Json::Null => SpanKind::Internal,
            name => composable::kind(text(name)).ok_or("no such kind")?,
        };
        let random = !span.is_valid() || span.flags().is_random();
        let request = SamplingRequest::new(
            &parent,
            trace_id(case.value()),
            random,
            "span",
            kind,
            &source,
            &[],
        );
        let result = sampler.should_sample(&request);
        check_plan(&*sampler, &parent, trace_id(case.value()), &result)?;
        let state = result
            .trace_state
            .clone()
            .unwrap_or_else(|| span.trace_state().clone());
        for (member, value) in case.get("expect").as_object().unwrap() {
            match member.as_str() {
                "decision" => {
                    let name = match result.decision {
                        Decision::Drop => "DROP",
                        Decision::RecordOnly => "RECORD_ONLY",
                        Decision::RecordAndSample => "RECORD_AND_SAMPLE",
                    };
                    same("decision", name, text(value))?;
                }
                "ot" => {
                    let ot = state.get("ot").unwrap_or_default();
                    let found: spanline_test_vectors::serde_json::Map<_, _> = ot
                        .split_terminator(';')
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
                    let found = result.attributes.iter().map(|attribute| match &attribute.value {
                        OwnedValue::Str(text) => (attribute.key.to_string(), Json::from(&**text)),
                        other => (attribute.key.to_string(), Json::from(format!("{other:?}"))),
                    });
                    same("attributes", &Json::Object(found.collect()), value)?;
                }
                _ => return Err(format!("unknown member `{member}`")),
            }
        }
        Ok(())
    }

    fn trace_id_ratio(case: &Case) -> Result<(), String> {
        only_members(case.get("expect"), &["sampled"])?;
        let sampled =
            TraceIdRatioBased::new(case.get("ratio").as_f64().unwrap()).keeps(trace_id(case.value()));
        same("sampled", Some(sampled), case.expect("sampled").as_bool())
    }

    #[test]
    fn samples() {
        run("core", Level::Engine, "sampling.json", &["sample"], sample);
    }

    #[test]
    fn ratios() {
        run(
            "core",
            Level::Engine,
            "sampling.json",
            &["trace_id_ratio"],
            trace_id_ratio,
        );
    }
}

#[test]
fn arithmetic() {
    let ops = ["probability_to_threshold", "parse_ot", "randomness", "decide"];
    run("core", Level::Engine, "sampling.json", &ops, |case| {
        let known = |members: &[&str]| only_members(case.get("expect"), members);
        match case.op() {
            "probability_to_threshold" => {
                known(&["th", "error"])?;
                probability_to_threshold(case)
            }
            "parse_ot" => {
                known(&["threshold", "randomness", "rest"])?;
                parse_ot(case)
            }
            "randomness" => {
                known(&["randomness"])?;
                randomness(case)
            }
            _ => {
                known(&["sampled"])?;
                decide(case)
            }
        }
    });
}
