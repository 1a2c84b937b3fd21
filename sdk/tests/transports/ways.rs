//! Unix sockets, proxies and headers, by their options.

use crate::common::{Receiver, finish};
use crate::names;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spanline::Builder;

/// Records one span, sends it and gives the only request.
fn one_request(builder: Builder, receiver: &Receiver) -> crate::common::Request {
    let provider = builder.without_environment().build().unwrap();
    provider.tracer("ways").span("sent").start().end();
    assert_eq!(finish(&provider).exporters[0].exported, 1);
    let mut requests = receiver.requests();
    assert_eq!(requests.len(), 1);
    let decoded = ExportTraceServiceRequest::decode(&requests[0].body[..]).unwrap();
    assert_eq!(names(&decoded), ["sent"]);
    requests.remove(0)
}

#[test]
fn credentials_headers_and_the_product_are_sent() {
    let receiver = Receiver::start();
    let builder = spanline::init()
        .exporter("otlp")
        .endpoint(receiver.url())
        .header("x-tenant", "blue")
        .bearer_token("secret")
        .options(|options| options.user_agent = Some("shop/2.1".into()));
    let request = one_request(builder, &receiver);
    assert_eq!(request.header("x-tenant"), Some("blue"));
    assert_eq!(request.header("authorization"), Some("Bearer secret"));
    let agent = request.header("user-agent").unwrap();
    assert!(
        agent.starts_with("shop/2.1 Spanline-OTLP-Exporter-Rust/"),
        "{agent}"
    );
}

#[test]
fn a_proxy_gets_the_request() {
    let proxy = Receiver::start();
    let address = proxy
        .url()
        .replace("http://", "http://me:pw@")
        .replace("/v1/traces", "");
    let builder = spanline::init()
        .exporter("otlp")
        .endpoint("http://nowhere.invalid:4318/v1/traces")
        .proxy(address);
    let request = one_request(builder, &proxy);
    assert_eq!(
        request.line,
        "POST http://nowhere.invalid:4318/v1/traces HTTP/1.1"
    );
    assert_eq!(request.header("host"), Some("nowhere.invalid:4318"));
    assert_eq!(request.header("proxy-authorization"), Some("Basic bWU6cHc="));
}

#[cfg(unix)]
#[test]
fn a_unix_socket_gets_the_request() {
    use std::io::{Read, Write};
    let folder = crate::folder::Folder::new();
    let listener = std::os::unix::net::UnixListener::bind(folder.path("agent.sock")).unwrap();
    let receiver = Receiver::start();
    let address = receiver.url().replace("http://", "").replace("/v1/traces", "");
    // Carries what comes over the socket on to the receiver.
    let carrier = std::thread::spawn(move || {
        let client = listener.accept().unwrap().0;
        let server = std::net::TcpStream::connect(address).unwrap();
        let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let back = std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let (mut client, mut server) = (client, server);
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = client.read(&mut buffer) {
            server.write_all(&buffer[..count]).unwrap();
        }
        server.shutdown(std::net::Shutdown::Both).unwrap();
        let _ = back.join();
    });
    let endpoint = format!("unix://{}:/v1/traces", folder.path("agent.sock").display());
    let request = one_request(spanline::init().exporter("otlp").endpoint(endpoint), &receiver);
    assert_eq!(request.line, "POST /v1/traces HTTP/1.1");
    carrier.join().unwrap();
}
