//! The stages of `--all`: long tests, loom, sanitizers, Miri, the fuzz corpora, the oldest Rust.

use super::{Outcome, libtest};
use crate::shell::Run;
use crate::{fuzz, root, setup};
use std::path::PathBuf;

const HOST: &str = "x86_64-unknown-linux-gnu";

/// A folder of its own for builds with other flags, so that they do not throw the ordinary build away.
fn own_target(name: &str) -> PathBuf {
    root::target().join(name)
}

fn only_linux(what: &str) -> Option<Outcome> {
    let here = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    (!here).then(|| Outcome::skip(what, "only set up for Linux x86-64"))
}

/// The tests of the SDK that take long, one at a time: they look at the whole process and its machine.
pub(crate) fn long() -> Result<Outcome, String> {
    let run = Run::cargo([
        "test",
        "--workspace",
        "--features",
        root::FEATURES,
        "--test",
        "long",
        "--color=never",
        "--",
        "--ignored",
        "--test-threads=1",
    ]);
    Ok(at_least_one(libtest::count(run)?, "there are no long tests"))
}

/// Loom goes through every interleaving that its model allows; release, because there are many.
pub(crate) fn loom() -> Result<Outcome, String> {
    let run = Run::cargo([
        "test",
        "--release",
        "-p",
        "spanline-engine",
        "--tests",
        "--no-fail-fast",
        "--color=never",
        "loom",
    ]);
    let outcome = libtest::count(
        run.env("RUSTFLAGS", "--cfg loom")
            .env("CARGO_TARGET_DIR", own_target("loom")),
    )?;
    Ok(at_least_one(outcome, "no loom test was found in spanline-engine"))
}

/// A stage that ran nothing proves nothing.
fn at_least_one(mut outcome: Outcome, why: &str) -> Outcome {
    if outcome.passed + outcome.failed == 0 {
        outcome.failed = 1;
        outcome.log += why;
    }
    outcome
}

/// The sanitizers are behind the compiler's unstable door, which the variable opens on a stable one.
fn sanitized(name: &str, more: &[&str]) -> Run {
    let args = [
        "test",
        "-p",
        "spanline-engine",
        "--lib",
        "--tests",
        "--no-fail-fast",
        "--color=never",
        "--target",
        HOST,
    ];
    Run::cargo(args.iter().chain(more))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", format!("-Zsanitizer={name}"))
        .env("CARGO_TARGET_DIR", own_target(name))
}

/// Address sanitizer, with leaks.
pub(crate) fn address() -> Result<Outcome, String> {
    if let Some(skip) = only_linux("address sanitizer") {
        return Ok(skip);
    }
    let run = sanitized("address", &[]).env("ASAN_OPTIONS", "detect_leaks=1");
    Ok(at_least_one(libtest::count(run)?, "spanline-engine has no tests"))
}

/// Thread sanitizer. It must see what std does as well (the locks of std, the count of an Arc), or it reports races that
/// are none: so std is built with it. What it still cannot know is in tests/tsan.supp, each line with its reason.
pub(crate) fn thread() -> Result<Outcome, String> {
    if let Some(skip) = only_linux("thread sanitizer") {
        return Ok(skip);
    }
    if let Err(reason) = setup::std_sources() {
        return Ok(Outcome::skip(
            "the engine's tests under the thread sanitizer",
            reason,
        ));
    }
    let options = format!("suppressions={}", root::root().join("tests/tsan.supp").display());
    let run = sanitized("thread", &["-Zbuild-std"]).env("TSAN_OPTIONS", options);
    Ok(at_least_one(libtest::count(run)?, "spanline-engine has no tests"))
}

/// Miri interprets core, and the slots and queues of the engine; it finds undefined behaviour and wrong assumptions about layout and endianness.
pub(crate) fn miri() -> Result<Outcome, String> {
    let what = "core and engine under Miri";
    if let Err(reason) = setup::toolchain("nightly") {
        return Ok(Outcome::skip(what, reason));
    }
    let nightly = |run: Run| run.env("RUSTUP_TOOLCHAIN", "nightly");
    if !nightly(Run::cargo(["miri", "--version"])).succeeds() {
        setup::say("fetching Miri: rustup component add miri rust-src --toolchain nightly");
        let args = ["component", "add", "miri", "rust-src", "--toolchain", "nightly"];
        if let Err(why) = Run::new("rustup", args).output() {
            return Ok(Outcome::skip(
                what,
                format!("Miri cannot be had: {}", setup::last_line(&why)),
            ));
        }
    }
    if let Err(why) = nightly(Run::cargo(["miri", "setup"])).output() {
        return Ok(Outcome::skip(
            what,
            format!("Miri cannot be set up: {}", setup::last_line(&why)),
        ));
    }
    let run = nightly(Run::cargo([
        "miri",
        "test",
        "-p",
        "spanline-core",
        "--lib",
        "--no-fail-fast",
        "--color=never",
    ]));
    let mut outcome = libtest::count(
        run.env("CARGO_TARGET_DIR", own_target("miri"))
            .env("PROPTEST_CASES", "8")
            // Property tests look for failures of earlier runs, in files.
            .env("MIRIFLAGS", "-Zmiri-disable-isolation"),
    )?;
    // The engine's unsafe parts, without the tests that make thousands of spans. Slots are kept until the process ends.
    let run = nightly(Run::cargo([
        "miri",
        "test",
        "-p",
        "spanline-engine",
        "--lib",
        "--no-fail-fast",
        "--color=never",
        "--",
        "slot::tests",
        "queue::store::tests",
        "queue::tests::too_many",
        "queue::tests::a_sleeping",
        "queue::tests::after_shutdown",
    ]));
    let engine = libtest::count(
        run.env("CARGO_TARGET_DIR", own_target("miri"))
            .env("MIRIFLAGS", "-Zmiri-ignore-leaks"),
    )?;
    outcome.join(at_least_one(engine, "spanline-engine has no such tests"));
    Ok(outcome)
}

/// Every fuzz target over its seeds, corpus and findings, without looking for new inputs.
pub(crate) fn corpora() -> Result<Outcome, String> {
    Ok(at_least_one(
        libtest::count(fuzz::replay())?,
        "there are no fuzz targets",
    ))
}

/// The oldest Rust that the workspace names must build everything that it ships.
pub(crate) fn msrv() -> Result<Outcome, String> {
    let manifest: toml::Table = root::read("Cargo.toml")?
        .parse()
        .map_err(|e| format!("Cargo.toml: {e}"))?;
    let version = manifest["workspace"]["package"]["rust-version"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if let Err(reason) = setup::toolchain(&version) {
        return Ok(Outcome::skip(&format!("all crates with Rust {version}"), reason));
    }
    let features = crate::root::FEATURES;
    let run = Run::cargo([
        "check",
        "--workspace",
        "--all-targets",
        "--features",
        features,
        "--locked",
    ])
    .env("RUSTUP_TOOLCHAIN", &version)
    .env("CARGO_TARGET_DIR", own_target("msrv"));
    let mut outcome = Outcome::default();
    outcome.add(
        &format!("cargo check with Rust {version}"),
        run.output().map(drop),
    );
    Ok(outcome)
}
