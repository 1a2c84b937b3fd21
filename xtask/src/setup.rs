//! Getting what a stage needs. Everything done here is said aloud; what cannot be had is a reason for a skip.

use crate::shell::{Run, found};
use std::sync::OnceLock;

/// Why something could not be had.
pub(crate) type Missing = String;

/// Whether we may install packages of the system.
fn is_root() -> bool {
    Run::new("id", ["-u"]).output().is_ok_and(|id| id.trim() == "0")
}

/// Installs packages of Debian or its relatives.
pub(crate) fn apt(packages: &[&str]) -> Result<(), Missing> {
    static UPDATED: OnceLock<bool> = OnceLock::new();
    let names = packages.join(" ");
    if !found("apt-get") {
        return Err(format!(
            "{names} missing, and there is no apt-get to install it with"
        ));
    }
    if !is_root() {
        return Err(format!(
            "{names} missing; install it with `apt-get install {names}` (this user may not)"
        ));
    }
    let updated = *UPDATED.get_or_init(|| {
        say("updating the package lists: apt-get update");
        Run::new("apt-get", ["update", "-q"])
            .env("DEBIAN_FRONTEND", "noninteractive")
            .succeeds()
    });
    say(&format!("installing {names}: apt-get install"));
    let args = ["install", "-y", "-q", "--no-install-recommends"];
    let install = Run::new("apt-get", args.iter().chain(packages)).env("DEBIAN_FRONTEND", "noninteractive");
    match install.output() {
        Ok(_) => Ok(()),
        Err(_) if !updated => Err(format!(
            "{names} missing, and the package lists cannot be fetched"
        )),
        Err(why) => Err(format!(
            "{names} missing, and apt-get install failed: {}",
            last_line(&why)
        )),
    }
}

/// A program, installed as the given packages when it is missing.
pub(crate) fn program(name: &str, packages: &[&str]) -> Result<(), Missing> {
    if found(name) { Ok(()) } else { apt(packages) }
}

/// A cargo subcommand, built from the registry when it is missing.
pub(crate) fn cargo_tool(name: &str, version: &str) -> Result<(), Missing> {
    if found(name) || Run::cargo([name.trim_start_matches("cargo-"), "--version"]).succeeds() {
        return Ok(());
    }
    say(&format!(
        "building {name} {version}: cargo install (some minutes, once)"
    ));
    match Run::cargo(["install", name, "--version", version, "--locked"]).output() {
        Ok(_) => Ok(()),
        Err(why) => Err(format!(
            "{name} missing, and cargo install failed: {}",
            last_line(&why)
        )),
    }
}

/// The modules of tests/page, as its lockfile says.
pub(crate) fn page_modules() -> Result<(), Missing> {
    program("node", &["nodejs"])?;
    if crate::root::root()
        .join("tests/page/node_modules/playwright-core/package.json")
        .is_file()
    {
        return Ok(());
    }
    program("npm", &["npm"])?;
    say("fetching playwright-core into tests/page: npm ci");
    match Run::new("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .dir("tests/page")
        .output()
    {
        Ok(_) => Ok(()),
        Err(why) => Err(format!(
            "playwright-core missing, and npm failed: {}",
            npm_reason(&why)
        )),
    }
}

/// npm ends with where its log is; the reason stands above.
fn npm_reason(output: &str) -> String {
    let is_reason = |line: &&str| {
        line.starts_with("npm error") && line.len() > "npm error ".len() && !line.contains("log")
    };
    output
        .lines()
        .rfind(is_reason)
        .map_or_else(|| last_line(output), str::to_owned)
}

/// A target of the Rust toolchain in use.
pub(crate) fn rust_target(target: &str) -> Result<(), Missing> {
    if !found("rustup") {
        return Err(format!("{target} missing, and there is no rustup"));
    }
    let installed = Run::new("rustup", ["target", "list", "--installed"])
        .output()
        .unwrap_or_default();
    // A machine may list a target whose files are not there: only the library itself counts.
    if installed.lines().any(|line| line == target) && has_library(target) {
        return Ok(());
    }
    say(&format!("fetching the libraries of {target}: rustup target add"));
    match Run::new("rustup", ["target", "add", target]).output() {
        Ok(_) if has_library(target) => Ok(()),
        Ok(_) => Err(format!("{target} missing although rustup added it")),
        Err(why) => Err(format!(
            "{target} missing, and rustup failed: {}",
            last_line(&why)
        )),
    }
}

fn has_library(target: &str) -> bool {
    let Ok(dir) = Run::new("rustc", ["--print", "target-libdir", "--target", target]).output() else {
        return false;
    };
    let files = std::fs::read_dir(dir.trim()).into_iter().flatten().flatten();
    files
        .map(|file| file.file_name())
        .any(|name| name.to_string_lossy().starts_with("libcore-"))
}

/// The sources of std, for builds that change how std itself is compiled.
pub(crate) fn std_sources() -> Result<(), Missing> {
    let there = || {
        let sysroot = Run::new("rustc", ["--print", "sysroot"])
            .output()
            .unwrap_or_default();
        std::path::Path::new(sysroot.trim())
            .join("lib/rustlib/src/rust/library/std/Cargo.toml")
            .is_file()
    };
    if there() {
        return Ok(());
    }
    if !found("rustup") {
        return Err("the sources of std missing, and there is no rustup".to_owned());
    }
    say("fetching the sources of std: rustup component add rust-src");
    match Run::new("rustup", ["component", "add", "rust-src"]).output() {
        Ok(_) if there() => Ok(()),
        Ok(_) => Err("the sources of std missing although rustup added them".to_owned()),
        Err(why) => Err(format!(
            "the sources of std missing, and rustup failed: {}",
            last_line(&why)
        )),
    }
}

/// Whether this toolchain of rustup is here, fetching it when not.
pub(crate) fn toolchain(name: &str) -> Result<(), Missing> {
    if !found("rustup") {
        return Err(format!("Rust {name} missing, and there is no rustup"));
    }
    let works = || {
        Run::new("rustc", ["--version"])
            .env("RUSTUP_TOOLCHAIN", name)
            .succeeds()
    };
    let installed = Run::new("rustup", ["toolchain", "list"])
        .output()
        .unwrap_or_default();
    if installed
        .lines()
        .any(|line| line.starts_with(&format!("{name}-")))
        && works()
    {
        return Ok(());
    }
    say(&format!("fetching Rust {name}: rustup toolchain install"));
    match Run::new(
        "rustup",
        [
            "toolchain",
            "install",
            name,
            "--profile",
            "minimal",
            "--no-self-update",
        ],
    )
    .output()
    {
        Ok(_) if works() => Ok(()),
        Ok(_) => Err(format!("Rust {name} does not run although rustup installed it")),
        Err(why) => Err(format!(
            "Rust {name} missing, and rustup failed: {}",
            last_line(&why)
        )),
    }
}

/// Says what is being done.
pub(crate) fn say(what: &str) {
    println!("    set-up: {what}");
}

/// The last line that says something: the reason, for most programs.
pub(crate) fn last_line(text: &str) -> String {
    text.lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("no output")
        .to_owned()
}
