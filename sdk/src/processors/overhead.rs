//! What tracing costs this process.

use super::lock::{briefly, patiently};
use crate::by_epoch::ByEpoch;
use crate::clock::{self, Clock};
use crate::{fork, log};
use spanline_core::process::{CostEstimate, CpuReading, CpuShare, OverheadWindow};
use spanline_engine::Stats;
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What tracing has cost, since the provider began in this process: see
/// [`Provider::overhead`](crate::Provider::overhead).
#[derive(Clone, Copy, PartialEq, Debug, Default)]
#[non_exhaustive]
pub struct Overhead {
    /// CPU time of the thread that makes batches. Zero where the system does not say (others than Linux).
    pub pipeline: Duration,
    /// CPU time of the threads that send, with the exporters that run on them. Likewise.
    pub exporters: Duration,
    /// CPU time that the program's own threads spent on starting and ending spans, estimated from those that were timed
    /// (of which one counts at most a hundred times the mean), and never more than the process used.
    /// With the sampler and the processors that were called, without setting attributes and adding events.
    pub producers: Duration,
    /// The starts of spans that were timed, about one in 1,024.
    pub starts: CostEstimate,
    /// The ends of recorded spans that were timed, likewise.
    pub ends: CostEstimate,
    /// Nanoseconds for one recorded span: its start and end, and its part of the threads'. `None` before both were timed and
    /// a span was accepted.
    pub nanos_per_span: Option<f64>,
    /// In the last stretch of about a second in which spans flowed. `None` before there was one, and where the system does
    /// not tell CPU times.
    pub latest: Option<CpuShare>,
}

/// A kind of thread of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Pipeline,
    Exporters,
}

/// What is timed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operation {
    Start,
    End,
}

/// Gathers it.
#[derive(Debug)]
pub(crate) struct OverheadWatch {
    percent: u64,
    of_process: ByEpoch<State>,
}

#[derive(Debug)]
struct State {
    pipeline: AtomicU64,
    exporters: AtomicU64,
    starts: Samples,
    ends: Samples,
    window: Mutex<(OverheadWindow, Option<CpuShare>)>,
}

/// Timed operations. Several threads add; the two numbers may be apart by those that are at it.
#[derive(Debug, Default)]
struct Samples {
    count: AtomicU64,
    nanos: AtomicU64,
}

impl Samples {
    fn add(&self, nanos: u64) {
        let nanos = self.estimate().clip(nanos);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn estimate(&self) -> CostEstimate {
        CostEstimate::new(
            self.count.load(Ordering::Relaxed),
            self.nanos.load(Ordering::Relaxed),
        )
    }
}

thread_local! {
    /// CPU time of this thread that has been charged.
    static CHARGED: Cell<u64> = const { Cell::new(0) };
}

impl OverheadWatch {
    pub(crate) fn new(threshold_percent: u64) -> Self {
        Self {
            percent: threshold_percent,
            of_process: ByEpoch::new(),
        }
    }

    fn state(&self) -> &State {
        self.of_process.get(fork::current_epoch(), || State {
            pipeline: AtomicU64::new(0),
            exporters: AtomicU64::new(0),
            starts: Samples::default(),
            ends: Samples::default(),
            window: Mutex::new((OverheadWindow::new(self.percent as f64 / 100.0), None)),
        })
    }

    /// Charges what this thread, one of ours, has used since it last did so.
    pub(crate) fn charge(&self, part: Part) {
        let Some(now) = clock::thread_cpu_nanos() else {
            return;
        };
        let used = now.saturating_sub(CHARGED.with(|charged| charged.replace(now)));
        let state = self.state();
        let sum = match part {
            Part::Pipeline => &state.pipeline,
            Part::Exporters => &state.exporters,
        };
        sum.fetch_add(used, Ordering::Relaxed);
    }

    /// Compares with the threshold what was used since this was last done; at most once a second.
    pub(crate) fn look(&self, stats: &Stats) {
        let Some(process) = clock::process_cpu_nanos() else {
            return;
        };
        let now = clock::monotonic_nanos();
        let so_far = self.so_far(stats);
        let reading = CpuReading {
            now,
            process,
            threads: nanos(so_far.pipeline + so_far.exporters),
            producers: nanos(so_far.producers),
        };
        let state = self.state();
        let too_much = {
            let Some(mut window) = briefly(&state.window) else {
                return;
            };
            let Some(share) = window.0.look(reading) else {
                return;
            };
            window.1 = Some(share);
            window.0.is_too_much(&share).then_some(share)
        };
        if let Some(share) = too_much {
            self.warn(&share, &so_far);
        }
    }

    fn warn(&self, share: &CpuShare, so_far: &Overhead) {
        let percent = self.percent;
        let of_process = share.of_process * 100.0;
        let of_cpu = share.of_one_cpu * 100.0;
        let each = so_far.nanos_per_span.unwrap_or_default();
        // One a minute is let through.
        log::report(
            log::Level::Warn,
            "overhead",
            format_args!(
                "tracing took an estimated {of_process:.1} % of this process's CPU time ({of_cpu:.1} % of one CPU, {each:.0} ns for \
                 each span), which is more than overhead.threshold_percent ({percent}): sample less, or see \
                 Provider::overhead for what takes it"
            ),
        );
    }

    /// What was gathered, but for the last stretch.
    fn so_far(&self, stats: &Stats) -> Overhead {
        let state = self.state();
        let (starts, ends) = (state.starts.estimate(), state.ends.estimate());
        let (pipeline, exporters) = (
            state.pipeline.load(Ordering::Relaxed),
            state.exporters.load(Ordering::Relaxed),
        );
        let producers = starts.of(stats.started).saturating_add(ends.of(stats.ended));
        // An estimate may be too high, but not higher than all that was used.
        let all = clock::process_cpu_nanos().unwrap_or(u64::MAX);
        let producers = producers.min(all.saturating_sub(pipeline.saturating_add(exporters)));
        let made = starts.mean().zip(ends.mean()).filter(|_| stats.accepted > 0);
        Overhead {
            pipeline: Duration::from_nanos(pipeline),
            exporters: Duration::from_nanos(exporters),
            producers: Duration::from_nanos(producers),
            starts,
            ends,
            nanos_per_span: made
                .map(|(start, end)| start + end + (pipeline + exporters) as f64 / stats.accepted as f64),
            latest: None,
        }
    }

    /// What was gathered.
    pub(crate) fn report(&self, stats: &Stats) -> Overhead {
        let latest = patiently(&self.state().window).1;
        Overhead {
            latest,
            ..self.so_far(stats)
        }
    }

    fn add(&self, operation: Operation, nanos: u64) {
        let state = self.state();
        match operation {
            Operation::Start => state.starts.add(nanos),
            Operation::End => state.ends.add(nanos),
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// An operation that is being timed, until it is dropped.
pub(crate) struct Timed<'a> {
    watch: &'a OverheadWatch,
    clock: &'static Clock,
    operation: Operation,
    cpu: Option<u64>,
    raw: u64,
}

impl<'a> Timed<'a> {
    pub(crate) fn begin(watch: &'a OverheadWatch, clock: &'static Clock, operation: Operation) -> Self {
        // A clock reading that finds its calibration old renews it; that is not what is to be timed.
        let _ = clock.anchor();
        Self {
            watch,
            clock,
            operation,
            cpu: clock::thread_cpu_nanos(),
            raw: clock.now_raw(),
        }
    }
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        let elapsed = self.clock.elapsed_nanos(self.raw, self.clock.now_raw());
        let cpu = clock::thread_cpu_nanos().zip(self.cpu);
        // The thread's clock takes longer to read than a span to start; the other one goes on while the thread does not run.
        let used = cpu.map_or(elapsed, |(after, before)| {
            elapsed.min(after.saturating_sub(before))
        });
        self.watch.add(self.operation, used);
    }
}
