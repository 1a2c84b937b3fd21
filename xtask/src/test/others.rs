//! Stages that are programs of their own.

use super::Outcome;
use crate::shell::Run;
use crate::{root, setup};
use std::time::Duration;

/// The collector's page in a real Chromium.
pub(crate) fn page() -> Result<Outcome, String> {
    if !root::root().join("tests/page/package-lock.json").is_file() {
        return Err(
            "tests/page/package-lock.json is missing: run `npm install` there and commit it".to_owned(),
        );
    }
    for needed in [setup::program("chromium", &["chromium"]), setup::page_modules()] {
        if let Err(reason) = needed {
            return Ok(Outcome::skip("the page in Chromium", reason));
        }
    }
    crate::demo::build(&["spanline-collector"])?;
    let collector = root::target().join("debug/spanline-collector");
    let script = ["tests/page/run.mjs", "--collector"]
        .map(String::from)
        .into_iter();
    let run =
        Run::new("node", script.chain([collector.display().to_string()])).limit(Duration::from_secs(300));
    let shown = run.shown().to_owned();
    let ended = run.ended()?;
    let mut outcome = counted(&ended.output);
    if !ended.success && outcome.failed == 0 || outcome.passed + outcome.failed == 0 {
        outcome.failed += 1;
    }
    if outcome.failed > 0 {
        outcome.log = format!("$ {shown} ({})\n{}\n", ended.how, ended.output);
    }
    Ok(outcome)
}

/// The last line `N passed, N failed`, which every test program of this project ends with.
fn counted(output: &str) -> Outcome {
    let mut outcome = Outcome::default();
    let number = |part: &str, word: &str| part.trim().strip_suffix(word)?.trim().parse::<u64>().ok();
    for line in output.lines().rev() {
        let parts: Vec<&str> = line.split(',').collect();
        if parts.len() < 2 {
            continue;
        }
        if let (Some(passed), Some(failed)) = (number(parts[0], "passed"), number(parts[1], "failed")) {
            outcome.passed = passed;
            outcome.failed = failed;
            break;
        }
    }
    outcome
}

/// `demo --once` in this process's own child, so that its output is shown only when it fails.
pub(crate) fn demo() -> Result<Outcome, String> {
    let xtask = std::env::current_exe().map_err(|e| e.to_string())?;
    let run = Run::new(&xtask.display().to_string(), ["demo", "--once"])
        .env("CARGO_MANIFEST_DIR", root::root().join("xtask"))
        .limit(Duration::from_secs(20 * 60));
    let ended = run.ended()?;
    let mut outcome = Outcome::default();
    let result = if ended.success {
        Ok(())
    } else {
        Err(format!("({})\n{}", ended.how, ended.output))
    };
    outcome.add("cargo xtask demo --once", result);
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn the_closing_line_is_found() {
        let outcome = counted("a, b\nlist: ok\n12 passed, 1 failed\n(done)\n");
        assert_eq!((outcome.passed, outcome.failed), (12, 1));
        let outcome = counted("3 passed, 0 failed, 2 skipped\n");
        assert_eq!((outcome.passed, outcome.failed), (3, 0));
        assert_eq!(counted("nothing").passed, 0);
    }
}
