//! Which statuses are tried again.

use super::*;
use tonic::{Code, Status};

/// google.rpc.Status with a RetryInfo of these milliseconds.
fn retry_info(code: u8, millis: u32) -> Vec<u8> {
    let nanos = u64::from(millis) * 1_000_000;
    let mut delay = vec![0x10];
    let mut rest = nanos;
    while rest >= 128 {
        delay.push((rest % 128 + 128) as u8);
        rest /= 128;
    }
    delay.push(rest as u8);
    let framed = |tag: u8, bytes: &[u8]| [&[tag, bytes.len() as u8], bytes].concat();
    let url = framed(0x0a, b"type.googleapis.com/google.rpc.RetryInfo");
    let any = [url, framed(0x12, &framed(0x0a, &delay))].concat();
    [vec![0x08, code], framed(0x1a, &any)].concat()
}

#[test]
fn what_may_pass_is_tried_again_with_the_same_bytes() {
    let _turn = turn();
    for code in [1, 4, 10, 11, 14, 15] {
        let receiver = Receiver::start().answer([Answer::status(code, "not now")]);
        let provider = build(&receiver.url(), |builder| builder);
        let said = said_during(|| {
            let stats = flushed(&provider);
            assert_eq!(
                (stats.exporters[0].exported, stats.exporters[0].attempts),
                (SPANS, 2),
                "{code}"
            );
        });
        let calls = receiver.calls();
        assert_eq!(calls[0].message, calls[1].message);
        assert_eq!(said[0].0, "export_retry");
        assert!(said[0].1.contains("not now"), "{said:?}");
    }
}

#[test]
fn what_will_not_pass_is_final_and_counted_by_its_name() {
    let _turn = turn();
    for (code, name) in [
        (2, "UNKNOWN"),
        (3, "INVALID_ARGUMENT"),
        (5, "NOT_FOUND"),
        (6, "ALREADY_EXISTS"),
        (7, "PERMISSION_DENIED"),
        (8, "RESOURCE_EXHAUSTED"),
        (9, "FAILED_PRECONDITION"),
        (12, "UNIMPLEMENTED"),
        (13, "INTERNAL"),
        (16, "UNAUTHENTICATED"),
    ] {
        let receiver = Receiver::start().answer([Answer::status(code, "never")]);
        let provider = build(&receiver.url(), |builder| builder);
        let stats = flushed(&provider);
        assert_eq!(stats.exporters[0].failed, [(name.to_owned(), SPANS)], "{code}");
        assert_eq!(receiver.calls().len(), 1);
        assert_eq!(flushed(&provider).exporters[0].exported, SPANS);
    }
}

#[test]
fn retry_info_sets_the_pause_and_makes_exhaustion_pass() {
    let _turn = turn();
    for code in [Code::ResourceExhausted, Code::Unavailable] {
        let details = retry_info(code as u8, 300);
        let busy = Status::with_details(code, "busy", details.into());
        let receiver = Receiver::start().answer([Answer::Status(busy)]);
        // A flush would cut the pause short.
        let provider = build(&receiver.url(), |builder| builder.delay_ms(0));
        provider.tracer("grpc").span("call").start().end();
        let calls = receiver.wait_for(2);
        let pause = calls[1].at - calls[0].at;
        assert!(pause >= Duration::from_millis(300), "{code:?}: {pause:?}");
    }
}

#[test]
fn another_path_is_no_receiver_of_otlp() {
    let _turn = turn();
    // tonic answers what it does not know with UNIMPLEMENTED, trailers only.
    let listener = Receiver::with(Setup {
        nothing: true,
        ..Setup::default()
    });
    let provider = build(&listener.url(), |builder| builder);
    let said = said_during(|| {
        let stats = flushed(&provider);
        assert_eq!(stats.exporters[0].failed, [("UNIMPLEMENTED".to_owned(), SPANS)]);
    });
    assert!(said[0].1.contains("check the endpoint"), "{said:?}");
}
