//! What OTLP's answers mean, by whichever transport they came.

use super::ExportResult;
use crate::log::{self, Level, Said};
use crate::transport::FailKind;
use spanline_core::wire::otlp::ExportOutcome;

/// The receiver took the request and said this; `None`: what it said could not be read.
pub(super) fn delivered(outcome: Option<ExportOutcome>) -> ExportResult {
    match outcome {
        None => unread(None),
        Some(ExportOutcome::Warning(text)) => {
            let text = Said(&text);
            let line = format_args!("the receiver says{text}");
            log::report(Level::Warn, "export_warning", line);
            ExportResult::success()
        }
        Some(ExportOutcome::Partial {
            rejected_spans,
            error_message,
        }) => {
            let spans = crate::observe::spans(u64::try_from(rejected_spans).unwrap_or(0));
            let colon = if error_message.trim().is_empty() { "" } else { ":" };
            let line = format_args!("the receiver rejected {spans}{colon}{}", Said(&error_message));
            log::report(Level::Warn, "export_partial", line);
            ExportResult::partial_success(u64::try_from(rejected_spans).unwrap_or(0))
        }
        Some(_) => ExportResult::success(),
    }
}

/// The receiver has answered with success and something that says nothing of the batch.
pub(super) fn unread(page: Option<&str>) -> ExportResult {
    let line = match page {
        Some(page) => format!("the receiver {page}; its answer could not be read"),
        None => "the receiver's answer could not be read".to_owned(),
    };
    let line = format_args!("{line}, and the batch counts as delivered");
    log::report(Level::Warn, "export_answer", line);
    ExportResult::success()
}

/// The receiver has refused for good, by this answer, which has its own minute in the log by its status.
pub(super) fn refused(what: &str, status: &str, way_out: Option<&str>) {
    let rest = match way_out {
        Some(way_out) => format!(": {way_out}"),
        None => ", as the receiver would answer the same again".to_owned(),
    };
    let line = format_args!("the receiver answered {what}; the batch is lost{rest}");
    log::report_case(Level::Error, "export_refused", status, line);
}

/// Whether the text of a refusal is about how the request was compressed.
pub(crate) fn speaks_of_encoding(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["compress", "encoding", "gzip", "zstd"]
        .iter()
        .any(|word| text.contains(word))
}

/// What to do where the receiver does not take compressed requests.
pub(crate) fn not_compressed(compression: &str) -> String {
    let other = if compression == "gzip" {
        "none"
    } else {
        "gzip or none"
    };
    format!("it takes no requests compressed with {compression}: set the option compression to {other}")
}

/// There was no answer.
pub(super) fn failed(kind: FailKind, message: &str) -> ExportResult {
    if kind.retryable() {
        // A shutdown that cut the attempt short says itself what is lost.
        if kind != FailKind::Interrupted {
            let line = format_args!("spans are not delivered yet: {message}");
            log::report_case(Level::Warn, "export_failed", &format!("{kind:?}"), line);
        }
        return match kind.endpoint_dead() {
            true => ExportResult::retry().unreachable(),
            false => ExportResult::retry(),
        };
    }
    let line = format_args!("spans are not delivered: {message}");
    log::report_case(Level::Error, "export_failed", kind.reason(), line);
    ExportResult::failure(kind.reason())
}

/// The answer was not read to its end.
pub(super) fn response_too_large() -> ExportResult {
    let line = format_args!("the receiver's answer is over max_response_bytes");
    log::report(Level::Error, "export_answer_size", line);
    ExportResult::failure("response_too_large")
}
