//! `cargo xtask check`: what a reviewer should never have to say. Each rule is a function; a new rule is a new line in
//! `CHECKS`.

mod arrows;
mod manifests;
mod promises;
mod runtime;
mod sources;
mod tools;
mod unsafe_code;

use crate::test::Outcome;

/// The name of a rule, and the rule: fine, or everything that breaks it.
type Check = (&'static str, fn() -> Result<(), String>);

const CHECKS: &[Check] = &[
    ("rustfmt", tools::format),
    ("clippy", tools::clippy),
    ("clippy of core without std", tools::clippy_core),
    ("clippy of the SDK without features", tools::clippy_sdk),
    ("documentation", tools::docs),
    ("generated files", crate::generate::check),
    ("fuzz targets", tools::fuzz),
    ("crate arrows", arrows::check),
    ("no async runtime", runtime::check),
    ("manifests", manifests::check),
    ("unsafe code", unsafe_code::check),
    ("ASCII sources", sources::ascii),
    ("machine paths", sources::machine_paths),
    ("claims", promises::claims),
    ("compliance rows", promises::compliance),
];

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    if !args.is_empty() {
        return Err("usage: cargo xtask check".to_owned());
    }
    let outcome = stage()?;
    outcome.notes.iter().for_each(|note| println!("{note}"));
    print!("{}", outcome.log);
    println!("{} passed, {} failed", outcome.passed, outcome.failed);
    if outcome.failed > 0 {
        Err(String::new())
    } else {
        Ok(())
    }
}

/// The same as a stage of `cargo xtask test`.
pub(crate) fn stage() -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    for (name, check) in CHECKS {
        let result = check();
        outcome.notes.push(format!(
            "{name}: {}",
            if result.is_ok() { "ok" } else { "FAILED" }
        ));
        outcome.add(name, result);
    }
    outcome.notes.extend(
        sources::long_files()?
            .into_iter()
            .map(|long| format!("long file: {long}")),
    );
    Ok(outcome)
}

/// Fine when nothing was found, else all of it.
fn findings(found: Vec<String>) -> Result<(), String> {
    if found.is_empty() {
        Ok(())
    } else {
        Err(found.join("\n"))
    }
}
