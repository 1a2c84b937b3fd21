//! What the library says about its own troubles.

use spanline::{Level, set_error_handler};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One problem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Said {
    pub(crate) kind: String,
    pub(crate) level: Level,
    pub(crate) message: String,
}

/// One test at a time: the handler belongs to the process.
static TURN: Mutex<()> = Mutex::new(());

/// Runs `f` and returns the problems that were reported meanwhile, by whichever thread of the process.
pub(crate) fn problems_during<R>(f: impl FnOnce() -> R) -> (R, Vec<Said>) {
    problems_heard(|_| f())
}

/// As [`problems_during`]; `f` can look at what was reported so far.
pub(crate) fn problems_heard<R>(f: impl FnOnce(&Mutex<Vec<Said>>) -> R) -> (R, Vec<Said>) {
    let _turn: MutexGuard<'_, ()> = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = heard.clone();
    set_error_handler(Some(Arc::new(move |problem| {
        ear.lock().unwrap().push(Said {
            kind: problem.kind.to_owned(),
            level: problem.level,
            message: problem.message.to_owned(),
        });
    })));
    let result = f(&heard);
    set_error_handler(None);
    let said = heard.lock().unwrap().clone();
    (result, said)
}
