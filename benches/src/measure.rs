//! One repetition, in a process of its own: its peak memory and its globals are then nobody else's.

use crate::subject;
use crate::usage;
use crate::work::Work;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Spans of one block: all of them fit into the smallest queue among the subjects (2,048).
const BLOCK: u64 = 2_000;
/// Spans of one block of exported work.
const EXPORTED_BLOCK: u64 = 1_000;
/// The pace of exported work: a block in each such time, 200,000 spans a second.
const PACE: Duration = Duration::from_millis(5);

/// What a repetition is of.
#[derive(Clone, Debug)]
pub(crate) struct Task<'a> {
    pub(crate) subject: &'a str,
    pub(crate) variant: &'a str,
    pub(crate) work: Work,
    pub(crate) spans: u64,
    pub(crate) endpoint: Option<&'a str>,
}

/// What came out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Of the thread that makes spans, for each span, in nanoseconds.
    pub(crate) wall_ns: f64,
    /// Of the whole process, draining included, for each span, in nanoseconds.
    pub(crate) cpu_ns: f64,
    /// Spans made, those of the warm-up and the parents included.
    pub(crate) made: u64,
    /// Spans that reached the exporter or the receiver.
    pub(crate) seen: Option<u64>,
    /// Peak of the memory that the process occupied.
    pub(crate) peak_mib: f64,
}

impl Sample {
    /// Runs the task in this process.
    pub(crate) fn take(task: &Task<'_>) -> Result<Self, String> {
        let mut subject = subject::set_up(task.subject, task.variant, task.work, task.endpoint)?;
        let block = if task.work.is_exported() {
            EXPORTED_BLOCK
        } else {
            BLOCK
        };
        let blocks = (task.spans / block).max(1);
        let warm = match task.work {
            // A burst hits a program that has not recorded anything yet.
            Work::Burst => 0,
            Work::Exported => 2,
            _ => (blocks / 5).max(2),
        };
        for _ in 0..warm {
            subject.block(block);
            subject.flush();
        }
        let before = usage::cpu();
        let mut wall = Duration::ZERO;
        for _ in 0..blocks {
            let start = Instant::now();
            subject.block(block);
            let took = start.elapsed();
            wall += took;
            match task.work {
                // Nothing waits for an exporter there, and a thread that has just slept is slow at first.
                Work::Burst | Work::Unsampled | Work::Carried => {}
                Work::Exported => std::thread::sleep(PACE.saturating_sub(took)),
                _ => subject.flush(),
            }
        }
        subject.flush();
        let cpu = usage::cpu() - before;
        let spans = (blocks * block) as f64;
        let made = (warm + blocks) * recorded(task, block);
        Ok(Self {
            wall_ns: nanos(wall) / spans,
            cpu_ns: nanos(cpu) / spans,
            made,
            seen: subject.seen(),
            peak_mib: usage::peak_mib(),
        })
    }

    /// As a line for the process that asked.
    pub(crate) fn line(&self) -> String {
        json!({
            "wall_ns": self.wall_ns, "cpu_ns": self.cpu_ns, "made": self.made, "seen": self.seen,
            "peak_mib": self.peak_mib,
        })
        .to_string()
    }

    /// Reads such a line.
    pub(crate) fn read(line: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(line).map_err(|error| format!("`{line}`: {error}"))?;
        let number = |name: &str| {
            value[name]
                .as_f64()
                .ok_or_else(|| format!("`{line}` has no {name}"))
        };
        Ok(Self {
            wall_ns: number("wall_ns")?,
            cpu_ns: number("cpu_ns")?,
            made: value["made"].as_u64().unwrap_or_default(),
            seen: value["seen"].as_u64(),
            peak_mib: number("peak_mib")?,
        })
    }

    /// Spans that were made and did not arrive.
    pub(crate) fn lost(&self) -> u64 {
        self.made.saturating_sub(self.seen.unwrap_or_default())
    }
}

/// Spans that a block of so many calls has an exporter see, the parent included.
fn recorded(task: &Task<'_>, calls: u64) -> u64 {
    match task.work {
        Work::Unsampled | Work::Carried => 0,
        // A local span of fastrace has a parent, too.
        Work::Bare => calls + u64::from(task.variant == "local"),
        Work::Typical | Work::Rich | Work::Exported | Work::Burst => calls + 1,
    }
}

fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}
