//! The project's own commands. `cargo xtask help` lists them; each lives in the module of its name.

mod bench;
mod check;
mod demo;
mod fuzz;
mod generate;
mod root;
mod setup;
mod shell;
mod sizes;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
The commands of this project. All of them set up what they need and say so.

  cargo xtask demo [--once]        Start the collector and the example services, send orders, show the waterfall.
                                   Stays until Ctrl-C; --once ends by itself and fails unless the trace was read back.
  cargo xtask test [STAGE..]       Run the tests, all stages or the named ones; ends with `N passed, N failed`.
             [--all]               Also the slow stages (long faults, loom, sanitizers, Miri, fuzz corpora, oldest Rust);
                                   writes tests/REPORT.md.
             [--list]              Name the stages and what each does.
  cargo xtask test vectors         Run the conformance vectors alone, a line per file.
  cargo xtask test faults          Run the fault tests with their long outages; writes docs/faults.md.
  cargo xtask check                Formatting, lints, docs and the rules of this repository.
  cargo xtask bench [NAME]         Measure: rust (beside the peers), propagators; writes benches/results.
             [--quick]             Fewer repetitions.
  cargo xtask generate [--check]   Write what is made from sdk/engine/options.toml; --check compares it instead.
  cargo xtask fuzz [TARGET]        Fuzz one target or all of them, five minutes each; writes docs/fuzzing.md.
             [--seconds N]         Another time per target.
  cargo xtask sizes                Build the minimal example with each feature, stripped; writes docs/sizes.md.
  cargo xtask help                 This text.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    let result = match args.first().map(String::as_str) {
        Some("demo") => demo::command(&rest),
        Some("test") => test::command(&rest),
        Some("check") => check::command(&rest),
        Some("bench") => bench::command(&rest),
        Some("generate") => generate::command(&rest),
        Some("fuzz") => fuzz::command(&rest),
        Some("sizes") => sizes::command(&rest),
        None | Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(format!("there is no command `{other}`; see `cargo xtask help`")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // A command that has said it all ends with its own last line.
            if !message.is_empty() {
                eprintln!("xtask: {message}");
            }
            ExitCode::FAILURE
        }
    }
}
