//! What was lost, by reason, and which option would have kept it: for the log.

use crate::provider::Config;
use spanline_engine::{ExporterStats, Stats};
use std::fmt::Write as _;

/// So many spans, in words.
pub(crate) fn spans(number: u64) -> String {
    match number {
        1 => "1 span".to_owned(),
        _ => format!("{number} spans"),
    }
}

/// One reason.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Loss {
    spans: u64,
    why: String,
}

/// Everything that was lost up to a moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Losses(Vec<Loss>);

impl Losses {
    /// What an engine and its exporters' queues could not keep so far. What receivers refused is not among it.
    pub(crate) fn so_far(stats: &Stats, config: &Config) -> Self {
        let mut losses = Self::default();
        let dropped = &stats.dropped;
        let queue = match config.max_queue_spans {
            Some(_) => "options max_queue_spans and buffer_bytes",
            None => "option buffer_bytes",
        };
        losses.add(
            dropped.buffer_full,
            format_args!("by a full buffer (see the {queue})"),
        );
        losses.add(
            dropped.too_large,
            format_args!("larger than a request may be (see the option max_request_bytes)"),
        );
        losses.add(
            stats.refused.open_bound,
            format_args!("over the number of open spans (see the option max_open_spans)"),
        );
        losses.add(
            dropped.reentrant + stats.refused.reentrant,
            format_args!("made or ended inside the library, as by a signal handler"),
        );
        losses.add(
            dropped.after_shutdown,
            format_args!("that ended after the shutdown"),
        );
        for (number, exporter) in stats.exporters.iter().enumerate() {
            let name = &exporter.name;
            let bound = match number {
                0 => "buffer_bytes",
                _ => "exporter_buffer_bytes",
            };
            losses.add(
                exporter.dropped_queue_full,
                format_args!("by the full queue of the exporter {name} (see the option {bound})"),
            );
            let age = match config.effective.export_timeout_ms {
                Some(stay) if stay < config.effective.max_age_ms => "export_timeout_ms",
                _ => "max_age_ms",
            };
            losses.add(
                exporter.dropped_expired,
                format_args!("too old before the exporter {name} could deliver them (see the option {age})"),
            );
        }
        losses
    }

    fn add(&mut self, spans: u64, why: std::fmt::Arguments<'_>) {
        if spans > 0 {
            let why = why.to_string();
            self.0.push(Loss { spans, why });
        }
    }

    /// What receivers did not take.
    fn add_refused(&mut self, exporter: &ExporterStats) {
        let name = &exporter.name;
        for (reason, spans) in &exporter.failed {
            let option = match reason.as_str() {
                "401" | "403" => " (see the option headers)",
                "404" => " (see the option endpoint)",
                "413" => " (see the option max_batch_bytes)",
                "too_large" => " (see the option max_request_bytes)",
                "tls" => " (see the options endpoint and certificate)",
                _ => "",
            };
            self.add(
                *spans,
                format_args!("that the exporter {name} failed to deliver: {reason}{option}"),
            );
        }
        self.add(
            exporter.rejected,
            format_args!("that the receiver of the exporter {name} rejected"),
        );
    }

    /// All of them.
    pub(crate) fn total(&self) -> u64 {
        self.0.iter().map(|loss| loss.spans).sum()
    }
}

impl std::fmt::Display for Losses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, Loss { spans, why }) in self.0.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            write!(f, "{comma}{spans} {why}")?;
        }
        Ok(())
    }
}

/// Why an exporter has not delivered everything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// Nobody was there.
    Nobody,
    /// It tried, and nobody ever answered as a receiver does; these options say how it is spoken to.
    NoAnswer(&'static str),
    /// There was not enough time.
    Slow,
}

/// An exporter at the end: what it had lost before, and whether anybody was there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtEnd {
    pub(crate) expired_before: u64,
    pub(crate) fate: Fate,
    /// A spool keeps what it holds.
    pub(crate) is_kept: bool,
}

/// One line at the end of a provider: what was lost now, and before. `None` when nothing was. `limit` is the option that
/// bounds the end, `when` what the end is.
pub(crate) fn summary(
    stats: &Stats,
    ends: &[AtEnd],
    config: &Config,
    (when, limit): (&str, &str),
) -> Option<String> {
    let mut before = stats.clone();
    let mut now = Losses::default();
    let mut most = 0;
    for (exporter, end) in before.exporters.iter_mut().zip(ends) {
        let late = exporter.dropped_expired.saturating_sub(end.expired_before);
        exporter.dropped_expired -= late;
        let lost = match end.is_kept {
            true => late,
            false => late + exporter.held,
        };
        most = most.max(lost);
        let name = &exporter.name;
        match end.fate {
            Fate::Nobody => {
                let spool = match end.is_kept {
                    true => "",
                    false => "; spool_dir would have kept them",
                };
                now.add(
                    lost,
                    format_args!("as the exporter {name} reached nobody (see the option endpoint{spool})"),
                );
            }
            Fate::NoAnswer(options) => now.add(
                lost,
                format_args!(
                    "as the exporter {name} never got an answer (see the options {options}, and {limit} for a slow receiver)"
                ),
            ),
            Fate::Slow => now.add(
                lost,
                format_args!("as the exporter {name} did not deliver them in time (see the option {limit})"),
            ),
        }
    }
    let mut earlier = Losses::so_far(&before, config);
    stats
        .exporters
        .iter()
        .for_each(|exporter| earlier.add_refused(exporter));
    let mut line = String::new();
    if most > 0 {
        let _ = write!(
            line,
            "{} {} lost {when}: {now}",
            spans(most),
            if most == 1 { "was" } else { "were" }
        );
    }
    if earlier.total() > 0 {
        let lead = if most > 0 { "; " } else { "" };
        let _ = write!(line, "{lead}spans lost before the end: {earlier}");
    }
    (!line.is_empty()).then_some(line)
}
