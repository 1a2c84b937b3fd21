//! What can be set, with its defaults.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// One mebibyte, in bytes.
pub(crate) const MIB: usize = 1024 * 1024;

/// The collector's options. The command line fills one; tests and embedding programs may build it themselves.
///
/// ```
/// use spanline_collector::Config;
/// let config = Config { quiet: true, ..Config::default() };
/// assert_eq!(config.otlp_http.port(), 4318);
/// assert_eq!(config.query.port(), 16686);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// Where OTLP/HTTP is received. Default 127.0.0.1:4318; port 0 takes a free one.
    pub otlp_http: SocketAddr,
    /// Where the page and the query API are served. Default 127.0.0.1:16686; port 0 takes a free one.
    pub query: SocketAddr,
    /// Bytes that kept traces may take, with all their overhead. Default 256 MiB. Over it, the oldest trace goes.
    pub memory: usize,
    /// Bytes of one request body after decompression. Default 20 MiB. A larger one is answered with 413.
    pub max_body: usize,
    /// Bytes of all request bodies being read or decoded at one time. Default 64 MiB, never less than two of
    /// `max_body`. Over it, a request is answered with 503 and Retry-After.
    pub max_in_flight: usize,
    /// Connections open at one time, on each of the two ports. Default 512. Over it, a connection is answered with
    /// 503 and Retry-After.
    pub max_connections: usize,
    /// Who may send from a browser. Default: every origin.
    pub cors: Cors,
    /// Print no finished traces. Default false.
    pub quiet: bool,
    /// Traces printed each second at most; the rest are counted in one line. Default 5.
    pub print_traces: usize,
    /// Spans printed of one trace at most; the rest are counted in one line. Default 50.
    pub print_spans: usize,
}

/// Which web pages may send spans from a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cors {
    /// Pages of every origin.
    Any,
    /// Pages of these origins (`https://shop.example`).
    Origins(Vec<String>),
    /// None.
    Off,
}

impl Default for Config {
    fn default() -> Self {
        let loopback = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Self {
            otlp_http: loopback(4318),
            query: loopback(16686),
            memory: 256 * MIB,
            max_body: 20 * MIB,
            max_in_flight: 64 * MIB,
            max_connections: 512,
            cors: Cors::Any,
            quiet: false,
            print_traces: 5,
            print_spans: 50,
        }
    }
}
