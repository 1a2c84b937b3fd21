#[cfg(all(feature = "tls", unix))]
mod openssl;
mod proxy;
#[cfg(all(feature = "tls", unix))]
mod tls;
#[cfg(unix)]
mod unix;

use super::*;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Instant;

const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

/// A request as the server saw it: its connection's number, its head in lower case, its body.
pub(super) struct Seen {
    connection: usize,
    head: String,
    body: Vec<u8>,
}

pub(super) fn read_request(stream: &mut impl BufRead, connection: usize) -> Option<Seen> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Seen {
        connection,
        head,
        body,
    })
}

/// A connection of a server, whatever it goes over.
trait Duplex: Read + Write + Send {}

impl<T: Read + Write + Send> Duplex for T {}

/// What a server answers, and whether it closes the connection after that.
type Answers = Vec<(Vec<u8>, bool)>;

/// A server that answers the requests of all its connections with these answers in order; an answer may be followed by
/// the end of the connection. Ends when there are no more.
fn serve(answers: Answers) -> (String, Receiver<Seen>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let (requests, thread) = serve_on(answers, move || Box::new(listener.accept().unwrap().0));
    (url, requests, thread)
}

fn serve_on(
    answers: Answers,
    mut accept: impl FnMut() -> Box<dyn Duplex> + Send + 'static,
) -> (Receiver<Seen>, JoinHandle<()>) {
    let (seen, requests): (Sender<Seen>, _) = channel();
    let thread = std::thread::spawn(move || {
        let mut answers = answers.into_iter().peekable();
        let mut connection = 0;
        while answers.peek().is_some() {
            let mut stream = BufReader::new(accept());
            connection += 1;
            while let Some(request) = read_request(&mut stream, connection) {
                let (answer, close) = answers.next().unwrap();
                stream.get_mut().write_all(&answer).unwrap();
                stream.get_mut().flush().unwrap();
                // Closed before anybody is told, so that a test can rely on it.
                if close {
                    drop(stream);
                    seen.send(request).unwrap();
                    break;
                }
                seen.send(request).unwrap();
                if answers.peek().is_none() {
                    break;
                }
            }
        }
    });
    (requests, thread)
}

pub(super) fn answer(status: &str, headers: &str, body: &[u8]) -> (Vec<u8>, bool) {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    ([head.as_bytes(), body].concat(), false)
}

/// How to send to this URL, directly.
pub(super) fn to(url: &str) -> HttpSettings {
    HttpSettings {
        endpoint: Endpoint::parse(url).unwrap(),
        proxy: None,
        tls: TlsMaterial::default(),
        user_agent: "test/1".to_owned(),
        max_response_bytes: MAX_RESPONSE_BYTES,
    }
}

pub(super) fn request<'a>(headers: &'a [(String, String)], body: &'a [u8]) -> HttpRequest<'a> {
    HttpRequest {
        headers,
        content_type: "application/x-protobuf",
        content_encoding: None,
        body,
    }
}

pub(super) const LONG: Option<Duration> = Some(Duration::from_secs(30));

pub(super) fn send(transport: &mut HttpTransport, body: &[u8]) -> SendOutcome {
    transport.send(&request(&[], body), LONG)
}

pub(super) fn response(outcome: SendOutcome) -> Response {
    match outcome {
        SendOutcome::Response(response) => response,
        other => panic!("no response: {other:?}"),
    }
}

fn kind(outcome: SendOutcome) -> FailKind {
    match outcome {
        SendOutcome::Failed { kind, .. } => kind,
        other => panic!("no failure: {other:?}"),
    }
}

#[test]
fn a_connection_is_kept_and_the_request_is_what_was_asked_for() {
    let ok = answer("200 OK", "Content-Type: application/x-protobuf\r\n", b"\x0a\x00");
    let (url, requests, server) = serve(vec![ok.clone(), ok.clone(), ok]);
    let headers: Vec<(String, String)> = [
        ("X-Key", "first"),
        ("x-key", "last"),
        ("Content-Type", "text/html"),
        ("content-length", "3"),
        ("expect", "100-continue"),
        ("bad name", "x"),
        ("bad-value", "a\r\nb: c"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let mut transport = HttpTransport::new(to(&url.replace("//", "//me:pw@")));
    let big = vec![7; 700_000];
    for body in [&b"abc"[..], b"", &big] {
        let mut request = request(&headers, body);
        request.content_encoding = Some("gzip");
        let got = response(transport.send(&request, LONG));
        assert_eq!((got.status, got.body_complete), (200, true));
        assert_eq!(got.content_type.as_deref(), Some("application/x-protobuf"));
        assert_eq!(got.body, b"\x0a\x00");
        let seen = requests.recv().unwrap();
        assert_eq!(seen.connection, 1, "kept");
        assert_eq!(seen.body, body);
        assert!(seen.head.starts_with("post / http/1.1\r\n"), "{}", seen.head);
        for line in [
            "x-key: last",
            "content-type: application/x-protobuf",
            "content-encoding: gzip",
            "accept-encoding: gzip",
            "authorization: basic bwu6chc=",
            "user-agent: test/1",
        ] {
            assert_eq!(
                seen.head.lines().filter(|seen| *seen == line).count(),
                1,
                "{line}: {}",
                seen.head
            );
        }
        for absent in ["first", "text/html", "expect", "bad", "b: c"] {
            assert!(!seen.head.contains(absent), "{absent}: {}", seen.head);
        }
    }
    server.join().unwrap();
}

#[test]
fn a_connection_that_the_receiver_closed_is_replaced() {
    let (answer, _) = answer("200 OK", "", b"");
    let (url, requests, server) = serve(vec![(answer.clone(), true), (answer, false)]);
    let mut transport = HttpTransport::new(to(&url));
    for connection in 1..=2 {
        assert_eq!(response(send(&mut transport, b"x")).status, 200);
        assert_eq!(requests.recv().unwrap().connection, connection);
    }
    server.join().unwrap();
}

#[test]
fn statuses_are_answers_and_carry_retry_after() {
    let (url, _requests, server) = serve(vec![
        answer("429 Slow down", "Retry-After: 17\r\n", b"busy"),
        answer("503 Later", "", b""),
        answer("302 Found", "Location: /x\r\n", b""),
    ]);
    let mut transport = HttpTransport::new(to(&url));
    let busy = response(send(&mut transport, b"x"));
    assert_eq!(
        (busy.status, busy.retry_after.as_deref(), &busy.body[..]),
        (429, Some("17"), &b"busy"[..])
    );
    assert_eq!(response(send(&mut transport, b"x")).status, 503);
    assert_eq!(response(send(&mut transport, b"x")).status, 302);
    server.join().unwrap();
}

#[test]
fn one_redirect_within_the_origin_is_followed_with_the_body() {
    let (url, requests, server) = serve(vec![
        answer("307 Temporary Redirect", "Location: /there?q\r\n", b"moved"),
        answer("200 OK", "", b""),
        answer("308 Permanent Redirect", "Location: /a\r\n", b""),
        answer("308 Permanent Redirect", "Location: /b\r\n", b""),
        answer(
            "307 Temporary Redirect",
            "Location: http://127.0.0.1:1/x\r\n",
            b"",
        ),
    ]);
    let mut transport = HttpTransport::new(to(&url));
    assert_eq!(response(send(&mut transport, b"body")).status, 200);
    assert_eq!(requests.recv().unwrap().body, b"body");
    let followed = requests.recv().unwrap();
    assert!(followed.head.starts_with("post /there?q "), "{}", followed.head);
    assert_eq!(followed.body, b"body");
    assert_eq!(
        response(send(&mut transport, b"body")).status,
        308,
        "a second one is not followed"
    );
    assert_eq!(
        response(send(&mut transport, b"body")).status,
        307,
        "nor one to elsewhere"
    );
    server.join().unwrap();
}

#[test]
fn answers_are_decompressed_and_bounded() {
    let packed = GzipCompressor::new().compress([&b"hello"[..]]).unwrap().to_vec();
    let bomb = GzipCompressor::new()
        .compress([&vec![0; MAX_RESPONSE_BYTES + 1][..]])
        .unwrap()
        .to_vec();
    let gzip = "Content-Encoding: gzip\r\n";
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec();
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_vec();
    let (url, _requests, server) = serve(vec![
        answer("200 OK", gzip, &packed),
        (chunked, false),
        answer("200 OK", gzip, &bomb),
        answer("200 OK", gzip, &packed[..12]),
        answer("200 OK", "Content-Encoding: br\r\n", b"xx"),
        answer("200 OK", "", &vec![1; MAX_RESPONSE_BYTES]),
        (answer("200 OK", "", &vec![1; MAX_RESPONSE_BYTES + 1]).0, true),
        (cut, true),
    ]);
    let mut transport = HttpTransport::new(to(&url));
    assert_eq!(response(send(&mut transport, b"x")).body, b"hello");
    assert_eq!(response(send(&mut transport, b"x")).body, b"abc");
    assert_eq!(send(&mut transport, b"x"), SendOutcome::TooLarge);
    for _ in 0..2 {
        let broken = response(send(&mut transport, b"x"));
        assert_eq!((broken.status, broken.body_complete), (200, false));
    }
    assert_eq!(
        response(send(&mut transport, b"x")).body.len(),
        MAX_RESPONSE_BYTES
    );
    assert_eq!(send(&mut transport, b"x"), SendOutcome::TooLarge);
    let cut = response(send(&mut transport, b"x"));
    assert_eq!(
        (cut.status, cut.body_complete),
        (200, false),
        "delivered, whatever became of the body"
    );
    server.join().unwrap();
}

#[test]
fn an_answer_before_the_end_of_the_request_counts() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.read_exact(&mut [0; 50]).unwrap();
        stream
            .write_all(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .unwrap();
        // Closing with unread bytes resets the connection.
    });
    let outcome = send(&mut HttpTransport::new(to(&url)), &vec![0; 30_000_000]);
    server.join().unwrap();
    // Other systems may drop the answer when the reset arrives.
    match outcome {
        SendOutcome::Failed { kind, .. } if !cfg!(target_os = "linux") => assert_eq!(kind, FailKind::Reset),
        outcome => assert_eq!(response(outcome).status, 413),
    }
}

#[test]
fn failures_have_their_kinds() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = kind(send(
        &mut HttpTransport::new(to(&format!("http://{free}/"))),
        b"x",
    ));
    assert_eq!(refused, FailKind::ConnectRefused);
    assert!(refused.retryable() && refused.endpoint_dead());
    // Longer than any host name may be: no look-up leaves the machine.
    let unknown = format!("http://{}.invalid/", "x".repeat(64));
    assert_eq!(
        kind(send(&mut HttpTransport::new(to(&unknown)), b"x")),
        FailKind::Dns
    );
    for (junk, expected) in [(&b""[..], FailKind::Reset), (b"what?\r\n\r\n", FailKind::Other)] {
        let (url, _requests, server) = serve(vec![(junk.to_vec(), true)]);
        let failed = kind(send(&mut HttpTransport::new(to(&url)), b"x"));
        assert_eq!(failed, expected);
        assert!(failed.retryable() && !failed.endpoint_dead());
        server.join().unwrap();
    }
    assert!(!FailKind::BadUrl.retryable());
}

/// A server that takes connections and says nothing, until its end is dropped.
fn silent_server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// With a receiver that takes what comes and never answers: one attempt to its deadline, and one that is stopped.
#[cfg(unix)]
fn ends_at_the_deadline_and_when_stopped<S: Read + Send>(
    mut transport: HttpTransport,
    accept: impl Fn() -> std::io::Result<S> + Send,
) {
    let limit = Some(Duration::from_millis(150));
    assert_eq!(
        kind(transport.send(&request(&[], b"x"), limit)),
        FailKind::Timeout
    );
    drop(accept().unwrap());
    let interrupt = transport.interrupt();
    std::thread::scope(|scope| {
        let stopper = scope.spawn(move || {
            let mut accepted = accept().unwrap();
            accepted.read_exact(&mut [0; 20]).unwrap();
            interrupt.stop();
            accepted
        });
        assert_eq!(
            kind(transport.send(&request(&[], b"x"), LONG)),
            FailKind::Interrupted
        );
        drop(stopper.join().unwrap());
    });
}

#[test]
fn an_attempt_ends_at_its_deadline() {
    let (_listener, url) = silent_server();
    let big = vec![0; 50_000_000];
    for body in [&b"x"[..], &big] {
        let started = Instant::now();
        let limit = Duration::from_millis(150);
        let outcome = HttpTransport::new(to(&url)).send(&request(&[], body), Some(limit));
        assert_eq!(kind(outcome), FailKind::Timeout);
        assert!(started.elapsed() >= limit - Duration::from_millis(20));
    }
    let none_left = HttpTransport::new(to(&url)).send(&request(&[], b"x"), Some(Duration::ZERO));
    assert_eq!(kind(none_left), FailKind::Timeout);
}

#[test]
fn each_attempt_has_its_own_deadline_on_a_kept_connection() {
    let (listener, url) = silent_server();
    let server = std::thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        read_request(&mut stream, 1).unwrap();
        stream.get_mut().write_all(&answer("200 OK", "", b"").0).unwrap();
        // The second request gets no answer; the client's end of the connection ends this.
        assert!(read_request(&mut stream, 1).is_some());
        let _ = stream.read(&mut [0]);
    });
    let mut transport = HttpTransport::new(to(&url));
    assert_eq!(response(transport.send(&request(&[], b"x"), LONG)).status, 200);
    let short = Some(Duration::from_millis(100));
    let started = Instant::now();
    assert_eq!(
        kind(transport.send(&request(&[], b"x"), short)),
        FailKind::Timeout
    );
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "not the first attempt's limit"
    );
    server.join().unwrap();
}

#[test]
fn a_receiver_that_trickles_does_not_prolong_the_attempt() {
    let (listener, url) = silent_server();
    let (stop, stopped) = channel::<()>();
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        for byte in b"HTTP/1.1 200 OK\r\n".iter().chain(std::iter::repeat(&b'x')) {
            let told = stopped.recv_timeout(Duration::from_millis(10)).is_ok();
            if told || stream.write_all(&[*byte]).is_err() {
                break;
            }
        }
    });
    let outcome = HttpTransport::new(to(&url)).send(&request(&[], b"x"), Some(Duration::from_millis(200)));
    assert_eq!(kind(outcome), FailKind::Timeout);
    let _ = stop.send(());
    server.join().unwrap();
}

#[test]
fn another_thread_stops_a_send_for_good() {
    let (listener, url) = silent_server();
    let mut transport = HttpTransport::new(to(&url));
    let interrupt = transport.interrupt();
    let stopper = std::thread::spawn(move || {
        let mut accepted = listener.accept().unwrap().0;
        // The request has arrived, so the send waits for its answer.
        accepted.read_exact(&mut [0; 20]).unwrap();
        interrupt.stop();
        accepted
    });
    let started = Instant::now();
    let stopped = kind(transport.send(&request(&[], b"x"), LONG));
    assert_eq!(stopped, FailKind::Interrupted);
    assert!(started.elapsed() < Duration::from_secs(20), "not at the timeout");
    // The receiver's end was open all the time.
    drop(stopper.join().unwrap());
    assert_eq!(kind(send(&mut transport, b"x")), FailKind::Interrupted);
}

#[test]
fn proxy_variables_are_not_read() {
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args([
        "--exact",
        "transport::tests::a_connection_that_the_receiver_closed_is_replaced",
    ]);
    for name in ["ALL_PROXY", "HTTP_PROXY", "all_proxy", "http_proxy"] {
        again.env(name, "http://127.0.0.1:1");
    }
    again.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = again.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_forked_child_that_forgets_does_not_disturb_the_parents_connection() {
    use crate::fork::tests::in_child;
    let ok = answer("200 OK", "", b"");
    let (url, requests, server) = serve(vec![ok.clone(), ok]);
    let mut transport = Box::new(HttpTransport::new(to(&url)));
    assert_eq!(response(send(&mut transport, b"1")).status, 200);
    let mut transport = Some(transport);
    let code = in_child(|| {
        if let Some(transport) = transport.take() {
            std::mem::forget(transport);
        }
        0
    });
    assert_eq!(code, 0);
    assert_eq!(response(send(transport.as_mut().unwrap(), b"2")).status, 200);
    assert_eq!(
        requests.iter().map(|seen| seen.connection).collect::<Vec<_>>(),
        [1, 1]
    );
    server.join().unwrap();
}
