//! Connections that break, hang or crawl.

use crate::host::{LIMIT, Setup as Host};
use crate::scenario::{SPANS, arrived, fault, row, side_by_side};
use spanline_test_vectors::server::{Answer, Port, Script, Server, Setup, Step};
use std::time::Duration;

fn short_attempts(setup: Host) -> Host {
    setup.variable("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "400")
}

#[test]
fn a_connection_that_breaks_is_made_again() {
    side_by_side(&[
        &|| drop(fault("e01", "reset after 100 bytes of the body", [Step::Reset(100)]).retried(2)),
        &|| {
            drop(
                fault(
                    "e02",
                    "reset after the body, unanswered",
                    [Step::Reset(usize::MAX)],
                )
                .retried(2),
            )
        },
        &|| drop(fault("e03", "closed at once, twice", [Step::Close, Step::Close]).retried(3)),
        &|| {
            let torn = Step::Truncated(Answer::ok(), 20);
            let server = fault("e04", "the answer breaks off in its head", [torn]).retried(2);
            assert_eq!(server.ledger().seen_again() as u64, SPANS);
        },
    ]);
}

/// A connection that the receiver closed while nothing was sent is no failure of the next batch.
#[test]
fn a_connection_that_was_closed_while_idle_costs_nothing() {
    let server = Server::start(Script::accept());
    let mut host = Host::to(&server.url()).start();
    host.make(SPANS);
    host.flush();
    server.go_away();
    server.come_back();
    host.make(SPANS);
    let ids = host.ids();
    let ended = host.shutdown();
    arrived(&server, &ids);
    assert_eq!(ended.told.of("exported"), 2 * SPANS);
    assert_eq!(server.connections(), 2);
    row(
        "e05",
        "the kept connection was closed meanwhile",
        "a new connection is made",
        &ended,
    );
}

#[test]
fn an_attempt_ends_with_its_time() {
    side_by_side(&[
        &|| {
            let fault = fault("f01", "read, never answered (time-out 400 ms)", [Step::Silence]);
            drop(fault.setup(short_attempts).retried(2));
        },
        &|| {
            // Answered when the sender has given up: the only case in which spans are taken twice.
            let name = "answered after the time-out (400 ms)";
            let server = Server::start(Script::once([Step::Late(
                Duration::from_millis(1_200),
                Answer::ok(),
            )]));
            let mut host = short_attempts(Host::to(&server.url())).start();
            host.make(SPANS);
            let ids = host.ids();
            host.flush();
            let ended = host.shutdown();
            assert_eq!(server.ledger().missing_after(&ids, LIMIT).len(), 0);
            assert_eq!(server.ledger().altered(), 0);
            assert_eq!((ended.told.of("exported"), ended.told.of("attempts")), (SPANS, 2));
            row(
                "f02",
                name,
                "sent again; may arrive twice, in the same bytes",
                &ended,
            );
        },
    ]);
}

#[test]
fn a_slow_reader_is_waited_for_as_long_as_an_attempt_may_last() {
    const MANY: u64 = 5_000;
    let crawling = |chunk, pause| {
        Server::with(Setup {
            script: Script::once([Step::SlowRead(chunk, pause)]),
            tls: None,
            receive_buffer: Some(65_536),
        })
    };
    side_by_side(&[
        &|| {
            let server = crawling(4_096, Duration::from_millis(2));
            let mut host = Host::to(&server.url()).start();
            host.make(MANY);
            let ids = host.ids();
            host.flush();
            let ended = host.shutdown();
            arrived(&server, &ids);
            assert_eq!(ended.told.of("exported"), MANY);
            row("f03", "reads slowly, within the time-out", "waited for", &ended);
        },
        &|| {
            let server = crawling(256, Duration::from_millis(50));
            let setup = Host::to(&server.url());
            let mut host = setup
                .variable("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2000")
                .start();
            host.make(MANY);
            let ids = host.ids();
            host.flush();
            let ended = host.shutdown();
            // What was under way when the sender gave up may still be read to its end, and then comes twice.
            assert_eq!(server.ledger().missing_after(&ids, LIMIT).len(), 0);
            assert_eq!((server.ledger().altered(), ended.told.of("exported")), (0, MANY));
            assert!(
                ended.log.iter().any(|line| line.contains("timeout")),
                "{:?}",
                ended.log
            );
            let name = "reads slower than the time-out (2 s) allows, once";
            row(
                "f04",
                name,
                "given up and sent again; nothing lost, may arrive twice in the same bytes",
                &ended,
            );
        },
    ]);
}

#[test]
fn spans_wait_for_a_receiver_that_is_not_there_yet() {
    let server = Server::start(Script::accept());
    server.go_away();
    let mut host = Host::to(&server.url()).start();
    host.make(SPANS);
    let ids = host.ids();
    let told = host.flush_within(Duration::from_millis(200));
    assert!(!told.complete() && told.of("held") == SPANS, "{told:?}");
    server.come_back();
    let ended = host.shutdown();
    arrived(&server, &ids);
    assert!(
        ended.log.iter().any(|line| line.contains("refused")),
        "{:?}",
        ended.log
    );
    row("e06", "nobody listens yet", "held until somebody does", &ended);
}

/// At the end of a process what cannot be delivered is lost, at once, and a line says how much.
#[test]
fn an_exit_with_a_dead_receiver_says_what_is_lost() {
    let port = Port::new().unwrap();
    let mut host = Host::to(&format!("http://{}/v1/traces", port.address())).start();
    host.make(SPANS);
    host.flush_within(Duration::from_millis(200));
    let ended = host.exit();
    let lost = format!("{SPANS} spans were lost at exit");
    assert!(
        ended.log.iter().any(|line| line.contains(&lost)),
        "{:?}",
        ended.log
    );
    row(
        "e07",
        "nobody listens, and the process exits",
        "lost, and said so",
        &ended,
    );
}
