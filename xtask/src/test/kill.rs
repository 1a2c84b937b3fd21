//! Two hundred kills under load: `docs/kill-test.md`.

use super::{Outcome, libtest};
use crate::root::{FEATURES, root, target};
use crate::shell::Run;
use std::time::Duration;

/// Tells the test where to leave what it saw.
const VARIABLE: &str = "SPANLINE_KILL_REPORT";

const HEAD: &str = "\
# What is left of a process that is killed

Written by `cargo xtask test kill`, from what its test saw. A program records on four threads, with a spool and two
exporters (OTLP over HTTP, and one of its own), and notes trace id and span id of each span in a file after the span's
end has returned; one span in fifty is larger than a slot of the spool. It is killed with SIGKILL at a random
moment, now and then while it starts and takes over what was left, and started again; the last one is left to finish.
Then what both receivers got is compared with the notes: none may be missing, each must carry the resource of the process
that recorded it, and what came twice must be the same to the byte and must have been in the last batch that its sender sent
before it was killed.

";

/// The stage.
pub(crate) fn stage() -> Result<Outcome, String> {
    if !cfg!(target_os = "linux") {
        return Ok(Outcome::skip("the kill test", "the spool is only there on Linux"));
    }
    let report = target().join("kill-report.md");
    match std::fs::remove_file(&report) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{}: {e}", report.display()));
        }
        _ => {}
    }
    let run = Run::cargo([
        "test",
        "--workspace",
        "--features",
        FEATURES,
        "--test",
        "spool",
        "--color=never",
        "--",
        "--ignored",
        "--exact",
        "kill::nothing_is_missing_after_many_kills",
    ]);
    let run = run.env(VARIABLE, &report).limit(Duration::from_secs(30 * 60));
    let mut outcome = libtest::count(run)?;
    if outcome.passed + outcome.failed == 0 {
        return Err("the kill test was not found".to_owned());
    }
    if outcome.failed == 0 {
        let text = std::fs::read_to_string(&report).map_err(|e| format!("{}: {e}", report.display()))?;
        let path = root().join("docs/kill-test.md");
        std::fs::write(&path, format!("{HEAD}{text}")).map_err(|e| format!("{}: {e}", path.display()))?;
        let rows = text.lines().filter_map(|line| line.strip_prefix("- "));
        outcome.notes.extend(rows.map(str::to_owned));
    }
    Ok(outcome)
}
