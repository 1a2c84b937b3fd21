//! The spool: spans that have ended stay in a file of this process until every exporter is done with them, so that they
//! survive the process. Whoever comes later finds the file, sends what is in it and deletes it.
//!
//! The bytes of the file are described in `spanline_engine::spool`; here it is made, locked, mapped, found and deleted.

mod bound;
mod create;
mod examine;
mod left;
mod lock;
mod replay;
mod rest;
#[cfg(test)]
mod tests;

use crate::export::Worker;
use crate::fork;
use crate::log::{self, Level};
use crate::provider::{Config, Scopes};
use create::OwnFile;
pub(crate) use examine::examine;
use rest::Rest;
use spanline_engine::spool::{Header, MAX_EXPORTERS};
use spanline_engine::{Engine, SlotStore};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a process looks for files that others left.
const PERIOD: Duration = Duration::from_secs(60);

/// What the name of a whole file ends in.
const SUFFIX: &str = ".spool";
/// What it ends in while the file is being made.
const UNFINISHED: &str = ".new";

/// The spool of one engine.
#[derive(Debug)]
pub(crate) struct Spool {
    /// None when no file could be made: then what others left is sent all the same.
    store: Option<Arc<SlotStore>>,
    folder: PathBuf,
    /// Gone once it is closed.
    file: Mutex<Option<OwnFile>>,
    /// How many scopes are in the file.
    scopes: Mutex<u16>,
    stopped: Mutex<bool>,
    stop: Condvar,
    /// What others left and this process has taken over.
    rest: Mutex<Rest>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Spool {
    /// Makes the file of this process, when a spool is wanted. `None`, and said, when there is not even a folder for it.
    pub(crate) fn open(config: &Config) -> Option<Arc<Self>> {
        let wanted = config.effective.spool_dir.as_deref()?;
        if config.exporters.is_empty() || config.effective.disabled {
            return None;
        }
        let is_off = |reason: String| {
            let folder = log::UserText(wanted);
            let line = format_args!(
                "no spool in {folder}: {reason}; spans that wait will not survive a crash (spool_dir)"
            );
            log::report(Level::Warn, "spool", line);
        };
        let folder = create::own_folder(Path::new(wanted)).map_err(is_off).ok()?;
        let (file, store) = Self::make(&folder, config).map_err(is_off).ok().unzip();
        Some(Arc::new(Self {
            store,
            folder,
            file: Mutex::new(file),
            scopes: Mutex::new(0),
            stopped: Mutex::new(false),
            stop: Condvar::new(),
            rest: Mutex::default(),
        }))
    }

    /// The file of this process, and its slots.
    fn make(folder: &Path, config: &Config) -> Result<(OwnFile, Arc<SlotStore>), String> {
        bound::check(folder)?;
        let exporters = config.exporters.len();
        if exporters > MAX_EXPORTERS {
            return Err(format!("it keeps account for {MAX_EXPORTERS} exporters at most"));
        }
        let resource = config.described.encoded();
        let header = Header {
            pid: std::process::id(),
            host: config
                .described
                .resource()
                .get("host.name")
                .and_then(|name| name.as_str())
                .unwrap_or_default()
                .to_owned(),
            exporters: config
                .exporters
                .iter()
                .map(|spec| spec.name().to_owned())
                .collect(),
            resource: [&resource.head[..], &resource.tail].concat(),
        };
        let (file, region) = create::create(folder, &header, config.buffer_bytes as u64)?;
        Ok((file, SlotStore::new(region, exporters, fork::current_epoch)))
    }

    /// The slots that chunks lie in, when there is a file for them.
    pub(crate) fn store(&self) -> Option<&Arc<SlotStore>> {
        self.store.as_ref()
    }

    /// Writes down the scopes that came since, before a span with one of them can end.
    pub(crate) fn note_scopes(&self, scopes: &Scopes) {
        let Some(store) = &self.store else { return };
        let mut noted = locked(&self.scopes);
        while let Some(known) = scopes.known(*noted) {
            let fields = [&known.encoded.head[..], &known.encoded.tail].concat();
            if !store.add_scope(*noted, &fields) {
                break;
            }
            *noted += 1;
        }
    }

    /// This is the spool that is used: the file stays, and those that others left are looked for.
    pub(crate) fn begin(self: &Arc<Self>, worker: &Arc<Worker>, engine: &Arc<Engine>) {
        if let Some(file) = locked(&self.file).as_mut() {
            file.keep();
        }
        let (spool, worker, engine) = (self.clone(), worker.clone(), engine.clone());
        let begun = self.clone();
        if !crate::thread::spawn(c"spanline-spool", move || replay::run(&spool, &worker, &engine)) {
            begun.rests();
        }
    }

    /// Nothing is replayed any more. What every exporter is done with is deleted; what is left waits for the next start.
    pub(crate) fn close(&self, worker: &Worker) {
        *locked(&self.stopped) = true;
        self.stop.notify_all();
        worker.progressed();
        if let Some(file) = locked(&self.file).take()
            && self.store.as_ref().is_some_and(|store| store.is_settled())
        {
            file.delete();
        }
    }

    fn is_stopped(&self) -> bool {
        *locked(&self.stopped)
    }

    /// Waits until it is time to look again. False: it is time to end.
    fn wait(&self) -> bool {
        let stopped = locked(&self.stopped);
        let waited = self.stop.wait_timeout_while(stopped, PERIOD, |stopped| !*stopped);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
