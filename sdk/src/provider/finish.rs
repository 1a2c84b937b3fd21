//! The end of providers: at process exit, and when the last handle goes.

use super::engines::EngineSet;
use super::shutdown::LONGEST;
use super::{Report, Shared, registry};
use crate::clock::monotonic_nanos;
use crate::export::{Begun, ExporterSlot, Patience};
use crate::observe::{self, AtEnd, Fate, Keeper, spans};
use crate::{exit, fork, local, log, thread};
use spanline_engine::{Error, Stats};
use std::sync::Arc;
#[cfg(unix)]
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Has all providers of this process finish when it exits.
pub(super) fn at_exit() {
    exit::run_at_exit(finish_all);
}

fn finish_all() {
    finish_each(registry::all());
}

/// The process ends by a signal: the providers that asked for it finish.
#[cfg(unix)]
pub(super) fn finish_watched() {
    finish_each(watched());
}

/// A signal came and does not end the process: the providers that asked for it hand over what they can in the time that
/// the exit has.
#[cfg(unix)]
pub(super) fn flush_watched() {
    let began = Instant::now();
    let watched = watched();
    let sets = watched
        .iter()
        .map(|shared| (shared, shared.engine(fork::current_epoch())));
    // All of them send at the same time.
    let begun: Vec<_> = sets
        .map(|(shared, set)| (shared, set.worker().begin_flush(set.engine())))
        .collect();
    let until = |shared: &Shared| began + shared.config.exit_timeout.min(LONGEST);
    for shared in &watched {
        shared.flush_processors(until(shared));
    }
    for (shared, begun) in begun {
        shared.finish_flush(begun, until(shared), Patience::Exit);
    }
}

/// How long the end may take.
#[cfg(unix)]
pub(super) fn longest_exit() -> Duration {
    let exits = watched().into_iter().map(|shared| shared.config.exit_timeout);
    exits.max().unwrap_or_default()
}

#[cfg(unix)]
fn watched() -> Vec<Arc<Shared>> {
    let all = registry::all().into_iter();
    all.filter(|shared| shared.is_watching() && !shared.shut_down.load(Ordering::Acquire))
        .collect()
}

/// One bound for all of them, and one line for what they lose.
fn finish_each(providers: Vec<Arc<Shared>>) {
    let began = Instant::now();
    let lost = finish_all_of(&providers, began);
    if !lost.is_empty() {
        let line = lost.join("; ");
        log::report(log::Level::Warn, "lost_at_exit", format_args!("{line}"));
    }
}

/// Shuts a provider down within `exit_timeout_ms`, and at once when nothing waits or nobody listens.
pub(super) fn finish(shared: &Arc<Shared>) {
    for line in finish_all_of(std::slice::from_ref(shared), Instant::now()) {
        log::report(log::Level::Warn, "lost_at_drop", format_args!("{line}"));
    }
    // Where there was nothing to finish.
    shared.leave_signals();
}

/// Has all of them send at the same time before any is waited for: one whose receiver is silent takes no time from the
/// others. Gives a line for each that lost something.
fn finish_all_of(providers: &[Arc<Shared>], began: Instant) -> Vec<String> {
    let ending = |shared| Ending::hurry(shared, began);
    let endings: Vec<Ending<'_>> = providers.iter().filter_map(|shared| ending(shared)).collect();
    // Then what their processors still have.
    let closed: Vec<_> = endings.into_iter().map(Ending::close).collect();
    closed.into_iter().filter_map(Ending::wait).collect()
}

/// A provider that is finishing.
struct Ending<'a> {
    shared: &'a Shared,
    until: Instant,
    /// None where another thread is at it.
    own: Option<Own<'a>>,
}

/// What is finishing on this thread.
struct Own<'a> {
    set: &'a EngineSet,
    ends: Ends,
    begun: Begun,
    /// How long it is waited for.
    deadline: Instant,
}

impl<'a> Ending<'a> {
    /// Has what waits be sent from now on. `None`: there is nothing to finish.
    fn hurry(shared: &'a Shared, began: Instant) -> Option<Self> {
        let until = began + shared.config.exit_timeout.min(LONGEST);
        if shared.is_shut_down() {
            return Some(Self {
                shared,
                until,
                own: None,
            });
        }
        // A child that recorded nothing has nothing to finish, and takes no lock that its parent may have held.
        let set = shared.engines.existing(fork::current_epoch())?;
        let exporters = set.worker().exporters();
        let ends = Ends::of(set);
        // An exporter that found nobody at its last attempt is not waited for.
        for exporter in exporters
            .iter()
            .filter(|exporter| exporter.queue().is_unreachable())
        {
            exporter.queue().close(monotonic_nanos());
        }
        let undrained = local::busy(|| set.engine().stats()).accepted > set.worker().delivered();
        let busy = |(number, exporter): (usize, &Arc<ExporterSlot>)| {
            !exporter.queue().is_idle() || set.replays_for(number)
        };
        let waits = undrained || exporters.iter().enumerate().any(busy);
        let hopeless = exporters.iter().all(|exporter| exporter.queue().is_unreachable());
        // One of our own threads cannot wait for itself.
        let deadline = if !waits || hopeless || thread::is_ours() {
            began
        } else {
            until
        };
        set.worker().begin_end();
        let begun = set.worker().begin_flush(set.engine());
        let own = Some(Own {
            set,
            ends,
            begun,
            deadline,
        });
        Some(Self { shared, until, own })
    }

    /// Nothing more is recorded.
    fn close(mut self) -> Self {
        if let Some(own) = &self.own
            && self.shared.begin_shutdown(own.deadline).is_err()
        {
            self.own = None;
        }
        self
    }

    /// Gives the line that says what was lost.
    fn wait(self) -> Option<String> {
        let Some(own) = self.own else {
            // The process does not end before the other thread is done.
            if !thread::is_ours() {
                let left = self.until.saturating_duration_since(Instant::now());
                self.shared.wait_for_shutdown(left);
            }
            return None;
        };
        let report = self
            .shared
            .finish_shutdown(own.begun, own.deadline, Patience::Exit);
        let when = ("at exit", "exit_timeout_ms");
        own.ends.line(self.shared, own.set, &report.stats, when)
    }
}

/// A shutdown that the program asked for: says what was lost by it and before.
pub(super) fn shut_down(shared: &Shared, timeout: Duration) -> Result<Report, Error> {
    let set = shared.engine(fork::current_epoch());
    let ends = Ends::of(set);
    let report = shared.shut_down(timeout, Patience::Shutdown)?;
    let when = ("at shutdown", "flush_timeout_ms");
    if let Some(line) = ends.line(shared, set, &report.stats, when) {
        log::report(log::Level::Warn, "lost_at_shutdown", format_args!("{line}"));
    }
    Ok(report)
}

/// What each exporter had given up before the end.
struct Ends(Vec<u64>);

impl Ends {
    fn of(set: &EngineSet) -> Self {
        let exporters = set.worker().exporters().iter();
        Self(
            exporters
                .map(|exporter| exporter.stats().dropped_expired)
                .collect(),
        )
    }

    /// What was lost, as a line; what waits in the spool is not lost, and said apart.
    fn line(
        &self,
        shared: &Shared,
        set: &EngineSet,
        stats: &Stats,
        (when, limit): (&str, &str),
    ) -> Option<String> {
        let has_spool = set.spool().is_some_and(|spool| spool.store().is_some());
        let is_wanted = shared.config.effective.spool_dir.is_some();
        for (exporter, slot) in stats.exporters.iter().zip(set.worker().exporters()) {
            let held = exporter.held.saturating_sub(slot.queue().left_replayed());
            if has_spool && held > 0 {
                let (name, spans, wait) = (
                    &exporter.name,
                    spans(held),
                    if held == 1 { "waits" } else { "wait" },
                );
                let line =
                    format_args!("{spans} for the exporter {name} {wait} in the spool for the next start");
                log::report(log::Level::Info, "left_at_exit", line);
            }
        }
        if let Some((waiting, all)) = set.spool().map(|spool| spool.let_go())
            && (waiting > 0 || !all)
        {
            let least = if all { "" } else { "at least " };
            let (spans, wait) = (spans(waiting), if waiting == 1 { "waits" } else { "wait" });
            let line = format_args!(
                "{least}{spans} of earlier processes still {wait} in the spool for the next start"
            );
            log::report(log::Level::Info, "left_of_others", line);
        }
        let exporters = set.worker().exporters().iter();
        let ends: Vec<AtEnd> = exporters
            .zip(&self.0)
            .map(|(exporter, &expired_before)| AtEnd {
                expired_before,
                fate: match set.worker().has_failed() {
                    true => Fate::Fault,
                    false => exporter.fate(),
                },
                keeper: Keeper::of(has_spool, is_wanted),
            })
            .collect();
        observe::summary(stats, &ends, &shared.config, (when, limit))
    }
}
