//! What the toolchain checks.

use crate::setup;
use crate::shell::Run;

/// Formatting.
pub(super) fn format() -> Result<(), String> {
    component("rustfmt")?;
    Run::cargo(["fmt", "--all", "--check"]).output().map(drop)
}

/// Lints of every crate, its tests included.
pub(super) fn clippy() -> Result<(), String> {
    component("clippy")?;
    Run::cargo([
        "clippy",
        "--workspace",
        "--features",
        crate::root::FEATURES,
        "--all-targets",
        "--quiet",
        "--",
        "-Dwarnings",
    ])
    .output()
    .map(drop)
}

/// The SDK without its features, and with the default ones.
pub(super) fn clippy_sdk() -> Result<(), String> {
    for defaults in [&["--no-default-features"][..], &[]] {
        let args = ["clippy", "-p", "spanline"];
        let rest = ["--all-targets", "--quiet", "--", "-Dwarnings"];
        Run::cargo(args.iter().chain(defaults).chain(&rest)).output()?;
    }
    Ok(())
}

/// A build of the workspace gives core all of its features; what is unused without them shows only here.
pub(super) fn clippy_core() -> Result<(), String> {
    for features in ["", "alloc"] {
        let args = [
            "clippy",
            "-p",
            "spanline-core",
            "--no-default-features",
            "--features",
            features,
        ];
        let rest = ["--all-targets", "--quiet", "--", "-Dwarnings"];
        Run::cargo(args.iter().chain(&rest)).output()?;
    }
    Ok(())
}

/// The fuzz targets are a workspace of their own; without the fuzzer itself, which needs a C++ compiler.
pub(super) fn fuzz() -> Result<(), String> {
    Run::cargo(["fmt", "--check"]).dir("fuzz").output()?;
    let args = [
        "clippy",
        "--no-default-features",
        "--lib",
        "--tests",
        "--quiet",
        "--",
        "-Dwarnings",
    ];
    Run::cargo(args).dir("fuzz").output().map(drop)
}

/// Documentation without broken links.
pub(super) fn docs() -> Result<(), String> {
    let run = Run::cargo([
        "doc",
        "--workspace",
        "--features",
        crate::root::FEATURES,
        "--no-deps",
        "--quiet",
    ]);
    run.env("RUSTDOCFLAGS", "-Dwarnings").output().map(drop)
}

/// A toolchain of the minimal profile lacks rustfmt and clippy.
fn component(name: &str) -> Result<(), String> {
    let subcommand = if name == "rustfmt" { "fmt" } else { name };
    if Run::cargo([subcommand, "--version"]).succeeds() {
        return Ok(());
    }
    setup::say(&format!("fetching {name}: rustup component add {name}"));
    Run::new("rustup", ["component", "add", name]).output().map(drop)
}
