//! A trial that tells of each step, on a thread that may be left behind: the system lets nobody bound a name look-up.

use super::{ExporterCheck, Trouble, TroubleKind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

/// What the thread tells.
enum Event {
    /// What is tried now.
    Trying(&'static str),
    /// What worked.
    Worked(String),
    /// The end.
    Ended(Option<Trouble>),
}

/// Tells the one who waits.
pub(super) struct Teller(Sender<Event>);

impl Teller {
    /// Who waits may have given up: then nobody hears this.
    pub(super) fn trying(&self, what: &'static str) {
        let _ = self.0.send(Event::Trying(what));
    }

    pub(super) fn worked(&self, what: impl Into<String>) {
        let _ = self.0.send(Event::Worked(what.into()));
    }
}

/// A trial that goes on, or has ended.
pub(super) struct Steps {
    check: ExporterCheck,
    events: Option<Receiver<Event>>,
}

impl Steps {
    /// One that needed no time.
    pub(super) fn known(check: ExporterCheck) -> Self {
        Self { check, events: None }
    }

    /// One that runs on a thread of its own.
    pub(super) fn begin(
        check: ExporterCheck,
        run: impl FnOnce(&Teller) -> Result<(), Trouble> + Send + 'static,
    ) -> Self {
        let (sender, events) = channel();
        let started = crate::thread::spawn(c"spanline-doctor", move || {
            let teller = Teller(sender);
            let ended = run(&teller).err();
            let _ = teller.0.send(Event::Ended(ended));
        });
        Self {
            check,
            events: started.then_some(events),
        }
    }

    /// What came of it, waiting until then at most.
    pub(super) fn wait(mut self, until: Instant) -> ExporterCheck {
        let Some(events) = self.events else {
            return self.check;
        };
        let begun = Instant::now();
        let mut trying = "the trial";
        loop {
            let left = until.saturating_duration_since(Instant::now());
            self.check.trouble = match events.recv_timeout(left) {
                Ok(Event::Trying(what)) => {
                    trying = what;
                    continue;
                }
                Ok(Event::Worked(what)) => {
                    self.check.steps.push(what);
                    continue;
                }
                Ok(Event::Ended(trouble)) => trouble,
                Err(RecvTimeoutError::Timeout) => Some(Trouble::new(
                    TroubleKind::Timeout,
                    format!("{trying} takes longer than {} ms", begun.elapsed().as_millis()),
                )),
                Err(RecvTimeoutError::Disconnected) => {
                    Some(Trouble::new(TroubleKind::Rejected, format!("{trying} broke off")))
                }
            };
            return self.check;
        }
    }
}
