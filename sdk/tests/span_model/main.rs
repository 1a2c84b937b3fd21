//! Any program of span operations, against a naive model of what a span is: the request that the real writer makes is,
//! byte for byte, the one that an independent encoder makes of the model.

#[path = "../common/mod.rs"]
mod common;
mod model;

use common::{FixedIds, balanced};
use model::model;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::prelude::*;
use prost::Message;
use spanline::options::LimitsOptions;
use spanline::otlp::{Rewrite, Visited};
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
    Remove(String),
    /// See [`answer`].
    Rewrite(u8),
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
        2 => key().prop_map(Op::Remove),
        2 => (0..3_u8).prop_map(Op::Rewrite),
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

/// Whether the rewriting of this number removes attributes of this key.
fn removes(number: u8, key: &str) -> bool {
    key.bytes().next().is_some_and(|byte| byte % 3 == number)
}

/// What the rewriting of this number makes of a text; `None`: it stays.
fn rewritten(number: u8, text: &str) -> Option<String> {
    text.contains('a').then(|| format!("{number}:{text}"))
}

fn answer(visited: Visited<'_>, number: u8) -> Rewrite {
    if removes(number, visited.key) {
        return Rewrite::Remove;
    }
    let text = visited.value.as_str().and_then(|text| rewritten(number, text));
    text.map_or(Rewrite::Keep, |text| Rewrite::Replace(text.into()))
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
            Op::Remove(key) => drop(span.remove(key)),
            Op::Rewrite(number) => {
                span.rewrite(|visited| answer(visited, *number));
            }
            Op::End => span.end_at(at(program.end)),
        }
    }
    span.end_at(at(program.end));
    balanced(&provider);
    let mut bodies = bodies.0.lock().unwrap();
    assert_eq!(bodies.len(), 1);
    bodies.remove(0)
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
