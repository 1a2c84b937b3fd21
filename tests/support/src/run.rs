//! Running the cases of one file.

use crate::{Case, Level, Outcome, load, report};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Ops that SCHEMA.md places at the engine: there is no public call that could serve them.
const ENGINE_ONLY: &[&str] = &[
    "truncate",
    "probability_to_threshold",
    "parse_ot",
    "randomness",
    "decide",
    "normalize",
    "keys",
    "substitute",
    "substitute_key",
    "extract_binary",
    "inject_binary",
    "decode_response",
    "decode_response_json",
    "http_status",
    "grpc_status",
    "retry_after",
    "status_details",
    "span_id_to_i64",
    "encode_batch",
    "encode_json",
];

/// Whether SCHEMA.md places this op at the engine alone.
pub fn engine_only(op: &str) -> bool {
    ENGINE_ONLY.contains(&op)
}

/// Runs every case of `file` whose op is in `ops`; the crate documentation says how.
///
/// `runner` names who runs them in the report (`core`, `sdk-lists`, ...).
///
/// # Panics
/// When the file cannot be loaded or is not valid, when it has no case of one of `ops`, when an engine op is run at the
/// surface, and, after all cases have run, when one of them failed.
#[track_caller]
pub fn run<R: Into<Outcome>>(
    runner: &str,
    level: Level,
    file: &str,
    ops: &[&str],
    serve: impl Fn(&Case) -> R,
) {
    let outcomes = outcomes(level, file, ops, serve);
    if let Some(dir) = std::env::var_os("SPANLINE_VECTORS_REPORT") {
        report::write(Path::new(&dir), runner, level, file, &outcomes).unwrap_or_else(|e| panic!("{e}"));
    }
    close(file, &outcomes);
}

/// Id, op and outcome of each case.
type Outcomes = Vec<(String, String, Outcome)>;

#[track_caller]
fn outcomes<R: Into<Outcome>>(
    level: Level,
    file: &str,
    ops: &[&str],
    serve: impl Fn(&Case) -> R,
) -> Outcomes {
    let cases = load(file).unwrap_or_else(|e| panic!("{e}"));
    for op in ops {
        assert!(
            cases.iter().any(|c| c.op() == *op),
            "{file} has no case with op {op}"
        );
        let misplaced = level == Level::Surface && engine_only(op);
        assert!(!misplaced, "{op} is an op of the engine, see SCHEMA.md");
    }
    let chosen = cases.iter().filter(|c| ops.contains(&c.op()));
    chosen
        .map(|case| (case.id().to_owned(), case.op().to_owned(), outcome(case, &serve)))
        .collect()
}

/// Fails with all that failed.
#[track_caller]
fn close(file: &str, outcomes: &Outcomes) {
    let mut failures = String::new();
    let mut failed = 0;
    for (id, op, outcome) in outcomes {
        if let Outcome::Failed(text) = outcome {
            failed += 1;
            failures += &format!("\n{file}/{id} ({op}): {text}");
        }
    }
    assert!(
        failed == 0,
        "{failed} of {} cases failed{failures}",
        outcomes.len()
    );
}

fn outcome<R: Into<Outcome>>(case: &Case, serve: &impl Fn(&Case) -> R) -> Outcome {
    match catch_unwind(AssertUnwindSafe(|| serve(case).into())) {
        Ok(Outcome::Skipped(reason)) if reason.trim().is_empty() => {
            Outcome::Failed("skipped without a reason".to_owned())
        }
        Ok(outcome) => outcome,
        Err(payload) => Outcome::Failed(message(&*payload)),
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else {
        "panicked".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "w3c_tracestate.json";

    /// Without a report: these are no results of ours.
    fn run<R: Into<Outcome>>(level: Level, file: &str, ops: &[&str], serve: impl Fn(&Case) -> R) {
        close(file, &outcomes(level, file, ops, serve));
    }

    fn panics(f: impl FnOnce()) -> String {
        message(&*catch_unwind(AssertUnwindSafe(f)).expect_err("it should have panicked"))
    }

    #[test]
    fn every_case_of_the_ops_runs_even_after_a_failure() {
        let seen = std::cell::Cell::new(0);
        let text = panics(|| {
            run(Level::Engine, FILE, &["extract"], |_| {
                seen.set(seen.get() + 1);
                assert_ne!(seen.get(), 2, "the second one");
            });
        });
        assert_eq!(seen.get(), load(FILE).unwrap().len());
        assert!(
            text.starts_with("1 of ") && text.contains("the second one"),
            "{text}"
        );
    }

    #[test]
    fn an_op_that_the_file_does_not_have_is_an_error() {
        let text = panics(|| run(Level::Engine, FILE, &["extract", "inject"], |_| ()));
        assert!(text.contains("no case with op inject"), "{text}");
    }

    #[test]
    fn engine_ops_cannot_be_claimed_at_the_surface() {
        let text = panics(|| run(Level::Surface, "tracestate_ops.json", &["truncate"], |_| ()));
        assert!(text.contains("an op of the engine"), "{text}");
    }

    #[test]
    fn a_skip_needs_a_reason() {
        let text = panics(|| {
            run(Level::Engine, FILE, &["extract"], |_| {
                Outcome::Skipped(" ".to_owned())
            })
        });
        assert!(text.contains("skipped without a reason"), "{text}");
    }
}
