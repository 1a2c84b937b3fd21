//! The engine of a provider, one for each process that a fork made of it.

use super::Config;
use crate::export::{ExporterSlot, Worker};
use once_cell::race::OnceBox;
use spanline_engine::{Bounds, Engine, Wake};
use std::sync::{Arc, Weak};

/// What runs for a provider in one process: the engine, the pipeline's thread and the exporters' threads.
#[derive(Debug)]
pub(crate) struct EngineSet {
    engine: Arc<Engine>,
    worker: Arc<Worker>,
}

impl EngineSet {
    fn new(id: u32, epoch: u32, config: &Arc<Config>) -> Self {
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

/// The engine sets of a provider by process epoch. Reading takes no lock, so a forked child never waits for one that
/// its parent held.
pub(crate) struct Engines(OnceBox<Node>);

struct Node {
    epoch: u32,
    set: EngineSet,
    next: OnceBox<Node>,
}

impl Engines {
    pub(crate) const fn new() -> Self {
        Self(OnceBox::new())
    }

    /// The set of this epoch, made when it is not there yet.
    #[inline]
    pub(crate) fn get(&self, id: u32, epoch: u32, config: &Arc<Config>) -> &EngineSet {
        let mut place = &self.0;
        loop {
            let node = place.get_or_init(|| {
                Box::new(Node {
                    epoch,
                    set: EngineSet::new(id, epoch, config),
                    next: OnceBox::new(),
                })
            });
            // Epochs only grow along the list and within a line of processes.
            if node.epoch >= epoch {
                return &node.set;
            }
            place = &node.next;
        }
    }

    /// The set of this epoch, when there is one.
    pub(crate) fn existing(&self, epoch: u32) -> Option<&EngineSet> {
        let mut node = self.0.get()?;
        while node.epoch != epoch {
            node = node.next.get()?;
        }
        Some(&node.set)
    }
}

impl std::fmt::Debug for Engines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engines")
    }
}
