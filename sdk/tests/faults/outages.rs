//! Receivers that go and come back, or stay away.

use crate::host::{LIMIT, Setup as Host};
use crate::scenario::{row, takes_its_time};
use spanline_test_vectors::server::{Answer, Script, Server, Step};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_receiver_that_restarts_misses_nothing() {
    let away = if takes_its_time() { 15 } else { 2 } * SECOND;
    let server = Server::start(Script::accept());
    let setup = Host::to(&server.url()).variable("OTEL_BSP_SCHEDULE_DELAY", "100");
    let mut host = setup.start();
    host.load(1_000);
    assert!(server.ledger().wait_for(500, 60 * SECOND));
    server.go_away();
    std::thread::sleep(away);
    let before = server.ledger().accepted();
    server.come_back();
    assert!(server.ledger().wait_for(before + 500, 60 * SECOND));
    let made = host.unload();
    let ids = host.ids();
    assert_eq!(ids.len() as u64, made);
    host.flush();
    let ended = host.shutdown();
    assert_eq!(server.ledger().missing_after(&ids, LIMIT).len(), 0);
    assert_eq!(server.ledger().altered(), 0);
    assert_eq!(ended.told.of("exported"), made);
    let happened = format!("all {made} spans arrive, those of the outage too");
    let name = format!("restarts, away for {} s, at 1,000 spans/s", away.as_secs());
    row("g01", &name, &happened, &ended);
}

#[test]
fn a_receiver_that_flaps_misses_nothing() {
    let server = Server::start(Script::cycle([
        Step::Answer(Answer::ok()),
        Step::Answer(Answer::status(503).header("Retry-After", "0")),
        Step::Answer(Answer::ok()),
        Step::Reset(1_000),
        Step::Answer(Answer::ok()),
        Step::Away(SECOND / 2),
        Step::Truncated(Answer::ok(), 9),
    ]));
    let setup = Host::to(&server.url())
        .variable("OTEL_BSP_SCHEDULE_DELAY", "100")
        .variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512");
    let mut host = setup.start();
    host.load(1_000);
    assert!(server.ledger().wait_for(5_000, 100 * SECOND));
    let made = host.unload();
    let ids = host.ids();
    host.flush();
    let ended = host.shutdown();
    assert_eq!(server.ledger().missing_after(&ids, LIMIT).len(), 0);
    assert_eq!(server.ledger().altered(), 0);
    assert_eq!(ended.told.of("exported"), made);
    assert!(ended.told.of("attempts") > server.handled().iter().filter(|r| r.accepted).count() as u64);
    let name = "flaps: taken, 503, taken, reset, taken, away for 0.5 s, torn answer, and again";
    row("g02", name, "every span arrives", &ended);
}

/// Under load against a dead receiver the memory stays within its bound, and the host is told what did not fit. When
/// the receiver is back it gets what was held, and then everything again.
#[test]
fn a_dead_receiver_under_load_keeps_the_memory_in_its_bound() {
    // The bound is to be reached in both.
    let (dead, per_second, buffer) = match takes_its_time() {
        true => (300 * SECOND, 20_000, 48 << 20),
        false => (10 * SECOND, 15_000, 8 << 20),
    };
    let server = Server::start(Script::accept());
    server.go_away();
    let setup = Host::to(&server.url())
        .variable("OTEL_BSP_SCHEDULE_DELAY", "500")
        .option("buffer_bytes", buffer);
    let mut host = setup.start();
    let at_start = host.at_start;
    host.load(per_second);
    let (began, mut samples) = (Instant::now(), Vec::new());
    while began.elapsed() < dead {
        std::thread::sleep(SECOND / 2);
        let told = host.stats();
        samples.push(told.number("memory"));
    }
    let made = host.unload();
    let told = host.flush_within(SECOND / 5);
    let (full, held) = (
        told.number("buffer_full") + told.of("queue_full"),
        told.of("held"),
    );
    assert!(full > 0, "the bound was not reached: {told:?}");
    assert_eq!(told.number("started"), made);
    // What is charged, and for what is not (stacks, the allocator, libraries) a quarter and 8 MiB more.
    let bound = at_start + (buffer + buffer / 4 + (8 << 20)) / 1024;
    let most = samples.iter().copied().max().unwrap();
    assert!(
        most <= bound,
        "{most} KiB of {bound} KiB, at start {at_start}: {told:?}"
    );
    // The second half of the time does not grow beyond the first, but for a twentieth.
    let (first, second) = samples.split_at(samples.len() / 2);
    let (first, second) = (first.iter().max().unwrap(), second.iter().max().unwrap());
    if takes_its_time() {
        assert!(*second <= first + first / 20, "{first} KiB, then {second} KiB");
    }
    server.come_back();
    let told = host.flush();
    assert_eq!(told.of("exported"), held, "{told:?}");
    host.ids();
    host.make(1_000);
    let ids = host.ids();
    let ended = host.shutdown();
    assert_eq!(server.ledger().missing_after(&ids, LIMIT).len(), 0);
    assert_eq!(server.ledger().accepted() as u64, held + 1_000);
    let name = format!(
        "dead for {} s at {per_second} spans/s, buffer {} MiB",
        dead.as_secs(),
        buffer >> 20
    );
    let happened = format!(
        "{full} of {made} spans did not fit and are counted, {held} were held and arrive later; resident memory never over {} MiB",
        most.div_ceil(1024)
    );
    row("g03", &name, &happened, &ended);
}
