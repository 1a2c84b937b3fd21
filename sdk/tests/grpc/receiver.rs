//! A receiver over gRPC by tonic, which answers as the test says.

use axum::extract::{Request, State};
use bytes::{Buf, BufMut};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use std::collections::VecDeque;
use std::future::{pending, ready};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::codec::{
    Codec, CompressionEncoding, DecodeBuf, Decoder, EnabledCompressionEncodings, EncodeBuf, Encoder,
};
use tonic::metadata::MetadataMap;
use tonic::server::{Grpc, UnaryService};
use tonic::service::Routes;
use tonic::transport::{Server, ServerTlsConfig};
use tonic::{Code, Status};

/// Messages as bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; from.remaining()];
        from.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}

/// How a call is answered.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// With this message.
    Message(Vec<u8>),
    /// With this status.
    Status(Status),
    /// Not at all.
    Never,
}

impl Answer {
    pub(crate) fn status(code: i32, message: &str) -> Self {
        Self::Status(Status::new(Code::from_i32(code), message))
    }
}

/// One call, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What was called.
    pub(crate) path: String,
    pub(crate) metadata: MetadataMap,
    pub(crate) message: Vec<u8>,
    pub(crate) at: Instant,
    /// The other end of its connection.
    pub(crate) peer: Option<SocketAddr>,
}

impl Call {
    pub(crate) fn spans(&self) -> usize {
        let request = ExportTraceServiceRequest::decode(&self.message[..]).unwrap();
        let scopes = request
            .resource_spans
            .iter()
            .flat_map(|resource| &resource.scope_spans);
        scopes.map(|scope| scope.spans.len()).sum()
    }

    /// The value of a header; empty without it.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.metadata.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Debug, Default)]
struct Inner {
    calls: Vec<Call>,
    answers: VecDeque<Answer>,
}

#[derive(Debug, Default)]
struct Shared {
    inner: Mutex<Inner>,
    arrived: Condvar,
    /// What answers are compressed with.
    compress: Option<CompressionEncoding>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Export {
    shared: Arc<Shared>,
    path: String,
}

impl UnaryService<Vec<u8>> for Export {
    type Response = Vec<u8>;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<tonic::Response<Vec<u8>>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Vec<u8>>) -> Self::Future {
        let peer = request.remote_addr();
        let (metadata, _, message) = request.into_parts();
        let mut inner = self.shared.lock();
        inner.calls.push(Call {
            path: self.path.clone(),
            metadata,
            message,
            at: Instant::now(),
            peer,
        });
        let answer = inner.answers.pop_front();
        drop(inner);
        self.shared.arrived.notify_all();
        match answer.unwrap_or(Answer::Message(Vec::new())) {
            Answer::Message(message) => Box::pin(ready(Ok(tonic::Response::new(message)))),
            Answer::Status(status) => Box::pin(ready(Err(status))),
            Answer::Never => Box::pin(pending()),
        }
    }
}

async fn export(State(shared): State<Arc<Shared>>, request: Request) -> axum::response::Response {
    let mut accept = EnabledCompressionEncodings::default();
    accept.enable(CompressionEncoding::Gzip);
    accept.enable(CompressionEncoding::Zstd);
    let mut send = EnabledCompressionEncodings::default();
    if let Some(encoding) = shared.compress {
        send.enable(encoding);
    }
    let mut grpc = Grpc::new(Raw)
        .apply_compression_config(accept, send)
        .apply_max_message_size_config(None, Some(usize::MAX));
    let path = request.uri().path().to_owned();
    let answer = grpc.unary(Export { shared, path }, request).await;
    answer.map(axum::body::Body::new)
}

/// Where and how a receiver listens.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) address: Option<SocketAddr>,
    pub(crate) tls: Option<ServerTlsConfig>,
    pub(crate) compress: Option<CompressionEncoding>,
    /// No service at all.
    pub(crate) nothing: bool,
    /// Bytes that may be on their way in one call; the least that there is.
    pub(crate) window: Option<u32>,
}

/// Listens until it is dropped.
pub(crate) struct Receiver {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        Self::with(Setup::default())
    }

    pub(crate) fn with(setup: Setup) -> Self {
        let shared = Arc::new(Shared {
            compress: setup.compress,
            ..Shared::default()
        });
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let serving = shared.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(serve(setup, serving, tell, stopped));
            // What is not answered is given up.
            runtime.shutdown_background();
        });
        Self {
            shared,
            address: told.recv().unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Prepares the answers to the next calls, in order; after them all is well.
    pub(crate) fn answer(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.shared.lock().answers.extend(answers);
        self
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// Waits for so many calls.
    #[track_caller]
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Call> {
        let inner = self.shared.lock();
        let limit = Duration::from_secs(30);
        let waited = self
            .shared
            .arrived
            .wait_timeout_while(inner, limit, |inner| inner.calls.len() < count);
        let calls = waited.unwrap_or_else(PoisonError::into_inner).0.calls.clone();
        assert!(calls.len() >= count, "only {} calls", calls.len());
        calls
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

async fn serve(
    setup: Setup,
    shared: Arc<Shared>,
    tell: std::sync::mpsc::Sender<SocketAddr>,
    stopped: oneshot::Receiver<()>,
) {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = TcpListener::bind(setup.address.unwrap_or(any)).await.unwrap();
    let mut server = Server::builder();
    if let Some(tls) = setup.tls {
        server = server.tls_config(tls).unwrap();
    }
    if let Some(window) = setup.window {
        server = server
            .initial_stream_window_size(window)
            .initial_connection_window_size(65_535)
            .max_concurrent_streams(1);
    }
    let paths = [
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        "/jaeger.api_v2.CollectorService/PostSpans",
    ];
    let router = paths.into_iter().fold(axum::Router::new(), |router, path| {
        router.route(path, axum::routing::post(export))
    });
    let routes = match setup.nothing {
        true => Routes::default(),
        false => Routes::from(router.with_state(shared)),
    };
    let router = server.add_routes(routes);
    let address = listener.local_addr().unwrap();
    tell.send(address).unwrap();
    let incoming = tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::select! {
        served = router.serve_with_incoming(incoming) => served.unwrap(),
        _ = stopped => {}
    }
}
