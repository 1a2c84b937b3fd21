//! A server of OTLP over gRPC that follows a script.

use super::retry_info::retry_info;
use super::{Handled, Ledger, Port};
use bytes::Bytes;
use flate2::read::GzDecoder;
use h2::RecvStream;
use h2::server::{Connection, SendResponse};
use http::{HeaderMap, HeaderValue, Request, Response};
use std::collections::VecDeque;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

pub use h2::Reason;

/// What becomes of one call.
#[derive(Clone, Debug)]
pub enum GrpcStep {
    /// Taken, with this message as the answer; see [`GrpcStep::taken`] and [`GrpcStep::partial`].
    Answer(Vec<u8>),
    /// Taken and answered, this much later.
    Late(Duration),
    /// Read and refused with this status, message and `grpc-status-details-bin`.
    Status(u32, String, Option<Vec<u8>>),
    /// Read and answered with an HTTP status, content type and body, without a gRPC status: what proxies do.
    Http(u16, &'static str, &'static str),
    /// Read and never answered.
    Silence,
    /// The stream is reset with this reason before its end.
    Reset(Reason),
    /// The connection says that it goes away; the call itself is still taken.
    GoAway,
    /// The connection goes away at once, and with it the call.
    GoAwayNow,
    /// The connection breaks.
    Close,
}

impl GrpcStep {
    /// Everything was taken.
    pub fn taken() -> Self {
        Self::Answer(Vec::new())
    }

    /// So many spans were rejected.
    pub fn partial(rejected: i64, message: &str) -> Self {
        use opentelemetry_proto::tonic::collector::trace::v1 as trace;
        use prost::Message;
        let response = trace::ExportTraceServiceResponse {
            partial_success: Some(trace::ExportTracePartialSuccess {
                rejected_spans: rejected,
                error_message: message.to_owned(),
            }),
        };
        Self::Answer(response.encode_to_vec())
    }

    /// Refused without details.
    pub fn status(code: u32, message: &str) -> Self {
        Self::Status(code, message.to_owned(), None)
    }

    /// Refused with a `RetryInfo`.
    pub fn status_retry(code: u32, message: &str, delay: Duration) -> Self {
        Self::Status(code, message.to_owned(), Some(retry_info(code, message, delay)))
    }
}

/// Listens on a port of its own, in plain text, until it is dropped. After its steps it takes everything.
#[derive(Debug)]
pub struct GrpcServer {
    shared: Arc<Shared>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Shared {
    port: Port,
    steps: Mutex<VecDeque<GrpcStep>>,
    again: bool,
    ledger: Ledger,
    handled: Mutex<Vec<Handled>>,
    connections: AtomicU64,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GrpcServer {
    /// These steps, then everything is taken.
    ///
    /// # Panics
    ///
    /// When there is no port, as any start does.
    pub fn start(steps: impl IntoIterator<Item = GrpcStep>) -> Self {
        Self::with(steps, false)
    }

    /// These steps over and over.
    pub fn cycle(steps: impl IntoIterator<Item = GrpcStep>) -> Self {
        Self::with(steps, true)
    }

    fn with(steps: impl IntoIterator<Item = GrpcStep>, again: bool) -> Self {
        let server = Self {
            shared: Arc::new(Shared {
                port: Port::new().expect("a port"),
                steps: Mutex::new(steps.into_iter().collect()),
                again,
                ledger: Ledger::default(),
                handled: Mutex::default(),
                connections: AtomicU64::new(0),
            }),
            running: Mutex::default(),
        };
        server.come_back();
        server
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.shared.port.address()
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// What came.
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// The calls so far.
    pub fn handled(&self) -> Vec<Handled> {
        lock(&self.shared.handled).clone()
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Acquire)
    }

    /// Stops listening and ends all connections; the port stays ours.
    pub fn go_away(&self) {
        if let Some(running) = lock(&self.running).take() {
            let _ = running.stop.send(());
            let _ = running.thread.join();
        }
    }

    /// Listens again.
    pub fn come_back(&self) {
        let mut running = lock(&self.running);
        if running.is_some() {
            return;
        }
        let listener = self.shared.port.listen(None).expect("the own port");
        listener.set_nonblocking(true).expect("a socket");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (stop, stopped) = oneshot::channel();
        let shared = self.shared.clone();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a socket");
                tokio::spawn(shared.accept(listener));
                let _ = stopped.await;
            });
            // With the runtime go all connections.
        });
        *running = Some(Running { stop, thread });
    }
}

impl Drop for GrpcServer {
    fn drop(&mut self) {
        self.go_away();
    }
}

impl Shared {
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            let number = self.connections.fetch_add(1, Ordering::AcqRel);
            tokio::spawn(self.clone().serve(stream, number));
        }
    }

    fn next_step(&self) -> GrpcStep {
        let mut steps = lock(&self.steps);
        let Some(step) = steps.pop_front() else {
            return GrpcStep::taken();
        };
        if self.again {
            steps.push_back(step.clone());
        }
        step
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, number: u64) {
        let Ok(mut connection) = h2::server::handshake(stream).await else {
            return;
        };
        while let Some(Ok((request, respond))) = connection.accept().await {
            let step = self.next_step();
            let call = self.note(&request, number);
            match step {
                GrpcStep::Close => return,
                GrpcStep::GoAwayNow => connection.abrupt_shutdown(Reason::NO_ERROR),
                GrpcStep::GoAway => self.take(&mut connection, call, request, respond),
                step => {
                    tokio::spawn(self.clone().follow(call, request, respond, step));
                }
            }
        }
    }

    /// Takes a call on a connection that then ends.
    fn take(
        self: &Arc<Self>,
        connection: &mut Connection<TcpStream, Bytes>,
        call: usize,
        request: Request<RecvStream>,
        respond: SendResponse<Bytes>,
    ) {
        connection.graceful_shutdown();
        tokio::spawn(self.clone().follow(call, request, respond, GrpcStep::taken()));
    }

    fn note(&self, request: &Request<RecvStream>, connection: u64) -> usize {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = request.headers().iter();
        let mut all = lock(&self.handled);
        all.push(Handled {
            at: Instant::now(),
            connection,
            line: request.uri().path().to_owned(),
            headers: headers
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body_bytes: 0,
            spans: 0,
            accepted: false,
        });
        all.len() - 1
    }

    async fn follow(
        self: Arc<Self>,
        call: usize,
        request: Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
        step: GrpcStep,
    ) {
        if let GrpcStep::Reset(reason) = step {
            respond.send_reset(reason);
            return;
        }
        let encoding = request.headers().get("grpc-encoding").cloned();
        let Some(body) = read(request.into_body()).await else {
            return;
        };
        let message = message(&body, encoding.as_ref());
        let keys = self.ledger.enter(message.as_deref().unwrap_or(b"\xff"));
        if let Some(handled) = lock(&self.handled).get_mut(call) {
            handled.body_bytes = body.len();
            handled.spans = keys.as_ref().map_or(0, Vec::len);
        }
        let sent = match step {
            GrpcStep::Answer(_) | GrpcStep::Late(_) if keys.is_none() => {
                refuse(&mut respond, 3, "undecodable", None)
            }
            GrpcStep::Answer(answer) => self.answer(&mut respond, call, &answer, keys),
            GrpcStep::Late(pause) => {
                tokio::time::sleep(pause).await;
                self.answer(&mut respond, call, &[], keys)
            }
            GrpcStep::Status(code, text, details) => refuse(&mut respond, code, &text, details.as_deref()),
            GrpcStep::Http(status, kind, body) => plain(&mut respond, status, kind, body),
            // Held until the other side gives up.
            _ => std::future::poll_fn(|context| respond.poll_reset(context))
                .await
                .map(drop),
        };
        // A caller that is gone is what some of the scripts are about.
        drop(sent);
    }

    fn answer(
        &self,
        respond: &mut SendResponse<Bytes>,
        call: usize,
        answer: &[u8],
        keys: Option<Vec<super::SpanKey>>,
    ) -> Result<(), h2::Error> {
        let mut stream = respond.send_response(head(200, "application/grpc"), false)?;
        let length = u32::try_from(answer.len()).unwrap_or(u32::MAX);
        let framed = [&[0][..], &length.to_be_bytes(), answer].concat();
        stream.send_data(framed.into(), false)?;
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        stream.send_trailers(trailers)?;
        if let Some(handled) = lock(&self.handled).get_mut(call) {
            handled.accepted = true;
        }
        self.ledger.accept(&keys.unwrap_or_default());
        Ok(())
    }
}

fn head(status: u16, kind: &'static str) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static(kind));
    response
}

/// A status alone: head and trailers in one.
fn refuse(
    respond: &mut SendResponse<Bytes>,
    code: u32,
    text: &str,
    details: Option<&[u8]>,
) -> Result<(), h2::Error> {
    use base64::Engine;
    let mut response = head(200, "application/grpc");
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    };
    set("grpc-status", code.to_string());
    // Plain ASCII texts need no percent-encoding but for the sign itself.
    set("grpc-message", text.replace('%', "%25"));
    if let Some(details) = details {
        let text = base64::engine::general_purpose::STANDARD_NO_PAD.encode(details);
        set("grpc-status-details-bin", text);
    }
    respond.send_response(response, true).map(drop)
}

fn plain(
    respond: &mut SendResponse<Bytes>,
    status: u16,
    kind: &'static str,
    body: &'static str,
) -> Result<(), h2::Error> {
    let mut stream = respond.send_response(head(status, kind), false)?;
    stream.send_data(Bytes::from_static(body.as_bytes()), true)
}

/// The whole body; `None`: it broke off.
async fn read(mut stream: RecvStream) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(data) = stream.data().await {
        let data = data.ok()?;
        body.extend_from_slice(&data);
        stream.flow_control().release_capacity(data.len()).ok()?;
    }
    Some(body)
}

/// The message of a call, decompressed; `None`: it is none.
fn message(body: &[u8], encoding: Option<&HeaderValue>) -> Option<Vec<u8>> {
    let (prefix, message) = body.split_first_chunk::<5>()?;
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]);
    if length as usize != message.len() {
        return None;
    }
    match (prefix[0], encoding.map(HeaderValue::as_bytes)) {
        (0, _) => Some(message.to_vec()),
        (1, Some(b"gzip")) => {
            let mut plain = Vec::new();
            GzDecoder::new(message).read_to_end(&mut plain).ok()?;
            Some(plain)
        }
        (1, Some(b"zstd")) => zstd::decode_all(message).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls with an empty request and gives head and trailers.
    async fn call(address: SocketAddr) -> (HeaderMap, Option<HeaderMap>) {
        let stream = TcpStream::connect(address).await.unwrap();
        let (client, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let mut client = client.ready().await.unwrap();
        let request = Request::post("http://localhost/Export").body(()).unwrap();
        let (response, mut body) = client.send_request(request, false).unwrap();
        body.send_data(Bytes::from_static(&[0; 5]), true).unwrap();
        let (head, mut answer) = response.await.unwrap().into_parts();
        while let Some(data) = answer.data().await {
            let length = data.unwrap().len();
            answer.flow_control().release_capacity(length).unwrap();
        }
        (head.headers, answer.trailers().await.unwrap())
    }

    #[test]
    fn a_script_is_followed_and_the_port_kept() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.unwrap();
        let server = GrpcServer::start([GrpcStep::status_retry(8, "busy", Duration::from_millis(1_500))]);
        let (head, trailers) = runtime.block_on(call(server.address()));
        assert_eq!((head["grpc-status"].as_bytes(), trailers), (&b"8"[..], None));
        assert!(head["grpc-status-details-bin"].len() > 60);
        server.go_away();
        assert!(std::net::TcpStream::connect(server.address()).is_err());
        server.come_back();
        let (_, trailers) = runtime.block_on(call(server.address()));
        assert_eq!(trailers.unwrap()["grpc-status"], "0");
        let handled = server.handled();
        assert_eq!(
            (handled.len(), handled[0].accepted, handled[1].accepted),
            (2, false, true)
        );
    }
}
