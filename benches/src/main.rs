//! What spans cost, beside the peers, in one run: `cargo xtask bench rust`.
//!
//! * `rust [--quick]` measures everything and writes `benches/results`; it needs the feature `peers`.
//! * `propagators [--quick]` measures what each format of context costs: `cargo xtask bench propagators`.
//! * `loop WORK SPANS [VARIANT]` runs only our own work, for profilers: `loop w1 1000000`.
//! * `rules [--quick]` measures what the rules of the semantic conventions cost: `cargo xtask bench rules`.
//! * `decisions [--quick]` measures what one decision of each sampler costs: `cargo xtask bench decisions`.
//! * `soak SECONDS [RATE]` makes 100,000 spans a second and watches memory: `cargo xtask test soak` for ten minutes.
//! * `measure` and `sink` are started by the others.
#![deny(unsafe_code)]

mod compare;
mod decisions;
mod looped;
mod machine;
mod maps;
mod measure;
mod ours;
mod page;
mod parts;
#[cfg(feature = "peers")]
mod peers;
mod propagators;
mod row;
mod rules;
mod sink;
#[cfg(feature = "peers")]
mod sink_grpc;
mod soak;
mod subject;
mod target;
mod usage;
mod work;

use measure::{Sample, Task};
use std::process::ExitCode;

const USAGE: &str = "usage: rust [--quick] | propagators [--quick] | loop WORK SPANS [VARIANT] | rules [--quick] | \
     decisions [--quick] | soak SECONDS [RATE]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[&str]) -> Result<(), String> {
    match args {
        ["rust", rest @ ..] => compare::command(rest),
        ["propagators", rest @ ..] => propagators::command(rest),
        ["loop", rest @ ..] => looped::command(rest),
        ["rules", rest @ ..] => rules::command(rest),
        ["decisions", rest @ ..] => decisions::command(rest),
        ["measure", rest @ ..] => measure_one(rest),
        ["soak", rest @ ..] => soak::command(rest),
        ["sink"] => sink::serve().map_err(|error| error.to_string()),
        _ => Err(USAGE.to_owned()),
    }
}

/// `measure SUBJECT VARIANT WORK SPANS [ENDPOINT]`: one repetition, its figures on standard output.
fn measure_one(args: &[&str]) -> Result<(), String> {
    let (subject, variant, name, spans, endpoint) = match args {
        [subject, variant, name, spans] => (subject, variant, name, spans, None),
        [subject, variant, name, spans, endpoint] => (subject, variant, name, spans, Some(*endpoint)),
        _ => return Err(USAGE.to_owned()),
    };
    let sample = Sample::take(&Task {
        subject,
        variant,
        work: work::Work::from_name(name).ok_or_else(|| format!("there is no work `{name}`"))?,
        spans: spans.parse().map_err(|error| format!("`{spans}`: {error}"))?,
        endpoint,
    })?;
    println!("{}", sample.line());
    Ok(())
}
