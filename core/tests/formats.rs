//! The formats beside W3C's: what the vectors do not say.
#![cfg(feature = "alloc")]

use spanline_core::propagate::{
    B3Propagator, CompositePropagator, Getter, GrpcTraceBinPropagator, JaegerPropagator, LastValue,
    MessagingPropagator, SqlComment, TextMapPropagator, TraceContextPropagator, XTracePropagator,
};
use spanline_core::{Baggage, Context, Notice, SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use std::sync::Arc;

const B3: &str = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

fn local() -> Context {
    let (trace_id, span_id) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
    let span = SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, false, TraceState::EMPTY);
    Context::EMPTY.with_span(span, None)
}

fn written(propagator: &dyn TextMapPropagator, context: &Context) -> Vec<(String, String)> {
    let mut carrier = Vec::new();
    propagator.inject(context, &mut carrier);
    carrier
}

#[test]
fn marks_describe_the_context_that_was_received_last() {
    let debug = B3Propagator::single().extract(Context::EMPTY, &[("b3", format!("{B3}-d"))]);
    assert!(debug.is_debug() && !debug.is_deferred());
    let deferred = B3Propagator::single().extract(debug.clone(), &[("b3", B3)]);
    assert!(deferred.is_deferred() && !deferred.is_debug());
    let w3c = [(
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
    )];
    let plain = TraceContextPropagator.extract(deferred.clone(), &w3c);
    assert!(!plain.is_deferred() && !plain.is_debug());
    // A span that is started below has a decision of its own, but the wish for debugging goes on.
    let child = |parent: Context| {
        let above = parent.span_context().clone();
        let span_id = SpanId::from_bytes([2; 8]);
        let span = SpanContext::new(above.trace_id(), span_id, above.flags(), false, TraceState::EMPTY);
        parent.with_span(span, None)
    };
    assert!(!child(deferred).is_deferred());
    assert!(
        written(&B3Propagator::single(), &child(debug.clone()))[0]
            .1
            .ends_with("-d")
    );
    assert!(
        written(&JaegerPropagator::new(), &child(debug.clone()))[0]
            .1
            .ends_with(":03")
    );
    // Not to another trace.
    let other = debug.with_span(local().span_context().clone(), None);
    assert!(!other.is_debug());
    assert!(written(&JaegerPropagator::new(), &other)[0].1.ends_with(":01"));
}

/// Counts how often it is asked for a field.
struct Counting(Vec<String>, std::cell::Cell<usize>);

impl Getter for Counting {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.1.set(self.1.get() + usize::from(name != "uber-trace-id"));
        Some(b"v")
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

#[test]
fn jaeger_looks_at_a_bounded_number_of_fields() {
    let names = (0..20_000).map(|n| format!("uberctx-{n}")).collect();
    let carrier = Counting(names, std::cell::Cell::new(0));
    let context = JaegerPropagator::new().extract(Context::EMPTY, &carrier);
    assert_eq!((context.baggage().len(), carrier.1.get()), (180, 180));
    let same = Counting(vec!["uberctx-a".to_owned(); 20_000], std::cell::Cell::new(0));
    let context = JaegerPropagator::new().extract(Context::EMPTY, &same);
    assert_eq!((context.baggage().len(), same.1.get()), (1, 1));
    let large: Vec<(String, String)> = (0..300)
        .map(|n| {
            (
                format!("uberctx-{n}"),
                if n < 180 { "v".repeat(9000) } else { "v".to_owned() },
            )
        })
        .collect();
    assert!(
        JaegerPropagator::new()
            .extract(Context::EMPTY, &large)
            .baggage()
            .is_empty()
    );
}

#[test]
fn names_that_headers_cannot_have_are_refused() {
    let renamed = |a, b, c| XTracePropagator::new().with_names(a, b, c);
    assert!(renamed("X-A", "X-B", "X-C").is_some());
    for bad in ["", "x a", "x\r\nevil", "x:", "\u{e9}", "X-a", "x-B"] {
        assert!(renamed(bad, "X-A", "X-B").is_none(), "{bad:?}");
        assert!(renamed("X-A", bad, "X-B").is_none(), "{bad:?}");
        assert!(renamed("X-A", "X-B", bad).is_none(), "{bad:?}");
    }
}

#[test]
fn a_shared_propagator_is_one_as_well() {
    let shared = spanline_core::propagate::by_name("xtrace").unwrap();
    fn taken(propagator: impl TextMapPropagator + 'static) -> Arc<dyn TextMapPropagator> {
        Arc::new(propagator)
    }
    let taken = taken(shared.clone());
    assert!(taken.needs_parent_span_id());
    assert_eq!(taken.fields(), shared.fields());
    assert_eq!(written(&*taken, &local()), written(&*shared, &local()));
    let found = taken.extract(Context::EMPTY, &written(&*shared, &local()));
    assert_eq!(found.span_context().trace_id(), local().span_context().trace_id());
    let baggage = taken_notice();
    assert_eq!(baggage, Some(Notice::BaggageKeyNotToken));
}

fn taken_notice() -> Option<Notice> {
    let shared: Arc<dyn TextMapPropagator> = spanline_core::propagate::by_name("baggage").unwrap();
    let baggage = Baggage::EMPTY.set("no token", "v", None).unwrap();
    written(&shared, &Context::EMPTY.with_baggage(baggage));
    TextMapPropagator::take_notice(&shared)
}

#[test]
fn of_repeated_names_the_last_counts_at_the_place_of_the_first() {
    let entry = |(key, value): &(&str, &str)| spanline_core::BaggageEntry {
        key: (*key).to_owned(),
        value: (*value).to_owned(),
        metadata: Some(String::new()),
    };
    let pairs = [
        ("b", "1"),
        ("a", "1"),
        ("", "x"),
        ("b", "2"),
        ("c", "1"),
        ("a", "2"),
        ("b", "3"),
    ];
    let baggage: Baggage = pairs.iter().map(entry).collect();
    let found: Vec<_> = baggage.iter().collect();
    assert_eq!(found, [("b", "3"), ("a", "2"), ("c", "1")]);
    assert!(baggage.entries().iter().all(|entry| entry.metadata.is_none()));
    // As many as nobody could compare with each other.
    let many = (0..400_000_u32).map(|n| spanline_core::BaggageEntry {
        key: (n / 2).to_string(),
        value: n.to_string(),
        metadata: None,
    });
    let baggage: Baggage = many.collect();
    assert_eq!(
        (baggage.len(), baggage.entries()[7].value.as_str()),
        (200_000, "15")
    );
}

#[test]
fn the_parent_of_a_span_is_not_that_of_another() {
    let parent = SpanId::from_bytes([3; 8]);
    let context = local().with_parent_span_id(parent);
    assert_eq!(context.parent_span_id(), parent);
    let headers = written(&XTracePropagator::new(), &context);
    assert_eq!(
        headers[2],
        ("X-Parent-ID".to_owned(), "0303030303030303".to_owned())
    );
    let same = context.clone().with_span(context.span_context().clone(), None);
    assert_eq!(same.parent_span_id(), parent);
    let mut other = context.span_context().clone();
    other = SpanContext::new(other.trace_id(), parent, other.flags(), false, TraceState::EMPTY);
    assert_eq!(
        context.clone().with_span(other.clone(), None).parent_span_id(),
        SpanId::INVALID
    );
    assert_eq!(
        context.with_remote_span_context(other).parent_span_id(),
        SpanId::INVALID
    );
}

#[test]
fn only_formats_that_write_the_parent_ask_for_it() {
    let composite = |members: Vec<Arc<dyn TextMapPropagator>>| CompositePropagator::new(members);
    assert!(!CompositePropagator::w3c().needs_parent_span_id());
    assert!(!composite(vec![Arc::new(B3Propagator::multi())]).needs_parent_span_id());
    let plain = composite(vec![
        Arc::new(TraceContextPropagator),
        Arc::new(MessagingPropagator::new()),
    ]);
    assert!(plain.needs_parent_span_id());
}

#[test]
fn headers_without_a_decision_count_as_the_option_says() {
    let headers = [
        ("X-Trace-ID", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("X-Span-ID", "00f067aa0ba902b7"),
    ];
    let read = |as_root| {
        XTracePropagator::new()
            .deferred_as_root(as_root)
            .extract(Context::EMPTY, &headers)
    };
    assert!(read(true).is_deferred() && !read(false).is_deferred());
    assert!(read(true).span_context().is_sampled() && read(false).span_context().is_sampled());
}

#[test]
fn w3c_wins_over_plain_headers_before_it() {
    let both = [
        ("X-Trace-ID", "ffffffffffffffffffffffffffffffff"),
        ("X-Span-ID", "ffffffffffffffff"),
        (
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        ),
    ];
    let members: [Arc<dyn TextMapPropagator>; 2] = [
        Arc::new(XTracePropagator::new()),
        Arc::new(TraceContextPropagator),
    ];
    let found = CompositePropagator::new(members).extract(Context::EMPTY, &both);
    assert_eq!(
        found.span_context().trace_id().to_string(),
        "4bf92f3577b34da6a3ce929d0e0e4736"
    );
    assert!(!found.is_deferred() && !found.span_context().is_sampled());
}

#[test]
fn bytes_beyond_ascii_and_long_values_are_no_ids() {
    let long = format!("{}{B3}-1", " ".repeat(1 << 20));
    let spaces = B3Propagator::single().extract(Context::EMPTY, &[("b3", long.as_bytes())]);
    assert!(spaces.span_context().is_valid(), "spaces are no part of a value");
    for value in [
        &b"4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b\xb7-1"[..],
        &[b'0'; 1 << 20],
    ] {
        let carrier = [
            ("b3", value),
            ("uber-trace-id", value),
            ("X-Trace-ID", value),
            ("grpc-trace-bin", value),
        ];
        for propagator in [
            &B3Propagator::multi() as &dyn TextMapPropagator,
            &JaegerPropagator::new(),
            &XTracePropagator::new(),
            &GrpcTraceBinPropagator::new(),
        ] {
            assert!(
                !propagator
                    .extract(Context::EMPTY, &carrier)
                    .span_context()
                    .is_valid()
            );
        }
    }
}

#[test]
fn jaeger_baggage_is_bounded_both_ways() {
    // The second of these does not fit, the third does.
    let mut baggage = Baggage::EMPTY;
    for (key, length) in [("first", 4000), ("second", 4192), ("third", 4000)] {
        baggage = baggage.set(key, &"x".repeat(length), None).unwrap();
    }
    baggage = baggage.set("not a token", "1", None).unwrap();
    let propagator = JaegerPropagator::new();
    let carrier = written(&propagator, &Context::EMPTY.with_baggage(baggage));
    let names: Vec<_> = carrier.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["uberctx-first", "uberctx-third"]);
    let mut notices: Vec<_> = std::iter::from_fn(|| propagator.take_notice()).collect();
    notices.sort_by_key(|notice| *notice as u8);
    assert_eq!(notices, [Notice::BaggageKeyNotToken, Notice::BaggageTooLarge]);

    let many: Vec<_> = (0..2000).map(|i| (format!("uberctx-k{i}"), "v")).collect();
    assert_eq!(propagator.extract(Context::EMPTY, &many).baggage().len(), 180);
    let large = "x".repeat(9000);
    let mut refused: Vec<_> = (0..179)
        .map(|i| (format!("uberctx-k{i}"), large.as_str()))
        .collect();
    refused.extend([("uberctx-last".to_owned(), "1"), ("uberctx-late".to_owned(), "1")]);
    let found = propagator.extract(Context::EMPTY, &refused);
    assert_eq!(found.baggage().iter().collect::<Vec<_>>(), [("last", "1")]);
}

#[test]
fn a_carrier_whose_last_field_is_in_force_has_one_value() {
    let forwarded = [
        (
            "traceparent",
            "00-11111111111111111111111111111111-1111111111111111-01",
        ),
        ("TraceParent", "x"),
        (
            "traceparent",
            "00-22222222222222222222222222222222-2222222222222222-01",
        ),
    ];
    let carrier = LastValue(&forwarded[..]);
    let found = TraceContextPropagator.extract(Context::EMPTY, &carrier);
    assert_eq!(found.span_context().trace_id().to_string(), "2".repeat(32));
    assert_eq!(carrier.keys().len(), 3);
    let properties = [
        ("trace_id", "1".repeat(32)),
        ("trace_id", "2".repeat(32)),
        ("span_id", "3".repeat(16)),
    ];
    let found = MessagingPropagator::new().extract(Context::EMPTY, &LastValue(&properties[..]));
    assert_eq!(found.span_context().trace_id().to_string(), "2".repeat(32));
}

#[test]
fn a_comment_can_carry_the_context() {
    let comment = SqlComment::new().pair("route", "/songs").context(&local());
    let sql = comment.append_to("SELECT 1").into_owned();
    let ids = "00-01010101010101010101010101010101-0202020202020202-01";
    assert_eq!(sql, format!("SELECT 1 /*route='%2Fsongs',traceparent='{ids}'*/"));
    let attributes = SqlComment::parse(&sql).attributes.unwrap();
    let found = TraceContextPropagator.extract(Context::EMPTY, &attributes);
    assert_eq!(found.span_context().trace_id(), local().span_context().trace_id());
    for silent in [Context::EMPTY, local().with_suppressed(true)] {
        assert_eq!(
            SqlComment::new().context(&silent).append_to("SELECT 1"),
            "SELECT 1"
        );
    }
    let doubled = SqlComment::new().pair("a", "100%").double_percent(true);
    assert_eq!(doubled.append_to("SELECT 1"), "SELECT 1 /*a='100%%25'*/");
}
