//! `cargo xtask sizes`: what each feature adds to a stripped program; writes docs/sizes.md.

use crate::root::{root, target};
use crate::shell::Run;
use std::fmt::Write;
use std::path::Path;

const PAGE: &str = "docs/sizes.md";
const PROGRAM: &str = "spanline-example-minimal";

/// Features of the example, and what they are. The first is what the others are compared with.
const ROWS: &[(&str, &str)] = &[
    ("", "an empty program"),
    ("traced", "no feature: OTLP/HTTP over http, gzip, console, file"),
    ("tls", "`tls` (the default)"),
    ("webpki-roots", "`webpki-roots`, with `tls`"),
    ("grpc", "`grpc`"),
    ("grpc,tls", "`grpc` and `tls`"),
    ("zstd", "`zstd`"),
    ("spool", "`spool`"),
    ("config-file", "`config-file`"),
    ("http", "`http`"),
    ("full", "`full`: all of them"),
];

/// What the table does not say by itself.
const NOTES: &str = "
`-` stands for nothing: the program is as large as that which it is compared with. So it is with `http`, because the
example makes no use of what it brings. `doctor` has no row: it adds nothing to a program, as what it brings is a command
of its own, `spanline`, built with the features that it names; the function `spanline::doctor()` is in every build, and
weighs something only where it is called.
";

/// `cargo xtask sizes`.
///
/// # Errors
/// A build that fails, a file that cannot be written.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    if !args.is_empty() {
        return Err("usage: cargo xtask sizes".to_owned());
    }
    // A folder of its own: other builds in release are not stripped.
    let folder = target().join("sizes");
    let mut sizes = Vec::new();
    for (features, _) in ROWS {
        println!("==> sizes: building with `{features}`");
        sizes.push(size(&folder, features)?);
    }
    let version = Run::new("rustc", ["--version"]).output()?;
    let page = render(&sizes, version.trim());
    std::fs::write(root().join(PAGE), &page).map_err(|e| format!("{PAGE}: {e}"))?;
    println!("\n{page}\n(wrote {PAGE})");
    Ok(())
}

fn size(folder: &Path, features: &str) -> Result<u64, String> {
    let args = [
        "build",
        "--quiet",
        "--release",
        "-p",
        PROGRAM,
        "--no-default-features",
        "--features",
        features,
    ];
    Run::cargo(args)
        .env("CARGO_TARGET_DIR", folder)
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
        .shown_run()?;
    let program = folder.join("release").join(PROGRAM);
    let metadata = std::fs::metadata(&program).map_err(|e| format!("{}: {e}", program.display()))?;
    Ok(metadata.len())
}

fn render(sizes: &[u64], toolchain: &str) -> String {
    let (empty, plain) = (sizes[0], sizes[1]);
    let kib = |bytes: u64| format!("{} KiB", (bytes + 512) / 1024);
    let mut page = format!(
        "# What the features weigh\n\nThe program in `examples/minimal`, built in release (`lto = \"fat\"`, one codegen \
         unit, panic unwinds) and stripped, on {} {}, by {toolchain}. Written by `cargo xtask sizes`.\n\n\
         | built with | program | over an empty one | over no feature |\n|---|---:|---:|---:|\n",
        std::env::consts::OS,
        std::env::consts::ARCH,
    );
    for ((_, what), &size) in ROWS.iter().zip(sizes) {
        let over = |base: u64| match size.checked_sub(base) {
            None | Some(0) => "-".to_owned(),
            Some(more) => format!("+{}", kib(more)),
        };
        // Writing to a String never fails.
        let _ = writeln!(
            page,
            "| {what} | {} | {} | {} |",
            kib(size),
            over(empty),
            over(plain)
        );
    }
    page += NOTES;
    page
}
