//! What holds for every input of the formats beside W3C's.
#![cfg(feature = "alloc")]

use proptest::prelude::*;
use spanline_core::propagate::{
    Environment, Getter, GrpcMetadata, KNOWN, LastValue, SqlComment, TextMapPropagator, TraceBin, by_name,
};
use spanline_core::{Baggage, Context, SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use std::sync::Arc;

/// The names that some propagator reads.
const NAMES: &[&str] = &[
    "b3",
    "X-B3-TraceId",
    "x-b3-spanid",
    "x-b3-sampled",
    "x-b3-flags",
    "uber-trace-id",
    "uberctx-a",
    "UBERCTX-A",
    "uberctx-",
    "X-Trace-ID",
    "x-span-id",
    "X-Parent-ID",
    "trace_id",
    "span_id",
    "Trace_Id",
    "grpc-trace-bin",
    "traceparent",
    "baggage",
];

/// Bytes that come close to being a value of one of the formats.
fn nearly_a_value() -> impl Strategy<Value = Vec<u8>> {
    let texts = prop_oneof![
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "4BF92F35-77B3-4DA6-A3CE-929D0E0E4736",
        "00f067aa0ba902b7",
        "0000000000000000",
        "AABL[+]S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE=",
        "-",
        ":",
        "%3A",
        "%",
        "[ \t]{1,2}",
        "[01dDx]",
        "[0-9a-fA-F]{0,33}",
        "(true|false|TRUE|03)",
    ];
    let bytes = prop::collection::vec(any::<u8>(), 0..9);
    let piece = prop_oneof![6 => texts.prop_map(String::into_bytes), 1 => bytes];
    prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

fn all() -> impl Iterator<Item = (&'static str, Arc<dyn TextMapPropagator>)> {
    KNOWN.iter().map(|name| (*name, by_name(name).unwrap()))
}

/// A context, and what a format can carry of it.
fn local(ids: ([u8; 16], [u8; 8]), flags: u8, debug: bool, parent: [u8; 8]) -> Context {
    let (trace_id, span_id) = (TraceId::from_bytes(ids.0), SpanId::from_bytes(ids.1));
    let span = SpanContext::new(
        trace_id,
        span_id,
        TraceFlags::from_bits(flags),
        false,
        TraceState::EMPTY,
    );
    Context::EMPTY
        .with_span(span, None)
        .with_debug(debug)
        .with_parent_span_id(SpanId::from_bytes(parent))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn reading_never_panics_and_gives_nothing_or_a_remote_span(
        fields in prop::collection::vec((prop::sample::select(NAMES), nearly_a_value()), 0..8)
    ) {
        for (name, propagator) in all() {
            let found = propagator.extract(Context::EMPTY, &fields);
            let span = found.span_context();
            prop_assert_eq!(span.is_valid(), span.is_remote(), "{}", name);
            prop_assert!(found.baggage().len() <= 180);
            if !span.is_valid() {
                prop_assert!(!found.is_debug() && !found.is_deferred() && span == &SpanContext::INVALID);
            }
            // What was found is written, and read again as it was.
            let mut written = Vec::new();
            propagator.inject(&found, &mut written);
            let again = propagator.extract(Context::EMPTY, &written);
            prop_assert_eq!(again.span_context(), span, "{}", name);
            prop_assert_eq!((again.is_debug(), again.is_deferred()), (found.is_debug(), found.is_deferred()));
            for (field, value) in &written {
                prop_assert!(value.bytes().all(|c| matches!(c, b' '..=b'~' | b'\t')), "{field}: {value:?}");
            }
            let environment: Environment =
                fields.iter().filter_map(|(k, v)| Some((*k, String::from_utf8(v.clone()).ok()?))).collect();
            let _ = propagator.extract(Context::EMPTY, &environment);
            let _ = propagator.extract(Context::EMPTY, &LastValue(&fields[..]));
        }
    }

    #[test]
    fn what_is_written_is_read_back(
        ids: ([u8; 16], [u8; 8]), flags in 0..4u8, debug: bool, parent: [u8; 8], short: bool
    ) {
        let mut ids = ids;
        if short {
            // As a trace that began with a sender of 64 bits.
            ids.0[..8].fill(0);
        }
        let context = local(ids, flags, debug, parent);
        for (name, propagator) in all().filter(|(name, _)| *name != "baggage") {
            let mut written = Vec::new();
            propagator.inject(&context, &mut written);
            prop_assert!(written.iter().all(|(field, _)| propagator.fields().contains(&field.as_str())));
            let read = propagator.extract(Context::EMPTY, &written);
            let (found, given) = (read.span_context(), context.span_context());
            prop_assert_eq!((found.trace_id(), found.span_id()), (given.trace_id(), given.span_id()));
            prop_assert!(!given.is_valid() || found.is_remote());
            let plain = ["xtrace", "messaging"].contains(&name);
            let says_debug = ["b3", "b3multi", "jaeger"].contains(&name) && debug;
            prop_assert_eq!(found.is_sampled(), given.is_sampled() || plain || says_debug, "{}", name);
            prop_assert_eq!(found.flags().is_random(), name == "tracecontext" && given.flags().is_random());
            prop_assert_eq!((read.is_deferred(), read.is_debug()), (plain, says_debug), "{}", name);
            // In other carriers, too.
            let mut environment = Environment::new();
            propagator.inject(&context, &mut environment);
            let again = propagator.extract(Context::EMPTY, &environment);
            prop_assert_eq!(again.span_context(), found);
            let mut record: Vec<(String, String)> = vec![("b3".into(), "0".into())];
            propagator.inject(&context, &mut LastValue(&mut record));
            let again = propagator.extract(Context::EMPTY, &LastValue(&record[..]));
            prop_assert_eq!(again.span_context(), found);
            let mut metadata: Vec<(String, String)> = Vec::new();
            propagator.inject(&context, &mut GrpcMetadata(&mut metadata));
            let again = propagator.extract(Context::EMPTY, &metadata);
            prop_assert_eq!(again.span_context(), found);
            let mut nothing: Vec<(String, String)> = Vec::new();
            propagator.inject(&context.clone().with_suppressed(true), &mut nothing);
            prop_assert!(nothing.is_empty());
        }
    }

    #[test]
    fn jaeger_baggage_is_read_back(
        entries in prop::collection::btree_map("[!#-'*+.0-9^-z|~-]{1,8}", "\\PC{0,20}", 0..20), existing: bool
    ) {
        let mut baggage = Baggage::EMPTY;
        for (key, value) in &entries {
            // Header values lose the spaces around them only where they are not encoded, and ours are.
            baggage = baggage.set(key, value, None).unwrap();
        }
        let propagator = by_name("jaeger").unwrap();
        let mut carrier = Vec::new();
        propagator.inject(&Context::EMPTY.with_baggage(baggage.clone()), &mut carrier);
        let mut before = Baggage::EMPTY;
        if existing {
            before = before.set("\u{e9}", "kept", Some("m")).unwrap();
        }
        let read = propagator.extract(Context::EMPTY.with_baggage(before.clone()), &carrier);
        prop_assert_eq!(read.baggage().len(), before.len() + baggage.len());
        for entry in before.entries().iter().chain(baggage.entries()) {
            prop_assert_eq!(read.baggage().entry(&entry.key), Some(entry));
        }
    }

    #[test]
    fn binary_contexts_are_read_back(bytes in prop::collection::vec(0..3u8, 0..64), ids: ([u8; 16], [u8; 8]), flags: u8) {
        let made = TraceBin::new(TraceId::from_bytes(ids.0), SpanId::from_bytes(ids.1), TraceFlags::from_bits(flags));
        if let Some(made) = made {
            prop_assert_eq!(TraceBin::parse(&made.format()), Some(made));
            // What is cut off is no context, but for the options.
            for length in 0..27 {
                prop_assert_eq!(TraceBin::parse(&made.format()[..length]), None);
            }
        }
        if let Some(read) = TraceBin::parse(&bytes) {
            prop_assert_eq!(TraceBin::parse(&read.format()), Some(read));
        }
    }

    #[test]
    fn sql_comments_are_read_back(
        sql in "[A-Za-z ;'\u{e9}\\n]{0,20}", pairs in prop::collection::btree_map("\\PC{1,8}", "\\PC{1,12}|[\\x00-\\x1f*/'!%-]{1,9}", 0..6)
    ) {
        let comment = pairs.iter().fold(SqlComment::new(), |comment, (key, value)| comment.pair(key, value));
        let commented = comment.append_to(&sql);
        let blank = sql.trim_end().trim_end_matches(';').trim_end().is_empty();
        prop_assert!(blank || pairs.is_empty() || *commented != *sql);
        if *commented == *sql {
            return Ok(());
        }
        prop_assert!(commented.is_char_boundary(0) && commented.matches("*/").count() == 1);
        let parsed = SqlComment::parse(&commented);
        let read: std::collections::BTreeMap<_, _> = parsed.attributes.clone().unwrap().into_iter().collect();
        prop_assert_eq!(&read, &pairs);
        let whole = sql.trim_end();
        let end = if whole.ends_with(';') { ";" } else { "" };
        let statement = whole.strip_suffix(';').unwrap_or(whole).trim_end();
        prop_assert_eq!(&*parsed.sql, format!("{statement}{end}"));
        let doubled = comment.double_percent(true).append_to(&sql).into_owned();
        prop_assert_eq!(doubled.replace("%%", "%"), &*commented);
    }

    #[test]
    fn any_sql_is_parsed(sql in "([ a=',*/%!+\\\\]|/\\*|\\*/|a='x'|\u{e9}){0,24}") {
        let parsed = SqlComment::parse(&sql);
        prop_assert!(parsed.sql.len() <= sql.len());
        prop_assert!(parsed.attributes.is_none_or(|pairs| !pairs.is_empty()));
    }

    #[test]
    fn names_of_variables_are_names(field in "\\PC{0,12}") {
        let name = Environment::name_of(&field);
        prop_assert!(!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()));
        prop_assert!(name.bytes().all(|c| matches!(c, b'A'..=b'Z' | b'0'..=b'9' | b'_')));
        prop_assert_eq!(Environment::name_of(&name), &*name);
        let environment = Environment::from_iter([(&*name, "1")]);
        prop_assert_eq!(Getter::get(&environment, &field), Some(&b"1"[..]));
        prop_assert_eq!(environment.keys(), [&*name]);
    }
}
