//! Any program of span operations, against a naive model of what a span is: the request that the real writer makes is,
//! byte for byte, the one that an independent encoder makes of the model.

mod common;

use common::{FixedIds, balanced};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value as Any,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::prelude::*;
use prost::Message;
use spanline::options::LimitsOptions;
use spanline::{
    ExportBatch, ExportResult, OwnedValue, SpanContext, SpanExporter, SpanId, SpanKind, StatusCode,
    TraceFlags, TraceId, TraceState, Value,
};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

type Attributes = Vec<(String, OwnedValue)>;

#[derive(Clone, Debug)]
struct Linked {
    span: u8,
    flags: u8,
    remote: bool,
    state: &'static str,
    attributes: Attributes,
}

#[derive(Clone, Debug)]
enum Op {
    Set(String, OwnedValue),
    SetMany(Attributes),
    Event(String, u64, Attributes),
    Exception(String, String, u64, Attributes),
    Link(Linked),
    Status(StatusCode, String),
    Name(String),
    /// Ends the span; what follows does nothing.
    End,
}

#[derive(Clone, Debug)]
struct Program {
    limits: LimitsOptions,
    name: String,
    kind: SpanKind,
    attributes: Attributes,
    links: Vec<Linked>,
    ops: Vec<Op>,
    start: u64,
    end: u64,
}

fn key() -> impl Strategy<Value = String> {
    // Few keys, so that they repeat; the empty one is among them.
    prop_oneof![8 => "[a-f]", 1 => Just(String::new()), 1 => "\\PC{0,12}"]
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z ]{0,8}", 2 => "\\PC{0,20}", 1 => "[\u{1f600}\u{e9}x]{0,200}"]
}

fn value() -> impl Strategy<Value = OwnedValue> {
    let leaf = prop_oneof![
        texts().prop_map(OwnedValue::from),
        any::<bool>().prop_map(OwnedValue::Bool),
        any::<i64>().prop_map(OwnedValue::I64),
        any::<f64>().prop_map(OwnedValue::F64),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(OwnedValue::Bytes),
        Just(OwnedValue::Empty),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(OwnedValue::List),
            prop::collection::vec(("[a-d]", inner), 0..4).prop_map(OwnedValue::Map),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    prop::collection::vec((key(), value()), 0..6)
}

fn linked() -> impl Strategy<Value = Linked> {
    let state = prop::sample::select(vec!["", "a=1", "ot=th:8,b=2"]);
    (0..4_u8, 0..4_u8, any::<bool>(), state, attributes()).prop_map(
        |(span, flags, remote, state, attributes)| Linked {
            span,
            flags,
            remote,
            state,
            attributes,
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    let code = prop::sample::select(vec![StatusCode::Unset, StatusCode::Ok, StatusCode::Error]);
    prop_oneof![
        8 => (key(), value()).prop_map(|(key, value)| Op::Set(key, value)),
        2 => attributes().prop_map(Op::SetMany),
        4 => (texts(), any::<u64>(), attributes()).prop_map(|(name, time, list)| Op::Event(name, time, list)),
        1 => (texts(), texts(), any::<u64>(), attributes()).prop_map(|(t, m, time, list)| Op::Exception(t, m, time, list)),
        3 => linked().prop_map(Op::Link),
        3 => (code, texts()).prop_map(|(code, text)| Op::Status(code, text)),
        1 => texts().prop_map(Op::Name),
        1 => Just(Op::End),
    ]
}

fn limits() -> impl Strategy<Value = LimitsOptions> {
    let count = || prop::option::of(0..5_u64);
    (
        count(),
        count(),
        count(),
        count(),
        count(),
        prop::option::of(0..12_u64),
        prop::option::of(1..4_u64),
    )
        .prop_map(
            |(attributes, events, links, event_attributes, link_attributes, value_length, value_depth)| {
                LimitsOptions {
                    attributes,
                    events,
                    links,
                    event_attributes,
                    link_attributes,
                    value_length,
                    value_depth,
                }
            },
        )
}

fn program() -> impl Strategy<Value = Program> {
    let kinds = vec![
        SpanKind::Internal,
        SpanKind::Server,
        SpanKind::Client,
        SpanKind::Producer,
        SpanKind::Consumer,
    ];
    let times = (any::<u64>(), any::<u64>());
    let at_start = (attributes(), prop::collection::vec(linked(), 0..3));
    let ops = prop::collection::vec(op(), 0..20);
    (
        limits(),
        texts(),
        prop::sample::select(kinds),
        at_start,
        ops,
        times,
    )
        .prop_map(
            |(limits, name, kind, (attributes, links), ops, (start, end))| Program {
                limits,
                name,
                kind,
                attributes,
                links,
                ops,
                start,
                end,
            },
        )
}

const TRACE: [u8; 16] = [0x11; 16];
const SPAN: [u8; 8] = [0x22; 8];

fn at(nanos: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
}

fn borrowed(list: &Attributes) -> Vec<(&str, Value<'_>)> {
    list.iter()
        .map(|(key, value)| (key.as_str(), Value::from(value)))
        .collect()
}

impl Linked {
    fn trace(&self) -> [u8; 16] {
        // Span 0 stands for nobody.
        if self.span == 0 { [0; 16] } else { TRACE }
    }

    fn context(&self) -> SpanContext {
        let state = TraceState::parse(self.state.as_bytes()).unwrap();
        let ids = (
            TraceId::from_bytes(self.trace()),
            SpanId::from_bytes([self.span; 8]),
        );
        SpanContext::new(
            ids.0,
            ids.1,
            TraceFlags::from_bits(self.flags),
            self.remote,
            state,
        )
    }
}

/// Takes the body of each request.
#[derive(Clone, Debug, Default)]
struct Bodies(Arc<Mutex<Vec<Vec<u8>>>>);

impl SpanExporter for Bodies {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        self.0.lock().unwrap().push(batch.otlp_request().to_vec());
        ExportResult::success()
    }
}

/// Runs the program through the public API.
fn run(program: &Program) -> Vec<u8> {
    let bodies = Bodies::default();
    let ids = FixedIds::new([TraceId::from_bytes(TRACE)], [SpanId::from_bytes(SPAN)]);
    let provider = spanline::init()
        .without_environment()
        .add_exporter("bodies", bodies.clone())
        .id_generator(ids)
        .resource(spanline::Resource::empty())
        .options(|options| options.limits = program.limits.clone())
        .build()
        .unwrap();
    let tracer = provider.tracer("");
    let attributes = borrowed(&program.attributes);
    let contexts: Vec<_> = program.links.iter().map(Linked::context).collect();
    let lists: Vec<_> = program
        .links
        .iter()
        .map(|link| borrowed(&link.attributes))
        .collect();
    let mut builder = tracer
        .span(&program.name)
        .kind(program.kind)
        .attributes(&attributes);
    for (context, list) in contexts.iter().zip(&lists) {
        builder = builder.link(context, list);
    }
    let span = builder.start_time(at(program.start)).start();
    for op in &program.ops {
        match op {
            Op::Set(key, value) => drop(span.set(key, value)),
            Op::SetMany(list) => drop(span.set_many(&borrowed(list))),
            Op::Event(name, time, list) => drop(span.add_event_at(name, at(*time), &borrowed(list))),
            Op::Exception(kind, text, time, list) => {
                span.add_exception(kind, text, "", Some(at(*time)), &borrowed(list));
            }
            Op::Link(link) => drop(span.add_link(&link.context(), &borrowed(&link.attributes))),
            Op::Status(code, text) => drop(span.set_status(*code, text)),
            Op::Name(name) => drop(span.update_name(name)),
            Op::End => span.end_at(at(program.end)),
        }
    }
    span.end_at(at(program.end));
    balanced(&provider);
    let mut bodies = bodies.0.lock().unwrap();
    assert_eq!(bodies.len(), 1);
    bodies.remove(0)
}

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
fn model(program: &Program) -> ExportTraceServiceRequest {
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_program_of_operations_is_encoded_as_the_model_says(program in program()) {
        let body = run(&program);
        let expected = model(&program);
        // As text first: a difference can be read, and NaN equals itself.
        let found = ExportTraceServiceRequest::decode(&body[..]).unwrap();
        prop_assert_eq!(format!("{found:#?}"), format!("{expected:#?}"));
        prop_assert_eq!(body, expected.encode_to_vec());
    }
}
