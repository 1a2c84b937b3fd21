//! Faults of receivers that speak gRPC.

use crate::host::{Ended, LIMIT, Setup as Host};
use crate::scenario::{SPANS, row, side_by_side};
use spanline_test_vectors::server::{GrpcServer, GrpcStep as Step, Reason, Script, Server, SpanKey};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn host(url: &str) -> Host {
    Host::to(url)
        .variable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        .variable("OTEL_BSP_SCHEDULE_DELAY", "50")
}

#[track_caller]
fn arrived(server: &GrpcServer, ids: &[SpanKey]) {
    let ledger = server.ledger();
    assert_eq!(
        ledger.missing_after(ids, LIMIT).len(),
        0,
        "missing of {}",
        ids.len()
    );
    assert_eq!((ledger.altered(), ledger.undecodable()), (0, 0));
}

/// It passes: after so many attempts everything has arrived.
#[track_caller]
fn is_retried(id: &str, name: &str, steps: Vec<Step>, attempts: u64, change: fn(Host) -> Host) -> GrpcServer {
    let server = GrpcServer::start(steps);
    let mut host = change(host(&server.url())).start();
    host.make(SPANS);
    let ids = host.ids();
    assert!(server.ledger().wait_for(ids.len(), LIMIT), "{name}");
    let ended = host.shutdown();
    arrived(&server, &ids);
    assert_eq!(
        (ended.told.of("exported"), ended.told.of("attempts")),
        (SPANS, attempts),
        "{name}: {ended:?}"
    );
    assert!(!ended.log.is_empty(), "{name}: said nothing");
    let happened = format!("sent again until taken, in {attempts} attempts; nothing lost");
    row(id, name, &happened, &ended);
    server
}

/// It is final: counted under the reason, spoken of, and what follows is sent as ever.
#[track_caller]
fn is_final(id: &str, name: &str, step: Step, reason: &str) {
    let server = GrpcServer::start([step]);
    let mut host = host(&server.url()).start();
    host.make(SPANS);
    let told = host.flush();
    let counted = [(reason.to_owned(), SPANS)];
    assert_eq!(
        (told.failed(), told.of("attempts")),
        (counted.into(), 1),
        "{name}"
    );
    host.ids();
    host.make(SPANS);
    let ids = host.ids();
    let ended = host.shutdown();
    arrived(&server, &ids);
    assert!(!ended.log.is_empty(), "{name}: said nothing");
    row(
        id,
        name,
        "not sent again, counted by reason; the next batch arrives",
        &ended,
    );
}

/// One attempt, which the receiver took.
#[track_caller]
fn is_taken(step: Step, said: &str) -> Ended {
    let server = GrpcServer::start([step]);
    let mut host = host(&server.url()).start();
    host.make(SPANS);
    let ids = host.ids();
    host.flush();
    let ended = host.shutdown();
    arrived(&server, &ids);
    assert_eq!(ended.told.of("attempts"), 1);
    assert!(
        ended.log.iter().any(|line| line.contains(said)),
        "{:?}",
        ended.log
    );
    ended
}

#[test]
fn statuses_that_will_pass_are_sent_again() {
    let cases: &[(&str, u32, &str)] = &[
        ("i01", 1, "CANCELLED"),
        ("i02", 4, "DEADLINE_EXCEEDED"),
        ("i03", 10, "ABORTED"),
        ("i04", 11, "OUT_OF_RANGE"),
        ("i05", 14, "UNAVAILABLE"),
        ("i06", 15, "DATA_LOSS"),
    ];
    std::thread::scope(|scope| {
        for (id, code, name) in cases {
            let step = Step::status(*code, "later");
            scope.spawn(move || is_retried(id, name, vec![step], 2, |host| host));
        }
    });
}

#[test]
fn a_retry_info_is_kept_to() {
    let waits = |id: &str, code, name: &str| {
        let step = Step::status_retry(code, "busy", 2 * SECOND);
        let server = is_retried(id, name, vec![step], 2, |host| host);
        let handled = server.handled();
        let pause = handled[1].at - handled[0].at;
        assert!(pause >= 2 * SECOND, "{name}: {pause:?}");
    };
    side_by_side(&[
        &|| waits("i07", 8, "RESOURCE_EXHAUSTED with RetryInfo of 2 s"),
        &|| waits("i08", 14, "UNAVAILABLE with RetryInfo of 2 s"),
        &|| {
            // A pause of ten days ends with the age of its batch, and what comes after that is sent at once.
            let step = Step::status_retry(14, "come back later", 864_000 * SECOND);
            let server = GrpcServer::start([step]);
            let mut host = host(&server.url()).option("max_age_ms", 2_000).start();
            host.make(SPANS);
            host.stats_when(|told| told.of("expired") == SPANS);
            host.ids();
            host.make(SPANS);
            let ids = host.ids();
            let ended = host.shutdown();
            arrived(&server, &ids);
            let happened =
                "waited no longer than the age limit (2 s here), counted as expired; the next batch arrives";
            row("i09", "UNAVAILABLE with RetryInfo of ten days", happened, &ended);
        },
    ]);
}

#[test]
fn statuses_that_will_not_pass_are_counted() {
    let cases: &[(&str, u32, &str)] = &[
        ("i10", 2, "UNKNOWN"),
        ("i11", 3, "INVALID_ARGUMENT"),
        ("i12", 5, "NOT_FOUND"),
        ("i13", 7, "PERMISSION_DENIED"),
        ("i14", 8, "RESOURCE_EXHAUSTED"),
        ("i15", 12, "UNIMPLEMENTED"),
        ("i16", 13, "INTERNAL"),
        ("i17", 16, "UNAUTHENTICATED"),
    ];
    for (id, code, name) in cases {
        is_final(id, name, Step::status(*code, "no"), name);
    }
    let name = "a status that does not exist (99)";
    is_final("i18", name, Step::status(99, "no"), "99");
}

#[test]
fn answers_of_proxies_are_mapped() {
    side_by_side(&[
        &|| {
            let name = "HTTP 503 of a proxy, no gRPC status";
            let step = Step::Http(503, "text/plain", "upstream is gone");
            is_retried("i19", name, vec![step], 2, |host| host);
        },
        &|| {
            let name = "HTTP 404 with a page, no gRPC status";
            is_final(
                "i20",
                name,
                Step::Http(404, "text/html", "<html>404</html>"),
                "404",
            );
        },
    ]);
}

#[test]
fn a_partial_success_over_grpc_is_not_sent_again() {
    let ended = is_taken(Step::partial(3, "three were too old"), "three were too old");
    assert_eq!(
        (ended.told.of("exported"), ended.told.of("rejected")),
        (SPANS - 3, 3)
    );
    let name = "OK, 3 of 10 spans rejected";
    row("i22", name, "not sent again; the rejected are counted", &ended);
}

#[test]
fn an_answer_over_grpc_without_end_is_not_read() {
    let ended = is_taken(Step::Answer(vec![0; 5 << 20]), "max_response_bytes");
    assert_eq!(ended.told.failed(), [("response_too_large".to_owned(), SPANS)]);
    row(
        "i23",
        "OK with 5 MiB",
        "not read to its end, not sent again, counted by reason",
        &ended,
    );
}

#[test]
fn calls_and_connections_that_break_are_made_again() {
    let again = |id: &str, name: &str, step| drop(is_retried(id, name, vec![step], 2, |host| host));
    side_by_side(&[
        &|| {
            again(
                "i24",
                "the stream is reset (REFUSED_STREAM)",
                Step::Reset(Reason::REFUSED_STREAM),
            )
        },
        &|| {
            again(
                "i25",
                "the stream is reset (INTERNAL_ERROR)",
                Step::Reset(Reason::INTERNAL_ERROR),
            )
        },
        &|| again("i26", "GOAWAY at once, the call is dropped", Step::GoAwayNow),
        &|| again("i27", "the connection breaks", Step::Close),
        &|| {
            // The call is still taken; the next one has a connection of its own.
            let server = GrpcServer::start([Step::GoAway]);
            let mut host = host(&server.url()).start();
            let mut ids = Vec::new();
            for _ in 0..2 {
                host.make(SPANS);
                host.flush();
                ids.extend(host.ids());
            }
            let ended = host.shutdown();
            arrived(&server, &ids);
            assert_eq!((server.connections(), server.ledger().repeated()), (2, 0));
            assert_eq!(ended.told.of("exported"), 2 * SPANS);
            let happened = "the call is answered, the next uses a new connection";
            row("i28", "GOAWAY after the call was begun", happened, &ended);
        },
    ]);
}

#[test]
fn calls_end_with_their_time() {
    let short = |host: Host| host.variable("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "400");
    side_by_side(&[
        &|| {
            let name = "read, never answered (time-out 400 ms), over gRPC";
            is_retried("i29", name, vec![Step::Silence], 2, short);
        },
        &|| {
            let name = "answered after the time-out (400 ms), over gRPC";
            is_retried("i30", name, vec![Step::Late(2 * SECOND)], 2, short);
        },
    ]);
}

#[test]
fn a_receiver_that_speaks_no_http_2_is_not_waited_for() {
    let server = Server::start(Script::accept());
    let url = format!("http://{}", server.address());
    let mut host = host(&url).option("max_age_ms", 3_000).start();
    host.make(SPANS);
    let told = host.flush();
    assert_eq!(told.of("exported"), 0);
    let ended = host.shutdown();
    assert!(!ended.log.is_empty());
    let happened = "nothing is delivered; counted, and said so";
    row("i31", "gRPC to a receiver that speaks HTTP/1.1", happened, &ended);
}

#[test]
fn a_receiver_over_grpc_that_restarts_misses_nothing() {
    let server = GrpcServer::start([]);
    let mut host = host(&server.url()).start();
    host.load(1_000);
    assert!(server.ledger().wait_for(500, 60 * SECOND));
    server.go_away();
    std::thread::sleep(2 * SECOND);
    let before = server.ledger().accepted();
    server.come_back();
    assert!(server.ledger().wait_for(before + 500, 60 * SECOND));
    let made = host.unload();
    let ids = host.ids();
    host.flush();
    let ended = host.shutdown();
    arrived(&server, &ids);
    assert_eq!(ended.told.of("exported"), made);
    let name = "restarts, away for 2 s, at 1,000 spans/s, over gRPC";
    row("i32", name, "every span arrives", &ended);
}

#[test]
fn a_receiver_over_grpc_that_flaps_misses_nothing() {
    let server = GrpcServer::cycle([
        Step::taken(),
        Step::status_retry(14, "busy", Duration::from_millis(100)),
        Step::taken(),
        Step::Reset(Reason::INTERNAL_ERROR),
        Step::GoAway,
        Step::GoAwayNow,
        Step::taken(),
        Step::Close,
    ]);
    let mut host = host(&server.url()).start();
    host.load(1_000);
    assert!(server.ledger().wait_for(4_000, LIMIT));
    let made = host.unload();
    let ids = host.ids();
    host.flush();
    let ended = host.shutdown();
    arrived(&server, &ids);
    assert_eq!(ended.told.of("exported"), made);
    let name =
        "flaps over gRPC: taken, UNAVAILABLE, taken, reset, GOAWAY, GOAWAY at once, taken, broken, and again";
    row("i33", name, "every span arrives", &ended);
}
