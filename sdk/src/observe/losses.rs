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
                "exporter_ended" => " (by faults of Spanline itself)",
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
    /// There had been answers, and there were none any more.
    NoMoreAnswers,
    /// The receiver answered that it is to be tried again.
    Busy,
    /// An exporter of the user's own, or to no receiver: it has not come to an end with anything, or tried again.
    Stuck,
    /// It was delivering, and there was not enough time.
    Slow,
    /// Faults of ours had ended the thread that hands spans to it.
    Fault,
}

/// What would keep spans that are not delivered at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keeper {
    /// There is a spool, which keeps what it holds.
    Spool,
    /// A spool is asked for, but could not be had.
    Unusable,
    /// The option `spool_dir`, which is not set.
    Option,
    /// The same, in a build with the cargo feature.
    Feature,
    /// Nothing on this system.
    Nothing,
}

impl Keeper {
    /// That of a provider with or without a spool, as it asked for one or not.
    pub(crate) fn of(has_spool: bool, is_wanted: bool) -> Self {
        match (has_spool, is_wanted) {
            (true, _) => Self::Spool,
            (false, true) => Self::Unusable,
            _ if !cfg!(target_os = "linux") => Self::Nothing,
            _ if cfg!(feature = "spool") => Self::Option,
            _ => Self::Feature,
        }
    }

    /// Whether what is left is not lost.
    fn keeps(self) -> bool {
        self == Self::Spool
    }

    /// In brackets: these options are to be looked at, and this would have kept the spans.
    fn advice(self, options: &str) -> String {
        let kept = match self {
            Self::Spool | Self::Nothing => "",
            Self::Unusable => "the spool in spool_dir could not be used: see the warning at the start",
            Self::Option => "spool_dir would have kept them",
            Self::Feature => "spool_dir would have kept them; it needs the cargo feature spool",
        };
        match (options, kept) {
            ("", "") => String::new(),
            ("", one) | (one, "") => format!(" ({one})"),
            (options, kept) => format!(" ({options}; {kept})"),
        }
    }
}

/// An exporter at the end: what it had lost before, and whether anybody was there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtEnd {
    pub(crate) expired_before: u64,
    pub(crate) fate: Fate,
    pub(crate) keeper: Keeper,
}

impl AtEnd {
    /// Why the spans of this exporter are lost, and what would have kept them.
    fn why(&self, name: &str, limit: &str) -> String {
        let advice = |options: std::fmt::Arguments<'_>| self.keeper.advice(&options.to_string());
        match self.fate {
            Fate::Nobody => {
                let advice = advice(format_args!("see the option endpoint"));
                format!("as the exporter {name} reached nobody{advice}")
            }
            Fate::NoAnswer(options) => {
                let advice = advice(format_args!("see the options {options}"));
                format!("as the exporter {name} never got an answer{advice}")
            }
            Fate::NoMoreAnswers => {
                let advice = advice(format_args!(""));
                format!("as the exporter {name} got no more answers{advice}")
            }
            Fate::Busy => {
                let advice = advice(format_args!(""));
                format!("as the receiver of the exporter {name} asked to be tried again later{advice}")
            }
            Fate::Stuck => {
                let advice = advice(format_args!(""));
                format!("as the exporter {name} did not deliver them{advice}")
            }
            Fate::Fault => format!("by faults of Spanline itself before the exporter {name} got them"),
            Fate::Slow => {
                let advice = advice(format_args!("see the option {limit}"));
                format!("as the exporter {name} did not deliver them in time{advice}")
            }
        }
    }
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
        let lost = match end.keeper.keeps() {
            true => late,
            false => late + exporter.held,
        };
        most = most.max(lost);
        now.add(lost, format_args!("{}", end.why(&exporter.name, limit)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_have_kept_the_spans_is_said_as_it_is() {
        let said = |fate, keeper| {
            let end = AtEnd {
                expired_before: 0,
                fate,
                keeper,
            };
            end.why("otlp", "exit_timeout_ms")
        };
        let dead = "as the exporter otlp reached nobody (see the option endpoint";
        let busy = "as the receiver of the exporter otlp asked to be tried again later";
        let slow = "as the exporter otlp did not deliver them in time (see the option exit_timeout_ms";
        for (keeper, kept) in [
            (Keeper::Spool, ""),
            (Keeper::Nothing, ""),
            (Keeper::Option, "spool_dir would have kept them"),
            (
                Keeper::Feature,
                "spool_dir would have kept them; it needs the cargo feature spool",
            ),
            (
                Keeper::Unusable,
                "the spool in spool_dir could not be used: see the warning at the start",
            ),
        ] {
            let (alone, more) = match kept {
                "" => (String::new(), String::new()),
                kept => (format!(" ({kept})"), format!("; {kept}")),
            };
            assert_eq!(said(Fate::Nobody, keeper), format!("{dead}{more})"));
            assert_eq!(said(Fate::Busy, keeper), format!("{busy}{alone}"));
            assert_eq!(said(Fate::Slow, keeper), format!("{slow}{more})"));
        }
    }

    #[test]
    fn a_spool_is_advised_only_where_it_can_be_had() {
        assert_eq!(Keeper::of(true, true), Keeper::Spool);
        assert_eq!(Keeper::of(false, true), Keeper::Unusable);
        let can_be_set = cfg!(all(feature = "spool", target_os = "linux"));
        assert_eq!(Keeper::of(false, false) == Keeper::Option, can_be_set);
    }
}
