//! Against servers that speak TLS, with certificates made here.

use super::*;
use crate::export::folder::Folder;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// An authority of a test's own.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key, in PEM form.
pub(super) struct Issued {
    chain: String,
    key: String,
}

impl Authority {
    pub(super) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut params = CertificateParams::new([]).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, format!("authority {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Issued {
            chain: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    pub(super) fn server(&self) -> Issued {
        self.issue("localhost", |params| {
            params
                .extended_key_usages
                .push(ExtendedKeyUsagePurpose::ServerAuth);
        })
    }

    fn client(&self) -> Issued {
        self.issue("client", |params| {
            params
                .extended_key_usages
                .push(ExtendedKeyUsagePurpose::ClientAuth);
        })
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }
}

/// What a server offers: its certificate, and whose client certificates it asks for.
pub(super) fn offer(issued: &Issued, clients: Option<&Authority>) -> Arc<ServerConfig> {
    offer_versions(issued, clients, rustls::ALL_VERSIONS)
}

fn offer_versions(
    issued: &Issued,
    clients: Option<&Authority>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Arc<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .unwrap();
    let builder = match clients {
        Some(authority) => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(Arc::new(authority.roots()), provider)
                .build()
                .unwrap(),
        ),
        None => builder.with_no_client_auth(),
    };
    let chain = CertificateDer::pem_slice_iter(issued.chain.as_bytes()).map(Result::unwrap);
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    Arc::new(builder.with_single_cert(chain.collect(), key).unwrap())
}

pub(super) fn serve_tls(
    config: Arc<ServerConfig>,
    answers: Answers,
) -> (String, Receiver<Seen>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let (requests, thread) = serve_on(answers, move || {
        let stream = listener.accept().unwrap().0;
        let session = ServerConnection::new(config.clone()).unwrap();
        Box::new(StreamOwned::new(session, stream))
    });
    (url, requests, thread)
}

/// Writes what a server (`server.pem`, `server-key.pem`) and a client need; gives the client's.
pub(super) fn offer_files(authority: &Authority, folder: &Folder) -> TlsFiles {
    let (server, client) = (authority.server(), authority.client());
    folder.write("server.pem", &server.chain);
    folder.write("server-key.pem", &server.key);
    TlsFiles {
        certificate: Some(folder.write("ca.pem", &authority.0.pem())),
        client_certificate: Some(folder.write("client.pem", &client.chain)),
        client_key: Some(folder.write("key.pem", &client.key)),
    }
}

/// A server that has one connection, does its part of the handshake and ends; gives its error.
fn refuse_once(config: Arc<ServerConfig>) -> (String, JoinHandle<std::io::Error>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let thread = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut session = ServerConnection::new(config).unwrap();
        let error = loop {
            if let Err(error) = session.complete_io(&mut stream) {
                break error;
            }
        };
        // Whatever else comes is read, so that closing does not reset the connection.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
        error
    });
    (url, thread)
}

/// As [`to`], trusting this authority alone.
pub(super) fn trusting(url: &str, authority: &Authority, folder: &Folder) -> HttpSettings {
    HttpSettings {
        tls: TlsMaterial::load(&TlsFiles {
            certificate: Some(folder.write("ca.pem", &authority.0.pem())),
            ..TlsFiles::default()
        })
        .unwrap(),
        ..to(url)
    }
}

fn failure(outcome: SendOutcome) -> (FailKind, String) {
    match outcome {
        SendOutcome::Failed { kind, message } => (kind, message),
        other => panic!("no failure: {other:?}"),
    }
}

#[test]
fn a_protected_connection_is_kept_and_replaced() {
    let (authority, folder) = (Authority::new(), Folder::new());
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let ok = answer("200 OK", "", b"fine");
        let closing = (ok.0.clone(), true);
        let config = offer_versions(&authority.server(), None, versions);
        let (url, requests, server) = serve_tls(config, vec![ok.clone(), ok.clone(), closing, ok]);
        let mut transport = HttpTransport::new(trusting(&url, &authority, &folder));
        let big: Vec<u8> = (0..700_000u32).map(|number| number as u8).collect();
        for (body, connection) in [(&b"abc"[..], 1), (&big, 1), (b"", 1), (b"d", 2)] {
            let got = response(send(&mut transport, body));
            assert_eq!((got.status, &got.body[..]), (200, &b"fine"[..]));
            let seen = requests.recv().unwrap();
            assert_eq!((seen.connection, &seen.body[..]), (connection, body));
        }
        server.join().unwrap();
    }
}

#[test]
fn a_client_shows_its_certificate() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let config = offer(&authority.server(), Some(&authority));
    let (url, _requests, server) = serve_tls(config.clone(), vec![answer("200 OK", "", b"")]);
    let files = offer_files(&authority, &folder);
    let settings = HttpSettings {
        tls: TlsMaterial::load(&files).unwrap(),
        ..to(&url)
    };
    assert_eq!(
        response(send(&mut HttpTransport::new(settings.clone()), b"x")).status,
        200
    );
    server.join().unwrap();

    let (url, server) = refuse_once(config.clone());
    let (kind, message) = failure(send(
        &mut HttpTransport::new(trusting(&url, &authority, &folder)),
        b"x",
    ));
    assert_eq!(kind, FailKind::Tls, "{message}");
    assert!(message.contains("client_certificate and client_key"), "{message}");
    server.join().unwrap();

    // One of another authority.
    let (url, server) = refuse_once(config);
    let other = Authority::new().client();
    let files = TlsFiles {
        client_certificate: Some(folder.write("client.pem", &other.chain)),
        client_key: Some(folder.write("key.pem", &other.key)),
        ..files
    };
    let settings = HttpSettings {
        tls: TlsMaterial::load(&files).unwrap(),
        ..to(&url)
    };
    let (kind, message) = failure(send(&mut HttpTransport::new(settings), b"x"));
    assert_eq!(kind, FailKind::Tls, "{message}");
    assert!(message.contains("refused our client certificate"), "{message}");
    server.join().unwrap();
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_and_final() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let stranger = Authority::new();
    let years = |params: &mut CertificateParams, from, to| {
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(to, 1, 1);
    };
    for (issued, words) in [
        (stranger.server(), "unknown issuer"),
        (
            authority.issue("other.example", |_| {}),
            "is not for localhost but for",
        ),
        (
            authority.issue("localhost", |params| years(params, 2020, 2021)),
            "expired",
        ),
        (
            authority.issue("localhost", |params| years(params, 4000, 4001)),
            "is not valid for another",
        ),
    ] {
        let (url, server) = refuse_once(offer(&issued, None));
        let mut transport = HttpTransport::new(trusting(&url, &authority, &folder));
        let (kind, message) = failure(send(&mut transport, b"x"));
        assert_eq!(kind, FailKind::Tls, "{message}");
        assert!(message.contains(words), "{message}");
        assert!(!kind.retryable() && !kind.endpoint_dead());
        drop(transport);
        // The server learns why, too.
        let told = server.join().unwrap().to_string();
        assert!(told.contains("received fatal alert"), "{told}");
    }
}

#[test]
fn a_server_without_tls_is_recognised() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.read_exact(&mut [0; 20]).unwrap();
        stream
            .write_all(&answer("400 Bad Request", "", b"plain http").0)
            .unwrap();
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let url = format!("https://localhost:{port}");
    let (kind, message) = failure(send(
        &mut HttpTransport::new(trusting(&url, &authority, &folder)),
        b"x",
    ));
    assert_eq!(kind, FailKind::Tls);
    assert!(message.contains("does not speak TLS"), "{message}");
    server.join().unwrap();

    // Somebody who closes says nothing about TLS: it may be a receiver that is just ending.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.read_exact(&mut [0; 20]).unwrap();
    });
    let url = format!("https://localhost:{port}");
    let (kind, _) = failure(send(
        &mut HttpTransport::new(trusting(&url, &authority, &folder)),
        b"x",
    ));
    assert_eq!(kind, FailKind::Reset);
    server.join().unwrap();
}

#[test]
fn a_handshake_ends_at_the_deadline_and_when_stopped() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (listener, url) = silent_server();
    let url = url.replace("http://127.0.0.1", "https://localhost");
    let settings = trusting(&url, &authority, &folder);
    let transport = HttpTransport::new(settings);
    ends_at_the_deadline_and_when_stopped(transport, || Ok(listener.accept()?.0));
}

#[test]
fn an_early_answer_counts_under_tls() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let config = offer(&authority.server(), None);
    let server = std::thread::spawn(move || {
        let session = ServerConnection::new(config).unwrap();
        let stream = listener.accept().unwrap().0;
        // The answer must not wait for its tickets to be acknowledged: closing would drop it.
        stream.set_nodelay(true).unwrap();
        let mut stream = StreamOwned::new(session, stream);
        stream.read_exact(&mut [0; 50]).unwrap();
        stream
            .write_all(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .unwrap();
        stream.flush().unwrap();
    });
    let outcome = send(
        &mut HttpTransport::new(trusting(&url, &authority, &folder)),
        &vec![0; 30_000_000],
    );
    server.join().unwrap();
    match outcome {
        SendOutcome::Failed { kind, .. } if !cfg!(target_os = "linux") => assert_eq!(kind, FailKind::Reset),
        outcome => assert_eq!(response(outcome).status, 413),
    }
}

#[test]
fn a_forked_child_drops_its_copy_without_a_word() {
    use crate::fork::tests::in_child;
    let (authority, folder) = (Authority::new(), Folder::new());
    let ok = answer("200 OK", "", b"");
    let (url, requests, server) = serve_tls(offer(&authority.server(), None), vec![ok.clone(), ok]);
    let mut transport = Some(HttpTransport::new(trusting(&url, &authority, &folder)));
    assert_eq!(response(send(transport.as_mut().unwrap(), b"1")).status, 200);
    let code = in_child(|| {
        drop(transport.take());
        0
    });
    assert_eq!(code, 0);
    assert_eq!(response(send(transport.as_mut().unwrap(), b"2")).status, 200);
    let connections: Vec<usize> = requests.iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [1, 1]);
    server.join().unwrap();
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = Folder::new();
    let client = Authority::new().client();
    let chain = folder.write("client.pem", &client.chain);
    let key = folder.write("key.pem", &client.key);
    let other_key = folder.write("other.pem", &Authority::new().client().key);
    let junk = folder.write(
        "junk.pem",
        "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
    );
    let wrong = folder.write(
        "wrong.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let nothing = folder.write("nothing.pem", "hello\n");
    let gone = folder.path("gone.pem");
    let certificate = |path: &PathBuf| TlsFiles {
        certificate: Some(path.clone()),
        ..TlsFiles::default()
    };
    let pair = |chain: Option<&PathBuf>, key: Option<&PathBuf>| TlsFiles {
        client_certificate: chain.cloned(),
        client_key: key.cloned(),
        ..TlsFiles::default()
    };
    let cases: [(TlsFiles, &str, &Path, &str); 11] = [
        (certificate(&gone), "certificate", &gone, "cannot be read"),
        (
            certificate(&folder.path("")),
            "certificate",
            &folder.path(""),
            "cannot be read",
        ),
        (certificate(&junk), "certificate", &junk, "is not valid PEM"),
        (certificate(&wrong), "certificate", &wrong, "cannot be read"),
        (
            certificate(&nothing),
            "certificate",
            &nothing,
            "has no certificate",
        ),
        (certificate(&key), "certificate", &key, "has no certificate"),
        (
            pair(Some(&chain), None),
            "client_certificate",
            &chain,
            "needs client_key",
        ),
        (
            pair(None, Some(&key)),
            "client_key",
            &key,
            "needs client_certificate",
        ),
        (
            pair(Some(&chain), Some(&chain)),
            "client_key",
            &chain,
            "has no private key",
        ),
        (
            pair(Some(&chain), Some(&other_key)),
            "client_key",
            &other_key,
            "does not belong",
        ),
        (
            pair(Some(&wrong), Some(&key)),
            "client_certificate",
            &wrong,
            "cannot be read",
        ),
    ];
    for (files, option, path, words) in cases {
        let error = TlsMaterial::load(&files).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.option, option, "{text}");
        assert!(text.starts_with(&format!("{option}: ")), "{text}");
        assert!(text.contains(path.to_str().unwrap()), "{text}");
        assert!(text.contains(words), "{text}");
    }
    assert!(TlsMaterial::load(&pair(Some(&chain), Some(&key))).is_ok());
}

/// The machine's trust store is what the variables say it is.
#[test]
fn the_machines_authorities_are_trusted() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let ca = folder.write("ca.pem", &authority.0.pem());
    let none = folder.write("none.pem", "");
    let (url, _requests, server) =
        serve_tls(offer(&authority.server(), None), vec![answer("200 OK", "", b"")]);
    let child = |file: &Path, url: &str| {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture"])
            .arg("transport::tests::tls::child_sends")
            .env("SPANLINE_TEST_URL", url)
            .env("SSL_CERT_FILE", file)
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let sent = child(&ca, &url);
    assert!(sent.contains("STATUS 200"), "{sent}");
    server.join().unwrap();

    // Read before anything is agreed on, but after the connection is made.
    let (url, server) = refuse_once(offer(&authority.server(), None));
    let empty = child(&none, &url);
    let words = match cfg!(feature = "webpki-roots") {
        true => "unknown issuer",
        false => "no trusted certificates",
    };
    assert!(empty.contains("FAILED Tls") && empty.contains(words), "{empty}");
    server.join().unwrap();
}

#[test]
#[ignore = "the program of the test above"]
fn child_sends() {
    let url = std::env::var("SPANLINE_TEST_URL").unwrap();
    match send(&mut HttpTransport::new(to(&url)), b"x") {
        SendOutcome::Response(response) => println!("STATUS {}", response.status),
        SendOutcome::Failed { kind, message } => println!("FAILED {kind:?} {message}"),
        SendOutcome::TooLarge => println!("TOO LARGE"),
    }
}
