//! Reading what `cargo test` prints.

use super::Outcome;
use crate::shell::{Ended, Run};

/// Runs a `cargo test` and counts. A run that fails without a failed test (it did not compile, it crashed) counts as
/// one failure.
pub(crate) fn count(run: Run) -> Result<Outcome, String> {
    let shown = run.shown().to_owned();
    let ended = run.ended()?;
    let mut outcome = read(&ended.output);
    let died = ended
        .output
        .lines()
        .filter(|l| l.contains("process didn't exit successfully") && l.contains("signal:"));
    outcome.failed += died.count() as u64;
    if !ended.success && outcome.failed == 0 {
        outcome.failed = 1;
    }
    if outcome.failed > 0 {
        outcome.log = failing(&shown, &ended);
    }
    Ok(outcome)
}

/// The log without the lines of tests that passed.
fn failing(shown: &str, ended: &Ended) -> String {
    let boring = |line: &&str| !(line.starts_with("test ") && line.ends_with(" ... ok"));
    let lines: Vec<&str> = ended.output.lines().filter(boring).collect();
    format!("$ {shown} ({})\n{}\n", ended.how, lines.join("\n"))
}

/// Counts the tests in the output, with a note per program that ran some and every ignored test by name. A test that says
/// in a line of its own that it was skipped counts as that, though the harness says that it passed.
fn read(output: &str) -> Outcome {
    let mut outcome = Outcome::default();
    let mut program = String::new();
    let mut skipped: Vec<&str> = Vec::new();
    for line in output.lines() {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("Running ") {
            program = rest
                .rsplit_once('/')
                .map_or(rest, |(_, name)| name)
                .trim_end_matches(')')
                .to_owned();
            // The name ends in `-` and 16 hex digits that change with every build.
            program = program
                .rsplit_once('-')
                .map_or(program.clone(), |(name, _)| name.to_owned());
        } else if let Some(rest) = line.strip_prefix("Doc-tests ") {
            program = rest.to_owned();
        } else if let Some((name, reason)) = line
            .strip_prefix("test ")
            .and_then(|l| l.split_once(" ... ignored"))
        {
            let reason = reason.trim_start_matches([',', ' ']);
            let reason = if reason.is_empty() {
                "ignored without a reason"
            } else {
                reason
            };
            outcome.add_skip(format!("{program} {name}"), reason);
        } else if let Some((name, reason)) = line
            .strip_prefix("skipped: ")
            .and_then(|rest| rest.split_once(": "))
        {
            if !skipped.contains(&name) {
                skipped.push(name);
                outcome.add_skip(format!("{program} {name}"), reason);
            }
        } else if let Some(rest) = line.strip_prefix("test result: ") {
            let (passed, failed) = (number(rest, "passed"), number(rest, "failed"));
            let passed = passed.saturating_sub(skipped.len() as u64);
            skipped.clear();
            outcome.passed += passed;
            outcome.failed += failed;
            if passed + failed > 0 {
                outcome
                    .notes
                    .push(format!("{program}: {passed} passed, {failed} failed"));
            }
        }
    }
    outcome
}

/// The number before a word: `12 passed`.
fn number(text: &str, word: &str) -> u64 {
    let words: Vec<&str> = text.split([' ', ';']).collect();
    words
        .windows(2)
        .find(|pair| pair[1] == word)
        .and_then(|pair| pair[0].parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
     Running unittests src/lib.rs (target/debug/deps/spanline_core-0123456789abcdef)

running 3 tests
test id::tests::zero ... ok
test id::tests::slow ... ignored, takes an hour
test id::tests::bad ... FAILED

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.17s

     Running tests/names.rs (target/debug/deps/names-0123456789abcdef)
running 3 tests
test one ... ok

skipped: two: nothing of the kind is here
skipped: two: nor this
test two ... ok
test three ... ok
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.17s

   Doc-tests spanline_core
test result: ok. 40 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.17s
";

    #[test]
    fn counts_and_names() {
        let outcome = read(OUTPUT);
        assert_eq!((outcome.passed, outcome.failed), (43, 1));
        assert_eq!(
            outcome.notes,
            [
                "spanline_core: 1 passed, 1 failed",
                "names: 2 passed, 0 failed",
                "spanline_core: 40 passed, 0 failed"
            ]
        );
        assert_eq!(outcome.skipped.len(), 2);
        assert_eq!(outcome.skipped[1].what, "names two");
        assert_eq!(outcome.skipped[1].reason, "nothing of the kind is here");
        assert_eq!(outcome.skipped[0].what, "spanline_core id::tests::slow");
        assert_eq!(outcome.skipped[0].reason, "takes an hour");
    }

    #[test]
    fn a_command_that_fails_before_any_test_is_a_failure() {
        let outcome = count(Run::new(
            "sh",
            ["-c", "echo error: it does not compile; exit 101"],
        ))
        .unwrap();
        assert_eq!((outcome.passed, outcome.failed), (0, 1));
        assert!(
            outcome.log.contains("it does not compile") && outcome.log.contains("101"),
            "{}",
            outcome.log
        );
    }
}
