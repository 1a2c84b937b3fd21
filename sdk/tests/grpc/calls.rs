//! What arrives, and what is made of the answer.

use super::*;
use tonic::codec::CompressionEncoding;

#[test]
fn spans_arrive_with_what_was_configured() {
    let _turn = turn();
    let receiver = Receiver::start();
    let provider = build(&receiver.url(), |builder| {
        builder
            .timeout_ms(7_000)
            .header("x-key", "secret")
            .header("id-bin", "AAEC")
            .header("te", "gzip")
    });
    let stats = flushed(&provider);
    assert_eq!(stats.exporters[0].exported, SPANS);
    let calls = receiver.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].spans() as u64, SPANS);
    assert_eq!(calls[0].header("content-type"), "application/grpc");
    assert_eq!(calls[0].header("te"), "trailers");
    assert_eq!(calls[0].header("x-key"), "secret");
    let binary = calls[0].metadata.get_bin("id-bin").unwrap();
    assert_eq!(&binary.to_bytes().unwrap()[..], [0, 1, 2]);
    assert!(
        calls[0]
            .header("user-agent")
            .starts_with("Spanline-OTLP-Exporter-Rust/")
    );
    let accepted = calls[0].header("grpc-accept-encoding");
    assert!(accepted.starts_with("identity,gzip"), "{accepted}");
    let timeout = calls[0].header("grpc-timeout").strip_suffix('m').unwrap();
    let timeout: u64 = timeout.parse().unwrap();
    assert!((6_000..=7_000).contains(&timeout), "{timeout}");
}

#[test]
fn no_timeout_is_sent_where_there_is_none() {
    let _turn = turn();
    let receiver = Receiver::start();
    let provider = build(&receiver.url(), |builder| builder.timeout_ms(0));
    flushed(&provider);
    // The age at which a batch is given up bounds it all the same.
    let call = &receiver.calls()[0];
    let timeout = call.header("grpc-timeout");
    assert!(timeout.is_empty() || timeout.len() > "60000m".len(), "{timeout}");
}

#[test]
fn requests_and_answers_may_be_compressed() {
    let _turn = turn();
    for (option, encoding) in [
        ("gzip", CompressionEncoding::Gzip),
        #[cfg(feature = "zstd")]
        ("zstd", CompressionEncoding::Zstd),
    ] {
        let receiver = Receiver::with(Setup {
            compress: Some(encoding),
            ..Setup::default()
        });
        // rejected_spans 2, error_message "no".
        let receiver = receiver.answer([Answer::Message(b"\x0a\x06\x08\x02\x12\x02no".to_vec())]);
        let provider = build(&receiver.url(), |builder| builder.compression(option));
        let stats = flushed(&provider);
        assert_eq!(
            (stats.exporters[0].exported, stats.exporters[0].rejected),
            (SPANS - 2, 2)
        );
        let call = &receiver.calls()[0];
        assert_eq!(call.header("grpc-encoding"), option);
        assert_eq!(call.spans() as u64, SPANS);
    }
}

#[test]
fn partial_success_is_counted_and_said_and_never_tried_again() {
    let _turn = turn();
    let partial = Answer::Message(b"\x0a\x0c\x08\x03\x12\x08bad time".to_vec());
    // No span rejected, but a message.
    let warning = Answer::Message(b"\x0a\x05\x12\x03slo".to_vec());
    let receiver = Receiver::start().answer([partial, warning]);
    let provider = build(&receiver.url(), |builder| builder);
    let said = said_during(|| {
        let stats = flushed(&provider);
        assert_eq!(
            (stats.exporters[0].exported, stats.exporters[0].rejected),
            (SPANS - 3, 3)
        );
        let stats = flushed(&provider);
        assert_eq!(
            (stats.exporters[0].exported, stats.exporters[0].rejected),
            (2 * SPANS - 3, 3)
        );
    });
    assert_eq!(receiver.calls().len(), 2);
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(said[0].0, "export_partial");
    assert!(said[0].1.contains("rejected 3 spans: \"bad time\""), "{said:?}");
    assert_eq!(said[1].0, "export_warning");
}

#[test]
fn an_answer_that_cannot_be_read_is_a_delivery() {
    let _turn = turn();
    let receiver = Receiver::start().answer([Answer::Message(b"\xff".to_vec())]);
    let provider = build(&receiver.url(), |builder| builder);
    let said = said_during(|| assert_eq!(flushed(&provider).exporters[0].exported, SPANS));
    assert_eq!(said[0].0, "export_answer");
}

#[test]
fn answers_over_the_limit_are_final() {
    let _turn = turn();
    const LIMIT: u64 = 100_000;
    let zeros = vec![0; LIMIT as usize + 1];
    for compress in [None, Some(CompressionEncoding::Gzip)] {
        let receiver = Receiver::with(Setup {
            compress,
            ..Setup::default()
        });
        let receiver = receiver.answer([Answer::Message(zeros.clone())]);
        let provider = build(&receiver.url(), |builder| {
            builder.options(|options| options.max_response_bytes = Some(LIMIT))
        });
        let stats = flushed(&provider);
        assert_eq!(
            stats.exporters[0].failed,
            [("response_too_large".to_owned(), SPANS)]
        );
        // What follows is sent as ever.
        assert_eq!(flushed(&provider).exporters[0].exported, SPANS);
    }
}

#[test]
fn a_large_batch_fits_through_a_narrow_window() {
    let _turn = turn();
    let receiver = Receiver::with(Setup {
        window: Some(4_000),
        ..Setup::default()
    });
    let provider = build(&receiver.url(), |builder| builder);
    let text = "x".repeat(60_000);
    let tracer = provider.tracer("grpc");
    for _ in 0..30 {
        tracer.span("large").start().set("text", text.as_str()).end();
    }
    let report = provider.flush_within(super::LIMIT);
    assert!(report.complete && report.stats.balances());
    assert_eq!(report.stats.exporters[0].exported, 30);
    let largest = receiver.calls().iter().map(|call| call.message.len()).max();
    assert!(largest > Some(1_000_000), "{largest:?}");
}
