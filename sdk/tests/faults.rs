//! What the OTLP exporter makes of a receiver that misbehaves. After each fault the accounting balances.

mod process;

use process::{LIMIT, Receiver, Reply, dead_url, spans_of};
use spanline::{Builder, Provider, Stats};
use std::net::TcpListener;
use std::time::Duration;

const SPANS: u64 = 10;

fn build(url: &str, more: impl FnOnce(Builder) -> Builder) -> Provider {
    let builder = spanline::init().without_environment().delay_ms(3_600_000);
    more(builder.endpoint(url)).build().unwrap()
}

fn make_spans(provider: &Provider) {
    let tracer = provider.tracer("faults");
    (0..SPANS).for_each(|_| tracer.span("fault").start().end());
}

/// Makes spans and flushes; all of them must meet their fate within the limit.
#[track_caller]
fn flushed(provider: &Provider) -> Stats {
    make_spans(provider);
    let report = provider.flush_within(LIMIT);
    assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
    report.stats
}

/// One fault that passes: everything arrives, in the same bytes as at first.
#[track_caller]
fn is_retried(fault: Reply) {
    let receiver = Receiver::start([fault]);
    let provider = build(&receiver.url(), |builder| builder.timeout_ms(300));
    let stats = flushed(&provider);
    assert_eq!(
        (stats.exporters[0].exported, stats.exporters[0].attempts),
        (SPANS, 2)
    );
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(spans_of(&requests[1].body).len() as u64, SPANS);
}

/// One fault that is final: counted under its reason, and what follows is sent as ever.
#[track_caller]
fn is_final(fault: Reply, reason: &str) {
    let receiver = Receiver::start([fault]);
    let provider = build(&receiver.url(), |builder| builder);
    let stats = flushed(&provider);
    assert_eq!(stats.exporters[0].failed, [(reason.to_owned(), SPANS)]);
    assert_eq!(receiver.requests().len(), 1);
    let stats = flushed(&provider);
    assert_eq!(stats.exporters[0].exported, SPANS);
    assert_eq!(receiver.spans().len() as u64, SPANS);
}

fn with(status: &'static str, header: &str) -> Reply {
    Reply::Answer(status, format!("{header}\r\n"), Vec::new())
}

#[test]
fn a_receiver_that_is_overloaded_gets_the_same_bytes_again() {
    is_retried(with("503 Service Unavailable", "Retry-After: 1"));
    is_retried(Reply::status("503 Service Unavailable"));
    is_retried(with("429 Too Many Requests", "Retry-After: 0"));
    is_retried(Reply::status("502 Bad Gateway"));
    is_retried(Reply::status("504 Gateway Timeout"));
}

#[test]
fn an_answer_that_breaks_off_is_no_answer() {
    is_retried(Reply::Torn);
}

#[test]
fn an_answer_beyond_the_time_of_an_attempt_is_no_answer() {
    is_retried(Reply::Late(Duration::from_millis(1500)));
}

#[test]
fn what_the_receiver_refuses_for_good_is_counted_and_not_sent_again() {
    is_final(Reply::status("400 Bad Request"), "400");
    is_final(Reply::status("413 Content Too Large"), "413");
    is_final(Reply::status("500 Internal Server Error"), "500");
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::start([]);
    let location = format!("Location: {}", elsewhere.url());
    is_final(with("307 Temporary Redirect", &location), "307");
    assert_eq!(elsewhere.requests().len(), 0);
}

#[test]
fn a_page_where_an_answer_should_be_counts_as_delivered() {
    let page = Reply::Answer(
        "200 OK",
        "Content-Type: text/html\r\n".to_owned(),
        b"<html><body>Welcome</body></html>".to_vec(),
    );
    let receiver = Receiver::start([page]);
    let stats = flushed(&build(&receiver.url(), |builder| builder));
    assert_eq!(
        (stats.exporters[0].exported, stats.exporters[0].attempts),
        (SPANS, 1)
    );
}

#[test]
fn what_the_receiver_rejects_of_a_batch_is_counted() {
    // partial_success { rejected_spans: 3 }
    let partial = Reply::Answer("200 OK", String::new(), vec![0x0a, 2, 8, 3]);
    let receiver = Receiver::start([partial]);
    let stats = flushed(&build(&receiver.url(), |builder| builder));
    let exporter = &stats.exporters[0];
    assert_eq!(
        (exporter.exported, exporter.rejected, exporter.attempts),
        (SPANS - 3, 3, 1)
    );
}

#[test]
fn a_compressed_request_is_compressed() {
    let receiver = Receiver::start([]);
    let stats = flushed(&build(&receiver.url(), |builder| builder.compression("gzip")));
    assert_eq!(stats.exporters[0].exported, SPANS);
    assert!(receiver.requests()[0].gzip);
    assert_eq!(receiver.spans().len() as u64, SPANS);
    let plain = Receiver::start([]);
    flushed(&build(&plain.url(), |builder| builder));
    assert!(!plain.requests()[0].gzip);
}

#[test]
fn a_receiver_that_comes_back_gets_what_waited() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let provider = build(&format!("http://{address}/v1/traces"), |builder| builder);
    make_spans(&provider);
    assert!(!provider.flush_within(Duration::from_millis(100)).complete);
    let stats = provider.stats();
    assert!(stats.balances() && stats.exporters[0].held == SPANS, "{stats:?}");
    let receiver = Receiver::listen(TcpListener::bind(address).unwrap(), []);
    let report = provider.flush_within(LIMIT);
    assert!(report.complete && report.stats.balances());
    assert_eq!(receiver.spans().len() as u64, SPANS);
}

#[test]
fn a_shutdown_out_of_time_counts_what_it_gives_up() {
    let receiver = Receiver::start(std::iter::repeat_n(Reply::Silence, 10));
    let provider = build(&receiver.url(), |builder| builder);
    make_spans(&provider);
    let report = provider.shutdown_within(Duration::from_millis(200)).unwrap();
    assert!(!report.complete && report.stats.balances(), "{:?}", report.stats);
    let exporter = &report.stats.exporters[0];
    assert_eq!(exporter.dropped_expired + exporter.held, SPANS);
}

/// An exporter beside the one under test.
#[derive(Debug)]
struct Stuck(std::sync::Mutex<std::sync::mpsc::Receiver<()>>);

impl spanline::SpanExporter for Stuck {
    fn export(&self, _: spanline::ExportBatch<'_>, _: Option<Duration>) -> spanline::ExportResult {
        let _ = self.0.lock().unwrap().recv();
        spanline::ExportResult::success()
    }
}

#[test]
fn a_dead_or_stuck_exporter_delays_no_other() {
    let (release, gate) = std::sync::mpsc::channel();
    let receiver = Receiver::start([]);
    let provider = build(&receiver.url(), |builder| {
        builder
            .exporter("otlp")
            .add_exporter("stuck", Stuck(std::sync::Mutex::new(gate)))
    });
    for round in 1..=5 {
        make_spans(&provider);
        provider.flush_within(Duration::from_millis(50));
        receiver.wait_for(round);
    }
    assert_eq!(receiver.spans().len() as u64, 5 * SPANS);
    let stats = provider.stats();
    assert!(stats.balances());
    assert_eq!(stats.exporters[1].held, 5 * SPANS, "{stats:?}");
    drop(release);
    let report = provider.flush_within(LIMIT);
    assert!(report.complete && report.stats.balances());
    assert_eq!(report.stats.exporters[1].exported, 5 * SPANS);
}

#[test]
fn an_exporter_whose_endpoint_is_dead_delays_no_other() {
    let provider = build(&dead_url(), |builder| builder.exporter("otlp").exporter("memory"));
    make_spans(&provider);
    assert!(!provider.flush_within(Duration::from_millis(500)).complete);
    let stats = provider.stats();
    assert!(stats.balances());
    let of = |name: &str| stats.exporters.iter().find(|e| e.name == name).unwrap();
    assert_eq!((of("otlp").held, of("memory").exported), (SPANS, SPANS));
    drop(provider.shutdown_within(Duration::ZERO));
    let stats = provider.stats();
    assert!(stats.balances(), "{stats:?}");
}
