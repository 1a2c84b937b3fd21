//! The formats of context beside W3C's, and the carriers that change names.

use crate::lines;
use spanline_core::propagate::{Environment, Getter, GrpcMetadata, LastValue, TraceBin, by_name};
use spanline_core::{Context, SpanContext};

/// A carrier of these names, a line each.
fn carrier<'a>(names: &[&'static str], input: &'a [u8]) -> Vec<(&'static str, &'a [u8])> {
    names.iter().copied().zip(lines(input)).collect()
}

/// What holds for each format, whatever the carrier: what was found is written, and read again as it was.
fn read_and_written(name: &str, carrier: &dyn Getter) -> Context {
    let propagator = by_name(name).expect("a format");
    let found = propagator.extract(Context::EMPTY, carrier);
    let span = found.span_context();
    assert_eq!(span.is_valid(), span.is_remote());
    assert!(span.is_valid() || span == &SpanContext::INVALID && !found.is_debug() && !found.is_deferred());
    assert!(found.baggage().len() <= 180);
    let mut written: Vec<(String, String)> = Vec::new();
    propagator.inject(&found, &mut written);
    for (_, value) in &written {
        assert!(value.len() <= 8192 && value.bytes().all(|c| matches!(c, b' '..=b'~')));
    }
    let again = propagator.extract(Context::EMPTY, &written);
    assert_eq!(again.span_context(), span);
    assert_eq!(
        (again.is_debug(), again.is_deferred()),
        (found.is_debug(), found.is_deferred())
    );
    let mut metadata: Vec<(String, String)> = Vec::new();
    propagator.inject(&found, &mut GrpcMetadata(&mut metadata));
    assert_eq!(propagator.extract(Context::EMPTY, &metadata).span_context(), span);
    found
}

/// The lines are `b3` and the five headers of the other form.
pub fn b3(input: &[u8]) {
    let names = [
        "b3",
        "X-B3-TraceId",
        "X-B3-SpanId",
        "X-B3-Sampled",
        "X-B3-Flags",
        "X-B3-ParentSpanId",
    ];
    let carrier = carrier(&names, input);
    let single = read_and_written("b3", &carrier);
    let multi = read_and_written("b3multi", &carrier);
    assert_eq!(single.span_context(), multi.span_context());
}

/// The first line is `uber-trace-id`; each other line that has a `=` is an entry of baggage.
pub fn jaeger(input: &[u8]) {
    let mut lines = lines(input);
    let first = lines.next().unwrap_or_default();
    let mut carrier = vec![("uber-trace-id".to_owned(), first)];
    for line in lines {
        let mut parts = line.splitn(2, |&c| c == b'=');
        if let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            carrier.push((format!("uberctx-{}", String::from_utf8_lossy(name)), value));
        }
    }
    let found = read_and_written("jaeger", &carrier);
    // What is written is read back, but for names that are no tokens and entries that no longer fit.
    let mut written: Vec<(String, String)> = Vec::new();
    let propagator = by_name("jaeger").expect("a format");
    propagator.inject(&found, &mut written);
    let again = propagator.extract(Context::EMPTY, &written);
    for entry in again.baggage().entries() {
        assert_eq!(found.baggage().entry(&entry.key), Some(entry));
    }
}

/// The lines are trace id, span id and parent, as headers, as message properties and as variables; once more the trace
/// id and the span id.
pub fn plain(input: &[u8]) {
    let headers = [
        "X-Trace-ID",
        "X-Span-ID",
        "X-Parent-ID",
        "x-trace-id",
        "x-span-id",
    ];
    let headers = read_and_written("xtrace", &carrier(&headers, input));
    let properties = ["trace_id", "span_id", "parent_id", "trace_id", "span_id"];
    let properties = carrier(&properties, input);
    let found = read_and_written("messaging", &properties);
    assert_eq!(found.span_context(), headers.span_context());
    read_and_written("messaging", &LastValue(&properties[..]));
    let names = Environment::from_iter(lines(input).filter_map(|line| {
        let name = std::str::from_utf8(line).ok()?;
        Some((Environment::name_of(name).into_owned(), name.to_owned()))
    }));
    assert_eq!(names.keys().len(), names.iter().count());
    for (name, field) in names.iter() {
        assert_eq!(
            (names.variable(name), Environment::name_of(name).as_ref()),
            (Some(field), name)
        );
    }
    read_and_written("xtrace", &names);
}

/// The whole input is a value of `grpc-trace-bin`, as bytes and as base64.
pub fn grpc(input: &[u8]) {
    if let Some(bin) = TraceBin::parse(input) {
        assert_eq!(TraceBin::parse(&bin.format()), Some(bin));
    }
    let found = read_and_written("grpc-trace-bin", &[("grpc-trace-bin", input)]);
    if input.first() == Some(&0) && input.len() <= 1024 {
        assert_eq!(found.span_context().is_valid(), TraceBin::parse(input).is_some());
    }
}
