//! Several batches of one exporter on their way at once.

use crate::common::finish;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

/// Reads one request to its end.
fn read_request(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
}

/// A receiver that answers nobody before `at_once` requests have come, each on a connection of its own.
fn patient_receiver(at_once: usize) -> (String, mpsc::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let (seen, requests) = mpsc::channel();
    std::thread::spawn(move || {
        let streams: Vec<TcpStream> = (0..at_once)
            .map(|number| {
                let (stream, _) = listener.accept().unwrap();
                read_request(&stream);
                let _ = seen.send(number + 1);
                stream
            })
            .collect();
        let mut streams = streams.iter();
        // In another order than that of their coming.
        while let Some(mut stream) = streams.next_back() {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
        }
    });
    (url, requests)
}

#[test]
fn as_many_requests_are_on_their_way_as_the_option_says() {
    let (url, requests) = patient_receiver(3);
    let builder = spanline::init()
        .without_environment()
        .endpoint(url)
        .concurrent_sends(3)
        .delay_ms(3_600_000);
    let provider = builder
        .options(|options| options.max_batch_spans = Some(10))
        .build()
        .unwrap();
    let tracer = provider.tracer("t");
    for _ in 0..30 {
        tracer.span("s").start().end();
    }
    let report = provider.flush_within(Duration::from_secs(30));
    assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
    assert_eq!(requests.iter().count(), 3);
    let stats = finish(&provider);
    assert_eq!(
        (stats.exporters[0].exported, stats.exporters[0].attempts),
        (30, 3)
    );
}

/// Also while spans are made and sent, what an exporter has and had is all that was accepted.
#[test]
fn the_account_of_each_exporter_balances_at_every_moment() {
    let provider = crate::common::memory()
        .exporter("discard")
        .delay_ms(0)
        .build()
        .unwrap();
    let tracer = provider.tracer("t");
    std::thread::scope(|scope| {
        let making = scope.spawn(|| (0..50_000).for_each(|_| tracer.span("s").start().end()));
        while !making.is_finished() {
            let stats = provider.stats();
            let balances = |exporter: &spanline::ExporterStats| exporter.balances(stats.accepted);
            assert!(stats.exporters.iter().all(balances), "{stats:#?}");
        }
    });
    assert_eq!(finish(&provider).accepted, 50_000);
}
