//! What tracing costs: the arithmetic.

/// The cost of one operation, from samples of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct CostEstimate {
    /// How often the operation was timed.
    pub samples: u64,
    /// Nanoseconds of CPU time that all those took.
    pub nanos: u64,
}

impl CostEstimate {
    /// These samples took so long.
    pub const fn new(samples: u64, nanos: u64) -> Self {
        Self { samples, nanos }
    }

    /// Nanoseconds of one; `None` before the first was timed.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.nanos as f64 / self.samples as f64)
    }

    /// What of another sample counts: at most a hundred times the mean, once there were 16. One that was interrupted stands
    /// for a thousand operations that were not.
    #[must_use]
    pub fn clip(&self, nanos: u64) -> u64 {
        match self.nanos.checked_div(self.samples) {
            Some(mean) if self.samples >= 16 => nanos.min(mean.saturating_mul(100).max(100)),
            _ => nanos,
        }
    }

    /// Nanoseconds of so many.
    #[must_use]
    pub fn of(&self, operations: u64) -> u64 {
        if self.samples == 0 {
            return 0;
        }
        let all = u128::from(self.nanos) * u128::from(operations) / u128::from(self.samples);
        u64::try_from(all).unwrap_or(u64::MAX)
    }
}

/// CPU time in nanoseconds up to some moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CpuReading {
    /// The moment, by a clock that only goes forward.
    pub now: u64,
    /// Of the whole process.
    pub process: u64,
    /// Of our own threads.
    pub threads: u64,
    /// What the program's threads spent on making spans, estimated.
    pub producers: u64,
}

/// What tracing took of the CPU in a stretch of time.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct CpuShare {
    /// Of one CPU: 1 when one was busy with nothing else. An estimate, but never more than the process used.
    pub of_one_cpu: f64,
    /// Of the CPU time of the process; at most 1.
    pub of_process: f64,
    /// CPU time of the process as a share of one CPU.
    pub process: f64,
}

/// Looks at CPU time again and again, and says when tracing takes too much of it.
///
/// ```
/// use spanline_core::process::{CpuReading, OverheadWindow};
/// let mut window = OverheadWindow::new(0.05);
/// let second = 1_000_000_000;
/// window.look(CpuReading { now: second, ..CpuReading::default() });
/// let reading = CpuReading { now: 2 * second, process: second / 2, threads: second / 20, producers: 0 };
/// let share = window.look(reading).unwrap();
/// assert_eq!((share.of_one_cpu, share.of_process), (0.05, 0.1));
/// assert!(window.is_too_much(&share));
/// ```
#[derive(Clone, Debug)]
pub struct OverheadWindow {
    threshold: f64,
    before: Option<CpuReading>,
}

/// A process that uses less of one CPU than this is idle, and what share of that tracing has says nothing.
const BUSY: f64 = 0.05;
/// The shortest stretch that is looked at, in nanoseconds.
const SHORTEST: u64 = 900_000_000;

impl OverheadWindow {
    /// With this share of the process's CPU time as too much.
    pub const fn new(threshold: f64) -> Self {
        Self {
            threshold,
            before: None,
        }
    }

    /// What tracing took since it was last looked at. `None` the first time, when that was less than 0.9 s ago, and where
    /// the readings do not go on from the last.
    pub fn look(&mut self, reading: CpuReading) -> Option<CpuShare> {
        let Some(before) = self.before else {
            self.before = Some(reading);
            return None;
        };
        let elapsed = reading.now.saturating_sub(before.now);
        if elapsed < SHORTEST {
            return None;
        }
        self.before = Some(reading);
        let process = reading.process.checked_sub(before.process)?;
        let threads = reading.threads.checked_sub(before.threads)?;
        // An estimate that was corrected may be smaller than before.
        let producers = reading.producers.saturating_sub(before.producers);
        // An estimate may be too high, but not higher than all that was used.
        let ours = threads.saturating_add(producers).min(process) as f64;
        let (process, elapsed) = (process as f64, elapsed as f64);
        Some(CpuShare {
            of_one_cpu: ours / elapsed,
            of_process: if process > 0.0 { ours / process } else { 0.0 },
            process: process / elapsed,
        })
    }

    /// Whether the share is over the threshold, in a process that is busy enough (5 % of one CPU) for it to mean something.
    #[must_use]
    pub fn is_too_much(&self, share: &CpuShare) -> bool {
        share.process >= BUSY && share.of_process > self.threshold
    }
}
