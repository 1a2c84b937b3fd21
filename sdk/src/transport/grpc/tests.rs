//! Against a receiver that is scripted to the frame.

mod answers;
mod faults;
#[cfg(target_os = "linux")]
mod figures;
mod peer;

use super::*;
use std::net::SocketAddr;

const LONG: Option<Duration> = Some(Duration::from_secs(30));
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

fn settings(address: SocketAddr) -> GrpcSettings {
    GrpcSettings {
        method: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        endpoint: Endpoint::parse(&format!("http://{address}")).unwrap(),
        proxy: None,
        tls: TlsMaterial::default(),
        user_agent: "test/1".to_owned(),
        headers: Vec::new(),
        max_response_bytes: MAX_RESPONSE_BYTES,
    }
}

fn transport(address: SocketAddr) -> GrpcTransport {
    GrpcTransport::new(settings(address), &mut |_| {})
}

fn plain(message: &[u8]) -> GrpcRequest {
    GrpcRequest {
        message: Bytes::copy_from_slice(message),
        encoding: None,
    }
}

#[track_caller]
fn failed(transport: &mut GrpcTransport) -> Failure {
    transport.send(&plain(b"spans"), LONG).unwrap_err()
}

#[track_caller]
fn succeeds(transport: &mut GrpcTransport) {
    assert_eq!(transport.send(&plain(b"spans"), LONG).unwrap().code, 0);
}
