//! core where there is no std: a bare-metal target and WebAssembly, each with every feature set that works there.

use super::Outcome;
use crate::setup;
use crate::shell::{Run, found};

const TARGETS: &[(&str, &str)] = &[
    ("thumbv7em-none-eabihf", "core,alloc"),
    ("wasm32-unknown-unknown", "std,panic_abort"),
];

/// The stage.
pub(crate) fn stage() -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    for (target, parts) in TARGETS {
        let debian = match setup::rust_target(target) {
            Ok(()) => false,
            Err(reason) => match debian_toolchain() {
                Ok(()) => true,
                Err(also) => {
                    outcome.add_skip(format!("core for {target}"), format!("{reason}; {also}"));
                    continue;
                }
            },
        };
        for features in ["", "alloc"] {
            let shown = if features.is_empty() {
                "no features"
            } else {
                features
            };
            let run = build(target, parts, features, debian);
            let command = run.shown().to_owned();
            let ended = run.ended()?;
            let result = if ended.success {
                Ok(())
            } else {
                Err(format!("$ {command}\n{}", ended.output))
            };
            outcome.notes.push(format!(
                "core for {target}, {shown}: {}",
                if ended.success { "builds" } else { "FAILED" }
            ));
            outcome.add(&format!("core for {target} with {shown}"), result);
        }
    }
    Ok(outcome)
}

/// Debian's own compiler, which brings the sources of std. No linker is needed: a library is not linked.
fn debian_toolchain() -> Result<(), String> {
    if found_at("/usr/bin/cargo") && found_at("/usr/bin/rustc") && found("wasm-ld-19") && has_sources() {
        return Ok(());
    }
    setup::apt(&["rustc-web", "cargo-web", "rust-web-src", "lld-19"])
}

fn found_at(path: &str) -> bool {
    std::path::Path::new(path).is_file()
}

fn has_sources() -> bool {
    let sysroot = Run::new("/usr/bin/rustc", ["--print", "sysroot"])
        .output()
        .unwrap_or_default();
    std::path::Path::new(sysroot.trim())
        .join("lib/rustlib/src/rust/library/core/Cargo.toml")
        .is_file()
}

fn build(target: &str, parts: &str, features: &str, debian: bool) -> Run {
    let mut args = vec![
        "build",
        "-p",
        "spanline-core",
        "--no-default-features",
        "--features",
        features,
    ];
    args.extend(["--target", target]);
    let std = format!("-Zbuild-std={parts}");
    if !debian {
        return Run::cargo(args);
    }
    args.push(&std);
    // Nothing of rustup may reach this cargo, which looks for its own rustc.
    Run::new("/usr/bin/cargo", args)
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", crate::root::target().join("no-std"))
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19")
}
