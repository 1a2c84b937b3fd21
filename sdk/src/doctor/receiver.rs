//! Trying a receiver: name look-up, connection, TLS, an empty request.

use super::steps::{Steps, Teller};
use super::{ExporterCheck, TIMEOUT, Trouble, TroubleKind};
use crate::export::{
    Format, Refusal as Refused, answer_message as message, not_compressed, page, speaks_of_encoding,
};
use crate::log::UserText;
use crate::provider::ReceiverSpec;
use crate::transport::{ANOTHER_PORT, Response, Route, SendOutcome, Target, Transport};
use crate::transport::{
    Compressor, Control, Dialer, FailKind, Failure, HttpRequest, HttpSettings, HttpTransport,
};
#[cfg(feature = "grpc")]
use crate::transport::{GrpcAnswer, GrpcRequest, GrpcSettings, GrpcTransport};
use spanline_engine::options::{Compression, Exporter, Protocol};
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where Jaeger shows traces.
const PAGE: u16 = 16686;
const NO_SCHEME: &str = " (over gRPC an endpoint without a scheme means https: write http:// in front of it, or set OTEL_EXPORTER_OTLP_INSECURE=true)";

/// Begins a trial.
pub(super) fn begin(spec: &Arc<ReceiverSpec>) -> Steps {
    let bound = spec.settings.timeout_ms.map_or(TIMEOUT, Duration::from_millis);
    let bound = bound.min(TIMEOUT);
    let trial = Trial {
        spec: spec.clone(),
        format: Format::of(&spec.settings),
        bound,
        until: Instant::now() + bound,
    };
    let mut target = format!(
        "{} by {}",
        spec.settings.masked_endpoint(),
        spec.settings.protocol
    );
    if let Some(proxy) = &spec.proxy {
        target += &format!(" through the proxy {}:{}", proxy.host(), proxy.port());
    }
    let check = ExporterCheck {
        name: spec.settings.name.clone(),
        target,
        steps: Vec::new(),
        trouble: None,
    };
    Steps::begin(check, move |teller| trial.run(teller))
}

/// An empty request that was not taken.
struct Refusal {
    trouble: Trouble,
    /// What was answered, where compression may be the reason.
    answer: Option<String>,
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Self {
            trouble,
            answer: None,
        }
    }
}

pub(super) struct Trial {
    spec: Arc<ReceiverSpec>,
    format: Format,
    bound: Duration,
    until: Instant,
}

impl Trial {
    fn run(&self, teller: &Teller) -> Result<(), Trouble> {
        let target = self.spec.endpoint.target();
        let first = match (&self.spec.proxy, target) {
            (Some(proxy), Target::Tcp { .. }) => Target::Tcp {
                host: proxy.host().to_owned(),
                port: proxy.port(),
                secure: false,
            },
            (_, Target::Tcp { host, port, .. }) => Target::Tcp {
                host: host.clone(),
                port: *port,
                secure: false,
            },
            (_, Target::Unix(path)) => Target::Unix(path.clone()),
        };
        let of_proxy = if self.spec.proxy.is_some() && matches!(target, Target::Tcp { .. }) {
            "the proxy's"
        } else {
            "the"
        };
        if let Target::Tcp { host, port, .. } = &first {
            teller.trying("the name look-up");
            let found = (host.as_str(), *port).to_socket_addrs();
            let found = found.map_err(|error| {
                let why = error.to_string();
                // What the standard library puts in front says the same once more.
                let why = why.strip_prefix("failed to lookup address information: ");
                let why = why.map_or_else(|| error.to_string(), str::to_owned);
                let text = format!("{of_proxy} host name {host} cannot be resolved ({why})");
                Trouble::new(TroubleKind::Dns, text)
            })?;
            let mut found: Vec<String> = found.map(|address| address.ip().to_string()).take(4).collect();
            found.dedup();
            if found != [host.as_str()] {
                teller.worked(format!("{host} is {}", found.join(", ")));
            }
        }
        teller.trying("the connection");
        self.connect(Route::to(first.clone()))
            .map_err(|failure| self.trouble(&failure))?;
        teller.worked(match &first {
            Target::Tcp { host, port, .. } => match of_proxy {
                "the" => format!("connected to {host}:{port}"),
                _ => format!("connected to the proxy {host}:{port}"),
            },
            Target::Unix(path) => format!("connected to {}", path.display()),
        });
        if matches!(target, Target::Tcp { secure: true, .. }) {
            teller.trying("the agreement on TLS");
            self.connect(self.route()).map_err(|failure| {
                let mut found = self.trouble(&failure);
                if failure.kind == FailKind::Timeout {
                    found.text = format!(
                        "no answer to the beginning of TLS within {}: is plain http spoken there?",
                        self.waited()
                    );
                }
                let is_plain = failure.message.contains("does not speak TLS")
                    || matches!(failure.kind, FailKind::Timeout | FailKind::Reset);
                if is_plain && self.spec.settings.protocol == Protocol::Grpc {
                    found.text += NO_SCHEME;
                }
                found
            })?;
            teller.worked("agreed on TLS");
        }
        teller.trying("the answer to an empty request");
        match self.spec.settings.protocol {
            #[cfg(feature = "grpc")]
            Protocol::Grpc => self.ask(teller, Self::call),
            _ => self.ask(teller, Self::post),
        }
    }

    /// How long was waited, and by which bound.
    fn waited(&self) -> String {
        match self.bound < TIMEOUT {
            true => format!("{} ms, which is timeout_ms", self.bound.as_millis()),
            false => format!("{} s, the bound of this trial", self.bound.as_secs()),
        }
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    fn route(&self) -> Route {
        Route {
            proxy: self.spec.proxy.clone(),
            tls: self.spec.tls.clone(),
            always_tunnel: self.spec.settings.protocol == Protocol::Grpc,
            ..Route::to(self.spec.endpoint.target().clone())
        }
    }

    pub(super) fn connect(&self, route: Route) -> Result<(), Failure> {
        let control = Arc::new(Control::default());
        control.begin(Some(self.left()));
        let connected = Dialer::new(route, control).connect();
        connected.map(drop).map_err(|error| Failure::of(&error))
    }

    /// An empty request, and what is known of the port when it is not taken.
    fn ask(
        &self,
        teller: &Teller,
        send: impl Fn(&Self, bool) -> Result<String, Refusal>,
    ) -> Result<(), Trouble> {
        self.exchange(teller, send).map_err(|mut trouble| {
            let odd = matches!(
                trouble.kind,
                TroubleKind::Path | TroubleKind::Protocol | TroubleKind::Rejected
            );
            if odd && self.spec.endpoint.port() == PAGE {
                let ports = match self.spec.settings.kind {
                    Exporter::Jaeger => "14268, or to 14250 by gRPC",
                    Exporter::Zipkin => "9411",
                    _ => "4318, or to 4317 by gRPC",
                };
                trouble.text +=
                    &format!("; 16686 is usually the port of a page for people: spans go to port {ports}");
            }
            trouble
        })
    }

    /// What is refused compressed and taken as it is says which option is wrong.
    fn exchange(
        &self,
        teller: &Teller,
        send: impl Fn(&Self, bool) -> Result<String, Refusal>,
    ) -> Result<(), Trouble> {
        let first = match send(self, true) {
            Ok(worked) => {
                teller.worked(worked);
                return Ok(());
            }
            Err(refusal) => refusal,
        };
        let compression = self.spec.settings.compression;
        let Some(answer) = first.answer.filter(|_| compression != Compression::None) else {
            return Err(first.trouble);
        };
        teller.trying("the answer to an empty request without compression");
        let mut trouble = match send(self, false) {
            Err(plain) if plain.trouble.kind == TroubleKind::Timeout => first.trouble,
            Err(plain) if !speaks_of_encoding(&answer) => plain.trouble,
            _ => {
                let text = format!("it answered {answer}: {}", not_compressed(compression.name()));
                return Err(Trouble::new(TroubleKind::Protocol, text));
            }
        };
        if answer.starts_with("415") {
            trouble.text += &format!(
                ", compressed with {} (the option compression) or not",
                compression.name()
            );
        }
        Err(trouble)
    }

    /// The body as the exporter would send it, and how it is compressed then.
    fn compressed(&self, body: &[u8], wanted: bool) -> (Vec<u8>, Option<&'static str>) {
        let compressor = Compressor::of(self.spec.settings.compression).filter(|_| wanted);
        let compressed = compressor.and_then(|mut compressor| {
            let encoding = compressor.encoding();
            Some((compressor.compress(body).ok()?.to_vec(), Some(encoding)))
        });
        compressed.unwrap_or_else(|| (body.to_vec(), None))
    }

    fn post(&self, compressed: bool) -> Result<String, Refusal> {
        let spec = &self.spec;
        let mut transport = HttpTransport::new(HttpSettings {
            endpoint: spec.endpoint.clone(),
            proxy: spec.proxy.clone(),
            tls: spec.tls.clone(),
            user_agent: self.format.user_agent(spec.settings.user_agent.as_deref()),
            max_response_bytes: spec.max_response_bytes,
        });
        let (body, content_encoding) = self.compressed(&self.format.empty(), compressed);
        let request = HttpRequest {
            headers: &spec.headers,
            content_type: self.format.content_type(),
            content_encoding,
            body: &body,
        };
        match transport.send(&request, Some(self.left())) {
            SendOutcome::Response(response) => self.answered(&response),
            SendOutcome::TooLarge => {
                let receiver = self.format.receiver();
                let text = format!("the answer is over max_response_bytes: this is no {receiver}");
                Err(Trouble::new(TroubleKind::Protocol, text).into())
            }
            SendOutcome::Failed { kind, message } => Err(self.not_http(&Failure::new(kind, message)).into()),
        }
    }

    fn answered(&self, response: &Response) -> Result<String, Refusal> {
        let status = response.status;
        let kind = match status {
            200..=299 => {
                return match page(self.format, response) {
                    Some(page) => Err(Trouble::new(TroubleKind::Protocol, format!("it {page}")).into()),
                    None => Ok(format!("an empty request was answered {status}")),
                };
            }
            401 | 403 => TroubleKind::Credentials,
            404 | 405 => TroubleKind::Path,
            407 => TroubleKind::Proxy,
            400 if self.speaks_tls() => return Err(Trouble::new(TroubleKind::Tls, SPEAKS_TLS).into()),
            _ => return Err(self.refused(response)),
        };
        let refused = self.as_refused(response);
        let way_out = refused.way_out().unwrap_or_default();
        let text = format!("it answered {}: {way_out}", refused.status());
        Err(Trouble::new(kind, text).into())
    }

    fn as_refused<'a>(&'a self, response: &'a Response) -> Refused<'a> {
        Refused {
            response,
            path: self.spec.endpoint.path(),
            format: self.format,
        }
    }

    /// Refused for a reason that may be the compression.
    fn refused(&self, response: &Response) -> Refusal {
        let status = response.status;
        let message = message(self.format, response);
        let answer = match message.trim() {
            "" => format!("{status}"),
            message => format!("{status} {}", UserText(message)),
        };
        let refused = self.as_refused(response);
        let (kind, hint) = match status {
            429 | 502..=504 => (TroubleKind::Rejected, "busy or not ready for the moment".into()),
            _ => match refused.way_out() {
                Some(way_out) if status == 415 || refused.is_foreign() => (TroubleKind::Protocol, way_out),
                Some(way_out) => (TroubleKind::Rejected, way_out),
                None => (
                    TroubleKind::Rejected,
                    "it would refuse spans as it refuses this empty request".into(),
                ),
            },
        };
        Refusal {
            trouble: Trouble::new(kind, format!("it answered {answer}: {hint}")),
            answer: Some(answer),
        }
    }

    /// What is wrong when no answer could be read.
    fn not_http(&self, failure: &Failure) -> Trouble {
        let odd = matches!(
            failure.kind,
            FailKind::Other | FailKind::Reset | FailKind::BrokenOff
        );
        if odd && self.speaks_tls() {
            return Trouble::new(TroubleKind::Tls, SPEAKS_TLS);
        }
        let mut found = self.trouble(failure);
        let port = self.spec.endpoint.port();
        let other = match (self.format, port) {
            (Format::OtlpProtobuf | Format::OtlpJson, 4317) => {
                "; 4317 is usually the port of gRPC: set protocol to grpc, or use port 4318"
            }
            (Format::OtlpGrpc, 4318) => {
                "; 4318 is usually the port of HTTP: set protocol to http/protobuf, or use port 4317"
            }
            (Format::JaegerThrift, 14250) => {
                "; 14250 is usually the port of gRPC: set protocol to grpc, or use port 14268"
            }
            (Format::JaegerGrpc, 14268) => {
                "; 14268 is usually the port of HTTP: set protocol to http/thrift.binary, or use port 14250"
            }
            _ => "",
        };
        let says_more = !other.is_empty() || matches!(port, PAGE | 4317 | 4318);
        if odd
            && says_more
            && let Some(text) = found.text.strip_suffix(ANOTHER_PORT)
        {
            found.text = text.to_owned();
        }
        if odd && !other.is_empty() {
            found.kind = TroubleKind::Protocol;
            found.text += other;
        }
        found
    }

    /// What is wrong when this failed.
    fn trouble(&self, failure: &Failure) -> Trouble {
        let kind = Trouble::kind(failure.kind);
        match kind {
            TroubleKind::Refused => Trouble::new(kind, format!("nobody listens there ({})", failure.message)),
            TroubleKind::Timeout => Trouble::new(kind, format!("no answer within {}", self.waited())),
            kind => Trouble::new(kind, failure.message.clone()),
        }
    }

    /// Whether the receiver is spoken to in plain, and speaks TLS.
    fn speaks_tls(&self) -> bool {
        #[cfg(feature = "tls")]
        let speaks = super::plain::speaks_tls(self, &self.route());
        #[cfg(not(feature = "tls"))]
        let speaks = false;
        speaks
    }

    #[cfg(feature = "grpc")]
    fn call(&self, compressed: bool) -> Result<String, Refusal> {
        let spec = &self.spec;
        let settings = GrpcSettings {
            method: self.format.method(),
            endpoint: spec.endpoint.clone(),
            proxy: spec.proxy.clone(),
            tls: spec.tls.clone(),
            user_agent: self.format.user_agent(spec.settings.user_agent.as_deref()),
            headers: spec.headers.clone(),
            max_response_bytes: spec.max_response_bytes,
        };
        let mut transport = GrpcTransport::new(settings, &mut |_| {});
        let (message, encoding) = self.compressed(&self.format.empty(), compressed);
        let request = GrpcRequest {
            message: message.into(),
            encoding,
        };
        match transport.send(&request, Some(self.left())) {
            Ok(answer) => called(self.format, &answer),
            Err(failure) => Err(self.not_http(&failure).into()),
        }
    }
}

const SPEAKS_TLS: &str = "the receiver speaks TLS there: write https in the endpoint instead of http";

#[cfg(feature = "grpc")]
fn called(format: Format, answer: &GrpcAnswer) -> Result<String, Refusal> {
    let name = match answer.http_status {
        Some(status) => format!("{status}"),
        None => spanline_engine::retry::grpc_status_name(answer.code).into_owned(),
    };
    let (kind, text) = match answer.code {
        0 => return Ok("an empty call was answered OK".to_owned()),
        7 | 16 => (
            TroubleKind::Credentials,
            format!("it answered {name}: {}", Refused::CREDENTIALS),
        ),
        12 => (
            TroubleKind::Path,
            format!("it answered {name}: it does not know {}", format.method()),
        ),
        _ if answer
            .http_status
            .is_some_and(|status| !matches!(status, 429 | 502..=504)) =>
        {
            (
                TroubleKind::Protocol,
                format!("it answered {name} without a gRPC status: {}", format.question()),
            )
        }
        _ => (
            TroubleKind::Rejected,
            format!("it answered {name} {}", UserText(&answer.message)),
        ),
    };
    let said = format!("{name} {}", UserText(&answer.message));
    Err(Refusal {
        trouble: Trouble::new(kind, text),
        answer: Some(said).filter(|_| kind != TroubleKind::Credentials),
    })
}
