//! Counting what failed.

use super::lock::{briefly, patiently};
use crate::by_epoch::ByEpoch;
use crate::fork;
use crate::processor::{EndedSpan, SpanProcessor, Verdict};
use spanline_core::process::{ErrorCount, ErrorTally, Failure, error_type};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts spans that failed, by the name of the span and the type of the error; the most frequent of them exactly, and in
/// bounded memory. Asked for by [`Builder::count_errors`](crate::Builder::count_errors) or the option `errors.enabled`, found
/// by [`Provider::errors`](crate::Provider::errors).
///
/// A span failed when it has the attribute `error.type` or the status Error. The type is that attribute, else the
/// `exception.type` of its last recorded exception, else `unknown`. Spans that are dropped by a filter, or are recorded for
/// processors only, count too.
///
/// ```
/// use spanline::span;
/// let provider = spanline::init().count_errors().exporter("memory").build()?;
/// let _provider = provider.enter();
/// span!("pay").set("error.type", "timeout");
/// let report = provider.errors().unwrap().report();
/// assert_eq!(report.total, 1);
/// assert_eq!((&*report.errors[0].span_name, &*report.errors[0].error_type), ("pay", "timeout"));
/// # Ok::<(), spanline::Error>(())
/// ```
#[derive(Debug)]
pub struct ErrorCounter {
    room: usize,
    of_process: ByEpoch<State>,
}

#[derive(Debug)]
struct State {
    tally: Mutex<ErrorTally>,
    uncounted: AtomicU64,
}

/// What an [`ErrorCounter`] has counted, since its provider began in this process or it was reset.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct ErrorReport {
    /// All spans that failed.
    pub total: u64,
    /// The errors that are counted, the most frequent first; at most `errors.room` (128).
    pub errors: Vec<ErrorCount>,
    /// Spans that failed and could not be counted, because other threads were counting all the while, or a signal handler
    /// ended them while its thread was. Not part of the total.
    pub uncounted: u64,
}

impl ErrorCounter {
    pub(crate) fn new(room: usize) -> Self {
        Self {
            room,
            of_process: ByEpoch::new(),
        }
    }

    /// A forked child begins anew, and takes no lock that its parent may have held.
    fn state(&self) -> &State {
        self.of_process.get(fork::current_epoch(), || State {
            tally: Mutex::new(ErrorTally::new(self.room)),
            uncounted: AtomicU64::new(0),
        })
    }

    /// What was counted so far.
    pub fn report(&self) -> ErrorReport {
        let state = self.state();
        let tally = patiently(&state.tally);
        ErrorReport {
            total: tally.total(),
            errors: tally.top(),
            uncounted: state.uncounted.load(Ordering::Relaxed),
        }
    }

    /// Begins to count anew.
    pub fn reset(&self) {
        let state = self.state();
        patiently(&state.tally).reset();
        state.uncounted.store(0, Ordering::Relaxed);
    }
}

impl SpanProcessor for ErrorCounter {
    fn on_end(&self, span: EndedSpan<'_>) -> Verdict {
        let view = span.view();
        if let Some(error_type) = error_type(view) {
            let failure = Failure {
                span_name: view.name(),
                error_type,
                unix_nano: view.end_unix_nano(),
                trace_id: view.trace_id(),
                is_sampled: span.is_sampled(),
            };
            let state = self.state();
            match briefly(&state.tally) {
                Some(mut tally) => tally.add(&failure),
                None => {
                    state.uncounted.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        Verdict::Keep
    }
}
