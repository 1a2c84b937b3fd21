//! The naive model.

use super::{Attributes, Op, Program, SPAN, TRACE, removes, rewritten};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value as Any,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use spanline::options::LimitsOptions;
use spanline::{OwnedValue, StatusCode};

/// The model: values as the limits leave them.
struct Model {
    length: usize,
    depth: u64,
}

impl Model {
    fn any(&self, value: &OwnedValue, level: u64) -> AnyValue {
        let value = match value {
            OwnedValue::Bool(value) => Any::BoolValue(*value),
            OwnedValue::I64(value) => Any::IntValue(*value),
            OwnedValue::F64(value) => Any::DoubleValue(*value),
            OwnedValue::Str(text) => Any::StringValue(text.chars().take(self.length).collect()),
            OwnedValue::Bytes(bytes) => Any::BytesValue(bytes.iter().copied().take(self.length).collect()),
            OwnedValue::List(list) if level <= self.depth => Any::ArrayValue(ArrayValue {
                values: list.iter().map(|value| self.any(value, level + 1)).collect(),
            }),
            OwnedValue::Map(map) if level <= self.depth => {
                let mut values: Vec<(&String, &OwnedValue)> = Vec::new();
                for (key, value) in map {
                    match values.iter_mut().find(|(known, _)| *known == key) {
                        Some(known) => known.1 = value,
                        None => values.push((key, value)),
                    }
                }
                let pair = |(key, value): (&String, &OwnedValue)| key_value(key, self.any(value, level + 1));
                Any::KvlistValue(KeyValueList {
                    values: values.into_iter().map(pair).collect(),
                })
            }
            _ => return AnyValue { value: None },
        };
        AnyValue { value: Some(value) }
    }

    /// A key keeps its first place and takes the last value; further keys are dropped and counted.
    fn set(&self, into: &mut Vec<KeyValue>, dropped: &mut u32, limit: usize, key: &str, value: &OwnedValue) {
        if key.is_empty() {
        } else if let Some(known) = into.iter_mut().find(|known| known.key == key) {
            known.value = Some(self.any(value, 1));
        } else if into.len() < limit {
            into.push(key_value(key, self.any(value, 1)));
        } else {
            *dropped += 1;
        }
    }

    fn rewrite(&self, number: u8, attributes: &mut Vec<KeyValue>) {
        attributes.retain(|attribute| !removes(number, &attribute.key));
        for attribute in attributes {
            if let Some(Any::StringValue(text)) = attribute.value.as_mut().and_then(|any| any.value.as_mut())
                && let Some(new) = rewritten(number, text)
            {
                *text = new.chars().take(self.length).collect();
            }
        }
    }

    fn list(&self, list: &Attributes, limit: usize) -> (Vec<KeyValue>, u32) {
        let (mut into, mut dropped) = (Vec::new(), 0);
        for (key, value) in list {
            self.set(&mut into, &mut dropped, limit, key, value);
        }
        (into, dropped)
    }
}

fn key_value(key: &str, value: AnyValue) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(value),
        ..KeyValue::default()
    }
}

/// What the program should lead to.
pub(crate) fn model(program: &Program) -> ExportTraceServiceRequest {
    let limits = &program.limits;
    let count = |limit: Option<u64>| limit.unwrap_or(128) as usize;
    let model = Model {
        length: limits.value_length.unwrap_or(u64::from(u32::MAX)) as usize,
        depth: limits.value_depth.unwrap_or(64),
    };
    let mut span = Span {
        trace_id: TRACE.to_vec(),
        span_id: SPAN.to_vec(),
        name: program.name.clone(),
        kind: program.kind as i32,
        start_time_unix_nano: program.start,
        end_time_unix_nano: program.end,
        flags: 0x101,
        ..Span::default()
    };
    let mut status = (StatusCode::Unset, String::new());
    let ops = program
        .attributes
        .iter()
        .map(|(key, value)| Op::Set(key.clone(), value.clone()));
    let ops = ops
        .chain(program.links.iter().cloned().map(Op::Link))
        .chain(program.ops.iter().cloned());
    for op in ops.take_while(|op| !matches!(op, Op::End)) {
        match op {
            Op::Set(key, value) => {
                let dropped = &mut span.dropped_attributes_count;
                model.set(
                    &mut span.attributes,
                    dropped,
                    count(limits.attributes),
                    &key,
                    &value,
                );
            }
            Op::SetMany(list) => {
                for (key, value) in &list {
                    let dropped = &mut span.dropped_attributes_count;
                    model.set(
                        &mut span.attributes,
                        dropped,
                        count(limits.attributes),
                        key,
                        value,
                    );
                }
            }
            Op::Event(name, time, list) => event(&mut span, &model, limits, name, time, &list),
            Op::Exception(kind, text, time, list) => {
                let generated = [("exception.type", kind), ("exception.message", text)].into_iter();
                let generated =
                    generated.filter(|(key, text)| !text.is_empty() && list.iter().all(|(k, _)| k != key));
                let mut all: Attributes = generated
                    .map(|(key, text)| (key.to_owned(), text.into()))
                    .collect();
                all.extend(list);
                event(&mut span, &model, limits, "exception".to_owned(), time, &all);
            }
            Op::Link(link) => {
                let nothing = link.span == 0 && link.state.is_empty() && link.attributes.is_empty();
                let (attributes, dropped_attributes_count) =
                    model.list(&link.attributes, count(limits.link_attributes));
                if nothing {
                } else if span.links.len() == count(limits.links) {
                    span.dropped_links_count += 1;
                } else {
                    span.links.push(Link {
                        trace_id: link.trace().to_vec(),
                        span_id: vec![link.span; 8],
                        trace_state: link.state.to_owned(),
                        attributes,
                        dropped_attributes_count,
                        flags: u32::from(link.flags) | 0x100 | if link.remote { 0x200 } else { 0 },
                    });
                }
            }
            Op::Status(code, text) => match (status.0, code) {
                (StatusCode::Ok, _) | (_, StatusCode::Unset) => {}
                (_, StatusCode::Ok) => status = (StatusCode::Ok, String::new()),
                (_, StatusCode::Error) => status = (StatusCode::Error, text),
            },
            Op::Name(name) => span.name = name,
            Op::Remove(key) => span.attributes.retain(|known| known.key != key),
            Op::Rewrite(number) => {
                for text in [&mut span.name, &mut status.1] {
                    *text = rewritten(number, text).unwrap_or_else(|| text.clone());
                }
                model.rewrite(number, &mut span.attributes);
                for event in &mut span.events {
                    event.name = rewritten(number, &event.name).unwrap_or_else(|| event.name.clone());
                    model.rewrite(number, &mut event.attributes);
                }
                for link in &mut span.links {
                    model.rewrite(number, &mut link.attributes);
                }
            }
            Op::End => {}
        }
    }
    if status.0 != StatusCode::Unset {
        span.status = Some(Status {
            message: status.1,
            code: status.0 as i32,
        });
    }
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource::default()),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope::default()),
                spans: vec![span],
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }],
    }
}

fn event(span: &mut Span, model: &Model, limits: &LimitsOptions, name: String, time: u64, list: &Attributes) {
    if span.events.len() as u64 == limits.events.unwrap_or(128) {
        span.dropped_events_count += 1;
        return;
    }
    let limit = limits.event_attributes.unwrap_or(128) as usize;
    let (attributes, dropped_attributes_count) = model.list(list, limit);
    span.events.push(Event {
        time_unix_nano: time,
        name,
        attributes,
        dropped_attributes_count,
    });
}
