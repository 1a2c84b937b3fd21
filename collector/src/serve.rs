//! Connections: accepted under a bound, with time-outs, stopped gracefully.

use crate::counters::Counters;
use crate::stall::WriteTimeout;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;

/// How long a connection may be idle, or take to send the head of a request. Longer than exporters usually wait
/// between two batches, so that they keep their connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(90);
/// How long an answer may wait for its client to read on.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes that the head of a request may take.
const HEAD_LIMIT: usize = 64 * 1024;
/// How long requests in progress may take to end when the collector stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection for which there is no room is kept to deliver that answer, and how many at one time;
/// beyond, they are closed without one.
const REFUSE_TIMEOUT: Duration = Duration::from_secs(1);
const REFUSING: usize = 64;

/// One listening port.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Server {
    /// Binds and starts to serve.
    pub(crate) async fn start(
        address: SocketAddr,
        router: Router,
        max_connections: usize,
        counters: Arc<Counters>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let stop = Arc::new(Notify::new());
        let slots = Arc::new(Semaphore::new(max_connections.clamp(1, Semaphore::MAX_PERMITS)));
        let task = tokio::spawn(run(listener, router, slots, counters, Arc::clone(&stop)));
        Ok(Self { address, stop, task })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more, lets requests in progress end, and returns when all connections are closed or 5 s are over.
    pub(crate) async fn stop(self) {
        self.stop.notify_one();
        let _ = self.task.await;
    }
}

async fn run(
    listener: TcpListener,
    router: Router,
    slots: Arc<Semaphore>,
    counters: Arc<Counters>,
    stop: Arc<Notify>,
) {
    let graceful = GracefulShutdown::new();
    let refusing = Arc::new(Semaphore::new(REFUSING));
    let accept = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file descriptors, or the client is gone already: the next try may do.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
                counters.connections_refused.add(1);
                if let Ok(slot) = Arc::clone(&refusing).try_acquire_owned() {
                    tokio::spawn(async move {
                        refuse(stream).await;
                        drop(slot);
                    });
                }
                continue;
            };
            let _ = stream.set_nodelay(true);
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_buf_size(HEAD_LIMIT)
                .serve_connection(
                    TokioIo::new(WriteTimeout::new(stream, WRITE_TIMEOUT)),
                    TowerToHyperService::new(router.clone()),
                );
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                // What can go wrong here (a reset, a malformed head) is answered by hyper and concerns this client only.
                let _ = connection.await;
                drop(slot);
            });
        }
    };
    until(accept, &stop).await;
    drop(listener);
    let _ = tokio::time::timeout(STOP_TIMEOUT, graceful.shutdown()).await;
}

/// Polls `work`, which never ends by itself, until `stop` is notified.
async fn until(work: impl Future<Output = std::convert::Infallible>, stop: &Notify) {
    let mut work = std::pin::pin!(work);
    let mut stop = std::pin::pin!(stop.notified());
    std::future::poll_fn(|context| {
        if stop.as_mut().poll(context).is_ready() {
            return std::task::Poll::Ready(());
        }
        match work.as_mut().poll(context) {
            std::task::Poll::Ready(never) => match never {},
            std::task::Poll::Pending => std::task::Poll::Pending,
        }
    })
    .await;
}

/// Tells a client that there is no room for its connection. The answer does not wait for its request, but what it
/// sends is read for a moment: closing with unread bytes would reset the connection before the answer is seen.
async fn refuse(mut stream: TcpStream) {
    const TEXT: &str = "too many connections: try again later\n";
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: {}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{TEXT}",
        crate::receive::RETRY_AFTER,
        TEXT.len()
    );
    let _ = tokio::time::timeout(REFUSE_TIMEOUT, async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        let mut scrap = [0; 4096];
        while stream.read(&mut scrap).await? > 0 {}
        io::Result::Ok(())
    })
    .await;
}
