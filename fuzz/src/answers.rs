//! What receivers answer.

use crate::lines;
use spanline::__fuzz::read_grpc_answer;
use spanline_core::wire::otlp::{
    ExportOutcome, RpcStatus, decode_response, decode_response_json, encode_response, encode_response_json,
};
use spanline_engine::retry::{Backoff, Verdict, grpc_status, grpc_status_name, http_status, retry_after};
use std::time::Duration;

/// What an answer may be large, here.
const LIMIT: usize = 64;

/// Durations in JSON have at most twelve digits of seconds.
const JSON_SECONDS: u64 = 1_000_000_000_000;

/// The whole input is a body, in each form. Its lines are `grpc-status`, `grpc-message`, `grpc-status-details-bin`,
/// `grpc-encoding` and `Retry-After`; what is left of it is gRPC's framed message.
pub fn answers(input: &[u8]) {
    for outcome in [decode_response(input), decode_response_json(input)]
        .into_iter()
        .flatten()
    {
        if let ExportOutcome::Partial { rejected_spans, .. } = &outcome {
            assert!(*rejected_spans > 0);
        }
        assert_eq!(decode_response(&encode_response(&outcome)).as_ref(), Ok(&outcome));
        let json = encode_response_json(&outcome);
        assert_eq!(
            decode_response_json(json.as_bytes()).as_ref(),
            Ok(&outcome),
            "{json}"
        );
    }
    for status in [RpcStatus::decode(input), RpcStatus::decode_json(input)]
        .into_iter()
        .flatten()
    {
        written(&status);
    }
    let mut parts = input.splitn(6, |&c| c == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (code, message, details, encoding, after) = (next(), next(), next(), next(), next());
    let body = next();
    grpc(code, message, details, encoding, body);
    for line in [after, input].into_iter().chain(lines(input).take(2)) {
        waits(line);
    }
    if let Some(number) = input.first_chunk() {
        let status = u16::from_le_bytes(*number);
        let verdict = http_status(status);
        assert_eq!(verdict.is_success(), (200..300).contains(&status));
        assert!(!(verdict.is_retryable() && status < 400));
    }
}

/// A status is read as it was written.
fn written(status: &RpcStatus) {
    assert_eq!(RpcStatus::decode(&status.encode()).as_ref(), Ok(status));
    let json = status.encode_json();
    let mut again = RpcStatus::decode_json(json.as_bytes()).expect("our own JSON");
    if status
        .retry_delay
        .is_some_and(|delay| delay.as_secs() >= JSON_SECONDS)
    {
        again.retry_delay = status.retry_delay;
    }
    assert_eq!(&again, status, "{json}");
}

/// An answer over gRPC, once in trailers, once in headers alone.
fn grpc(code: &[u8], message: &[u8], details: &[u8], encoding: &[u8], body: &[u8]) {
    let fields = [
        ("grpc-status", code),
        ("grpc-message", message),
        ("grpc-status-details-bin", details),
    ];
    let headers = [("grpc-encoding", encoding)];
    let (number, said, asked, content) = read_grpc_answer(&headers, &fields, body, LIMIT);
    assert!(content.is_none_or(|content| content.len() <= LIMIT));
    // What is no UTF-8 takes three bytes for one.
    assert!(said.len() <= 3 * message.len().max(details.len()));
    let digits = !code.is_empty() && code.iter().all(u8::is_ascii_digit);
    let known = str::from_utf8(code)
        .ok()
        .filter(|_| digits)
        .and_then(|code| code.parse().ok());
    if let Some(known) = known {
        assert_eq!(number, known);
    }
    let verdict = grpc_status(number, asked.is_some());
    assert_eq!(verdict == Verdict::Success, number == 0);
    assert!(!grpc_status_name(number).is_empty());
    // A delay is told only by details that could be read.
    let status = str::from_utf8(details)
        .ok()
        .and_then(|text| RpcStatus::decode_base64(text.trim()).ok());
    if known.is_some() {
        assert_eq!(asked, status.as_ref().and_then(|status| status.retry_delay));
    }
    status.iter().for_each(written);
    pause(asked.map(|asked| u64::try_from(asked.as_millis()).unwrap_or(u64::MAX)));
}

/// What `Retry-After` asks for.
fn waits(header: &[u8]) {
    const YEAR_10000: u64 = 253_402_300_800_000;
    for now in [0, 1_767_225_600_000, u64::MAX] {
        let asked = retry_after(header, now);
        let spaced = [b" \t", header, b"\t "].concat();
        assert_eq!(retry_after(&spaced, now), asked);
        let Some(asked) = asked else { continue };
        let first = header.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        match first.is_some_and(u8::is_ascii_digit) {
            true => assert!(asked % 1000 == 0 && retry_after(header, 1) == Some(asked)),
            false => assert!(asked == 0 || asked + now <= YEAR_10000),
        }
        pause(Some(asked));
    }
}

/// No pause is longer than its bound, nor so short that a receiver is hammered.
fn pause(asked: Option<u64>) {
    let longest = Duration::from_secs(300).as_millis() as u64;
    let mut backoff = Backoff::new(longest);
    for random in [0, u64::MAX] {
        for asked in [asked, None] {
            let delay = backoff.next_delay_ms(asked, random);
            assert!((100..=longest).contains(&delay), "{asked:?} {delay}");
        }
    }
}
