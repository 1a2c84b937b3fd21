//! What the attempts of an exporter have come to: tells at the end why it still holds spans.

use super::ExportResult;
use crate::observe::Fate;
use spanline_engine::Outcome;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// The last batch met its fate.
const DONE: u8 = 1;
/// The receiver answered that it is to be tried again.
const BUSY: u8 = 2;
/// There was no answer.
const SILENT: u8 = 3;

/// Of all attempts of one exporter.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// A receiver has answered, whatever it said.
    answered: AtomicBool,
    /// What became of the last; 0 while none has come to an end.
    last: AtomicU8,
}

impl Course {
    pub(super) fn note(&self, result: &ExportResult) {
        let has_answer = result.status.is_some();
        if has_answer {
            self.answered.store(true, Ordering::Relaxed);
        }
        let last = match result.outcome {
            Outcome::Delivered { .. } | Outcome::Failed { .. } => DONE,
            Outcome::Retry { .. } if has_answer => BUSY,
            Outcome::Retry { .. } => SILENT,
        };
        self.last.store(last, Ordering::Relaxed);
    }

    /// Why an exporter of this component type, which has reached somebody, still holds spans after so many attempts.
    pub(super) fn fate(&self, attempts: u64, component: &str) -> Fate {
        let of = |kinds: &[&str]| kinds.iter().any(|kind| component.starts_with(kind));
        match self.last.load(Ordering::Relaxed) {
            DONE => Fate::Slow,
            BUSY => Fate::Busy,
            _ if attempts == 0 => Fate::Slow,
            _ if self.answered.load(Ordering::Relaxed) => Fate::NoMoreAnswers,
            _ if of(&["otlp_http", "zipkin_http", "jaeger_http"]) => Fate::NoAnswer("endpoint and protocol"),
            _ if of(&["otlp_grpc", "jaeger_grpc"]) => Fate::NoAnswer("endpoint, protocol and insecure"),
            _ => Fate::Stuck,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AnswerStatus;

    #[test]
    fn the_last_attempt_tells_why_something_is_left() {
        let course = Course::default();
        let fate = |attempts| course.fate(attempts, "otlp_http_span_exporter");
        assert_eq!(fate(0), Fate::Slow, "there was no time at all");
        assert_eq!(
            fate(1),
            Fate::NoAnswer("endpoint and protocol"),
            "one is under way"
        );
        assert_eq!(course.fate(1, "Own"), Fate::Stuck);
        course.note(&ExportResult::retry());
        assert_eq!(fate(1), Fate::NoAnswer("endpoint and protocol"));
        course.note(&ExportResult::retry().status(AnswerStatus::Http(503)));
        assert_eq!(fate(2), Fate::Busy);
        course.note(&ExportResult::success().status(AnswerStatus::Http(200)));
        assert_eq!(fate(3), Fate::Slow);
        course.note(&ExportResult::retry());
        assert_eq!(fate(4), Fate::NoMoreAnswers);
    }
}
