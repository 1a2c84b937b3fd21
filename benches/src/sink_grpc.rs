//! The gRPC side of the receiver: HTTP/2 and the five bytes in front of a message, nothing that it does not need.

use crate::sink::spans;
use bytes::Bytes;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Request, Response};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::{TcpListener, TcpStream};

/// What flow control lets a client send before it has to wait: more than any batch.
const WINDOW: u32 = 16 << 20;
/// The compression flag and the length of a message.
const PREFIX: usize = 5;

/// Serves on a thread of its own; gives the port.
pub(crate) fn start(count: Arc<AtomicU64>) -> io::Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    std::thread::spawn(move || {
        if let Err(error) = runtime.block_on(accept(listener, count)) {
            eprintln!("sink: {error}");
        }
    });
    Ok(port)
}

async fn accept(listener: std::net::TcpListener, count: Arc<AtomicU64>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let count = Arc::clone(&count);
        tokio::spawn(async move {
            if let Err(error) = connection(stream, count).await {
                eprintln!("sink: {error}");
            }
        });
    }
}

async fn connection(stream: TcpStream, count: Arc<AtomicU64>) -> Result<(), h2::Error> {
    stream.set_nodelay(true).map_err(|_| h2::Reason::INTERNAL_ERROR)?;
    let mut connection = h2::server::Builder::new()
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .handshake(stream)
        .await?;
    while let Some(accepted) = connection.accept().await {
        // A client that goes away while nothing is under way is no error.
        let Ok((request, respond)) = accepted else {
            return Ok(());
        };
        let count = Arc::clone(&count);
        tokio::spawn(async move {
            if let Err(error) = answer(request, respond, &count).await {
                eprintln!("sink: {error}");
            }
        });
    }
    Ok(())
}

async fn answer(
    request: Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
    count: &AtomicU64,
) -> Result<(), h2::Error> {
    let mut stream = request.into_body();
    let mut body = Vec::new();
    while let Some(part) = stream.data().await {
        let part = part?;
        stream.flow_control().release_capacity(part.len())?;
        body.extend_from_slice(&part);
    }
    let status = match body.get(PREFIX..).map(spans) {
        Some(Ok(spans)) => {
            count.fetch_add(spans, Ordering::AcqRel);
            "0"
        }
        _ => "3",
    };
    let mut response = Response::new(());
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("application/grpc"));
    let mut sender = respond.send_response(response, false)?;
    // An empty message.
    sender.send_data(Bytes::from_static(&[0; PREFIX]), false)?;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(status));
    sender.send_trailers(trailers)
}
