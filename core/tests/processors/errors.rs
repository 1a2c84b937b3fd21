//! What counts as an error, and the sketch that counts them.

use crate::spans::{SPAN, Span};
use proptest::prelude::*;
use spanline_core::process::{ErrorTally, Failure, error_type};
use spanline_core::wire::otlp::SpanView;
use spanline_core::{StatusCode, TraceId, Value};
use std::collections::HashMap;

#[test]
fn the_type_is_looked_for_in_three_places() {
    let error = StatusCode::Error;
    for (status, attributes, exceptions, expected) in [
        (StatusCode::Unset, None, &[][..], None),
        (StatusCode::Ok, None, &["handled"], None),
        (StatusCode::Unset, None, &["handled"], None),
        (StatusCode::Unset, Some(Value::Str("500")), &[], Some("500")),
        (
            error,
            Some(Value::Str("timeout")),
            &["io::Error"],
            Some("timeout"),
        ),
        (error, None, &["first", "last"], Some("last")),
        (error, None, &["only", ""], Some("only")),
        (error, Some(Value::Str("")), &[], Some("unknown")),
        (error, Some(Value::I64(5)), &[], Some("unknown")),
        (error, None, &[], Some("unknown")),
    ] {
        let attribute = attributes.map(|value| ("error.type", value));
        let span = Span {
            status,
            attributes: attribute.as_slice(),
            exceptions,
            ..SPAN
        };
        let message = span.encode();
        assert_eq!(
            error_type(SpanView::check(&message).unwrap()),
            expected,
            "{status:?} {exceptions:?}"
        );
    }
}

fn failure<'a>(span_name: &'a str, error_type: &'a str, unix_nano: u64) -> Failure<'a> {
    Failure {
        span_name,
        error_type,
        unix_nano,
        trace_id: TraceId::from_bytes(u128::from(unix_nano).to_be_bytes()),
        is_sampled: true,
    }
}

#[test]
fn what_has_room_is_counted_exactly() {
    let mut tally = ErrorTally::new(3);
    for (at, (name, kind)) in [("b", "x"), ("a", "y"), ("b", "x"), ("a", "x")]
        .into_iter()
        .enumerate()
    {
        tally.add(&failure(name, kind, at as u64 + 1));
    }
    tally.add(&Failure {
        is_sampled: false,
        ..failure("b", "x", 9)
    });
    let top = tally.top();
    let shown: Vec<_> = top
        .iter()
        .map(|e| (&*e.span_name, &*e.error_type, e.count, e.over))
        .collect();
    assert_eq!(shown, [("b", "x", 3, 0), ("a", "x", 1, 0), ("a", "y", 1, 0)]);
    assert_eq!((top[0].first_unix_nano, top[0].last_unix_nano), (1, 9));
    // The latest trace that can be found somewhere.
    assert_eq!(top[0].example, failure("", "", 3).trace_id);
    assert_eq!(tally.total(), 5);
    tally.reset();
    assert_eq!((tally.total(), tally.top().len()), (0, 0));
    tally.add(&failure("c", "z", 1));
    assert_eq!(tally.top().len(), 1);
}

#[test]
fn the_rarest_makes_room_and_leaves_its_count_as_a_doubt() {
    let mut tally = ErrorTally::new(2);
    for name in ["a", "a", "b"] {
        tally.add(&failure(name, "x", 1));
    }
    tally.add(&failure("c", "x", 7));
    let top = tally.top();
    let shown: Vec<_> = top
        .iter()
        .map(|e| (&*e.span_name, e.count, e.at_least(), e.first_unix_nano))
        .collect();
    assert_eq!(shown, [("a", 2, 2, 1), ("c", 2, 1, 7)]);
}

#[test]
fn an_example_that_was_sampled_is_preferred() {
    let mut tally = ErrorTally::new(1);
    let unsampled = |at| Failure {
        is_sampled: false,
        ..failure("a", "x", at)
    };
    tally.add(&unsampled(1));
    tally.add(&unsampled(2));
    assert_eq!(tally.top()[0].example, unsampled(2).trace_id);
    tally.add(&failure("a", "x", 3));
    tally.add(&unsampled(4));
    assert_eq!(tally.top()[0].example, unsampled(3).trace_id);
}

#[test]
fn long_texts_are_cut_in_whole_characters() {
    let mut tally = ErrorTally::new(9);
    let long = "\u{e9}".repeat(200);
    let odd = format!("x{long}");
    for name in [&*long, &*format!("{long}more"), &odd] {
        tally.add(&failure(name, &long, 1));
    }
    let lengths: Vec<_> = tally.top().iter().map(|e| (e.span_name.len(), e.count)).collect();
    assert_eq!(lengths, [(256, 2), (255, 1)]);
}

proptest! {
    /// Some errors are frequent, many rare; the room is smaller than their number.
    #[test]
    fn no_count_is_wrong_by_more_than_is_said(
        errors in prop::collection::vec(prop_oneof![3 => 0..4usize, 2 => 0..60usize], 0..800),
        room in 1..24usize,
    ) {
        let mut tally = ErrorTally::new(room);
        let mut exact: HashMap<String, u64> = HashMap::new();
        for error in &errors {
            let name = format!("span {error}");
            tally.add(&failure(&name, "x", 1));
            *exact.entry(name).or_default() += 1;
        }
        let all = errors.len() as u64;
        let top = tally.top();
        prop_assert_eq!(tally.total(), all);
        prop_assert!(top.len() <= room);
        prop_assert!(top.is_sorted_by(|a, b| a.count >= b.count));
        // The sum of a full sketch is what it was given.
        prop_assert_eq!(top.iter().map(|error| error.count).sum::<u64>(), all);
        for error in &top {
            let truth = exact[&*error.span_name];
            prop_assert!(error.at_least() <= truth && truth <= error.count);
            prop_assert!(error.over <= all / room as u64);
        }
        for (name, count) in &exact {
            let is_there = top.iter().any(|error| *error.span_name == **name);
            prop_assert!(is_there || *count <= all / room as u64, "{} {}", name, count);
        }
    }
}
