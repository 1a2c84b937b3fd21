//! The formats of context beside W3C's, from span to span.

use crate::common::{memory, only_span, spans};
use spanline::environment::{CommandInjector, of_process};
use spanline::propagate::{Getter, Setter, TextMapPropagator};
use spanline::sample::{AlwaysOn, Sampler, SamplingRequest, SamplingResult};
use spanline::{
    Baggage, Context, Provider, SpanContext, SpanId, TraceFlags, TraceId, TraceState, context, span,
};
use std::collections::HashMap;
use std::process::Command;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

type Headers = HashMap<String, String>;

fn headers(pairs: &[(&str, &str)]) -> Headers {
    let pairs = pairs.iter();
    pairs
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// What a service sends on that received these headers and made a span below them, which it gives too.
fn sent_on(provider: &Provider, received: &Headers) -> (Headers, SpanContext) {
    let _provider = provider.enter();
    let _received = context::attach(spanline::extract(received));
    let span = span!("server");
    let mut sent = Headers::new();
    spanline::inject(&mut sent);
    (sent, span.context().clone())
}

#[test]
fn each_format_carries_a_trace_through_a_service() {
    for (name, received) in [
        ("b3", headers(&[("b3", &format!("{TRACE}-{SPAN}-1"))])),
        (
            "b3",
            headers(&[
                ("X-B3-TraceId", TRACE),
                ("X-B3-SpanId", SPAN),
                ("X-B3-Sampled", "1"),
            ]),
        ),
        ("b3multi", headers(&[("b3", &format!("{TRACE}-{SPAN}-1"))])),
        (
            "jaeger",
            headers(&[("uber-trace-id", &format!("{TRACE}:{SPAN}:0:1"))]),
        ),
        ("xtrace", headers(&[("X-Trace-ID", TRACE), ("X-Span-ID", SPAN)])),
        ("messaging", headers(&[("trace_id", TRACE), ("span_id", SPAN)])),
        (
            "grpc-trace-bin",
            headers(&[("grpc-trace-bin", "AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE")]),
        ),
    ] {
        let provider = memory().propagators([name]).build().unwrap();
        let (sent, span) = sent_on(&provider, &received);
        let record = only_span(&provider);
        assert_eq!(record.trace_id.to_string(), TRACE, "{name}");
        assert_eq!(record.parent_span_id.to_string(), SPAN, "{name}");
        let found = provider.propagator().extract(Context::EMPTY, &sent);
        let found = found.span_context();
        assert_eq!(
            (found.trace_id(), found.span_id()),
            (span.trace_id(), span.span_id()),
            "{name}"
        );
        assert!(found.is_sampled(), "{name}");
    }
}

#[test]
fn a_wish_for_debugging_is_passed_on_in_any_format() {
    let received = headers(&[("b3", &format!("{TRACE}-{SPAN}-d"))]);
    // Whatever the root sampler is.
    let provider = memory()
        .sampler(0.0)
        .propagators(["b3", "jaeger"])
        .build()
        .unwrap();
    let (sent, span) = sent_on(&provider, &received);
    assert!(span.is_sampled());
    assert_eq!(sent["b3"], format!("{TRACE}-{}-d", span.span_id()));
    assert!(sent["uber-trace-id"].ends_with(":0:03"));
}

#[test]
fn a_wish_for_debugging_is_none_of_another_trace() {
    // The second has a sampler that is asked, the third one that is not.
    for (name, sampler) in [("plan", None), ("asked", Some(AlwaysOn))] {
        let builder = memory().propagators(["b3", "jaeger"]);
        let provider = match sampler {
            Some(sampler) => builder.custom_sampler(Asked(sampler)).build().unwrap(),
            None => builder.build().unwrap(),
        };
        let _provider = provider.enter();
        let debug = spanline::extract(&headers(&[("b3", &format!("{TRACE}-{SPAN}-d"))]));
        assert!(debug.is_debug());
        let sent = || {
            let mut sent = Headers::new();
            spanline::inject(&mut sent);
            assert!(sent["b3"].ends_with("-1"), "{name}: {}", sent["b3"]);
            assert!(sent["uber-trace-id"].ends_with(":01"), "{name}");
        };
        {
            let _debug = context::attach(debug.clone());
            let root = spanline::tracer("t").span("root").root().start();
            assert_ne!(root.context().trace_id().to_string(), TRACE);
            let _root = root.make_current();
            sent();
            let _below = span!("below");
            sent();
        }
        {
            // Nor of a span that is current where the mark is, but belongs elsewhere.
            let other = spanline::tracer("t").span("other").root().start();
            let _debug = context::attach(debug);
            let _other = context::attach(other.in_context());
            sent();
        }
        for base in [
            Context::EMPTY,
            Context::EMPTY.with_baggage(Baggage::EMPTY.set("a", "b", None).unwrap()),
        ] {
            // There is no trace that the mark could be of.
            let _marked = context::attach(base.with_debug(true));
            let _root = span!("root");
            sent();
            let _below = span!("below");
            sent();
        }
        let marked = Context::EMPTY.with_debug(true);
        let _root = spanline::tracer("t").span("root").parent(&marked).enter();
        sent();
    }
}

/// A sampler that has no plan, so that it is asked about each span, and by which no debug mark of another trace is seen.
#[derive(Debug)]
struct Asked(AlwaysOn);

impl Sampler for Asked {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        assert!(!request.parent.is_debug());
        self.0.should_sample(request)
    }

    fn description(&self) -> String {
        "Asked".to_owned()
    }
}

#[test]
fn a_propagator_by_name_is_taken_as_it_is() {
    let b3 = spanline::propagate::by_name("b3").unwrap();
    let provider = memory().propagator(b3).build().unwrap();
    let (sent, span) = sent_on(&provider, &headers(&[]));
    assert_eq!(sent["b3"], format!("{}-{}-1", span.trace_id(), span.span_id()));
}

#[test]
fn who_gives_no_decision_leaves_it_to_the_root_sampler() {
    for (name, received) in [
        ("b3", headers(&[("b3", &format!("{TRACE}-{SPAN}"))])),
        ("xtrace", headers(&[("X-Trace-ID", TRACE), ("X-Span-ID", SPAN)])),
    ] {
        for rate in [0.0, 1.0] {
            let provider = memory().sampler(rate).propagators([name]).build().unwrap();
            let (sent, span) = sent_on(&provider, &received);
            assert_eq!(span.trace_id().to_string(), TRACE);
            assert_eq!(span.is_sampled(), rate == 1.0, "{name} at {rate}");
            if name == "b3" {
                let state = if rate == 1.0 { "1" } else { "0" };
                assert!(
                    sent["b3"].ends_with(&format!("-{state}")),
                    "a decision was made: {sent:?}"
                );
            }
        }
    }
}

#[test]
fn the_parent_is_written_where_it_is_known() {
    let provider = memory().propagators(["xtrace", "messaging"]).build().unwrap();
    let _provider = provider.enter();
    let written = || {
        let mut headers = Headers::new();
        spanline::inject(&mut headers);
        headers
    };
    let root = span!("root");
    assert!(!written().contains_key("X-Parent-ID") && !written().contains_key("parent_id"));
    let child = span!("child");
    let parent = root.context().span_id().to_string();
    assert_eq!(
        (&written()["X-Parent-ID"], &written()["parent_id"]),
        (&parent, &parent)
    );
    assert_eq!(written()["X-Span-ID"], child.context().span_id().to_string());
    // Also on another thread, and of a span that came from elsewhere.
    let there = context::current();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut headers = Headers::new();
            let _provider = provider.enter();
            spanline::inject_context(&there, &mut headers);
            assert_eq!(headers["X-Parent-ID"], parent);
        });
    });
    child.end();
    assert!(!written().contains_key("X-Parent-ID"), "its record is gone");
    drop(child);
    drop(root);
    let received = headers(&[
        ("X-Trace-ID", TRACE),
        ("X-Span-ID", SPAN),
        ("X-Parent-ID", "1111111111111111"),
    ]);
    let (sent, _) = sent_on(&provider, &received);
    assert_eq!(sent["X-Parent-ID"], SPAN);
}

/// One header with both ids in it.
#[derive(Debug)]
struct Own;

impl TextMapPropagator for Own {
    fn inject(&self, context: &Context, carrier: &mut dyn Setter) {
        let (span, parent) = (context.span_context(), context.parent_span_id());
        carrier.set("own", &format!("{}/{}/{parent}", span.trace_id(), span.span_id()));
    }

    fn extract(&self, context: Context, carrier: &dyn Getter) -> Context {
        let ids = carrier.get("own").and_then(|value| {
            let (trace_id, rest) = value.split_at_checked(32)?;
            Some((
                TraceId::from_hex_bytes(trace_id)?,
                SpanId::from_hex_bytes(rest.get(1..17)?)?,
            ))
        });
        let Some((trace_id, span_id)) = ids else {
            return context;
        };
        let span = SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, true, TraceState::EMPTY);
        context.with_remote_span_context(span)
    }

    fn fields(&self) -> Vec<&str> {
        vec!["own"]
    }

    fn needs_parent_span_id(&self) -> bool {
        true
    }
}

#[test]
fn a_propagator_of_the_users_own_is_one_like_the_others() {
    let provider = memory().propagator(Own).build().unwrap();
    let (sent, span) = sent_on(&provider, &headers(&[("own", &format!("{TRACE}/{SPAN}/"))]));
    assert_eq!(only_span(&provider).parent_span_id.to_string(), SPAN);
    assert_eq!(sent["own"], format!("{TRACE}/{}/{SPAN}", span.span_id()));
}

const CHILD: &str = "SPANLINE_TEST_STARTED_BY_A_SPAN";

/// What the process that is started finds; among the other tests it finds nothing.
#[test]
fn a_started_process_says_what_it_was_started_with() {
    let provider = memory().propagators(["b3multi", "tracecontext"]).build().unwrap();
    let _provider = provider.enter();
    let found = spanline::extract(&of_process());
    let ids = found.span_context();
    println!("\nfound {} {}", ids.trace_id(), ids.span_id());
    assert_eq!(ids.is_remote(), std::env::var_os(CHILD).is_some());
}

#[test]
fn a_process_is_started_with_the_context_of_a_span() {
    let provider = memory().propagators(["b3multi", "tracecontext"]).build().unwrap();
    let _provider = provider.enter();
    let span = span!("start");
    let mut command = Command::new(std::env::current_exe().unwrap());
    let child = "formats::a_started_process_says_what_it_was_started_with";
    command.args(["--exact", child, "--nocapture"]).env(CHILD, "1");
    spanline::inject(&mut CommandInjector(&mut command));
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    let expected = format!("found {} {}", span.context().trace_id(), span.context().span_id());
    assert!(said.contains(&expected), "{said}");
    // The own environment stays as it was.
    assert!(std::env::var_os("X_B3_TRACEID").is_none() && std::env::var_os("TRACEPARENT").is_none());
}

#[test]
fn statements_get_comments_where_that_is_asked_for() {
    let on = |on: Option<bool>| {
        memory()
            .options(|options| options.propagate.database = on)
            .build()
            .unwrap()
    };
    for off in [None, Some(false)] {
        let provider = on(off);
        let _provider = provider.enter();
        let _span = span!("query");
        assert_eq!(spanline::sql::comment("SELECT 1"), "SELECT 1");
    }
    let provider = on(Some(true));
    let _provider = provider.enter();
    assert_eq!(
        spanline::sql::comment("SELECT 1"),
        "SELECT 1",
        "nothing is current"
    );
    let span = span!("query");
    let (trace, id) = (span.context().trace_id(), span.context().span_id());
    let comment = format!("SELECT 1 /*traceparent='00-{trace}-{id}-03'*/;");
    assert_eq!(spanline::sql::comment("SELECT 1;"), comment);
    assert_eq!(spanline::sql::comment("SELECT 1 -- mine"), "SELECT 1 -- mine");
    drop(span);
    assert_eq!(spans(&provider).len(), 1);
}
