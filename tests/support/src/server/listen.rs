//! The server: its port, its connections, and when it is there at all.

use super::{Answer, Ledger, Port, Script, http};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;
use std::collections::HashMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How a server is to be.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What becomes of the requests.
    pub script: Script,
    /// Speaks TLS with this.
    pub tls: Option<Arc<ServerConfig>>,
    /// Bytes of the receive buffer of its connections; `None`: as the system has it.
    pub receive_buffer: Option<usize>,
}

/// A request that a step was taken for.
#[derive(Clone, Debug)]
pub struct Handled {
    /// When its head had come.
    pub at: Instant,
    /// Which connection, counted from 0.
    pub connection: u64,
    /// Its request line.
    pub line: String,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Bytes of its body as it came; 0 when not all of it was read.
    pub body_bytes: usize,
    /// Spans in it; 0 when it was not read or is no request.
    pub spans: usize,
    /// The sender was told that they were taken.
    pub accepted: bool,
}

/// Listens on a port of its own until it is dropped.
#[derive(Debug)]
pub struct Server {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    port: Port,
    setup: Setup,
    script: Mutex<Script>,
    pub(super) ledger: Ledger,
    handled: Mutex<Vec<Handled>>,
    open: Mutex<HashMap<u64, TcpStream>>,
    connections: AtomicU64,
    accepting: Mutex<Option<Accepting>>,
    /// The test is over.
    dropped: AtomicBool,
}

#[derive(Debug)]
struct Accepting {
    thread: JoinHandle<()>,
    stop: Arc<AtomicBool>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    /// Listens with plain HTTP.
    ///
    /// # Panics
    ///
    /// When there is no port, as any start does.
    pub fn start(script: Script) -> Self {
        Self::with(Setup {
            script,
            tls: None,
            receive_buffer: None,
        })
    }

    /// Listens as this says.
    pub fn with(setup: Setup) -> Self {
        let inner = Arc::new(Inner {
            port: Port::new().expect("a port"),
            script: Mutex::new(setup.script.clone()),
            setup,
            ledger: Ledger::default(),
            handled: Mutex::default(),
            open: Mutex::default(),
            connections: AtomicU64::new(0),
            accepting: Mutex::default(),
            dropped: AtomicBool::new(false),
        });
        inner.come_back();
        Self { inner }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.inner.port.address()
    }

    /// The URL of the traces: `https` when it speaks TLS.
    pub fn url(&self) -> String {
        let scheme = if self.inner.setup.tls.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}/v1/traces", self.address())
    }

    /// What came.
    pub fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    /// The requests so far.
    pub fn handled(&self) -> Vec<Handled> {
        lock(&self.inner.handled).clone()
    }

    /// Connections so far, those that came to nothing included.
    pub fn connections(&self) -> u64 {
        self.inner.connections.load(Ordering::Acquire)
    }

    /// Stops listening and resets all connections; the port stays ours.
    pub fn go_away(&self) {
        self.inner.go_away();
    }

    /// Listens again.
    pub fn come_back(&self) {
        self.inner.come_back();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.inner.dropped.store(true, Ordering::Release);
        self.inner.go_away();
    }
}

impl Inner {
    fn come_back(self: &Arc<Self>) {
        let mut accepting = lock(&self.accepting);
        if accepting.is_some() || self.dropped.load(Ordering::Acquire) {
            return;
        }
        let listener = self.port.listen(self.setup.receive_buffer).expect("the own port");
        let stop = Arc::new(AtomicBool::new(false));
        let (inner, stopped) = (self.clone(), stop.clone());
        let thread = std::thread::spawn(move || inner.accept(&listener, &stopped));
        *accepting = Some(Accepting { thread, stop });
    }

    pub(super) fn go_away(&self) {
        if let Some(Accepting { thread, stop }) = lock(&self.accepting).take() {
            stop.store(true, Ordering::Release);
            // Wakes it.
            let _ = TcpStream::connect(self.port.address());
            let _ = thread.join();
        }
        for stream in lock(&self.open).values() {
            reset(stream);
        }
    }

    /// Nobody listens for this long.
    pub(super) fn be_away(self: &Arc<Self>, pause: Duration) {
        self.go_away();
        std::thread::sleep(pause);
        self.come_back();
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener, stop: &AtomicBool) {
        for stream in listener.incoming() {
            if stop.load(Ordering::Acquire) {
                return;
            }
            let (Ok(stream), inner) = (stream, self.clone()) else {
                continue;
            };
            let number = self.connections.fetch_add(1, Ordering::AcqRel);
            if let Ok(other) = stream.try_clone() {
                lock(&self.open).insert(number, other);
            }
            std::thread::spawn(move || {
                inner.serve(&stream, number);
                lock(&inner.open).remove(&number);
            });
        }
    }

    fn serve(self: &Arc<Self>, stream: &TcpStream, number: u64) {
        let at_once = lock(&self.script).at_once();
        match at_once {
            Some(super::Step::Mute) => return http::stay_mute(stream),
            Some(_) => return,
            None => {}
        }
        let _ = stream.set_nodelay(true);
        match &self.setup.tls {
            None => http::talk(self, stream, stream, number),
            Some(config) => {
                if let Ok(connection) = ServerConnection::new(config.clone()) {
                    http::talk(self, stream, StreamOwned::new(connection, stream), number);
                }
            }
        }
    }

    pub(super) fn next_step(&self) -> super::Step {
        lock(&self.script).next()
    }

    /// Notes a request; the number is for [`Inner::settle`].
    pub(super) fn note(&self, handled: Handled) -> usize {
        let mut all = lock(&self.handled);
        all.push(handled);
        all.len() - 1
    }

    /// Notes what became of it.
    pub(super) fn settle(&self, number: usize, change: impl FnOnce(&mut Handled)) {
        if let Some(handled) = lock(&self.handled).get_mut(number) {
            change(handled);
        }
    }

    /// What is answered to a request that cannot be decoded.
    pub(super) fn undecodable() -> Answer {
        Answer::status(400)
    }
}

/// Has the connection reset rather than closed.
pub(super) fn reset(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
    let _ = stream.shutdown(Shutdown::Both);
}
