//! What an answer over HTTP means.

use super::refusal::{self, Refusal};
use super::{AnswerStatus, ExportResult, Format, answer};
use crate::log::{self, Level, Said};
use crate::transport::Response;
use spanline_core::wire::otlp::{self, ExportOutcome, RpcStatus};
use spanline_engine::retry;
use std::time::Duration;

/// How an answer of OTLP is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// What the answer says it is, or as the request was.
    fn of(format: Format, response: &Response) -> Self {
        let named = response.content_type.as_deref().unwrap_or_default();
        let named = named.split(';').next().unwrap_or_default().trim();
        if named.eq_ignore_ascii_case("application/json") {
            Self::Json
        } else if named.eq_ignore_ascii_case("application/x-protobuf") {
            Self::Protobuf
        } else if format == Format::OtlpJson {
            Self::Json
        } else {
            Self::Protobuf
        }
    }
}

/// Judges an answer to a request to this path that was compressed like this, and says what people should know of it.
pub(super) fn judge(
    format: Format,
    path: &str,
    compression: Option<&str>,
    response: &Response,
) -> ExportResult {
    let refusal = Refusal {
        response,
        path,
        format,
    };
    let verdict = retry::http_status(response.status);
    let status = AnswerStatus::Http(response.status);
    if verdict.is_success() {
        let outcome = outcome(format, response);
        let result = match outcome {
            None => answer::unread(refusal::page(format, response).as_deref()),
            outcome => answer::delivered(outcome),
        };
        return result.status(status);
    }
    let text = message(format, response);
    let compression = compression.filter(|_| response.status == 415 || answer::speaks_of_encoding(&text));
    let (code, text) = (response.status.to_string(), Said(&text));
    if verdict.is_retryable() {
        let now = crate::clock::wall_nanos() / 1_000_000;
        let after = response
            .retry_after
            .as_deref()
            .and_then(|after| retry::retry_after(after.as_bytes(), now));
        let line = format_args!("the receiver answered {code}{text}, trying again");
        log::report_case(Level::Warn, "export_retry", &code, line);
        let result = ExportResult::retry().status(status);
        return match after {
            Some(after) => result.after(Duration::from_millis(after)),
            None => result,
        };
    }
    let not_compressed = compression.map(answer::not_compressed);
    let way_out = not_compressed.map(Into::into).or_else(|| refusal.way_out());
    let what = format!("{}{text}", refusal.status());
    answer::refused(&what, &code, way_out.as_deref());
    ExportResult::failure(code).status(status)
}

/// What an error answer says in words.
pub(crate) fn message(format: Format, response: &Response) -> String {
    if !format.is_otlp() {
        // A page is not for a log.
        let is_page = response.body.first() == Some(&b'<');
        let text = String::from_utf8_lossy(if is_page { &[] } else { &response.body });
        return text.into_owned();
    }
    let status = match Encoding::of(format, response) {
        Encoding::Protobuf => RpcStatus::decode(&response.body),
        Encoding::Json => RpcStatus::decode_json(&response.body),
    };
    status.map(|status| status.message).unwrap_or_default()
}

/// What a success says further, if that can be read. Only OTLP's does.
fn outcome(format: Format, response: &Response) -> Option<ExportOutcome> {
    if !format.is_otlp() {
        return Some(ExportOutcome::Success);
    }
    if response.body.is_empty() {
        // Full success, in either form.
        return response.body_complete.then_some(ExportOutcome::Success);
    }
    let decoded = match Encoding::of(format, response) {
        Encoding::Protobuf => otlp::decode_response(&response.body),
        Encoding::Json => otlp::decode_response_json(&response.body),
    };
    decoded.ok().filter(|_| response.body_complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(response: &Response, compression: Option<&str>) -> String {
        let judged = || judge(Format::OtlpProtobuf, "/v1/traces", compression, response);
        let (_, said) = log::capture(judged);
        said.into_iter().next().unwrap().1
    }

    fn answer(status: u16, content_type: Option<&str>) -> Response {
        Response {
            status,
            content_type: content_type.map(str::to_owned),
            ..Response::default()
        }
    }

    #[test]
    fn what_is_not_taken_compressed_is_told_of_with_the_option() {
        let said = |status, compression| said(&answer(status, None), compression);
        assert!(said(415, Some("gzip")).ends_with("set the option compression to none"));
        assert!(said(415, None).ends_with("does not take http/protobuf (the option protocol)"));
        assert!(said(400, Some("gzip")).contains("the batch is lost"));
    }

    #[test]
    fn who_is_no_receiver_is_told_of_as_such() {
        let html = Some("text/html;charset=utf-8");
        assert_eq!(
            said(&answer(501, html), None),
            "the receiver answered 501; the batch is lost: is this an OTLP receiver?"
        );
        assert_eq!(
            said(&answer(405, None), None),
            "the receiver answered 405 at the path /v1/traces; the batch is lost: is this an OTLP receiver?"
        );
        let page = Response {
            body: b"<html>".to_vec(),
            body_complete: true,
            ..answer(200, html)
        };
        let line = said(&page, None);
        assert!(line.contains("could not be read"), "{line}");
        assert!(
            line.contains("answered 200 with a web page: this is no OTLP receiver"),
            "{line}"
        );
    }

    #[test]
    fn formats_that_answer_in_plain_words() {
        let answer = |status, body: &str| Response {
            body: body.as_bytes().to_vec(),
            ..answer(status, Some("text/plain"))
        };
        for format in [Format::ZipkinJson, Format::ZipkinProtobuf, Format::JaegerThrift] {
            let judged = |response: &Response| log::capture(|| judge(format, "/x", None, response));
            for status in [200, 202, 204] {
                let (taken, said) = judged(&answer(status, "anything"));
                assert_eq!(taken, ExportResult::success().status(AnswerStatus::Http(status)));
                assert!(said.is_empty(), "{said:?}");
            }
            let (result, said) = judged(&answer(400, "Expected a list\n"));
            assert_eq!(
                result,
                ExportResult::failure("400").status(AnswerStatus::Http(400))
            );
            assert!(
                said[0].1.contains("answered 400 \"Expected a list\"; "),
                "{said:?}"
            );
            let (_, said) = judged(&answer(404, "<!doctype html>"));
            let words = format!(
                "404 at the path /x; the batch is lost: the path expected is usually {}",
                format.usual_path()
            );
            assert!(said[0].1.contains(&words), "{said:?}");
            let (result, _) = judged(&answer(503, ""));
            assert_eq!(result, ExportResult::retry().status(AnswerStatus::Http(503)));
        }
    }
}
