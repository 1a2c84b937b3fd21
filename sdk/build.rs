//! Passes the compiler's version on: it is the `process.runtime.version` of the resource.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler).arg("--version").output();
    let text = output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_default();
    // "rustc 1.90.0 (1159e78c4 2025-09-14)"
    if let Some(version) = text.split_whitespace().nth(1) {
        println!("cargo::rustc-env=SPANLINE_RUSTC_VERSION={version}");
    }
}
