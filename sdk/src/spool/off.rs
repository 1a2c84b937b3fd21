//! Where there is no spool: the feature is missing, or the system is not one whose files can be trusted to be allocated.

use crate::export::Worker;
use crate::log::{self, Level};
use crate::provider::{Config, Scopes};
use spanline_engine::{Engine, SlotStore};
use std::sync::Arc;

/// There is none.
#[derive(Debug)]
pub(crate) enum Spool {}

/// Says that there is none.
pub(crate) fn examine(_: &str, _: &Config) -> Result<Vec<String>, (Vec<String>, String)> {
    Err((Vec::new(), "this build has no spool".to_owned()))
}

impl Spool {
    /// Says so when one is wanted.
    pub(crate) fn open(config: &Config) -> Option<Arc<Self>> {
        if config.effective.spool_dir.is_some() {
            let line =
                format_args!("this build has no spool: spans that wait will not survive a crash (spool_dir)");
            log::report(Level::Warn, "spool", line);
        }
        None
    }

    pub(crate) fn store(&self) -> Option<&Arc<SlotStore>> {
        match *self {}
    }

    pub(crate) fn note_scopes(&self, _: &Scopes) {
        match *self {}
    }

    pub(crate) fn begin(self: &Arc<Self>, _: &Arc<Worker>, _: &Arc<Engine>) {
        match **self {}
    }

    pub(crate) fn waits_for(&self, _: usize) -> bool {
        match *self {}
    }

    pub(crate) fn let_go(&self) -> (u64, bool) {
        match *self {}
    }

    pub(crate) fn close(&self, _: &Worker) {
        match *self {}
    }
}
