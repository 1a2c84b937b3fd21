//! The end of providers: at process exit, and when the last handle goes.

use super::{Shared, registry};
use crate::{exit, fork, log, thread};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Has all providers of this process finish when it exits.
pub(super) fn at_exit() {
    exit::run_at_exit(finish_all);
}

fn finish_all() {
    for shared in registry::all() {
        finish(&shared);
    }
}

/// Shuts a provider down within `exit_timeout_ms`, and at once when nothing waits or nobody listens.
pub(super) fn finish(shared: &Shared) {
    if thread::is_ours() || shared.shut_down.load(Ordering::Acquire) {
        return;
    }
    // A child that recorded nothing has nothing to finish, and takes no lock that its parent may have held.
    let Some(set) = shared.engines.existing(fork::current_epoch()) else {
        return;
    };
    let exporters = set.worker().exporters();
    let undrained = set.engine().stats().accepted > set.engine().drained();
    let waits = undrained || exporters.iter().any(|exporter| !exporter.queue().is_idle());
    let hopeless = exporters.iter().all(|exporter| exporter.queue().is_unreachable());
    let bound = if !waits || hopeless {
        Duration::ZERO
    } else {
        shared.config.exit_timeout
    };
    let Ok(report) = shared.shutdown(bound) else {
        return;
    };
    for exporter in &report.stats.exporters {
        let lost = exporter.dropped_expired + exporter.held;
        if lost > 0 {
            let (name, option) = (
                &exporter.name,
                if hopeless { "endpoint" } else { "exit_timeout_ms" },
            );
            let line = format_args!(
                "{lost} spans were lost at exit, the exporter {name} did not take them (see {option})"
            );
            log::report(log::Level::Warn, "lost_at_exit", line);
        }
    }
}
