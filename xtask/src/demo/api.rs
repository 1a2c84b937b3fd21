//! The collector's query API, read over a plain socket.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// The names of the services that the collector has seen.
pub(super) fn services(port: u16) -> Result<Value, String> {
    get(port, "/api/services")
}

/// The recent traces of one service.
pub(super) fn traces(port: u16, service: &str) -> Result<Value, String> {
    get(port, &format!("/api/traces?service={service}&limit=100"))
}

/// The `data` of an answer. HTTP/1.0, so that the answer ends with the connection and is never chunked.
fn get(port: u16, path: &str) -> Result<Value, String> {
    let wait = Some(Duration::from_secs(5));
    let text = |e: std::io::Error| e.to_string();
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(text)?;
    socket.set_read_timeout(wait).map_err(text)?;
    socket.set_write_timeout(wait).map_err(text)?;
    write!(socket, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n").map_err(text)?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).map_err(text)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("the answer is cut off")?;
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    if status != "200" {
        return Err(format!("{path}: status {status}: {body}"));
    }
    let mut answer: Value = serde_json::from_str(body).map_err(|e| format!("{path}: {e}"))?;
    Ok(answer["data"].take())
}
