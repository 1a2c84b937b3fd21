//! Exporters side by side: what one receiver does is no concern of the others.

use crate::host::{LIMIT, Setup as Host};
use crate::scenario::{row, side_by_side, takes_its_time};
use spanline_test_vectors::server::{Answer, Port, Script, Server, Step};
use std::time::Duration;

const MANY: u64 = 200_000;

/// Fewer where the run is to be short: the foreign decoder takes most of the time.
fn some() -> u64 {
    if takes_its_time() { MANY } else { 20_000 }
}

/// The live receiver gets every span of a burst; the other exporter accounts for all of its own.
#[track_caller]
fn other_gets_all(id: &str, name: &str, spans: u64, bad: &str, bad_first: bool) {
    let live = Server::start(Script::accept());
    let urls = if bad_first {
        [bad.to_owned(), live.url()]
    } else {
        [live.url(), bad.to_owned()]
    };
    let (good, bad) = if bad_first { (1, 0) } else { (0, 1) };
    let mut host = Host::to(&live.url())
        .variable("OTEL_BSP_SCHEDULE_DELAY", "100")
        .exporters(&urls)
        .start();
    host.make(spans);
    let ids = host.ids();
    assert_eq!(ids.len() as u64, spans);
    let missing = live.ledger().missing_after(&ids, LIMIT);
    assert_eq!(missing.len(), 0, "{name}: {:?}", host.stats());
    let ended = host.shutdown_within(Duration::from_millis(500));
    assert_eq!(live.ledger().repeated(), 0);
    assert_eq!(ended.told.number("accepted"), spans, "{name}");
    assert_eq!(ended.told.of_exporter(good, "exported"), spans, "{name}");
    assert_eq!(ended.told.of_exporter(bad, "exported"), 0, "{name}");
    let happened = format!("the other receives all {spans} spans of a burst, each once");
    row(id, name, &happened, &ended);
}

#[test]
fn a_dead_receiver_costs_its_neighbour_nothing() {
    let port = Port::new().unwrap();
    let dead = format!("http://{}/v1/traces", port.address());
    let name = "the first of two receivers is dead throughout";
    other_gets_all("j01", name, MANY, &dead, true);
    let name = "the second of two receivers is dead throughout";
    other_gets_all("j02", name, some(), &dead, false);
}

#[test]
fn a_receiver_that_hangs_or_refuses_costs_its_neighbour_nothing() {
    let hung = Server::start(Script::always(Step::Silence));
    let refusal = Answer::status(503).header("Retry-After", "3600");
    let busy = Server::start(Script::always(Step::Answer(refusal)));
    side_by_side(&[
        &|| {
            let name = "the first of two receivers never answers";
            other_gets_all("j03", name, some(), &hung.url(), true);
        },
        &|| {
            let name = "the first of two receivers answers 503 with an hour";
            other_gets_all("j04", name, some(), &busy.url(), true);
        },
    ]);
}
