//! The vectors of SQL comments.
#![cfg(feature = "alloc")]

mod common;

use common::propagation::context;
use common::{Case, Level, only_members, run, same, text};
use spanline_core::Context;
use spanline_core::propagate::{SqlComment, TextMapPropagator, TraceContextPropagator};
use std::collections::BTreeMap;

fn comment(case: &Case) -> Result<(), String> {
    let sql = text(case.get("sql"));
    let pairs = case.get("attributes").as_object().unwrap();
    let comment = pairs.iter().fold(SqlComment::new(), |comment, (key, value)| {
        comment.pair(key, text(value))
    });
    let commented = comment.append_to(sql);
    same("statement", &*commented, text(case.expect("sql")))?;
    if commented == sql {
        return Ok(());
    }
    // What is written is read back.
    let parsed = SqlComment::parse(&commented);
    let read: BTreeMap<_, _> = parsed.attributes.unwrap().into_iter().collect();
    let given = pairs.iter().filter(|(_, value)| !text(value).is_empty());
    let given: BTreeMap<_, _> = given
        .map(|(key, value)| (key.clone(), text(value).to_owned()))
        .collect();
    same("pairs", read, given)
}

fn parse(case: &Case) -> Result<(), String> {
    only_members(case.get("expect"), &["sql", "attributes", "context"])?;
    let parsed = SqlComment::parse(text(case.get("sql")));
    same("statement", &*parsed.sql, text(case.expect("sql")))?;
    let expected = case.expect("attributes").as_object().map(|pairs| {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| (key.clone(), text(value).to_owned()))
            .collect::<BTreeMap<_, _>>()
    });
    if !case.expect("context").is_null() {
        let attributes = parsed.attributes.as_ref().unwrap();
        let found = TraceContextPropagator.extract(Context::EMPTY, attributes);
        let expected = context(case.expect("context"))?;
        let expected = expected.span_context().clone();
        let found = found.span_context();
        same(
            "ids",
            (found.trace_id(), found.span_id()),
            (expected.trace_id(), expected.span_id()),
        )?;
        same("flags", found.flags(), expected.flags())?;
        same("tracestate", found.trace_state(), expected.trace_state())?;
    }
    let read = parsed.attributes.map(|pairs| pairs.into_iter().collect());
    same("pairs", read, expected)
}

#[test]
fn sqlcommenter() {
    let ops = ["comment", "parse"];
    run(
        "core",
        Level::Engine,
        "sqlcommenter.json",
        &ops,
        |case| match case.op() {
            "comment" => comment(case),
            _ => parse(case),
        },
    );
}
