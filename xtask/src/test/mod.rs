//! `cargo xtask test`: every test of the project, in stages.

mod faults;
mod graph;
mod kill;
mod libtest;
mod nostd;
mod others;
mod report;
mod rust;
mod slow;
mod soak;
mod vectors;

pub(crate) use report::Outcome;

use report::{Done, close, write_report};
use std::time::Instant;

/// One stage: what it is called, what it does, and how.
pub(crate) struct Stage {
    /// The word on the command line.
    pub(crate) name: &'static str,
    /// What it does, as it is announced.
    pub(crate) about: &'static str,
    /// Only with `--all` or by name.
    pub(crate) slow: bool,
    run: fn() -> Result<Outcome, String>,
}

/// All stages in the order in which they run: what fails fast and often comes first.
pub(crate) const STAGES: &[Stage] = &[
    quick(
        "check",
        "formatting, lints, documentation and the rules of the repository",
        crate::check::stage,
    ),
    quick("rust", "unit and integration tests of every crate", rust::tests),
    quick(
        "vectors",
        "the conformance vectors that those tests ran, added up",
        vectors::stage,
    ),
    quick(
        "features",
        "the tests of core with no features and with alloc alone",
        rust::features,
    ),
    quick("docs", "the examples in the documentation", rust::docs),
    quick(
        "no-std",
        "core for a bare-metal target and for WebAssembly",
        nostd::stage,
    ),
    quick("page", "the collector's page in Chromium", others::page),
    quick(
        "demo",
        "the demo, from a request to the trace read back",
        others::demo,
    ),
    slow(
        "faults",
        "every fault of a receiver, with long outages; writes docs/faults.md",
        faults::stage,
    ),
    slow(
        "kill",
        "a process with a spool, killed 200 times under load; writes docs/kill-test.md",
        kill::stage,
    ),
    slow(
        "long",
        "what takes long to see: many threads and providers, open spans, idleness",
        slow::long,
    ),
    slow(
        "soak",
        "ten minutes at 100,000 spans a second, memory flat; writes docs/soak.md",
        soak::stage,
    ),
    slow(
        "loom",
        "every interleaving of the engine's shared structures (loom)",
        slow::loom,
    ),
    slow(
        "address",
        "the engine's tests under the address sanitizer",
        slow::address,
    ),
    slow(
        "thread",
        "the engine's tests under the thread sanitizer",
        slow::thread,
    ),
    slow(
        "miri",
        "the tests of core, and of the engine's slots and queues, under Miri",
        slow::miri,
    ),
    slow(
        "corpora",
        "the fuzz targets over their seeds and corpora, as plain tests",
        slow::corpora,
    ),
    slow("msrv", "all crates with the oldest supported Rust", slow::msrv),
];

const fn quick(name: &'static str, about: &'static str, run: fn() -> Result<Outcome, String>) -> Stage {
    Stage {
        name,
        about,
        slow: false,
        run,
    }
}

const fn slow(name: &'static str, about: &'static str, run: fn() -> Result<Outcome, String>) -> Stage {
    Stage {
        name,
        about,
        slow: true,
        run,
    }
}

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let all = args.contains(&"--all");
    if args.contains(&"--list") {
        for stage in STAGES {
            println!(
                "{:<10} {}{}",
                stage.name,
                stage.about,
                if stage.slow { " (with --all)" } else { "" }
            );
        }
        return Ok(());
    }
    let names: Vec<&str> = args.iter().copied().filter(|a| *a != "--all").collect();
    if let Some(unknown) = names.iter().find(|name| !STAGES.iter().any(|s| s.name == **name)) {
        return Err(format!(
            "there is no stage `{unknown}`; see `cargo xtask test --list`"
        ));
    }
    vectors::prepare()?;
    let chosen = |stage: &&Stage| {
        if names.is_empty() {
            all || !stage.slow
        } else {
            names.contains(&stage.name)
        }
    };
    let mut done = Vec::new();
    for stage in STAGES.iter().filter(chosen) {
        println!("==> {}: {}", stage.name, stage.about);
        let start = Instant::now();
        let outcome = (stage.run)().unwrap_or_else(Outcome::broken);
        let finished = Done {
            name: stage.name,
            about: stage.about,
            outcome,
            took: start.elapsed(),
        };
        finished.print();
        done.push(finished);
        if crate::shell::interrupted() {
            return Err("interrupted".to_owned());
        }
    }
    if all && names.is_empty() {
        write_report(&done)?;
    }
    close(&done)
}
