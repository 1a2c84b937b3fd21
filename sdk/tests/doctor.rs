//! `spanline doctor` against set-ups that are wrong, and one that is right. What it says of each is `docs/doctor.md`:
//! with `SPANLINE_WRITE_DOCS=1` this test writes that page, otherwise it compares.
#![cfg(feature = "doctor")]

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

/// A server on a port of its own that treats each connection like this, for as long as the test program runs.
fn serve(each: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let each = Arc::new(each);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let each = each.clone();
            thread::spawn(move || each(stream));
        }
    });
    port
}

/// Reads the head of a request and answers, once.
fn answer(stream: &mut (impl Read + Write), response: &str) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
        if !head[0].is_ascii_uppercase() {
            let _ = stream.write_all(status("400 Bad Request").as_bytes());
            return;
        }
    }
    let _ = stream.write_all(response.as_bytes());
    let _ = stream.flush();
}

fn status(line: &str) -> String {
    format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

fn http(line: &str) -> u16 {
    let response = status(line);
    serve(move |mut stream| answer(&mut stream, &response))
}

/// An authority, and the path of its certificate.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

/// A folder of this test program's own, empty at its start.
fn folder() -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("doctor");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    });
    made.clone()
}

fn authority() -> Authority {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut params = CertificateParams::new([]).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, format!("authority {number}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let file = folder().join(format!("ca{number}.pem"));
    std::fs::write(&file, issuer.pem()).unwrap();
    Authority { issuer, file }
}

/// A server that speaks TLS with a certificate of this authority for this name.
fn https(authority: &Authority, name: &str, change: impl FnOnce(&mut CertificateParams)) -> u16 {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let chain = params.signed_by(&key, &authority.issuer).unwrap().pem();
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).map(Result::unwrap);
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.collect(), key)
        .unwrap();
    let config = Arc::new(config);
    serve(move |stream| {
        let session = ServerConnection::new(config.clone()).unwrap();
        let mut stream = StreamOwned::new(session, stream);
        answer(&mut stream, &status("200 OK"));
        stream.conn.send_close_notify();
        let _ = stream.flush();
    })
}

/// A port at which nobody listens.
fn closed() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The command in exactly this environment.
fn doctor(arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spanline"));
    command.args(arguments).env_clear().envs(env.iter().copied());
    command.output().unwrap()
}

/// One set-up: a title, the environment, and the ports that are other ones each time with what stands for them.
struct Case {
    title: &'static str,
    env: Vec<(&'static str, String)>,
    shown: Vec<(String, &'static str)>,
    /// What is in the configuration file.
    file: Option<String>,
    /// What the line of the trouble has in it; `None`: everything is fine.
    trouble: Option<&'static str>,
}

impl Case {
    fn new(title: &'static str, endpoint: &str, port: u16, trouble: Option<&'static str>) -> Self {
        Self {
            title,
            env: vec![("OTEL_EXPORTER_OTLP_ENDPOINT", format!("{endpoint}:{port}"))],
            shown: vec![(format!(":{port}"), ":4318")],
            file: None,
            trouble,
        }
    }

    fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.env.push((variable, value.into()));
        self
    }

    fn trusting(mut self, authority: &Authority) -> Self {
        let path = authority.file.display().to_string();
        self.shown.push((path.clone(), "/etc/shop/ca.pem"));
        self.with("OTEL_EXPORTER_OTLP_CERTIFICATE", path)
    }

    fn through(mut self, proxy: u16) -> Self {
        self.shown.push((format!(":{proxy}"), ":3128"));
        self.with("http_proxy", format!("http://127.0.0.1:{proxy}"))
            .with("https_proxy", format!("http://user:secret@127.0.0.1:{proxy}"))
    }

    fn hide(&self, text: &str) -> String {
        let text = self
            .shown
            .iter()
            .fold(text.to_owned(), |text, (real, shown)| text.replace(real, shown));
        let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
        // What machines say in different ways.
        let same = |line: &str| match line.split_once(" cannot be resolved (") {
            Some((before, _)) => format!("{before} cannot be resolved (Name or service not known)\n"),
            None if line.starts_with("spanline VERSION (features") => {
                "spanline VERSION (features ...)\n".to_owned()
            }
            None if line.ends_with(" days ago") => {
                let (before, _) = line.split_once(" expired ").unwrap();
                format!("{before} expired 2000 days ago\n")
            }
            None if line.starts_with("  ok  localhost is ") => "  ok  localhost is 127.0.0.1\n".to_owned(),
            None => format!("{line}\n"),
        };
        text.lines().map(same).collect()
    }
}

/// A set-up by a file; `PORT` in it becomes that of a receiver.
fn configured(title: &'static str, text: &str, trouble: Option<&'static str>) -> Case {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let port = http("200 OK");
    let text = text.replace("PORT", &port.to_string());
    let path = folder().join(format!("{}.yaml", NUMBER.fetch_add(1, Ordering::Relaxed)));
    std::fs::write(&path, &text).unwrap();
    let path = path.display().to_string();
    Case {
        title,
        env: vec![("OTEL_CONFIG_FILE", path.clone())],
        shown: vec![(format!(":{port}"), ":4318"), (path, "shop.yaml")],
        file: Some(text),
        trouble,
    }
}

/// A spool where a file of another kind is in the way.
fn spooled() -> Case {
    let dir = folder().join("foreign");
    let provider = spanline::init().without_environment().exporter("discard");
    drop(provider.spool_dir(dir.display().to_string()).build().unwrap());
    let own = std::fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
    let name = own.file_name().unwrap().to_string_lossy().into_owned();
    std::fs::write(own.join("spanline-1-0.spool"), "not a spool").unwrap();
    let text = format!(
        "file_format: \"1.1\"
tracer_provider:
  processors:
    - batch: {{ exporter: {{ otlp_http: {{ endpoint: \"http://127.0.0.1:PORT/v1/traces\" }} }} }}
distribution: {{ spanline: {{ spool_dir: {} }} }}
",
        dir.display()
    );
    let mut case = configured(
        "A spool with a file that is none",
        &text,
        Some("it is not a spool"),
    );
    case.shown.push((dir.display().to_string(), "/var/spool/shop"));
    case.shown.push((name, "spanline-1000"));
    case
}

fn cases() -> Vec<Case> {
    let ours = authority();
    let other = authority();
    let slow = serve(|stream| {
        // Held until the other side gives up.
        let mut stream = stream;
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let file = |title, exporter: &str, trouble| Case {
        title,
        env: vec![("OTEL_TRACES_EXPORTER", exporter.to_owned())],
        shown: Vec::new(),
        file: None,
        trouble,
    };
    let plain = http("200 OK");
    vec![
        Case::new("Everything is fine", "http://127.0.0.1", plain, None)
            .with("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret"),
        Case::new("Nobody listens", "http://127.0.0.1", closed(), Some("refused")),
        Case::new(
            "A name that does not exist",
            "http://collector.invalid",
            closed(),
            Some("dns"),
        ),
        Case::new("No answer", "http://127.0.0.1", slow, Some("timeout"))
            .with("OTEL_EXPORTER_OTLP_TIMEOUT", "300"),
        Case::new(
            "An API key that is not right",
            "http://127.0.0.1",
            http("401 Unauthorized"),
            Some("401"),
        )
        .with("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret"),
        Case {
            env: Vec::new(),
            ..Case::new(
                "A path of its own",
                "",
                http("404 Not Found"),
                Some("the path expected is usually /v1/traces"),
            )
        }
        .traces_endpoint("/"),
        Case::new(
            "A certificate of an unknown authority",
            "https://localhost",
            https(&ours, "localhost", |_| {}),
            Some("not from a trusted authority"),
        )
        .trusting(&other),
        Case::new(
            "A certificate that has expired",
            "https://localhost",
            https(&ours, "localhost", |params| {
                params.not_before = rcgen::date_time_ymd(2020, 1, 1);
                params.not_after = rcgen::date_time_ymd(2021, 1, 1);
            }),
            Some("expired"),
        )
        .trusting(&ours),
        Case::new(
            "A certificate for another name",
            "https://localhost",
            https(&ours, "collector.example", |_| {}),
            Some("not for localhost"),
        )
        .trusting(&ours),
        Case::new(
            "TLS, and all is well",
            "https://localhost",
            https(&ours, "localhost", |_| {}),
            None,
        )
        .trusting(&ours),
        Case::new(
            "https where plain HTTP is spoken",
            "https://localhost",
            plain,
            Some("does not speak TLS"),
        ),
        Case::new(
            "http where TLS is spoken",
            "http://localhost",
            https(&ours, "localhost", |_| {}),
            Some("write https"),
        ),
        Case::new(
            "A proxy that wants credentials",
            "http://collector.example",
            closed(),
            Some("407"),
        )
        .through(http("407 Proxy Authentication Required")),
        Case::new(
            "A proxy that refuses",
            "https://collector.example",
            closed(),
            Some("refuses"),
        )
        .through(http("403 Forbidden")),
        Case::new(
            "gRPC spoken to a receiver of HTTP",
            "http://127.0.0.1",
            http("400 Bad Request"),
            Some("not gRPC"),
        )
        .with("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        Case::new(
            "A certificate that is not there",
            "https://localhost",
            closed(),
            Some("/etc/shop/ca.pem"),
        )
        .with("OTEL_EXPORTER_OTLP_CERTIFICATE", "/etc/shop/ca.pem"),
        configured(
            "A configuration file",
            "file_format: \"1.1\"
resource:
  attributes: [ { name: service.name, value: shop } ]
tracer_provider:
  processors:
    - batch:
        exporter:
          otlp_http: { endpoint: \"http://127.0.0.1:PORT/v1/traces\" }
",
            None,
        ),
        configured(
            "A configuration file with a mistake",
            "file_format: \"1.1\"
tracer_provider:
  processors:
    - batch:
        exporter:
          otlp_htpp: { endpoint: \"http://127.0.0.1:PORT/v1/traces\" }
",
            Some("did you mean `otlp_http`?"),
        ),
        spooled(),
        file(
            "An exporter that does not exist",
            "otpl",
            Some("\"otpl\" is not an exporter"),
        ),
        file("Nothing to try", "console", None),
    ]
}

impl Case {
    fn traces_endpoint(self, path: &str) -> Self {
        let port = self.shown[0].0.clone();
        self.with(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            format!("http://127.0.0.1{port}{path}"),
        )
    }
}

const HEAD: &str = "<!-- Written by the test `doctor` (SPANLINE_WRITE_DOCS=1): change that. -->

# spanline doctor

The command `spanline doctor` prints the options that hold, each with the environment variable, file or default that it
comes from, and tries every exporter: it resolves the name of the endpoint, connects, agrees on TLS and sends an empty
request, through the proxy if there is one. A spool it tries by making its file, which it deletes again. It takes six
seconds at most. What is wrong it says in one line that begins with `TROUBLE`; with `--quiet` it prints nothing else.
`--config FILE` reads a configuration file. The exit status is 0 when everything is fine, 1 when something is wrong, 2
when the command was called wrongly.

    cargo install --path sdk --features doctor
    spanline doctor

In a program `spanline::doctor()`, `Provider::doctor` and `Builder::doctor` give the same as data, and as text.

Below is what it says of the set-ups of its test: servers on this machine that are wrong in one way each. Secrets are
masked; the options that nobody set are left out here.
";

/// The output without the options that nobody set, which are in docs/options.md.
fn shortened(text: &str) -> String {
    let Some((before, rest)) = text.split_once("\nBy default:\n") else {
        return text.to_owned();
    };
    let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
    format!("{before}\n{after}")
}

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
                assert!(text.ends_with("\nEverything is fine.\n"), "{context}");
            }
            Some(expected) => {
                assert_eq!((output.status.code(), troubles.len()), (Some(1), 1), "{context}");
                assert!(troubles[0].contains(expected), "{context}");
            }
        }
        let _ = writeln!(page, "\n## {}\n\n```text", case.title);
        for (name, value) in &case.env {
            let value = if name.ends_with("HEADERS") {
                "api-key=..."
            } else {
                value
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
        let _ = writeln!(page, "$ spanline doctor\n{}```", case.hide(&shortened(&text)));
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
        text.starts_with("configuration: OTEL_BSP_SCHEDULE_DELAY: \"soon\""),
        "{text}"
    );
    assert_eq!((text.lines().count(), quiet.status.code()), (1, Some(1)));
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
        ["files that other processes hold now: 1"],
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
