use super::peer::{GOAWAY, Link, PING, RST_STREAM, peer};
use super::*;
use std::io::{Read, Write};
use std::sync::mpsc::channel;

fn goaway(link: &mut Link, last_stream: u32, reason: u32) {
    let payload = [last_stream.to_be_bytes(), reason.to_be_bytes()].concat();
    link.send(GOAWAY, 0, 0, &payload);
}

#[test]
fn a_call_that_was_reset_has_no_answer() {
    for (reason, name) in [
        (2u32, "INTERNAL_ERROR"),
        (8, "CANCEL"),
        (11, "ENHANCE_YOUR_CALM"),
        (99, "99"),
    ] {
        let (address, server) = peer(move |listener| {
            let mut link = Link::accept(listener);
            let stream = link.call().unwrap().stream;
            link.send(RST_STREAM, 0, stream, &reason.to_be_bytes());
            // The connection lives on.
            let stream = link.call().unwrap().stream;
            link.ok(stream);
        });
        let mut transport = transport(address);
        let failure = failed(&mut transport);
        assert_eq!(failure.kind, FailKind::BrokenOff);
        assert!(failure.message.contains(name), "{failure}");
        succeeds(&mut transport);
        server.join().unwrap();
    }
}

#[test]
fn an_answer_counts_though_the_receiver_does_not_want_the_rest_of_the_request() {
    let (address, server) = peer(|listener| {
        let mut link = Link::accept(listener);
        let stream = link.begin().unwrap();
        link.headers(
            stream,
            &[
                (":status", "200"),
                ("content-type", "application/grpc"),
                ("grpc-status", "8"),
            ],
            true,
        );
        link.send(RST_STREAM, 0, stream, &0u32.to_be_bytes());
        // What came for nothing no longer fills the connection.
        link.give_room(0, 65_535);
        let stream = link.call().unwrap().stream;
        link.ok(stream);
    });
    let mut transport = transport(address);
    let large = plain(&vec![7; 300_000]);
    assert_eq!(transport.send(&large, LONG).unwrap().code, 8);
    succeeds(&mut transport);
    server.join().unwrap();
}

#[test]
fn an_answer_counts_though_the_connection_closes_before_all_is_read() {
    let (address, server) = peer(|listener| {
        let mut link = Link::accept(listener);
        let stream = link.begin().unwrap();
        link.headers(
            stream,
            &[
                (":status", "200"),
                ("content-type", "application/grpc"),
                ("grpc-status", "7"),
            ],
            true,
        );
        goaway(&mut link, stream, 0);
        link.0.shutdown(std::net::Shutdown::Write).unwrap();
        while link.frame().is_some() {}
    });
    let answer = transport(address).send(&plain(&vec![7; 1_000_000]), LONG);
    assert_eq!(answer.unwrap().code, 7);
    server.join().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_counts_though_the_rest_of_the_request_cannot_be_written() {
    let (address, server) = peer(|listener| {
        // Room for all of it, of which little is read.
        let mut link = Link::accept_with(listener, &[(4, 1 << 30)]);
        link.give_room(0, 1 << 30);
        let stream = link.begin().unwrap();
        link.ok(stream);
        let stream = link.begin().unwrap();
        let answer = [
            (":status", "200"),
            ("content-type", "application/grpc"),
            ("grpc-status", "7"),
        ];
        link.headers(stream, &answer, true);
    });
    let mut transport = transport(address);
    assert_eq!(transport.send(&plain(b""), LONG).unwrap().code, 0);
    let answer = transport.send(&plain(&vec![7; 64 << 20]), LONG);
    assert_eq!(answer.unwrap().code, 7);
    server.join().unwrap();
}

#[test]
fn a_kept_connection_that_ended_meanwhile_is_replaced_without_an_attempt() {
    // Closed, or told to go, while nobody looked; the test waits until that has arrived.
    for way in ["close", "goaway", "goaway and close", "garbage"] {
        let (said, heard) = channel();
        let (address, server) = peer(move |listener| {
            let mut link = Link::accept(listener);
            let stream = link.call().unwrap().stream;
            link.ok(stream);
            let mut old = Some(link);
            if way.contains("goaway") {
                goaway(old.as_mut().unwrap(), stream, 0);
            }
            if way == "garbage" {
                old.as_mut().unwrap().0.write_all(&[0xff; 64]).unwrap();
            }
            if way.contains("close") {
                old = None;
            }
            said.send(()).unwrap();
            let mut link = Link::accept(listener);
            let stream = link.call().unwrap().stream;
            link.ok(stream);
            drop(old);
        });
        let mut transport = transport(address);
        succeeds(&mut transport);
        heard.recv().unwrap();
        println!("{way}");
        succeeds(&mut transport);
        server.join().unwrap();
    }
}

#[test]
fn a_kept_connection_that_ends_during_a_call_is_replaced_once() {
    type End = fn(Link, u32);
    let ways: [End; 3] = [
        // Went away before it saw the call.
        |mut link, stream| goaway(&mut link, stream.saturating_sub(2), 0),
        |mut link, stream| link.send(RST_STREAM, 0, stream, &7u32.to_be_bytes()),
        |link, _| drop(link),
    ];
    for end in ways {
        let (address, server) = peer(move |listener| {
            let mut link = Link::accept(listener);
            let stream = link.call().unwrap().stream;
            link.ok(stream);
            let stream = link.call().unwrap().stream;
            end(link, stream);
            let mut link = Link::accept(listener);
            let stream = link.call().unwrap().stream;
            link.ok(stream);
        });
        let mut transport = transport(address);
        succeeds(&mut transport);
        succeeds(&mut transport);
        server.join().unwrap();
    }
    // A new connection is not replaced: that is for the exporter to decide.
    for end in ways {
        let (address, server) = peer(move |listener| {
            let mut link = Link::accept(listener);
            let stream = link.call().unwrap().stream;
            end(link, stream);
        });
        let failure = failed(&mut transport(address));
        assert_eq!(failure.kind, FailKind::BrokenOff, "{failure}");
        server.join().unwrap();
    }
}

#[test]
fn a_call_that_the_receiver_still_answers_after_goaway_is_answered() {
    let (address, server) = peer(|listener| {
        let mut link = Link::accept(listener);
        let stream = link.call().unwrap().stream;
        goaway(&mut link, stream, 0);
        link.ok(stream);
        // We are told to go, and go.
        while link.frame().is_some() {}
        let mut link = Link::accept(listener);
        let stream = link.call().unwrap().stream;
        link.ok(stream);
    });
    let mut transport = transport(address);
    succeeds(&mut transport);
    succeeds(&mut transport);
    server.join().unwrap();
}

#[test]
fn pings_are_answered_at_the_next_use() {
    let (said, heard) = channel();
    let (address, server) = peer(move |listener| {
        let mut link = Link::accept(listener);
        let stream = link.call().unwrap().stream;
        link.ok(stream);
        link.send(PING, 0, 0, b"12345678");
        said.send(()).unwrap();
        let pong = link.wait_for(PING).unwrap();
        assert_eq!((pong.flags, &pong.payload[..]), (1, &b"12345678"[..]));
        let stream = link.call().unwrap().stream;
        link.ok(stream);
    });
    let mut transport = transport(address);
    succeeds(&mut transport);
    heard.recv().unwrap();
    succeeds(&mut transport);
    server.join().unwrap();
}

#[test]
fn a_receiver_that_never_answers_takes_the_time_of_an_attempt() {
    let (over, wait) = channel::<()>();
    let (address, server) = peer(move |listener| {
        let mut link = Link::accept(listener);
        link.call().unwrap();
        let _ = wait.recv();
    });
    let mut transport = transport(address);
    let timeout = Some(Duration::from_millis(200));
    let failure = transport.send(&plain(b"spans"), timeout).unwrap_err();
    assert_eq!(failure.kind, FailKind::Timeout);
    drop(over);
    server.join().unwrap();
}

#[test]
fn a_receiver_that_only_chatters_does_not_take_longer() {
    let (address, server) = peer(|listener| {
        let mut link = Link::accept(listener);
        link.call().unwrap();
        while link.frame().is_some() {
            link.send(PING, 0, 0, b"12345678");
        }
    });
    let mut transport = transport(address);
    let begun = Instant::now();
    let failure = transport
        .send(&plain(b"spans"), Some(Duration::from_millis(200)))
        .unwrap_err();
    assert_eq!(failure.kind, FailKind::Timeout);
    assert!(begun.elapsed() >= Duration::from_millis(200));
    drop(transport);
    server.join().unwrap();
}

#[test]
fn a_call_can_be_interrupted() {
    let (said, heard) = channel();
    let (address, server) = peer(move |listener| {
        let mut link = Link::accept(listener);
        link.call().unwrap();
        said.send(()).unwrap();
        while link.frame().is_some() {}
    });
    let mut transport = transport(address);
    let interrupt = transport.interrupt();
    let stopper = std::thread::spawn(move || {
        heard.recv().unwrap();
        interrupt.stop();
    });
    let failure = transport.send(&plain(b"spans"), None).unwrap_err();
    assert_eq!(failure.kind, FailKind::Interrupted);
    assert_eq!(failed(&mut transport).kind, FailKind::Interrupted);
    stopper.join().unwrap();
    server.join().unwrap();
}

#[test]
fn small_windows_are_respected() {
    const SIZE: usize = 2 << 20;
    // SETTINGS_INITIAL_WINDOW_SIZE, SETTINGS_MAX_CONCURRENT_STREAMS.
    let (address, server) = peer(|listener| {
        let mut link = Link::accept_with(listener, &[(4, 1_000), (3, 1)]);
        // The settings hold for the next call for certain.
        let stream = link.call().unwrap().stream;
        link.ok(stream);
        let call = link.call().unwrap();
        link.ok(call.stream);
        call
    });
    let mut transport = transport(address);
    succeeds(&mut transport);
    assert_eq!(transport.send(&plain(&vec![7; SIZE]), LONG).unwrap().code, 0);
    let call = server.join().unwrap();
    assert_eq!(call.body, super::peer::framed(0, &vec![7; SIZE]));
    assert!(call.data_frames >= SIZE / 1_000, "{}", call.data_frames);
}

#[test]
fn a_receiver_that_allows_no_call_is_waited_for_within_the_timeout() {
    let (address, server) = peer(|listener| {
        let mut link = Link::accept_with(listener, &[(3, 0)]);
        while link.frame().is_some() {}
    });
    let mut transport = transport(address);
    let timeout = Some(Duration::from_millis(200));
    let failure = transport.send(&plain(b"spans"), timeout).unwrap_err();
    assert_eq!(failure.kind, FailKind::Timeout);
    drop(transport);
    server.join().unwrap();
}

#[test]
fn strangers_are_recognised() {
    // Speaks HTTP/1.1.
    let (address, server) = peer(|listener| {
        let mut stream = listener.accept().unwrap().0;
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        while stream.read(&mut preface).is_ok_and(|count| count > 0) {}
    });
    let failure = failed(&mut transport(address));
    assert!(failure.message.contains("HTTP/1.1"), "{failure}");
    server.join().unwrap();
    // Speaks TLS: an alert to what it cannot read.
    let (address, server) = peer(|listener| {
        let mut stream = listener.accept().unwrap().0;
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).unwrap();
        stream.write_all(&[0x15, 3, 1, 0, 2, 2, 70]).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        while stream.read(&mut preface).is_ok_and(|count| count > 0) {}
    });
    let failure = failed(&mut transport(address));
    assert!(failure.message.contains("use https"), "{failure}");
    server.join().unwrap();
}

#[test]
fn nobody_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failure = failed(&mut transport(address));
    assert!(failure.kind.endpoint_dead(), "{failure:?}");
}
