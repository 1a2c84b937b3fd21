//! HTTP/1.1 with kept connections, over ureq.

use super::gzip::{Decompressed, decompress};
use super::socket::{NoResolver, SocketConnector};
use super::{ANOTHER_PORT, SendOutcome, TlsMaterial, Transport};
use super::{Control, Endpoint, FailKind, Failure, HttpRequest, Interrupt, Proxy, Response, Route};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use ureq::config::{AutoHeaderValue, Config};
use ureq::http::{self, HeaderMap, HeaderName, HeaderValue, Request, header};
use ureq::{Agent, Body, Error};

/// One write of this size at most; also the memory that a connection keeps for writing.
const OUTPUT_BUFFER: usize = 128 * 1024;
/// The head of an answer has to fit in; also the memory that a connection keeps for reading.
const INPUT_BUFFER: usize = 16 * 1024;
/// An idle connection older than this is not used again.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// What the client sets itself, for a reason.
const OURS: [HeaderName; 9] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::EXPECT,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
];

/// To whom a transport sends, and how.
#[derive(Clone, Debug)]
pub(crate) struct HttpSettings {
    /// Where to.
    pub(crate) endpoint: Endpoint,
    /// By way of whom.
    pub(crate) proxy: Option<Proxy>,
    /// Certificates, for an https endpoint.
    pub(crate) tls: TlsMaterial,
    /// The User-Agent, whole; printable ASCII.
    pub(crate) user_agent: String,
    /// Answers over this, as received and after decompression, are not read to their end.
    pub(crate) max_response_bytes: usize,
}

/// Sends over HTTP/1.1 to one receiver. No environment variable is read.
#[derive(Debug)]
pub(crate) struct HttpTransport {
    settings: HttpSettings,
    agent: Agent,
    control: Arc<Control>,
}

impl HttpTransport {
    /// A transport without a connection; one is made when it is needed.
    pub(crate) fn new(settings: HttpSettings) -> Self {
        let control = Arc::new(Control::default());
        Self {
            agent: agent(&settings, &control),
            settings,
            control,
        }
    }

    /// Closes what is open. Another send makes a connection anew.
    pub(crate) fn close(&mut self) {
        self.agent = agent(&self.settings, &self.control);
    }

    /// One exchange: a POST of this request, or a GET.
    fn exchange(
        &self,
        endpoint: &Endpoint,
        request: Option<&HttpRequest<'_>>,
    ) -> Result<http::Response<Body>, Error> {
        let Some(request) = request else {
            let mut get = Request::get(endpoint.uri()).body(())?;
            self.authorize(endpoint, get.headers_mut());
            return self.agent.run(get);
        };
        let mut post = Request::post(endpoint.uri()).body(request.body)?;
        let headers = post.headers_mut();
        self.authorize(endpoint, headers);
        for (name, value) in request.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_str(value);
            if let (Ok(name), Ok(value)) = (name, value)
                && !OURS.contains(&name)
            {
                headers.insert(name, value);
            }
        }
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(request.content_type),
        );
        if let Some(encoding) = request.content_encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        self.agent.run(post)
    }

    /// Shows who we are to the receiver and to the proxy, as their URLs say.
    fn authorize(&self, endpoint: &Endpoint, headers: &mut HeaderMap) {
        let proxy = self.settings.proxy.as_ref();
        let proxy = proxy.filter(|_| !endpoint.is_secure() && !endpoint.is_unix());
        for (name, credentials) in [
            (header::AUTHORIZATION, endpoint.authorization()),
            (
                header::PROXY_AUTHORIZATION,
                proxy.and_then(|proxy| proxy.authorization()),
            ),
        ] {
            if let Some(credentials) = credentials.and_then(|text| HeaderValue::from_str(text).ok()) {
                headers.insert(name, credentials);
            }
        }
    }

    /// Sends, and follows one redirect that keeps method, body and origin.
    fn attempt(&self, request: Option<&HttpRequest<'_>>) -> SendOutcome {
        let answered = self
            .exchange(&self.settings.endpoint, request)
            .and_then(|response| {
                let target = match response.status().as_u16() {
                    307 | 308 => text(response.headers(), &header::LOCATION),
                    _ => None,
                };
                match target.and_then(|location| self.settings.endpoint.redirected(&location)) {
                    Some(target) => {
                        // Read what came along, so that the connection can be used again.
                        let _ = read_body(response, self.settings.max_response_bytes);
                        self.exchange(&target, request)
                    }
                    None => Ok(response),
                }
            });
        match answered {
            Ok(response) => read_body(response, self.settings.max_response_bytes),
            Err(error) => self.failure(&error),
        }
    }

    fn failure(&self, error: &Error) -> SendOutcome {
        if self.control.stopped() {
            return Failure::interrupted().into();
        }
        let failure = match error {
            Error::Io(error) => Failure::of(error),
            Error::Timeout(_) => Failure::timeout(),
            // These may repeat the URL.
            Error::BadUri(_) | Error::Http(_) => {
                Failure::new(FailKind::BadUrl, "the request is not valid HTTP")
            }
            Error::Protocol(error) => Failure::new(FailKind::Other, broken(&error.to_string())),
            other => Failure::new(FailKind::Other, other.to_string()),
        };
        failure.into()
    }
}

impl HttpTransport {
    /// Asks for what the endpoint names; `timeout` bounds the whole question.
    pub(crate) fn get(&mut self, timeout: Option<Duration>) -> SendOutcome {
        self.guarded(None, timeout)
    }

    fn guarded(&mut self, request: Option<&HttpRequest<'_>>, timeout: Option<Duration>) -> SendOutcome {
        if self.control.stopped() {
            return Failure::interrupted().into();
        }
        self.control.begin(timeout);
        match catch_unwind(AssertUnwindSafe(|| self.attempt(request))) {
            Ok(outcome) => outcome,
            Err(_) => {
                // Its state may be anything now, and what its lock guarded too.
                self.close();
                Failure::new(FailKind::Other, "the HTTP client panicked").into()
            }
        }
    }
}

impl Transport for HttpTransport {
    fn send(&mut self, request: &HttpRequest<'_>, timeout: Option<Duration>) -> SendOutcome {
        self.guarded(Some(request), timeout)
    }

    fn interrupt(&self) -> Interrupt {
        Interrupt(Arc::clone(&self.control))
    }
}

/// What answers like this.
fn broken(error: &str) -> String {
    let error = error.trim_start_matches("protocol: ");
    match error.starts_with("http parse fail") {
        true => format!("what answers there does not speak HTTP{ANOTHER_PORT}"),
        false => format!("the receiver's HTTP is broken: {error}"),
    }
}

fn agent(settings: &HttpSettings, control: &Arc<Control>) -> Agent {
    let config = Config::builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(settings.user_agent.as_str())
        .accept(AutoHeaderValue::None)
        .accept_encoding("gzip")
        .input_buffer_size(INPUT_BUFFER)
        .output_buffer_size(OUTPUT_BUFFER)
        .max_response_header_size(INPUT_BUFFER)
        .max_idle_connections(1)
        .max_idle_connections_per_host(1)
        .max_idle_age(MAX_IDLE)
        .build();
    let endpoint = &settings.endpoint;
    let route = Route {
        proxy: settings.proxy.clone(),
        tls: settings.tls.clone(),
        ..Route::to(endpoint.target().clone())
    };
    let authority = endpoint
        .uri()
        .authority()
        .map_or("", |authority| authority.as_str());
    Agent::with_parts(
        config,
        SocketConnector::new(route, control, authority),
        NoResolver,
    )
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

/// Reads the rest of an answer. Its status has arrived, so whatever is wrong with the body, it is an answer.
fn read_body(response: http::Response<Body>, limit: usize) -> SendOutcome {
    let (parts, body) = response.into_parts();
    let encoding = text(&parts.headers, &header::CONTENT_ENCODING);
    let mut raw = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = body.into_reader().take(bound).read_to_end(&mut raw);
    if raw.len() > limit {
        return SendOutcome::TooLarge;
    }
    let plain = encoding.as_deref().map_or("", str::trim);
    let (body, decoded) = if plain.is_empty() || plain.eq_ignore_ascii_case("identity") || raw.is_empty() {
        (raw, true)
    } else if plain.eq_ignore_ascii_case("gzip") || plain.eq_ignore_ascii_case("x-gzip") {
        match decompress(&raw, limit) {
            Decompressed::Complete(body) => (body, true),
            Decompressed::Broken(body) => (body, false),
            Decompressed::TooLarge => return SendOutcome::TooLarge,
        }
    } else {
        (Vec::new(), false)
    };
    SendOutcome::Response(Response {
        status: parts.status.as_u16(),
        retry_after: text(&parts.headers, &header::RETRY_AFTER),
        content_type: text(&parts.headers, &header::CONTENT_TYPE),
        body,
        body_complete: decoded && read.is_ok(),
    })
}
