//! A receiver of OTLP on the loopback that misbehaves by a script.
//!
//! A [`Script`] says what becomes of each request: answered so or so, reset after some bytes, read slowly, never
//! answered, and so on. What comes is decoded by an implementation that is not ours, and kept in a [`Ledger`] by trace
//! id and span id, with how often each came.
//!
//! ```
//! use spanline_test_vectors::server::{Answer, Script, Server, Step};
//! use std::io::{Read, Write};
//!
//! let server = Server::start(Script::once([Step::Answer(Answer::status(503).header("Retry-After", "1"))]));
//! let mut stream = std::net::TcpStream::connect(server.address()).unwrap();
//! stream.write_all(b"POST /v1/traces HTTP/1.1\r\nContent-Length: 0\r\n\r\n").unwrap();
//! let mut answer = [0; 12];
//! stream.read_exact(&mut answer).unwrap();
//! assert_eq!(&answer, b"HTTP/1.1 503");
//! ```

mod answer;
mod folder;
mod grpc;
mod http;
mod ledger;
mod listen;
mod port;
mod retry_info;
mod script;
mod tls;

pub use answer::Answer;
pub use folder::Folder;
pub use grpc::{GrpcServer, GrpcStep, Reason};
pub use ledger::{Ledger, SpanKey};
pub use listen::{Handled, Server, Setup};
pub use port::Port;
pub use script::{Script, Step};
pub use tls::{Authority, Identity, server_config};
