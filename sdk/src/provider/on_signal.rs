//! Flushing when a signal asks the program to end (`flush_on_signals`): a thread that waits for nothing else.

#[cfg(unix)]
pub(super) use here::{begin, end};
#[cfg(not(unix))]
pub(super) use nowhere::{begin, end};

#[cfg(unix)]
mod here {
    use crate::by_epoch::ByEpoch;
    use crate::provider::finish;
    use crate::signals::Semaphore;
    use crate::signals::handler::{self, Caught, Then};
    use crate::{fork, thread};
    use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
    use std::time::Duration;

    /// How much longer than its bound a flush is waited for: what foreign code in it (a processor, a log sink) does with
    /// its time is its own affair, but the signal is obeyed.
    const GRACE: Duration = Duration::from_millis(500);

    /// What a process has of it.
    struct Watch {
        semaphore: Option<&'static Semaphore>,
        state: Mutex<State>,
    }

    #[derive(Default)]
    struct State {
        /// Those that ask for it.
        providers: usize,
        /// The thread is there.
        running: bool,
    }

    static WATCHES: ByEpoch<Watch> = ByEpoch::new();

    /// A provider asks for it.
    pub(in crate::provider) fn begin() {
        let watch = WATCHES.get(fork::current_epoch(), || Watch {
            semaphore: Semaphore::eternal(),
            state: Mutex::default(),
        });
        let Some(semaphore) = watch.semaphore else { return };
        let mut state = watch.state();
        state.providers += 1;
        state.running =
            state.running || thread::spawn_waiting(c"spanline-signal", move || watch.run(semaphore));
        // Without the thread nothing is caught: signals do what they would without us.
        if state.running {
            handler::catch(semaphore);
        }
    }

    /// A provider that asked for it in this process is gone.
    pub(in crate::provider) fn end() {
        let Some(watch) = WATCHES.existing(fork::current_epoch()) else {
            return;
        };
        let mut state = watch.state();
        state.providers = state.providers.saturating_sub(1);
        if state.providers == 0 {
            handler::release();
            watch.semaphore.map(Semaphore::post);
        }
    }

    impl Watch {
        fn state(&self) -> MutexGuard<'_, State> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn run(&self, semaphore: &Semaphore) {
            loop {
                semaphore.wait();
                while let Some(caught) = handler::waiting() {
                    obey(caught);
                }
                let mut state = self.state();
                if state.providers == 0 && handler::close() {
                    state.running = false;
                    return;
                }
            }
        }
    }

    /// Flushes in the time that the exit has, and has the signal do what it would without us.
    fn obey(caught: &Caught) {
        let then = caught.then();
        let (done, over) = mpsc::channel::<()>();
        // On a thread of its own: neither a panic nor a callback that hangs keeps the signal back.
        let flush = move || {
            let _done = done;
            match then {
                Then::Ends => finish::finish_watched(),
                Then::HandedOn | Then::Nothing => finish::flush_watched(),
            }
        };
        thread::spawn_waiting(c"spanline-flush", flush);
        let _ = over.recv_timeout(finish::longest_exit() + GRACE);
        match then {
            Then::Ends => caught.end_process(),
            Then::HandedOn => caught.pass(),
            Then::Nothing => caught.done(),
        }
    }
}

#[cfg(not(unix))]
mod nowhere {
    use crate::log;

    pub(in crate::provider) fn begin() {
        let line = format_args!("the option flush_on_signals does nothing here: this system has no signals");
        log::report(log::Level::Warn, "flush_on_signals", line);
    }

    pub(in crate::provider) fn end() {}
}
