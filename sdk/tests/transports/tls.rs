//! https by the options, against a server that asks for a client certificate.

use crate::common::{finish, problems_during};
use crate::folder::Folder;
use crate::names;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// Files of an authority, and of a client that it knows.
struct Authority {
    folder: Folder,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = Folder::new();
        let key = KeyPair::generate().unwrap();
        let client = CertificateParams::new(["client".to_owned()]).unwrap();
        let client = client.signed_by(&key, &issuer).unwrap();
        for (name, text) in [
            ("ca.pem", issuer.pem()),
            ("client.pem", client.pem()),
            ("key.pem", key.serialize_pem()),
        ] {
            std::fs::write(folder.path(name), text).unwrap();
        }
        Self { folder, issuer }
    }

    /// A server for one connection, which answers its requests with 200; gives the URL and the requests' bodies.
    fn serve(&self) -> (String, JoinHandle<Vec<Vec<u8>>>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients.build().unwrap())
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!(
            "https://localhost:{}/v1/traces",
            listener.local_addr().unwrap().port()
        );
        let thread = std::thread::spawn(move || {
            let session = ServerConnection::new(Arc::new(config)).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(session, listener.accept().unwrap().0));
            let mut bodies = Vec::new();
            while let Some(body) = read(&mut stream) {
                bodies.push(body);
                let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
                stream.get_mut().flush().unwrap();
            }
            bodies
        });
        (url, thread)
    }
}

/// The body of the next request.
fn read(stream: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            let mut body = vec![0; length];
            stream.read_exact(&mut body).ok()?;
            return Some(body);
        }
    }
}

#[test]
fn the_options_name_the_certificates() {
    let authority = Authority::new();
    let (url, server) = authority.serve();
    let provider = spanline::init()
        .without_environment()
        .exporter("otlp")
        .endpoint(url)
        .certificate(authority.folder.text("ca.pem"))
        .client_certificate(
            authority.folder.text("client.pem"),
            authority.folder.text("key.pem"),
        )
        .build()
        .unwrap();
    for name in ["a", "b"] {
        provider.tracer("tls").span(name).start().end();
        assert!(provider.flush().complete);
    }
    assert_eq!(finish(&provider).exporters[0].exported, 2);
    drop(provider);
    let bodies = server.join().unwrap();
    let decoded = bodies
        .iter()
        .map(|body| ExportTraceServiceRequest::decode(&body[..]).unwrap());
    let sent: Vec<String> = decoded.map(|request| names(&request).concat()).collect();
    assert_eq!(sent, ["a", "b"]);
}

#[test]
fn a_certificate_that_nobody_trusts_fails_for_good_and_is_said() {
    let (authority, other) = (Authority::new(), Authority::new());
    let (url, server) = authority.serve();
    let provider = spanline::init()
        .without_environment()
        .exporter("otlp")
        .endpoint(url)
        .certificate(other.folder.text("ca.pem"))
        .build()
        .unwrap();
    let ((), said) = problems_during(|| {
        provider.tracer("tls").span("a").start().end();
        assert!(provider.flush().complete, "settled, if not well");
    });
    let exporter = &finish(&provider).exporters[0];
    assert_eq!(exporter.failed, [("tls".to_owned(), 1)]);
    let words = "the receiver's certificate";
    assert!(said.iter().any(|said| said.message.contains(words)), "{said:?}");
    assert!(server.join().unwrap().is_empty());
}

#[test]
fn files_that_cannot_be_used_are_errors_at_the_start() {
    let folder = Folder::new();
    std::fs::write(folder.path("junk.pem"), "junk").unwrap();
    for (name, words) in [("gone.pem", "cannot be read"), ("junk.pem", "has no certificate")] {
        let path = folder.text(name);
        let error = spanline::init()
            .without_environment()
            .exporter("otlp")
            .endpoint("https://localhost:1/")
            .certificate(path.clone())
            .build()
            .unwrap_err();
        let text = error.to_string();
        for part in ["certificate", &path, words] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(error.option(), Some("certificate"));
    }
}
