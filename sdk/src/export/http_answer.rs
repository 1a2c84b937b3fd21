//! What an answer over HTTP means.

use super::{AnswerStatus, ExportResult, answer};
use crate::log::{self, Level, Said};
use crate::transport::Response;
use spanline_core::wire::otlp::{self, ExportOutcome, RpcStatus};
use spanline_engine::retry;
use std::time::Duration;

/// How requests and answers are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Encoding {
    /// `http/protobuf`.
    Protobuf,
    /// `http/json`.
    Json,
}

impl Encoding {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }

    /// That of the answer: what it says it is, or that of the request.
    fn of_answer(self, response: &Response) -> Self {
        let named = response.content_type.as_deref().unwrap_or_default();
        let named = named.split(';').next().unwrap_or_default().trim();
        if named.eq_ignore_ascii_case("application/json") {
            Self::Json
        } else if named.eq_ignore_ascii_case("application/x-protobuf") {
            Self::Protobuf
        } else {
            self
        }
    }
}

/// Judges an answer to a request that was compressed like this, and says what people should know of it.
pub(super) fn judge(encoding: Encoding, compression: Option<&str>, response: &Response) -> ExportResult {
    let encoding = encoding.of_answer(response);
    let verdict = retry::http_status(response.status);
    let status = AnswerStatus::Http(response.status);
    if verdict.is_success() {
        return answer::delivered(outcome(encoding, response)).status(status);
    }
    let text = message(encoding, response);
    let compression = compression.filter(|_| response.status == 415 || answer::speaks_of_encoding(&text));
    let (code, text) = (response.status, Said(&text));
    if verdict.is_retryable() {
        let now = crate::clock::wall_nanos() / 1_000_000;
        let after = response
            .retry_after
            .as_deref()
            .and_then(|after| retry::retry_after(after.as_bytes(), now));
        let line = format_args!("the receiver answered {code}{text}, trying again");
        log::report(Level::Warn, "export_retry", line);
        let result = ExportResult::retry().status(status);
        return match after {
            Some(after) => result.after(Duration::from_millis(after)),
            None => result,
        };
    }
    let not_compressed = compression.map(answer::not_compressed);
    let hint = match code {
        _ if not_compressed.is_some() => not_compressed.as_deref().unwrap_or_default(),
        401 | 403 => "check the credentials in the headers option",
        404 => "check the endpoint: its path is usually /v1/traces",
        407 => "the proxy asks for credentials: give user and password in the proxy's URL",
        413 => "the receiver takes no batch this large: lower max_batch_bytes",
        415 => "the receiver does not take what the option protocol says",
        _ => "the batch is lost, as the receiver would answer the same again",
    };
    log::report(
        Level::Error,
        "export_refused",
        format_args!("the receiver answered {code}{text}; {hint}"),
    );
    ExportResult::failure(code.to_string()).status(status)
}

/// What an error answer says in words.
fn message(encoding: Encoding, response: &Response) -> String {
    let status = match encoding {
        Encoding::Protobuf => RpcStatus::decode(&response.body),
        Encoding::Json => RpcStatus::decode_json(&response.body),
    };
    status.map(|status| status.message).unwrap_or_default()
}

/// What a success says further, if that can be read.
fn outcome(encoding: Encoding, response: &Response) -> Option<ExportOutcome> {
    if response.body.is_empty() {
        // Full success, in either form.
        return response.body_complete.then_some(ExportOutcome::Success);
    }
    let decoded = match encoding {
        Encoding::Protobuf => otlp::decode_response(&response.body),
        Encoding::Json => otlp::decode_response_json(&response.body),
    };
    decoded.ok().filter(|_| response.body_complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_compressed_is_told_of_with_the_option() {
        let answer = |status| Response {
            status,
            ..Response::default()
        };
        let said = |status, compression| {
            let (_, said) = log::capture(|| judge(Encoding::Protobuf, compression, &answer(status)));
            said.into_iter().next().unwrap().1
        };
        assert!(said(415, Some("gzip")).ends_with("set the option compression to none"));
        assert!(said(415, None).ends_with("does not take what the option protocol says"));
        assert!(said(400, Some("gzip")).contains("the batch is lost"));
    }
}
