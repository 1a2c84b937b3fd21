//! The engine of a provider, one for each process that a fork made of it.

use super::Config;
use crate::export::{ExporterSlot, Worker};
use crate::spool::Spool;
use spanline_engine::{Bounds, Engine, Wake};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

/// What runs for a provider in one process: the engine, the pipeline's thread and the exporters' threads.
#[derive(Debug)]
pub(crate) struct EngineSet {
    engine: Arc<Engine>,
    worker: Arc<Worker>,
    spool: Option<Arc<Spool>>,
    begun: AtomicBool,
}

impl EngineSet {
    pub(super) fn new(id: u32, epoch: u32, config: &Arc<Config>) -> Self {
        let exporters = config
            .exporters
            .iter()
            .enumerate()
            .map(|(n, spec)| ExporterSlot::new(n, spec, config))
            .collect();
        let worker = Arc::new(Worker::new(config.clone(), exporters));
        let bounds = Bounds {
            buffer_bytes: config.buffer_bytes,
            max_queue_spans: config.max_queue_spans,
            max_open_spans: config.max_open_spans,
            max_request_bytes: config.max_request_bytes,
        };
        let spool = Spool::open(config);
        let engine = Engine::with_store(
            id,
            epoch,
            config.limits,
            bounds,
            Box::new(WakeWorker(Arc::downgrade(&worker))),
            spool.as_ref().and_then(|spool| spool.store().cloned()),
        );
        worker.attach(&engine);
        if let Some(spool) = &spool {
            spool.note_scopes(&config.scopes);
        }
        super::finish::at_exit();
        Self {
            engine,
            worker,
            spool,
            begun: AtomicBool::new(false),
        }
    }

    /// This set is the one that is used: several threads may have made one at the same time.
    #[inline]
    pub(super) fn begin(&self) {
        if let Some(spool) = &self.spool
            && !self.begun.swap(true, Ordering::AcqRel)
        {
            spool.begin(&self.worker, &self.engine);
        }
    }

    /// The spool, when there is one.
    pub(crate) fn spool(&self) -> Option<&Arc<Spool>> {
        self.spool.as_ref()
    }

    /// Whether spans that other processes left are still to be handed to this exporter.
    pub(super) fn replays_for(&self, exporter: usize) -> bool {
        self.spool.as_ref().is_some_and(|spool| spool.waits_for(exporter))
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    pub(crate) fn worker(&self) -> &Arc<Worker> {
        &self.worker
    }
}

struct WakeWorker(Weak<Worker>);

impl Wake for WakeWorker {
    fn wake(&self) {
        if let Some(worker) = self.0.upgrade() {
            worker.wake();
        }
    }
}
