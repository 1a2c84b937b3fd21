//! The command `spanline`.

use spanline::options::Source;
use std::ffi::OsString;
use std::process::ExitCode;

const USAGE: &str = "\
usage: spanline doctor [--config FILE] [--all | --quiet]

Prints the options that are set, with the source of each, and tries each exporter: resolves and connects to its endpoint
and sends it an empty request. Configured like a program: by the environment (OTEL_*), or by a configuration file.

  --config FILE  read this configuration file instead of the one that OTEL_CONFIG_FILE names
  --all          print the options that nobody set too
  --quiet        print what is wrong and nothing else

The exit status is 0 when everything is fine, 1 when something is wrong, 2 when this command was called wrongly.
";

/// What is asked for.
#[derive(Default)]
struct Call {
    config: Option<String>,
    all: bool,
    quiet: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let call = match parse(&arguments) {
        Ok(Some(call)) => call,
        Ok(None) => {
            print(USAGE);
            return ExitCode::SUCCESS;
        }
        Err(wrong) => {
            eprint!("spanline: {wrong}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut builder = spanline::init();
    if let Some(path) = call.config {
        builder = builder.config_file(path);
    }
    let mut diagnosis = builder.doctor();
    // To the library the command is the code.
    let setting = (diagnosis.settings.iter_mut()).find(|setting| setting.name == "config_file");
    if let Some(setting) = setting.filter(|setting| setting.source == Source::Code) {
        setting.source = Source::Environment("--config");
    }
    if call.quiet {
        let lines: String = diagnosis
            .troubles()
            .map(|line| format!("TROUBLE {line}\n"))
            .collect();
        print(&lines);
    } else if call.all {
        print(&format!("{diagnosis:#}"));
    } else {
        print(&diagnosis.to_string());
    }
    if diagnosis.is_fine() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A reader who has gone away is no reason to panic.
fn print(text: &str) {
    use std::io::Write;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// `None`: the usage is asked for.
fn parse(arguments: &[OsString]) -> Result<Option<Call>, String> {
    let mut call = Call::default();
    let mut arguments = arguments.iter();
    match arguments.next().map(|first| first.to_string_lossy()).as_deref() {
        Some("doctor") => {}
        Some("help" | "--help" | "-h") => return Ok(None),
        Some(other) => return Err(format!("there is no command {other:?}")),
        None => return Err("a command is missing".to_owned()),
    }
    while let Some(argument) = arguments.next() {
        match argument.to_string_lossy().as_ref() {
            "--config" => {
                let path = arguments.next().ok_or("--config needs a file")?;
                let path = path.to_str().ok_or("the path of the file is not UTF-8")?;
                call.config = Some(path.to_owned());
            }
            "--all" => call.all = true,
            "--quiet" => call.quiet = true,
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("there is no argument {other:?}")),
        }
    }
    Ok(Some(call))
}
