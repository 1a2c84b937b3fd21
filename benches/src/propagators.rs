//! `propagators [--quick]`: what each format costs, read and written: `cargo xtask bench propagators`.

use crate::machine::{self, Machine};
use serde_json::{Value, json};
use spanline_core::Context;
use spanline_core::propagate::{
    CompositePropagator, Environment, KNOWN, SqlComment, TextMapPropagator, by_name,
};
use std::collections::HashMap;
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

type Headers = HashMap<String, String>;
type Step = Box<dyn FnMut()>;

/// One line of the results: two steps that belong together, and the nanoseconds of each in each round.
struct Row {
    name: String,
    steps: [Step; 2],
    figures: [Vec<f64>; 2],
}

impl Row {
    fn new(name: &str, read: impl FnMut() + 'static, write: impl FnMut() + 'static) -> Self {
        Self {
            name: name.to_owned(),
            steps: [Box::new(read), Box::new(write)],
            figures: [Vec::new(), Vec::new()],
        }
    }
}

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let (rounds, calls) = match args {
        [] => (11, 200_000),
        ["--quick"] => (3, 50_000),
        _ => return Err("propagators [--quick]".to_owned()),
    };
    let mut rows = rows();
    let mut others = machine::others();
    for round in 0..=rounds {
        for row in &mut rows {
            for (step, figures) in row.steps.iter_mut().zip(&mut row.figures) {
                let taken = timed(step, calls);
                // The first round warms up.
                if round > 0 {
                    figures.push(taken);
                }
            }
        }
    }
    others = others.max(machine::others());
    save(&rows, rounds, others)
}

fn timed(step: &mut Step, calls: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        step();
    }
    start.elapsed().as_nanos() as f64 / f64::from(calls)
}

fn rows() -> Vec<Row> {
    let mut rows = vec![Row::new(
        "an empty map made, nothing read or written",
        || drop(black_box(Headers::new())),
        || drop(black_box(Headers::new())),
    )];
    let usual: Arc<dyn TextMapPropagator> = Arc::new(CompositePropagator::w3c());
    let mut both = headers("tracecontext");
    both.extend(headers("baggage"));
    rows.push(through_headers("tracecontext,baggage (default)", usual, both));
    for name in KNOWN {
        if let Some(propagator) = by_name(name) {
            rows.push(through_headers(name, propagator, headers(name)));
        }
    }
    rows.push(environment());
    rows.push(sql());
    rows
}

/// The headers of a request in this format, among others that most requests have.
fn headers(name: &str) -> Headers {
    let single = format!("{TRACE}-{SPAN}-1");
    let jaeger = format!("{TRACE}:{SPAN}:0:1");
    let w3c = format!("00-{TRACE}-{SPAN}-01");
    let own: &[(&str, &str)] = match name {
        "tracecontext" => &[
            ("traceparent", &w3c),
            ("tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        ],
        "baggage" => &[("baggage", "user=17,tenant=blue,region=eu-west-1")],
        "b3" => &[("b3", &single)],
        "b3multi" => &[
            ("x-b3-traceid", TRACE),
            ("x-b3-spanid", SPAN),
            ("x-b3-sampled", "1"),
        ],
        "jaeger" => &[
            ("uber-trace-id", &jaeger),
            ("uberctx-user", "17"),
            ("uberctx-region", "eu%20west"),
        ],
        "xtrace" => &[("X-Trace-ID", TRACE), ("X-Span-ID", SPAN)],
        "messaging" => &[("trace_id", TRACE), ("span_id", SPAN)],
        _ => &[("grpc-trace-bin", "AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE")],
    };
    let others = [
        ("host", "shop.example"),
        ("accept", "*/*"),
        ("user-agent", "bench"),
    ];
    let all = own.iter().chain(&others);
    all.map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn through_headers(name: &str, propagator: Arc<dyn TextMapPropagator>, headers: Headers) -> Row {
    let context = propagator.extract(Context::EMPTY, &headers);
    assert!(
        context.span_context().is_valid() || context.carries_more(),
        "{name} is read"
    );
    let reader = propagator.clone();
    let read = move || drop(black_box(reader.extract(Context::EMPTY, black_box(&headers))));
    let write = move || {
        let mut written = Headers::new();
        propagator.inject(black_box(&context), &mut written);
        black_box(&written);
    };
    Row::new(name, read, write)
}

fn environment() -> Row {
    let w3c = CompositePropagator::w3c();
    let traceparent = format!("00-{TRACE}-{SPAN}-01");
    let variables = [
        ("TRACEPARENT", traceparent.as_str()),
        ("PATH", "/usr/bin:/bin"),
        ("HOME", "/root"),
    ];
    let environment = Environment::from_iter(variables);
    let context = w3c.extract(Context::EMPTY, &environment);
    let reader = w3c.clone();
    let read = move || drop(black_box(reader.extract(Context::EMPTY, black_box(&environment))));
    let write = move || {
        let mut written = Environment::new();
        w3c.inject(black_box(&context), &mut written);
        black_box(&written);
    };
    Row::new("the default through an environment", read, write)
}

fn sql() -> Row {
    let carrier = headers("tracecontext");
    let context = CompositePropagator::w3c().extract(Context::EMPTY, &carrier);
    let sql = "SELECT id, title FROM songs WHERE artist = $1";
    let commented = SqlComment::new().context(&context).append_to(sql).into_owned();
    let read = move || drop(black_box(SqlComment::parse(black_box(&commented))));
    let write = move || {
        let comment = SqlComment::new().context(black_box(&context));
        black_box(comment.append_to(black_box(sql)));
    };
    Row::new("a SQL comment, parsed and appended", read, write)
}

/// Least, median and most.
fn spread(figures: &[f64]) -> [f64; 3] {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default().round();
    [at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1))]
}

fn save(rows: &[Row], rounds: u32, others: f64) -> Result<(), String> {
    let machine = Machine::here();
    let dir = machine::root().join("benches/results");
    for (name, text) in [
        ("propagators.json", json_text(rows, &machine, rounds, others)),
        ("propagators.md", page(rows, &machine, rounds, others)),
    ] {
        let path = dir.join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn json_text(rows: &[Row], machine: &Machine, rounds: u32, others: f64) -> String {
    let rows = rows.iter().map(|row| {
        let [extract, inject] = row.figures.each_ref().map(|figures| spread(figures));
        json!({ "format": row.name, "extract_ns": extract, "inject_ns": inject })
    });
    let results = json!({
        "machine": machine.name, "commit": machine.commit, "toolchain": machine.toolchain, "date": machine.date,
        "repetitions": rounds, "others": others, "rows": rows.collect::<Vec<Value>>(),
    });
    format!("{results:#}\n")
}

fn page(rows: &[Row], machine: &Machine, rounds: u32, others: f64) -> String {
    let others = (others * 100.0).round();
    let mut page = format!(
        "# What the formats of context cost\n\n- Machine: {}\n- Commit: {}\n- Toolchain: {}\n- Date: {}\n\
         - Repetitions: {rounds} of each in turn, one process; other programs took {others} % of a CPU \
         beside it\n- To repeat: `cargo xtask bench propagators`\n\n\
         Nanoseconds per call: median (least to most). Read from a `HashMap<String, String>` that has three other \
         headers, and written into a new one.\n\n| format | extract | inject |\n|---|---|---|\n",
        machine.name, machine.commit, machine.toolchain, machine.date
    );
    for row in rows {
        let [extract, inject] = row.figures.each_ref().map(|figures| {
            let [least, median, most] = spread(figures);
            format!("{median} ({least} to {most})")
        });
        // Writing to a String never fails.
        let _ = writeln!(page, "| {} | {extract} | {inject} |", row.name);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_measured_and_runs() {
        let mut rows = rows();
        for name in KNOWN {
            assert!(rows.iter().any(|row| row.name == *name), "{name}");
        }
        for row in &mut rows {
            row.steps.iter_mut().for_each(|step| step());
        }
        assert_eq!(spread(&[3.0, 1.0, 2.0]), [1.0, 2.0, 3.0]);
    }
}
