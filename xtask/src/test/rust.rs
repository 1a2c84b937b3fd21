//! The tests that cargo runs.

use super::{Outcome, libtest, vectors};
use crate::shell::Run;

/// Unit and integration tests of the whole workspace, in one build. The vector runners among them leave their reports
/// for the stage `vectors`.
pub(crate) fn tests() -> Result<Outcome, String> {
    let run = Run::cargo([
        "test",
        "--workspace",
        "--features",
        crate::root::FEATURES,
        "--lib",
        "--bins",
        "--tests",
        "--no-fail-fast",
        "--color=never",
    ]);
    libtest::count(run.env(vectors::VARIABLE, vectors::report_dir()))
}

/// The examples in the documentation.
pub(crate) fn docs() -> Result<Outcome, String> {
    libtest::count(Run::cargo([
        "test",
        "--workspace",
        "--features",
        crate::root::FEATURES,
        "--doc",
        "--no-fail-fast",
        "--color=never",
    ]))
}

/// core by itself: a build of the workspace joins the features that its members ask for and would hide what is missing.
pub(crate) fn features() -> Result<Outcome, String> {
    let mut all = Outcome::default();
    for features in [
        &["--no-default-features"][..],
        &["--no-default-features", "--features", "alloc"],
    ] {
        let args = [
            "test",
            "-p",
            "spanline-core",
            "--lib",
            "--tests",
            "--no-fail-fast",
            "--color=never",
        ];
        let mut outcome = libtest::count(Run::cargo(args.iter().chain(features)))?;
        // A note per test program, twice, would be noise.
        outcome.notes = vec![format!("core {}: {} passed", features.join(" "), outcome.passed)];
        all.join(outcome);
    }
    Ok(all)
}
