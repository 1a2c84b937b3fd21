//! A batch that is over the limit of a request: halved, and sent in parts.

use super::ExportResult;
use crate::log::{self, Level};
use spanline_core::wire::otlp::part_of_request;
use spanline_engine::{Batch, Outcome};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

/// How far a batch has come.
#[derive(Debug, Default)]
struct Progress {
    /// Spans that have met their fate, from the first on.
    settled: u64,
    /// Of these, what did not arrive: rejected, refused, or alone over the limit.
    lost: u64,
    /// How many spans the next part has, if it may be that many.
    step: u64,
}

/// What was already sent of a batch that has to be tried again, so that it is not sent twice.
#[derive(Debug, Default)]
pub(crate) struct Resume(Option<(usize, u64, Progress)>);

impl Resume {
    /// Where to go on with this batch.
    fn take(&mut self, batch: &Batch) -> Progress {
        match self.0.take() {
            Some((length, mark, progress)) if length == batch.body().len() && mark == mark_of(batch) => {
                progress
            }
            _ => Progress {
                step: batch.spans(),
                ..Progress::default()
            },
        }
    }

    /// Remembers it; only what was begun is worth that.
    fn keep(&mut self, batch: &Batch, progress: Progress) {
        if progress.settled > 0 {
            self.0 = Some((batch.body().len(), mark_of(batch), progress));
        }
    }
}

/// Tells batches apart, wherever they are in memory.
fn mark_of(batch: &Batch) -> u64 {
    let mut hasher = DefaultHasher::new();
    batch.body().hash(&mut hasher);
    hasher.finish()
}

/// Sends a batch whole, or in parts where the whole is too large. `attempt` sends one request within the time that is
/// left, and gives `None` for one that is over the limit. A part that has to be tried again ends the export: the next
/// one of this batch goes on there.
pub(super) fn send(
    batch: &Batch,
    resume: &mut Resume,
    timeout: Option<Duration>,
    mut attempt: impl FnMut(&[u8], Option<Duration>) -> Option<ExportResult>,
) -> ExportResult {
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let spans = batch.spans();
    let mut progress = resume.take(batch);
    let mut last = ExportResult::failure("too_large");
    while progress.settled < spans {
        let step = progress.step.clamp(1, spans - progress.settled);
        let request = match step == spans {
            true => Cow::Borrowed(batch.body()),
            false => {
                let part = progress.settled..progress.settled + step;
                Cow::Owned(part_of_request(batch.body(), part))
            }
        };
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let lost = match attempt(&request, left) {
            None if step > 1 => {
                progress.step = step.div_ceil(2);
                continue;
            }
            None => {
                let line = format_args!("a span alone makes a request over max_request_bytes; it is lost");
                log::report(Level::Error, "export_too_large", line);
                1
            }
            Some(result) if step == spans => return result,
            Some(result) => {
                let lost = match &result.outcome {
                    Outcome::Delivered { rejected } => (*rejected).min(step),
                    Outcome::Retry { .. } => {
                        resume.keep(batch, progress);
                        return result;
                    }
                    // Nobody answered, and nobody will answer for the rest.
                    Outcome::Failed { .. } if result.status.is_none() => {
                        progress.lost += spans - progress.settled;
                        return total(spans, &progress, result);
                    }
                    Outcome::Failed { .. } => step,
                };
                last = result;
                lost
            }
        };
        progress.settled += step;
        progress.lost += lost;
    }
    total(spans, &progress, last)
}

/// What a batch that went in parts comes to: if anything arrived, the rest counts as rejected.
fn total(spans: u64, progress: &Progress, last: ExportResult) -> ExportResult {
    let arrived = progress.lost < spans;
    match (arrived, last.status) {
        (false, _) => last,
        (true, Some(status)) => ExportResult::partial_success(progress.lost).status(status),
        (true, None) => ExportResult::partial_success(progress.lost),
    }
}

#[cfg(test)]
mod tests;
