//! The collector as a value: started, asked for its addresses, stopped.

use crate::config::Config;
use crate::counters::Counters;
use crate::serve::Server;
use crate::store::SharedStore;
use crate::{query, receive, terminal};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// A running collector. It runs until [`Collector::stop`]: a handle that is only dropped leaves it running for as long
/// as its runtime does.
#[derive(Debug)]
pub struct Collector {
    otlp_http: Server,
    query: Server,
    store: Arc<SharedStore>,
    counters: Arc<Counters>,
    terminal: JoinHandle<()>,
}

/// Why a collector could not start.
#[derive(Debug)]
pub struct StartError {
    flag: &'static str,
    address: Option<SocketAddr>,
    source: io::Error,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(address) = self.address else {
            return write!(f, "cannot start a thread: {}", self.source);
        };
        write!(f, "cannot listen on {address}: {}", self.source)?;
        match self.source.kind() {
            io::ErrorKind::AddrInUse => {
                write!(
                    f,
                    "\nAnother program has this port. Stop it, or choose another one with {} ADDR.",
                    self.flag
                )
            }
            _ => write!(f, "\nChoose another address with {} ADDR.", self.flag),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl Collector {
    /// Binds both ports and starts to receive, to answer and, unless `quiet`, to print finished traces. Has to be
    /// called inside a multi-threaded tokio runtime.
    ///
    /// # Errors
    /// When a port cannot be bound; the text names the flag that chooses another one.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let store = Arc::new(SharedStore::new(config.memory));
        let counters = Arc::new(Counters::default());
        let failed = |flag, address| {
            move |source| StartError {
                flag,
                address: Some(address),
                source,
            }
        };
        let connections = config.max_connections;
        let router = query::router(Arc::clone(&store), Arc::clone(&counters));
        let query = Server::start(config.query, router, connections, Arc::clone(&counters))
            .await
            .map_err(failed("--query", config.query))?;
        let router = receive::router(config, Arc::clone(&store), Arc::clone(&counters));
        let otlp_http = Server::start(config.otlp_http, router, connections, Arc::clone(&counters))
            .await
            .map_err(failed("--otlp-http", config.otlp_http))?;
        let bounds = terminal::Bounds {
            traces_per_second: config.print_traces,
            spans_per_trace: config.print_spans,
            quiet: config.quiet,
        };
        let link = link(query.address());
        let terminal =
            terminal::start(Arc::clone(&store), Arc::clone(&counters), bounds, link).map_err(|source| {
                StartError {
                    flag: "",
                    address: None,
                    source,
                }
            })?;
        Ok(Self {
            otlp_http,
            query,
            store,
            counters,
            terminal,
        })
    }

    /// Where OTLP/HTTP is received.
    pub fn otlp_http(&self) -> SocketAddr {
        self.otlp_http.address()
    }

    /// Where the page and the query API are served.
    pub fn query(&self) -> SocketAddr {
        self.query.address()
    }

    /// What happened so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What to say when it is ready.
    pub fn greeting(&self) -> String {
        format!(
            "Spanline collector {}\n  receives OTLP/HTTP at {}/v1/traces\n  shows traces at       {}\n\n",
            env!("CARGO_PKG_VERSION"),
            link(self.otlp_http()),
            link(self.query())
        )
    }

    /// What was received and what became of it, in one line.
    pub fn summary(&self) -> String {
        summary(&self.store, &self.counters)
    }

    /// Accepts no more, lets requests in progress end for up to 5 s, stops, and returns what [`Self::summary`] says in
    /// the end.
    pub async fn stop(self) -> String {
        self.otlp_http.stop().await;
        self.query.stop().await;
        self.store.stop();
        // A terminal that stands still must not keep the program: what it would print is in the summary.
        for _ in 0..100 {
            if self.terminal.is_finished() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        summary(&self.store, &self.counters)
    }
}

/// A link that a browser on this machine can open: an unspecified address is reached by loopback.
fn link(address: SocketAddr) -> String {
    if address.ip().is_unspecified() || address.ip().is_loopback() && address.is_ipv4() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

fn summary(store: &SharedStore, counters: &Counters) -> String {
    let size = store.size();
    let count = |n: u64, noun| terminal::count(usize::try_from(n).unwrap_or(usize::MAX), noun);
    let mut text = format!(
        "received {} in {}; kept {} ({}, {:.1} MiB)",
        count(counters.spans_received.get(), "span"),
        count(counters.requests.get(), "request"),
        count(size.traces as u64, "trace"),
        count(size.spans as u64, "span"),
        size.bytes as f64 / crate::config::MIB as f64
    );
    for (count, what) in [
        (counters.traces_evicted.get(), "traces let go for memory"),
        (counters.spans_rejected.total(), "spans rejected"),
        (counters.spans_duplicate.get(), "repeated spans ignored"),
        (counters.requests_refused.total(), "requests refused"),
        (counters.connections_refused.get(), "connections refused"),
        (counters.traces_not_printed.get(), "finished traces not printed"),
    ] {
        if count > 0 {
            text.push_str(&format!("; {what}: {}", terminal::grouped(count)));
        }
    }
    text.push('\n');
    text
}
