//! Ways to the receiver, and what happens on them.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use tonic::transport::{Certificate, Identity, ServerTlsConfig};

/// A folder that goes away with its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("spanline-grpc-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for this name and its key.
fn issue(authority: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    (
        params.signed_by(&key, authority).unwrap().pem(),
        key.serialize_pem(),
    )
}

fn server_tls(authority: &Authority) -> ServerTlsConfig {
    let (certificate, key) = issue(authority, "localhost");
    ServerTlsConfig::new().identity(Identity::from_pem(certificate, key))
}

fn https(receiver: &Receiver) -> String {
    format!("https://localhost:{}", receiver.address().port())
}

#[test]
fn by_tls_with_an_authority_of_ones_own() {
    let _turn = turn();
    let (ours, folder) = (authority(), Folder::new());
    let receiver = Receiver::with(Setup {
        tls: Some(server_tls(&ours)),
        ..Setup::default()
    });
    let roots = folder.write("roots.pem", &ours.pem());
    let provider = build(&https(&receiver), |builder| builder.certificate(roots));
    assert_eq!(flushed(&provider).exporters[0].exported, SPANS);
    assert_eq!(flushed(&provider).exporters[0].exported, 2 * SPANS);
    // Without a scheme it is TLS too.
    let roots = folder.write("roots.pem", &ours.pem());
    let bare = format!("localhost:{}", receiver.address().port());
    let provider = build(&bare, |builder| builder.certificate(roots));
    assert_eq!(flushed(&provider).exporters[0].exported, SPANS);
}

#[test]
fn by_tls_showing_who_we_are() {
    let _turn = turn();
    let (ours, folder) = (authority(), Folder::new());
    let tls = server_tls(&ours).client_ca_root(Certificate::from_pem(ours.pem()));
    let receiver = Receiver::with(Setup {
        tls: Some(tls),
        ..Setup::default()
    });
    let roots = folder.write("roots.pem", &ours.pem());
    let (certificate, key) = issue(&ours, "client");
    let (certificate, key) = (
        folder.write("cert.pem", &certificate),
        folder.write("key.pem", &key),
    );
    let provider = build(&https(&receiver), |builder| {
        builder
            .certificate(roots.clone())
            .client_certificate(certificate, key)
    });
    assert_eq!(flushed(&provider).exporters[0].exported, SPANS);
    // Nobody in particular is refused.
    let provider = build(&https(&receiver), |builder| builder.certificate(roots));
    assert_eq!(
        flushed(&provider).exporters[0].failed,
        [("tls".to_owned(), SPANS)]
    );
}

#[test]
fn a_stranger_behind_tls_is_final() {
    let _turn = turn();
    let (theirs, folder) = (authority(), Folder::new());
    let receiver = Receiver::with(Setup {
        tls: Some(server_tls(&theirs)),
        ..Setup::default()
    });
    let roots = folder.write("roots.pem", &authority().pem());
    let provider = build(&https(&receiver), |builder| builder.certificate(roots));
    assert_eq!(
        flushed(&provider).exporters[0].failed,
        [("tls".to_owned(), SPANS)]
    );
    assert!(receiver.calls().is_empty());
}

#[test]
fn tls_on_one_side_only_is_said() {
    let _turn = turn();
    let plain = Receiver::start();
    let provider = build(&https(&plain), |builder| builder);
    let said = said_during(|| {
        assert_eq!(
            flushed(&provider).exporters[0].failed,
            [("tls".to_owned(), SPANS)]
        );
    });
    assert!(said[0].1.contains("does not speak TLS"), "{said:?}");
    let secured = Receiver::with(Setup {
        tls: Some(server_tls(&authority())),
        ..Setup::default()
    });
    let provider = build(&secured.url(), |builder| builder);
    let said = said_during(|| {
        make_spans(&provider);
        provider.flush_within(Duration::from_millis(300));
    });
    assert!(
        ["use https", "closed", "reset"]
            .iter()
            .any(|word| said[0].1.contains(word)),
        "{said:?}"
    );
}

/// Copies both ways until both ends are closed.
fn pipe(here: impl Read + Write + Send + 'static, there: &TcpStream, here_too: impl Read + Send + 'static) {
    let (mut to, mut from) = (there.try_clone().unwrap(), there.try_clone().unwrap());
    let (mut here, mut here_too) = (here, here_too);
    let back = std::thread::spawn(move || io::copy(&mut from, &mut here));
    let _ = io::copy(&mut here_too, &mut to);
    let _ = to.shutdown(Shutdown::Both);
    let _ = back.join();
}

#[cfg(unix)]
#[test]
fn by_a_unix_socket() {
    let _turn = turn();
    let (receiver, folder) = (Receiver::start(), Folder::new());
    let path = folder.0.join("otlp.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let address = receiver.address();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let there = TcpStream::connect(address).unwrap();
            pipe(stream.try_clone().unwrap(), &there, stream);
        }
    });
    let provider = build(&format!("unix://{}", path.display()), |builder| builder);
    assert_eq!(flushed(&provider).exporters[0].exported, SPANS);
    assert_eq!(receiver.calls().len(), 1);
}

#[test]
fn through_a_proxy() {
    let _turn = turn();
    let receiver = Receiver::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(listener.accept().unwrap().0);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            reader.read_line(&mut head).unwrap();
        }
        let target = head.split(' ').nth(1).unwrap().to_owned();
        let there = TcpStream::connect(&target).unwrap();
        let mut here = reader.get_ref().try_clone().unwrap();
        here.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        tell.send(head).unwrap();
        pipe(here, &there, reader);
    });
    let url = receiver.url();
    let provider = build(&url, |builder| builder.proxy(format!("http://me:pw@{proxy}")));
    assert_eq!(flushed(&provider).exporters[0].exported, SPANS);
    let head = told.recv().unwrap();
    assert!(
        head.starts_with(&format!("CONNECT {} ", receiver.address())),
        "{head}"
    );
    assert!(head.contains("Proxy-Authorization: Basic bWU6cHc="), "{head}");
}

#[test]
fn a_receiver_that_never_answers_is_tried_again() {
    let _turn = turn();
    let receiver = Receiver::start().answer([Answer::Never]);
    let provider = build(&receiver.url(), |builder| builder.timeout_ms(300));
    let stats = flushed(&provider);
    assert_eq!(
        (stats.exporters[0].exported, stats.exporters[0].attempts),
        (SPANS, 2)
    );
    assert_eq!(receiver.calls().len(), 2);
}

#[test]
fn a_receiver_that_was_restarted_gets_what_follows() {
    let _turn = turn();
    let receiver = Receiver::start();
    let address = receiver.address();
    let provider = build(&receiver.url(), |builder| builder);
    assert_eq!(flushed(&provider).exporters[0].exported, SPANS);
    drop(receiver);
    let receiver = Receiver::with(Setup {
        address: Some(address),
        ..Setup::default()
    });
    let stats = flushed(&provider);
    // The connection that was kept is known to be gone, so this took one attempt.
    assert_eq!(
        (stats.exporters[0].exported, stats.exporters[0].attempts),
        (2 * SPANS, 2)
    );
    receiver.wait_for(1);
}

#[test]
fn nobody_there_is_known_at_exit() {
    let _turn = turn();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let provider = build(&format!("http://{free}"), |builder| builder);
    make_spans(&provider);
    let report = provider.flush_within(Duration::from_millis(200));
    assert!(!report.complete);
    assert_eq!(report.stats.exporters[0].attempts, 1);
    assert!(report.stats.balances());
}

#[test]
fn several_calls_at_once() {
    let _turn = turn();
    let receiver = Receiver::start();
    let provider = build(&receiver.url(), |builder| {
        builder
            .concurrent_sends(4)
            .options(|options| options.max_batch_spans = Some(10))
    });
    for _ in 0..20 {
        make_spans(&provider);
    }
    let report = provider.flush_within(LIMIT);
    assert_eq!(report.stats.exporters[0].exported, 20 * SPANS);
    let spans: usize = receiver.calls().iter().map(super::receiver::Call::spans).sum();
    assert_eq!(spans as u64, 20 * SPANS);
}

#[test]
fn the_doctor_calls_with_an_empty_request() {
    let _turn = turn();
    let receiver = Receiver::start();
    let provider = build(&receiver.url(), |builder| builder);
    let diagnosis = provider.doctor();
    assert!(diagnosis.is_fine(), "{diagnosis}");
    assert_eq!(
        diagnosis.exporters[0].steps.last().unwrap(),
        "an empty call was answered OK"
    );

    // A receiver that does not know the encoding.
    for script in [
        vec![Answer::status(
            12,
            "Decompressor is not installed for grpc-encoding \"gzip\"",
        )],
        vec![Answer::status(13, "compressed flag set")],
        vec![
            Answer::status(13, "no such grpc-encoding"),
            Answer::status(13, "no such grpc-encoding"),
        ],
    ] {
        let receiver = Receiver::start().answer(script);
        let provider = build(&receiver.url(), |builder| builder.compression("gzip"));
        let trouble = provider.doctor().exporters.remove(0).trouble.unwrap();
        assert!(
            trouble.text.ends_with("set the option compression to none"),
            "{}",
            trouble.text
        );
        assert_eq!(receiver.calls()[0].header("grpc-encoding"), "gzip");
    }

    for (code, kind) in [
        (16, spanline::TroubleKind::Credentials),
        (7, spanline::TroubleKind::Credentials),
        (12, spanline::TroubleKind::Path),
        (14, spanline::TroubleKind::Rejected),
    ] {
        let receiver = Receiver::start().answer([Answer::status(code, "no")]);
        let provider = build(&receiver.url(), |builder| builder);
        let diagnosis = provider.doctor();
        let trouble = diagnosis.exporters[0].trouble.as_ref().unwrap();
        assert_eq!(trouble.kind, kind, "{diagnosis}");
    }
}
