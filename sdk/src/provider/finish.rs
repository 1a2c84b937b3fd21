//! The end of providers: at process exit, and when the last handle goes.

use super::{Shared, registry};
use crate::clock::monotonic_nanos;
use crate::export::Patience;
use crate::{exit, fork, local, log, thread};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Has all providers of this process finish when it exits.
pub(super) fn at_exit() {
    exit::run_at_exit(finish_all);
}

/// One bound for all of them.
fn finish_all() {
    let began = Instant::now();
    for shared in registry::all() {
        finish_within(
            &shared,
            shared.config.exit_timeout.saturating_sub(began.elapsed()),
        );
    }
}

/// Shuts a provider down within `exit_timeout_ms`, and at once when nothing waits or nobody listens.
pub(super) fn finish(shared: &Shared) {
    finish_within(shared, shared.config.exit_timeout);
}

fn finish_within(shared: &Shared, timeout: Duration) {
    if shared.shut_down.load(Ordering::Acquire) {
        return;
    }
    // A child that recorded nothing has nothing to finish, and takes no lock that its parent may have held.
    let Some(set) = shared.engines.existing(fork::current_epoch()) else {
        return;
    };
    let exporters = set.worker().exporters();
    // An exporter that found nobody at its last attempt is not waited for.
    for exporter in exporters
        .iter()
        .filter(|exporter| exporter.queue().is_unreachable())
    {
        exporter.queue().close(monotonic_nanos());
    }
    let undrained = local::busy(|| set.engine().stats()).accepted > set.worker().delivered();
    let waits = undrained || exporters.iter().any(|exporter| !exporter.queue().is_idle());
    let hopeless = exporters.iter().all(|exporter| exporter.queue().is_unreachable());
    // One of our own threads cannot wait for itself.
    let bound = if !waits || hopeless || thread::is_ours() {
        Duration::ZERO
    } else {
        timeout
    };
    let Ok(report) = shared.shut_down(bound, Patience::Exit) else {
        return;
    };
    for (exporter, slot) in report.stats.exporters.iter().zip(exporters) {
        if set.spool().is_some_and(|spool| spool.store().is_some()) && exporter.held > 0 {
            let (held, name) = (exporter.held, &exporter.name);
            let line =
                format_args!("{held} spans for the exporter {name} wait in the spool for the next start");
            log::report(log::Level::Info, "left_at_exit", line);
            continue;
        }
        let lost = exporter.dropped_expired + exporter.held;
        if lost > 0 {
            let (name, option) = (
                &exporter.name,
                if slot.queue().is_unreachable() {
                    "endpoint"
                } else {
                    "exit_timeout_ms"
                },
            );
            let line = format_args!(
                "{lost} spans were lost at exit, the exporter {name} did not take them (see {option})"
            );
            log::report(log::Level::Warn, "lost_at_exit", line);
        }
    }
}
