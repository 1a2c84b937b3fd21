//! The tests of the W3C Trace Context harness, as extract, start a child, inject: what a service does between a request
//! that it gets and one that it makes. Each test is named as the harness names it; all levels are strict.
#![cfg(feature = "alloc")]

use spanline_core::propagate::{TextMapPropagator, TraceContextPropagator, TraceParent};
use spanline_core::{Context, SpanContext, TraceFlags, Xoshiro256};

const TRACE: &str = "12345678901234567890123456789012";
const PARENT: &str = "1234567890123456";

type Headers = Vec<(String, String)>;

/// A service under test.
struct Service(Xoshiro256);

impl Service {
    fn new() -> Self {
        Self(Xoshiro256::from_seed([42; 32]))
    }

    /// The headers of an outgoing request made while this one is served.
    fn call(&mut self, incoming: &[(&str, &str)]) -> Headers {
        let received = TraceContextPropagator.extract(Context::EMPTY, &incoming);
        let parent = received.span_context();
        let (trace_id, flags) = match parent.is_valid() {
            true => (parent.trace_id(), parent.flags()),
            false => (self.0.trace_id(), TraceFlags::SAMPLED.with_random(true)),
        };
        let child = SpanContext::new(
            trace_id,
            self.0.span_id(),
            flags,
            false,
            parent.trace_state().clone(),
        );
        let mut outgoing = Headers::new();
        TraceContextPropagator.inject(&Context::EMPTY.with_span(child, None), &mut outgoing);
        outgoing
    }
}

fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let mut values = headers.iter().filter(|(key, _)| key == name);
    let first = values.next().map(|(_, value)| value.as_str());
    assert!(values.next().is_none(), "one {name} at most");
    first
}

/// Calls and checks that there is one valid `traceparent`; gives it and the `tracestate`.
fn call(incoming: &[(&str, &str)]) -> (TraceParent, String) {
    let outgoing = Service::new().call(incoming);
    let parent = TraceParent::parse(value(&outgoing, "traceparent").unwrap().as_bytes()).unwrap();
    (
        parent,
        value(&outgoing, "tracestate").unwrap_or_default().to_owned(),
    )
}

fn same_trace(incoming: &[(&str, &str)]) -> String {
    let (parent, state) = call(incoming);
    assert_eq!(parent.trace_id().to_string(), TRACE, "{incoming:?}");
    assert_ne!(parent.span_id().to_string(), PARENT, "{incoming:?}");
    state
}

fn new_trace(incoming: &[(&str, &str)]) {
    let (parent, state) = call(incoming);
    assert_ne!(parent.trace_id().to_string(), TRACE, "{incoming:?}");
    assert_eq!(state, "", "{incoming:?}");
}

fn new_traces(texts: &[&str]) {
    for text in texts {
        new_trace(&[("traceparent", text)]);
    }
}

/// The members that come out when these header values go in beside a valid traceparent.
fn members(values: &[&str]) -> Vec<(String, String)> {
    let traceparent = format!("00-{TRACE}-{PARENT}-00");
    let mut incoming = vec![("traceparent", traceparent.as_str())];
    incoming.extend(values.iter().map(|value| ("tracestate", *value)));
    let state = same_trace(&incoming);
    state
        .split_terminator(',')
        .map(|member| member.split_once('=').unwrap())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn keys(values: &[&str]) -> Vec<String> {
    members(values).into_iter().map(|(key, _)| key).collect()
}

#[test]
fn both_traceparent_and_tracestate_missing() {
    new_trace(&[]);
}

#[test]
fn traceparent_included_tracestate_missing() {
    assert_eq!(
        same_trace(&[(
            "traceparent",
            "00-12345678901234567890123456789012-1234567890123456-01"
        )]),
        ""
    );
}

#[test]
fn traceparent_duplicated() {
    let other = "00-12345678901234567890123456789011-1234567890123456-01";
    let incoming = [
        ("traceparent", other),
        (
            "traceparent",
            "00-12345678901234567890123456789012-1234567890123456-01",
        ),
    ];
    new_trace(&incoming);
    assert_ne!(
        call(&incoming).0.trace_id().to_string(),
        "12345678901234567890123456789011"
    );
}

#[test]
fn traceparent_header_name() {
    for name in ["trace-parent", "trace.parent"] {
        new_trace(&[(name, "00-12345678901234567890123456789012-1234567890123456-01")]);
    }
}

#[test]
fn traceparent_header_name_valid_casing() {
    for name in ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"] {
        same_trace(&[(name, "00-12345678901234567890123456789012-1234567890123456-01")]);
    }
}

#[test]
fn traceparent_version_0x00() {
    new_traces(&[
        "00-12345678901234567890123456789012-1234567890123456-01.",
        "00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
    ]);
}

#[test]
fn traceparent_version_0xcc() {
    same_trace(&[(
        "traceparent",
        "cc-12345678901234567890123456789012-1234567890123456-01",
    )]);
    same_trace(&[(
        "traceparent",
        "cc-12345678901234567890123456789012-1234567890123456-01-what-the-future",
    )]);
    new_traces(&["cc-12345678901234567890123456789012-1234567890123456-01.what-the-future"]);
}

#[test]
fn traceparent_version_0xff() {
    new_traces(&["ff-12345678901234567890123456789012-1234567890123456-01"]);
}

#[test]
fn traceparent_version_illegal() {
    for version in [".0", "0.", "000", "0000", "0"] {
        new_traces(&[&format!("{version}-{TRACE}-{PARENT}-01")]);
    }
}

#[test]
fn traceparent_trace_id_illegal() {
    for id in [
        "00000000000000000000000000000000",
        ".2345678901234567890123456789012",
        "1234567890123456789012345678901.",
        "123456789012345678901234567890123",
        "1234567890123456789012345678901",
    ] {
        new_traces(&[&format!("00-{id}-{PARENT}-01")]);
    }
}

#[test]
fn traceparent_parent_id_illegal() {
    for id in [
        "0000000000000000",
        ".234567890123456",
        "123456789012345.",
        "12345678901234567",
        "123456789012345",
    ] {
        new_traces(&[&format!("00-{TRACE}-{id}-01")]);
    }
}

#[test]
fn traceparent_trace_flags_illegal() {
    for flags in [".0", "0.", "001", "1"] {
        new_traces(&[&format!("00-{TRACE}-{PARENT}-{flags}")]);
    }
}

#[test]
fn traceparent_ows_handling() {
    for (before, after) in [(" ", ""), ("\t", ""), ("", " "), ("", "\t"), ("\t ", " \t")] {
        same_trace(&[("traceparent", &format!("{before}00-{TRACE}-{PARENT}-01{after}"))]);
    }
}

#[test]
fn tracestate_included_traceparent_missing() {
    new_trace(&[("tracestate", "foo=1")]);
    new_trace(&[("tracestate", "foo=1,bar=2")]);
}

#[test]
fn tracestate_included_traceparent_included() {
    assert_eq!(
        members(&["foo=1,bar=2"]),
        [("foo".into(), "1".into()), ("bar".into(), "2".into())]
    );
}

#[test]
fn tracestate_header_name() {
    for (name, kept) in [
        ("trace-state", ""),
        ("trace.state", ""),
        ("TraceState", "foo=1"),
        ("TrAcEsTaTe", "foo=1"),
        ("TRACESTATE", "foo=1"),
    ] {
        let traceparent = format!("00-{TRACE}-{PARENT}-00");
        assert_eq!(
            same_trace(&[("traceparent", &traceparent), (name, "foo=1")]),
            kept
        );
    }
}

#[test]
fn tracestate_empty_header() {
    assert!(keys(&[""]).is_empty());
    assert_eq!(keys(&["foo=1", ""]), ["foo"]);
    assert_eq!(keys(&["", "foo=1"]), ["foo"]);
}

#[test]
fn tracestate_multiple_headers_different_keys() {
    assert_eq!(
        keys(&["foo=1,bar=2", "rojo=1,congo=2", "baz=3"]),
        ["foo", "bar", "rojo", "congo", "baz"]
    );
}

#[test]
fn tracestate_duplicated_keys() {
    for values in [
        &["foo=1,foo=1"][..],
        &["foo=1,foo=2"],
        &["foo=1", "foo=1"],
        &["foo=1", "foo=2"],
    ] {
        assert_eq!(members(values), [("foo".into(), "1".into())]);
    }
}

#[test]
fn tracestate_all_allowed_characters() {
    let key = "0123456789abcdefghijklmnopqrstuvwxyz_-*/@";
    let value: String = (' '..='~').filter(|c| !",=".contains(*c)).collect();
    assert_eq!(members(&[&format!("{key}={value}")]), [(key.into(), value)]);
}

#[test]
fn tracestate_ows_handling() {
    assert_eq!(keys(&["foo=1 \t , \t bar=2, \t baz=3"]), ["foo", "bar", "baz"]);
    assert_eq!(keys(&["foo=1\t \t,\t \tbar=2,\t \tbaz=3"]), ["foo", "bar", "baz"]);
    for line in [" foo=1", "\tfoo=1", "foo=1 ", "foo=1\t", "\t foo=1 \t"] {
        assert_eq!(members(&[line]), [("foo".into(), "1".into())], "{line:?}");
    }
}

#[test]
fn tracestate_key_illegal() {
    for line in ["foo =1", "FOO=1", "foo.bar=1", "@foo=1,bar=2"] {
        assert!(members(&[line]).is_empty(), "{line:?}");
    }
    for key in ["foo@", "foo@@bar", "foo@bar@baz"] {
        assert_eq!(keys(&[&format!("{key}=1,bar=2")]), [key, "bar"]);
    }
}

#[test]
fn tracestate_member_count_limit() {
    let lines: Vec<_> = (0..33).map(|i| format!("bar{i:02}={i:02}")).collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    assert_eq!(keys(&lines[..32]).len(), 32);
    assert!(keys(&lines).is_empty());
    assert!(keys(&[&lines.join(",")]).is_empty());
}

#[test]
fn tracestate_key_length_limit() {
    let (z, t, v) = (|n| "z".repeat(n), |n| "t".repeat(n), |n| "v".repeat(n));
    for (key, kept) in [
        (z(256), true),
        (z(257), false),
        (format!("{}@{}", t(241), v(14)), true),
        (format!("{}@v", t(242)), true),
        (format!("t@{}", v(15)), true),
    ] {
        let expected = if kept {
            vec!["foo".to_owned(), key.clone()]
        } else {
            Vec::new()
        };
        assert_eq!(keys(&["foo=1", &format!("{key}=1")]), expected);
    }
}

#[test]
fn tracestate_value_illegal_characters() {
    for line in ["foo=bar=baz", "foo=,bar=3"] {
        assert!(members(&[line]).is_empty(), "{line:?}");
    }
}

#[test]
fn multiple_requests() {
    for traceparent in [
        Some("00-12345678901234567890123456789012-1234567890123456-01"),
        None,
        Some("00-00000000000000000000000000000000-1234567890123456-01"),
    ] {
        let incoming: Vec<_> = traceparent
            .map(|text| ("traceparent", text))
            .into_iter()
            .collect();
        let mut service = Service::new();
        let parents: Vec<_> = (0..3)
            .map(|_| service.call(&incoming))
            .map(|headers| TraceParent::parse(value(&headers, "traceparent").unwrap().as_bytes()).unwrap())
            .collect();
        for (i, one) in parents.iter().enumerate() {
            assert!(
                parents[i + 1..]
                    .iter()
                    .all(|other| other.span_id() != one.span_id())
            );
        }
        if traceparent.is_some_and(|text| text.contains(TRACE)) {
            assert!(
                parents
                    .iter()
                    .all(|parent| parent.trace_id().to_string() == TRACE)
            );
        }
    }
}

#[test]
fn propagates_random_flag() {
    for (sent, kept) in [("02", 2), ("03", 3), ("00", 0), ("ff", 3)] {
        let (parent, _) = call(&[("traceparent", &format!("00-{TRACE}-{PARENT}-{sent}"))]);
        assert_eq!(
            (parent.trace_id().to_string().as_str(), parent.flags().bits()),
            (TRACE, kept)
        );
    }
}
