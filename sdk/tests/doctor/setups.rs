//! The set-ups: servers that are wrong in one way each, and what is to be said of them.

use crate::{asked, spools};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

/// A server on a port of its own that treats each connection like this, for as long as the test program runs.
pub(crate) fn serve(each: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
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
pub(crate) fn answer(stream: &mut (impl Read + Write), response: &str) {
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

pub(crate) fn status(line: &str) -> String {
    format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

pub(crate) fn http(line: &str) -> u16 {
    let response = status(line);
    serve(move |mut stream| answer(&mut stream, &response))
}

/// Something that is no server of HTTP.
fn other_service() -> u16 {
    serve(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

/// A receiver that takes no compressed requests.
fn takes_plain() -> u16 {
    serve(|mut stream| {
        let mut text = String::new();
        let mut byte = [0];
        while !text.ends_with("\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
            text.push(char::from(byte[0].to_ascii_lowercase()));
        }
        let after = |name: &str| {
            text.split_once(name)?
                .1
                .split_once("\r\n")
                .map(|(value, _)| value.trim())
        };
        let length = after("content-length:").map_or(0, |length| length.parse().unwrap());
        stream.read_exact(&mut vec![0; length]).unwrap();
        let line = match after("content-encoding:") {
            Some(_) => "415 Unsupported Media Type",
            None => "200 OK",
        };
        let _ = stream.write_all(status(line).as_bytes());
    })
}

/// An authority, and the path of its certificate.
pub(crate) struct Authority {
    pub(crate) issuer: CertifiedIssuer<'static, KeyPair>,
    pub(crate) file: PathBuf,
}

/// A folder of this test program's own, empty at its start.
pub(crate) fn folder() -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("doctor");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    });
    made.clone()
}

pub(crate) fn authority() -> Authority {
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
pub(crate) fn https(authority: &Authority, name: &str, change: impl FnOnce(&mut CertificateParams)) -> u16 {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let chain = params.signed_by(&key, &authority.issuer).unwrap().pem();
    https_of(chain, key.serialize_pem())
}

/// A server that speaks TLS with this certificate and key.
fn https_of(chain: String, key: String) -> u16 {
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).map(Result::unwrap);
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
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
pub(crate) fn closed() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The command in exactly this environment.
pub(crate) fn doctor(arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spanline"));
    command.args(arguments).env_clear().envs(env.iter().copied());
    command.output().unwrap()
}

const ZIPKIN: [&str; 2] = ["zipkin", "OTEL_EXPORTER_ZIPKIN_ENDPOINT"];
const JAEGER: [&str; 2] = ["jaeger", "OTEL_EXPORTER_JAEGER_ENDPOINT"];
const FINE: &str = "Everything is fine.";

/// One set-up: a title, the environment, and the ports that are other ones each time with what stands for them.
pub(crate) struct Case {
    pub(crate) title: &'static str,
    pub(crate) env: Vec<(&'static str, String)>,
    pub(crate) shown: Vec<(String, &'static str)>,
    /// What is in the configuration file.
    pub(crate) file: Option<String>,
    /// What the line of the trouble has in it; `None`: nothing is wrong.
    pub(crate) trouble: Option<&'static str>,
    /// The last line when nothing is wrong.
    pub(crate) end: &'static str,
}

impl Case {
    pub(crate) fn new(title: &'static str, endpoint: &str, port: u16, trouble: Option<&'static str>) -> Self {
        Self {
            title,
            env: vec![("OTEL_EXPORTER_OTLP_ENDPOINT", format!("{endpoint}:{port}"))],
            shown: vec![(format!(":{port}"), ":4318")],
            file: None,
            trouble,
            end: FINE,
        }
    }

    /// An exporter that is not `otlp`; `shown` is the usual port of its receiver.
    fn of(title: &'static str, exporter: [&'static str; 2], url: String, shown: &'static str) -> Self {
        let port = url.rsplit(':').next().unwrap().split('/').next().unwrap();
        Self {
            title,
            shown: vec![(format!(":{port}"), shown)],
            env: vec![
                ("OTEL_TRACES_EXPORTER", exporter[0].to_owned()),
                (exporter[1], url.clone()),
            ],
            file: None,
            trouble: None,
            end: FINE,
        }
    }

    fn troubled(mut self, trouble: &'static str) -> Self {
        self.trouble = Some(trouble);
        self
    }

    pub(crate) fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
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

    pub(crate) fn hide(&self, text: &str) -> String {
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
            None if line.ends_with("(--all shows them)") => {
                "N options at their defaults (--all shows them)\n".to_owned()
            }
            None => format!("{line}\n"),
        };
        text.lines().map(same).collect()
    }
}

/// A set-up by a file; `PORT` in it becomes that of a receiver.
pub(crate) fn configured(title: &'static str, text: &str, trouble: Option<&'static str>) -> Case {
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
        end: FINE,
    }
}

pub(crate) fn cases() -> Vec<Case> {
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
        end: FINE,
    };
    let plain = http("200 OK");
    let mut cases = vec![
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
        Case::new(
            "A receiver that takes no compressed requests",
            "http://127.0.0.1",
            takes_plain(),
            Some("set the option compression to gzip or none"),
        )
        .with("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        Case::new(
            "A receiver that takes nothing",
            "http://127.0.0.1",
            http("415 Unsupported Media Type"),
            Some("does not take http/json (the option protocol), compressed with gzip"),
        )
        .with("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        .with("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        Case::of(
            "Zipkin",
            ZIPKIN,
            format!("http://127.0.0.1:{}/api/v2/spans", http("202 Accepted")),
            ":9411",
        ),
        Case::of(
            "Zipkin with another path",
            ZIPKIN,
            format!("http://127.0.0.1:{}/v1/traces", http("404 Not Found")),
            ":9411",
        )
        .troubled("the path expected is usually /api/v2/spans"),
        Case::of(
            "Jaeger that wants a user",
            JAEGER,
            format!("http://127.0.0.1:{}/api/traces", http("401 Unauthorized")),
            ":14268",
        )
        .with("OTEL_EXPORTER_JAEGER_USER", "shop")
        .with("OTEL_EXPORTER_JAEGER_PASSWORD", "secret")
        .troubled("check the credentials"),
        Case::of(
            "Jaeger by gRPC where HTTP is spoken",
            JAEGER,
            format!("http://127.0.0.1:{}", http("200 OK")),
            ":14250",
        )
        .with("OTEL_EXPORTER_JAEGER_PROTOCOL", "grpc")
        .troubled("not gRPC"),
        Case::new(
            "A web server that is no receiver",
            "http://127.0.0.1",
            http("501 Unsupported method"),
            Some("501: is this an OTLP receiver?"),
        ),
        Case::new(
            "A web server that answers everything with a page",
            "http://127.0.0.1",
            http("200 OK\r\nContent-Type: text/html"),
            Some("with a web page: this is no OTLP receiver"),
        ),
        Case::new(
            "A port of another service",
            "http://127.0.0.1",
            other_service(),
            Some("does not speak HTTP: is it another service's port?"),
        ),
        Case::new(
            "A port of another service, by gRPC",
            "http://127.0.0.1",
            other_service(),
            Some("does not speak HTTP/2: is it another service's port?"),
        )
        .with("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        Case::new(
            "gRPC without a scheme to a receiver without TLS",
            "localhost",
            plain,
            Some("OTEL_EXPORTER_OTLP_INSECURE=true"),
        )
        .with("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        Case {
            env: Vec::new(),
            ..Case::new(
                "A base that has the path already",
                "",
                http("404 Not Found"),
                Some("set OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
            )
        }
        .endpoint("OTEL_EXPORTER_OTLP_ENDPOINT", "/v1/traces"),
        Case::new(
            "An authority's certificate as the receiver's",
            "https://localhost",
            https_of(ours.issuer.pem(), ours.issuer.key().serialize_pem()),
            Some("is itself a certificate authority"),
        )
        .trusting(&ours),
        Case {
            env: Vec::new(),
            ..Case::new(
                "A path of its own",
                "",
                http("404 Not Found"),
                Some("the path expected is usually /v1/traces"),
            )
        }
        .endpoint("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/"),
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
        spools::in_use(),
        spools::with_a_stranger(),
        file(
            "An exporter that does not exist",
            "otpl",
            Some("\"otpl\" is not an exporter"),
        ),
        Case::new(
            "A variable that is misspelt",
            "http://127.0.0.1",
            plain,
            Some("did you mean OTEL_TRACES_SAMPLER?"),
        )
        .with("OTEL_TRACE_SAMPLER", "always_off"),
        file("Nothing to try", "console", None),
        Case {
            end: "Nothing is wrong, but spans go nowhere: the option exporter is none (OTEL_TRACES_EXPORTER).",
            ..file("No exporter is wanted", "none", None)
        },
        Case {
            end: "Nothing is wrong, but nothing is recorded: the option disabled is true (OTEL_SDK_DISABLED).",
            ..file("Tracing is switched off", "console", None)
        }
        .with("OTEL_SDK_DISABLED", "true"),
    ];
    cases.extend(asked::cases());
    cases
}

impl Case {
    fn endpoint(self, variable: &'static str, path: &str) -> Self {
        let port = self.shown[0].0.clone();
        self.with(variable, format!("http://127.0.0.1{port}{path}"))
    }
}
