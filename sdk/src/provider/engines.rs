//! The engine of a provider, one for each process that a fork made of it.

use super::Config;
use crate::export::{ExporterSlot, Worker};
use spanline_engine::{Bounds, Engine, Wake};
use std::sync::{Arc, Weak};

/// What runs for a provider in one process: the engine, the pipeline's thread and the exporters' threads.
#[derive(Debug)]
pub(crate) struct EngineSet {
    engine: Arc<Engine>,
    worker: Arc<Worker>,
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
        let engine = Engine::new(
            id,
            epoch,
            config.limits,
            bounds,
            Box::new(WakeWorker(Arc::downgrade(&worker))),
        );
        worker.attach(&engine);
        super::finish::at_exit();
        Self { engine, worker }
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
