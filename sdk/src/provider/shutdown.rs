//! Flushing a provider and shutting it down: begun first, so that several can be at it at once, and then waited for.

use super::{Report, Shared, calls};
use crate::export::{Begun, Patience};
use crate::{fork, guard, local};
use spanline_engine::{Error, ErrorKind};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Far enough for "no limit", near enough for every clock.
pub(super) const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

impl Shared {
    pub(super) fn flush(&self, timeout: Duration, patience: Patience) -> bool {
        let deadline = deadline(timeout);
        let complete = self.flush_processors(deadline);
        let set = self.engine(fork::current_epoch());
        let begun = set.worker().begin_flush(set.engine());
        self.finish_flush(begun, deadline, patience) && complete
    }

    /// Has the processors pass on what they hold.
    pub(super) fn flush_processors(&self, deadline: Instant) -> bool {
        let mut complete = true;
        for processor in &self.processors {
            let left = deadline.saturating_duration_since(Instant::now());
            complete &= guard::foreign(&self.caught, "processor", || processor.flush(left)).unwrap_or(false);
        }
        complete
    }

    /// Waits for what was begun, and for what was accepted since.
    pub(super) fn finish_flush(&self, begun: Begun, deadline: Instant, patience: Patience) -> bool {
        let set = self.engine(fork::current_epoch());
        set.worker()
            .flush(set.engine(), begun, deadline, patience, &|_| false)
    }

    pub(super) fn shut_down(&self, timeout: Duration, patience: Patience) -> Result<Report, Error> {
        let deadline = deadline(timeout);
        self.begin_shutdown(deadline)?;
        let set = self.engine(fork::current_epoch());
        let begun = set.worker().begin_flush(set.engine());
        Ok(self.finish_shutdown(begun, deadline, patience))
    }

    /// Nothing is recorded from here on but what the processors still have. Once in each process, and never again after it
    /// was done.
    pub(super) fn begin_shutdown(&self, deadline: Instant) -> Result<(), Error> {
        let epoch = fork::current_epoch();
        let begun = self.shutting_down.load(Ordering::Acquire);
        let first = begun != epoch
            && !self.shut_down.load(Ordering::Acquire)
            && self
                .shutting_down
                .compare_exchange(begun, epoch, Ordering::AcqRel, Ordering::Acquire)
                .is_ok();
        if !first {
            return Err(Error::new(
                ErrorKind::ShutDown,
                "the provider has shut down already",
            ));
        }
        self.finisher.store(this_thread(), Ordering::Release);
        // New spans take the long way from here, and are refused there.
        self.calls.fetch_or(calls::FOREIGN, Ordering::Relaxed);
        for processor in &self.processors {
            let left = deadline.saturating_duration_since(Instant::now());
            guard::foreign(&self.caught, "processor", || processor.shutdown(left));
        }
        guard::foreign(&self.caught, "sampler", || self.sampler.shutdown());
        // A processor may have forked.
        self.engine(fork::current_epoch()).engine().close();
        Ok(())
    }

    /// Waits until everything is handed over, and ends all.
    pub(super) fn finish_shutdown(&self, begun: Begun, deadline: Instant, patience: Patience) -> Report {
        let set = self.engine(fork::current_epoch());
        // What others left is waited for as what is this process's own.
        let replays = |exporter| set.replays_for(exporter);
        let complete = set
            .worker()
            .flush(set.engine(), begun, deadline, patience, &replays);
        set.worker()
            .stop(deadline.max(Instant::now() + Duration::from_millis(50)));
        if let Some(spool) = set.spool() {
            spool.close(set.worker());
        }
        self.shut_down.store(true, Ordering::Release);
        self.leave_signals();
        Report {
            complete,
            stats: self.stats(),
        }
    }

    /// Waits for the thread of this process that is shutting it down, at most so long.
    pub(super) fn wait_for_shutdown(&self, timeout: Duration) {
        let deadline = deadline(timeout);
        let by_itself = self.finisher.load(Ordering::Acquire) == this_thread();
        while !by_itself && !self.shut_down.load(Ordering::Acquire) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A number that no other thread has while this one runs.
fn this_thread() -> usize {
    local::with(|local| std::ptr::from_ref(local).addr())
}

fn deadline(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(LONGEST)
}
