//! What a receiver gets: spans are made by the API, exported by the real exporter, and compared byte by byte.

use super::propagation::{span_id, trace_id};
use crate::common::{Receiver, borrowed, finish, only_members, owned_value, same, text, unhex};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spanline::options::LimitsOptions;
use spanline::otlp::Rewrite;
use spanline::sample::{Decision, Sampler, SamplingRequest, SamplingResult};
use spanline::{
    Context, IdGenerator, InstrumentationScope, KeyValue, OwnedValue, Resource, SpanContext, SpanId,
    SpanKind, StatusCode, TraceFlags, TraceId, TraceState, Tracer,
};
use spanline_test_vectors::json::SPAN_MEMBERS;
use spanline_test_vectors::{Case, Level, Outcome, Value as Json, run};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

/// The ids and the randomness flag of the next span.
#[derive(Debug)]
struct Next(&'static Mutex<(TraceId, SpanId, bool)>);

impl IdGenerator for Next {
    fn trace_id(&self) -> TraceId {
        self.0.lock().unwrap().0
    }

    fn span_id(&self) -> SpanId {
        self.0.lock().unwrap().1
    }

    fn is_random(&self) -> bool {
        self.0.lock().unwrap().2
    }
}

/// Samples everything, and gives roots this trace state.
#[derive(Debug)]
struct WithState(TraceState);

impl Sampler for WithState {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        let mut result = SamplingResult::of(Decision::RecordAndSample);
        if !request.parent.span_context().is_valid() {
            result.trace_state = Some(self.0.clone());
        }
        result
    }

    fn description(&self) -> String {
        "WithState".to_owned()
    }
}

fn list(value: &Json) -> impl Iterator<Item = &Json> {
    value.as_array().into_iter().flatten()
}

fn attributes(value: &Json) -> Vec<(String, OwnedValue)> {
    list(value)
        .map(|pair| (text(&pair[0]).to_owned(), owned_value(&pair[1])))
        .collect()
}

fn key_values(value: &Json) -> Vec<KeyValue> {
    let all = attributes(value).into_iter();
    all.map(|(key, value)| KeyValue::new(key, value)).collect()
}

fn owned(value: &Json) -> Option<std::borrow::Cow<'static, str>> {
    value.as_str().map(|text| text.to_owned().into())
}

fn count(value: &Json) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn time(value: &Json) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(text(value).parse().unwrap())
}

/// The limit under which lists with these many kept and dropped items come about; `Err` when no limit does that.
fn limit(lists: &[(usize, u64)], what: &str) -> Result<Option<u64>, String> {
    let mut full = lists.iter().filter(|(_, dropped)| *dropped > 0);
    let Some(&(limit, _)) = full.next() else {
        return Ok(None);
    };
    match lists
        .iter()
        .all(|&(kept, dropped)| if dropped > 0 { kept == limit } else { kept <= limit })
    {
        true => Ok(Some(limit as u64)),
        false => Err(format!(
            "no limit keeps the attributes of one {what} and drops all those of another"
        )),
    }
}

fn limits(spans: &Json) -> Result<LimitsOptions, String> {
    let of = |items: &str, dropped: &str, what| {
        let lists: Vec<_> = list(spans)
            .map(|span| (list(&span[items]).count(), count(&span[dropped])))
            .collect();
        limit(&lists, what)
    };
    // Where one list is full and another is longer, fillers fill it up: see `FILLER`.
    let inner = |items: &str| {
        let items = list(spans).flat_map(|span| list(&span[items]));
        let lists = items.map(|item| (list(&item["attributes"]).count(), count(&item["dropped"])));
        let lists: Vec<_> = lists.collect();
        let dropped = lists.iter().any(|&(_, dropped)| dropped > 0);
        let longest = lists.iter().map(|&(kept, _)| kept as u64).max();
        longest.filter(|_| dropped)
    };
    Ok(LimitsOptions {
        attributes: of("attributes", "dropped_attributes", "span")?,
        events: of("events", "dropped_events", "span")?,
        links: of("links", "dropped_links", "span")?,
        event_attributes: inner("events"),
        link_attributes: inner("links"),
        ..LimitsOptions::default()
    })
}

/// Begins the keys of attributes that take places up to a limit, and are removed before the span ends.
const FILLER: &str = "filler ";

/// Attributes, and as many further ones as are to be dropped by this limit.
fn with_dropped(kept: &Json, dropped: &Json, limit: Option<u64>) -> Vec<(String, OwnedValue)> {
    let mut all = attributes(kept);
    let dropped = count(dropped);
    let places = limit.filter(|_| dropped > 0).unwrap_or_default();
    let fillers = all.len() as u64..places;
    all.extend(fillers.map(|n| (format!("{FILLER}{n}"), n.to_string().into())));
    all.extend((0..dropped).map(|n| (format!("dropped {n}"), n.to_string().into())));
    all
}

fn make(tracer: &Tracer, next: &Mutex<(TraceId, SpanId, bool)>, span: &Json, limits: &LimitsOptions) {
    only_members(span, SPAN_MEMBERS).unwrap();
    let flags = TraceFlags::from_bits(u8::try_from(count(&span["trace_flags"])).unwrap());
    assert!(flags.is_sampled(), "a span that is not sampled is not exported");
    let trace = trace_id(&span["trace_id"]);
    *next.lock().unwrap() = (trace, span_id(&span["span_id"]), flags.is_random());
    let state = span["tracestate"].as_str().unwrap_or_default();
    let parent = match span["parent_span_id"].as_str() {
        None => Context::EMPTY,
        Some(_) => {
            let state = TraceState::parse(state.as_bytes()).unwrap();
            let remote = span["parent_remote"] == true;
            let parent = SpanContext::new(trace, span_id(&span["parent_span_id"]), flags, remote, state);
            match remote {
                true => Context::EMPTY.with_remote_span_context(parent),
                false => Context::EMPTY.with_span(parent, None),
            }
        }
    };
    let kind = match span["kind"].as_str().unwrap_or("INTERNAL") {
        "INTERNAL" => SpanKind::Internal,
        "SERVER" => SpanKind::Server,
        "CLIENT" => SpanKind::Client,
        "PRODUCER" => SpanKind::Producer,
        "CONSUMER" => SpanKind::Consumer,
        other => panic!("{other}"),
    };
    let builder = tracer
        .span(text(&span["name"]))
        .kind(kind)
        .parent(&parent)
        .start_time(time(&span["start"]));
    let made = builder.start();
    made.set_many(&borrowed(&with_dropped(
        &span["attributes"],
        &span["dropped_attributes"],
        limits.attributes,
    )));
    for event in list(&span["events"]) {
        let attributes = with_dropped(&event["attributes"], &event["dropped"], limits.event_attributes);
        made.add_event_at(text(&event["name"]), time(&event["time"]), &borrowed(&attributes));
    }
    for _ in 0..count(&span["dropped_events"]) {
        made.add_event("dropped", &[]);
    }
    for link in list(&span["links"]) {
        let state = TraceState::parse(link["tracestate"].as_str().unwrap_or_default().as_bytes()).unwrap();
        let flags = TraceFlags::from_bits(u8::try_from(count(&link["trace_flags"])).unwrap());
        let (trace, span) = (trace_id(&link["trace_id"]), span_id(&link["span_id"]));
        let linked = SpanContext::new(trace, span, flags, link["remote"] == true, state);
        made.add_link(
            &linked,
            &borrowed(&with_dropped(
                &link["attributes"],
                &link["dropped"],
                limits.link_attributes,
            )),
        );
    }
    for _ in 0..count(&span["dropped_links"]) {
        made.add_link(made.context(), &[]);
    }
    match span["status"]["code"].as_str().unwrap_or("UNSET") {
        "UNSET" => made.set_status(StatusCode::Unset, ""),
        "OK" => made.set_status(StatusCode::Ok, ""),
        "ERROR" => made.set_status(
            StatusCode::Error,
            span["status"]["message"].as_str().unwrap_or_default(),
        ),
        other => panic!("{other}"),
    };
    assert!(made.rewrite(|visited| match visited.key.starts_with(FILLER) {
        true => Rewrite::Remove,
        false => Rewrite::Keep,
    }));
    made.end_at(time(&span["end"]));
}

fn encode_request(case: &Case) -> Outcome {
    let input = case.get("input");
    match limits(&input["spans"]) {
        Err(reason) => Outcome::Skipped(reason),
        Ok(limits) => ["http/protobuf", "http/json"]
            .into_iter()
            .try_for_each(|protocol| compare(case, input, limits.clone(), protocol))
            .into(),
    }
}

fn compare(case: &Case, input: &Json, limits: LimitsOptions, protocol: &str) -> Result<(), String> {
    let receiver = Receiver::start();
    let (resource, scope) = (&input["resource"], &input["scope"]);
    only_members(resource, &["attributes", "schema_url"])?;
    let resource = Resource::new(
        key_values(&resource["attributes"]),
        owned(&resource["schema_url"]),
    );
    let scope = InstrumentationScope {
        name: owned(&scope["name"]).unwrap_or_default(),
        version: owned(&scope["version"]),
        schema_url: owned(&scope["schema_url"]),
        attributes: key_values(&scope["attributes"]),
    };
    let root_state = list(&input["spans"])
        .find(|span| span["parent_span_id"].is_null())
        .and_then(|span| span["tracestate"].as_str())
        .unwrap_or_default();
    let next: &'static Mutex<_> = Box::leak(Box::new(Mutex::new((TraceId::INVALID, SpanId::INVALID, false))));
    let provider = spanline::init()
        .without_environment()
        .exporter("otlp")
        .endpoint(receiver.url())
        .protocol(protocol)
        .resource(resource)
        .id_generator(Next(next))
        .custom_sampler(WithState(TraceState::parse(root_state.as_bytes()).unwrap()))
        .options(|options| options.limits = limits.clone())
        .build()
        .unwrap();
    let tracer = provider.tracer_of(scope);
    for span in list(&input["spans"]) {
        make(&tracer, next, span, &limits);
    }
    let stats = finish(&provider);
    same(
        "exported",
        stats.exporters[0].exported as usize,
        list(&input["spans"]).count(),
    )?;
    let requests = receiver.requests();
    same("requests", requests.len(), 1)?;
    if protocol == "http/json" {
        let found: Json = serde_json::from_slice(&requests[0].body).map_err(|error| error.to_string())?;
        return same("json", &found, case.expect("json"));
    }
    let expected = unhex(text(case.expect("protobuf_hex")));
    let read = |body: &[u8]| ExportTraceServiceRequest::decode(body).map_err(|error| error.to_string());
    // Compared as messages first: their difference can be read. NaN differs from itself, so as text.
    let (found, wanted) = (read(&requests[0].body)?, read(&expected)?);
    same("request", format!("{found:?}"), format!("{wanted:?}"))?;
    same("bytes", &requests[0].body, &expected)
}

#[test]
fn otlp_trace() {
    run(
        "sdk",
        Level::Surface,
        "otlp_trace.json",
        &["encode_request"],
        encode_request,
    );
}
