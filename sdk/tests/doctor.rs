//! `spanline doctor` against set-ups that are wrong, and one that is right. What it says of each is `docs/doctor.md`:
//! with `SPANLINE_WRITE_DOCS=1` this test writes that page, otherwise it compares.
#![cfg(feature = "doctor")]

#[path = "doctor/asked.rs"]
mod asked;
#[path = "doctor/setups.rs"]
mod setups;
#[path = "doctor/spools.rs"]
mod spools;

use setups::{cases, doctor, folder};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

const HEAD: &str = "<!-- Written by the test `doctor` (SPANLINE_WRITE_DOCS=1): change that. -->

# spanline doctor

The command `spanline doctor` prints the options that are set, each with the environment variable or file that it comes
from, and with `--all` those at their defaults too. Then it tries every exporter: it resolves the name of the endpoint,
connects, agrees on TLS and sends an empty request, compressed as batches are, through the proxy if there is one. A server
that is asked how to sample (`jaeger_remote`) it asks. A spool it tries by making its file, which it deletes again. It takes six seconds at most. What is wrong it says in one line that
begins with `TROUBLE`; with `--quiet` it prints nothing else. `--config FILE` reads a configuration file. The exit status
is 0 when nothing is wrong, 1 when something is, 2 when the command was called wrongly. Where it was asked that nothing
be recorded or sent, that is no trouble: the last line says so, and by which option.

    cargo install --path sdk --features doctor
    spanline doctor

The command sees the environment and configuration files, not what a program sets in its code: it names the service
`unknown_service:spanline` where the program has a name. And it is built with every transport and compression: where it
says that all is well, a program that was built without the feature `tls`, `grpc`, `zstd`, `config-file` or `spool` may
still miss it. Inside the program neither is so.

In a program `spanline::doctor()`, `Provider::doctor` and `Builder::doctor` give the same as data, and as text; in the form
`{:#}` with the options at their defaults.

Below is what it says of the set-ups of its test: servers on this machine that are wrong in one way each. Secrets are
masked.
";

#[test]
fn every_set_up_has_its_line() {
    let cases = cases();
    let outputs: Vec<Output> = thread::scope(|scope| {
        let running: Vec<_> = cases
            .iter()
            .map(|case| {
                let env: Vec<(&str, &str)> = case
                    .env
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect();
                scope.spawn(move || doctor(&["doctor"], &env))
            })
            .collect();
        running
            .into_iter()
            .map(|running| running.join().unwrap())
            .collect()
    });
    let mut page = HEAD.to_owned();
    for (case, output) in cases.iter().zip(&outputs) {
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let context = format!(
            "{}\n{text}{}",
            case.title,
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!text.contains("secret"), "{context}");
        let troubles: Vec<&str> = text.lines().filter(|line| line.starts_with("TROUBLE")).collect();
        match case.trouble {
            None => {
                assert_eq!((output.status.code(), troubles.len()), (Some(0), 0), "{context}");
                assert!(text.ends_with(&format!("\n{}\n", case.end)), "{context}");
            }
            Some(expected) => {
                assert_eq!((output.status.code(), troubles.len()), (Some(1), 1), "{context}");
                assert!(troubles[0].contains(expected), "{context}");
            }
        }
        let _ = writeln!(page, "\n## {}\n\n```text", case.title);
        for (name, value) in &case.env {
            let value = match *name {
                name if name.ends_with("HEADERS") => "api-key=...",
                name if name.ends_with("PASSWORD") => "...",
                _ => value,
            };
            let _ = writeln!(
                page,
                "{name}={}",
                case.hide(value).trim_end().replace("user:secret@", "user:...@")
            );
        }
        if let Some(text) = &case.file {
            let _ = write!(page, "$ cat shop.yaml\n{}", case.hide(text));
        }
        let _ = writeln!(page, "$ spanline doctor\n{}```", case.hide(&text));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/doctor.md");
    if std::env::var_os("SPANLINE_WRITE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    for (number, (known, now)) in known.lines().zip(page.lines()).enumerate() {
        assert_eq!(
            known,
            now,
            "docs/doctor.md:{}: write it with SPANLINE_WRITE_DOCS=1",
            number + 1
        );
    }
    assert_eq!(known.lines().count(), page.lines().count());
}

#[test]
fn the_command_line() {
    let code = |arguments: &[&str]| {
        doctor(arguments, &[("OTEL_TRACES_EXPORTER", "none")])
            .status
            .code()
    };
    assert_eq!(code(&["doctor"]), Some(0));
    assert_eq!(code(&["--help"]), Some(0));
    for wrong in [
        &[][..],
        &["docter"],
        &["doctor", "--quite"],
        &["doctor", "--config"],
    ] {
        assert_eq!(code(wrong), Some(2), "{wrong:?}");
    }
    let quiet = doctor(
        &["doctor", "--quiet"],
        &[
            ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ],
    );
    let text = String::from_utf8(quiet.stdout).unwrap();
    assert!(
        text.starts_with("TROUBLE configuration: OTEL_BSP_SCHEDULE_DELAY: \"soon\""),
        "{text}"
    );
    assert_eq!((text.lines().count(), quiet.status.code()), (1, Some(1)));
}

/// The test below, in a process with an environment of its own.
#[test]
fn built_in_this_environment() {
    if std::env::var_os("DOCTOR_CHILD").is_some() {
        let provider = spanline::init().build().unwrap();
        print!("{}{}", provider.doctor(), spanline::init().doctor());
    }
}

#[test]
fn a_provider_that_runs_tells_what_was_wrong_at_its_start() {
    for (name, value, expected) in [
        ("OTEL_TRACES_EXPORTER", "otpl", "\"otpl\" is not an exporter"),
        (
            "OTEL_CONFIG_FILE",
            "/there/is/none.yaml",
            "OTEL_CONFIG_FILE: the configuration file /there/is/none.yaml",
        ),
        (
            "OTEL_EXPORTER_OTLP_CERTIFICATE",
            "/there/is/none.pem",
            "/there/is/none.pem: cannot be read",
        ),
        ("OTEL_TRACES_SAMPLER", "somtimes", "OTEL_TRACES_SAMPLER"),
        (
            "OTEL_TRACE_EXPORTER",
            "console",
            "OTEL_TRACE_EXPORTER is not known; did you mean OTEL_TRACES_EXPORTER?",
        ),
    ] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "--nocapture", "built_in_this_environment"]);
        child.env_clear().env("DOCTOR_CHILD", "1").env(name, value);
        child.env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("http://127.0.0.1:{}", setups::http("200 OK")),
        );
        let text = String::from_utf8(child.output().unwrap().stdout).unwrap();
        let lines = text
            .lines()
            .filter(|line| line.starts_with("TROUBLE configuration") && line.contains(expected));
        assert_eq!(lines.count(), 2, "{name}={value}\n{text}");
    }
}

#[test]
fn all_options_are_shown_on_demand_as_they_are_described() {
    let text = |arguments: &[&str]| {
        let output = doctor(arguments, &[("OTEL_TRACES_EXPORTER", "console")]);
        String::from_utf8(output.stdout).unwrap()
    };
    let all = text(&["doctor", "--all"]);
    for line in [
        "  service_name                    unknown_service:spanline",
        "  certificate                     the roots of the machine",
        "  max_batch_spans                 512, under backlog up to 4096",
        "  max_age_ms                      300000",
    ] {
        assert!(all.lines().any(|shown| shown == line), "{line}\n{all}");
    }
    let (_, defaults) = all.split_once("\nBy default:\n").unwrap();
    let count = defaults.split_once("\n\n").unwrap().0.lines().count();
    let short = text(&["doctor"]);
    assert!(
        short.contains(&format!(
            "\n{count} options at their defaults (--all shows them)\n"
        )),
        "{short}"
    );
    assert!(!short.contains("max_age_ms"), "{short}");
}

#[test]
fn the_file_of_the_command_line_is_named_as_such() {
    let case = setups::configured("", "file_format: \"1.1\"\n", None);
    let output = doctor(&["doctor", "--config", &case.env[0].1], &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("  (--config)\n"), "{text}");
}

/// What this version has nothing for is no trouble: such a file serves other versions and other signals too.
#[test]
fn what_applies_to_nothing_here_is_no_trouble() {
    let text = "file_format: \"1.1\"
meter_provider: {}
tracer_provider: { processors: [ { batch: { exporter: { console: } } } ] }
distribution: { spanline: { capture: { statement: true } } }
";
    let case = setups::configured("", text, None);
    let output = doctor(&["doctor", "--config", &case.env[0].1], &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
}

#[test]
fn remarks_and_errors_begin_with_a_place_that_editors_know() {
    let newer = setups::configured("", "file_format: \"1.9\"\n", None);
    let empty = setups::configured("", "", None);
    for (case, place, words) in [
        (newer, ":1:14: file_format: ", "newer than 1.1"),
        (
            empty,
            "",
            "`file_format` is needed here: the version of the format, `\"1.1\"`",
        ),
    ] {
        let path = &case.env[0].1;
        let said = String::from_utf8(doctor(&["doctor", "--config", path], &[]).stdout).unwrap();
        assert!(
            said.contains(&format!("{path}{place}")) && said.contains(words),
            "{said}"
        );
    }
}

#[test]
fn every_feature_is_listed() {
    let text = String::from_utf8(doctor(&["doctor"], &[]).stdout).unwrap();
    let listed = text.lines().next().unwrap();
    for feature in [
        "config-file",
        "doctor",
        "grpc",
        "spool",
        "tls",
        "webpki-roots",
        "zstd",
    ] {
        assert!(listed.contains(feature), "{listed}");
    }
    assert_eq!(listed.contains("http"), cfg!(feature = "http"), "{listed}");
}

/// A processor sees the spans, so they do not go nowhere.
#[test]
fn spans_that_a_processor_gets_do_not_go_nowhere() {
    #[derive(Debug)]
    struct Sees;
    impl spanline::SpanProcessor for Sees {}
    let builder = || spanline::init().without_environment().exporter("none");
    assert!(builder().doctor().idle.is_some());
    assert_eq!(builder().processor(Sees).doctor().idle, None);
}

#[test]
fn files_that_cannot_be_written() {
    let path = folder().join("there/is/no/such/folder.jsonl");
    let exporter = spanline::options::ExporterOption {
        path: Some(path.display().to_string()),
        ..spanline::options::ExporterOption::from("file")
    };
    let diagnosis = spanline::init().without_environment().exporter(exporter).doctor();
    let trouble = diagnosis.exporters[0].trouble.as_ref().unwrap();
    assert_eq!(trouble.kind, spanline::TroubleKind::File);
    assert!(!diagnosis.is_fine());

    let path = folder().join("spans.jsonl");
    let exporter = spanline::options::ExporterOption {
        path: Some(path.display().to_string()),
        ..spanline::options::ExporterOption::from("file")
    };
    let diagnosis = spanline::init().without_environment().exporter(exporter).doctor();
    assert!(diagnosis.is_fine() && !path.exists(), "{diagnosis}");
}

/// A pipe that nobody reads would be waited for.
#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_reads_is_not_waited_for() {
    let path = folder().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let exporter = spanline::options::ExporterOption {
        path: Some(path.display().to_string()),
        ..spanline::options::ExporterOption::from("file")
    };
    let diagnosis = spanline::init().without_environment().exporter(exporter).doctor();
    let trouble = diagnosis.exporters[0].trouble.as_ref().unwrap();
    assert_eq!(trouble.kind, spanline::TroubleKind::File);
}

#[test]
fn what_the_code_sets_wrongly_is_in_the_diagnosis() {
    let diagnosis = spanline::init()
        .without_environment()
        .compression("gzpi")
        .doctor();
    assert_eq!(diagnosis.error.as_ref().unwrap().hint(), Some("gzip"));
    let text = diagnosis.to_string();
    assert!(text.contains("TROUBLE configuration: compression"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_spool_is_looked_at_and_not_touched() {
    let dir = folder().join("spool");
    let dir = dir.to_str().unwrap();
    let builder = || {
        spanline::init()
            .without_environment()
            .exporter("discard")
            .spool_dir(dir)
    };
    let provider = builder().build().unwrap();
    provider.tracer("t").span("work").start().end();
    let spool = builder().doctor().spool.unwrap();
    assert_eq!(spool.trouble, None);
    assert_eq!(
        spool.steps[1..],
        ["1 file is in use by a running process, which is as it should be"],
        "{spool:?}"
    );

    // What it made itself is gone; what is strange stays and is named.
    let own = std::fs::read_dir(dir).unwrap().next().unwrap().unwrap().path();
    let files = || std::fs::read_dir(&own).unwrap().count();
    assert_eq!(files(), 1);
    std::fs::write(own.join("strange.spool"), "not a spool").unwrap();
    let spool = builder().doctor().spool.unwrap();
    let trouble = spool.trouble.unwrap();
    assert_eq!(trouble.kind, spanline::TroubleKind::Spool);
    assert!(
        trouble.text.contains("strange.spool: it is not a spool"),
        "{}",
        trouble.text
    );
    assert_eq!(files(), 2);
    drop(provider);
    assert_eq!(files(), 1);

    let file = folder().join("file");
    std::fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    let builder = spanline::init()
        .without_environment()
        .exporter("discard")
        .spool_dir(file);
    let trouble = builder.doctor().spool.unwrap().trouble.unwrap();
    assert!(trouble.text.starts_with(file), "{}", trouble.text);
}
