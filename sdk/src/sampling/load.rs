//! How busy this process is.

use spanline_core::sample::LoadSource;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The CPU time of this process as a share of what all CPUs that it may use could have given, since it was last asked. The
/// source of `adaptive_load` in configurations.
///
/// Known on Linux; elsewhere it cannot tell, and a sampler that goes by it keeps its largest probability.
///
/// ```
/// use spanline::{ProcessLoad, sample::{AdaptiveLoad, LoadOptions, ParentBased}};
/// let sampler = AdaptiveLoad::new(ProcessLoad::new(), LoadOptions::default()).unwrap();
/// let provider = spanline::init().custom_sampler(ParentBased::new(sampler)).exporter("memory").build()?;
/// # Ok::<(), spanline::Error>(())
/// ```
#[derive(Debug)]
pub struct ProcessLoad {
    cpus: f64,
    /// CPU nanoseconds and moment when it was last asked; a moment of 0: never.
    spent: AtomicU64,
    asked: AtomicU64,
}

impl ProcessLoad {
    /// Begins when it is first asked.
    pub fn new() -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cpus: cpus as f64,
            spent: AtomicU64::new(0),
            asked: AtomicU64::new(0),
        }
    }

    /// Of this CPU time at this moment.
    fn of(&self, spent: u64, now: u64) -> Option<f64> {
        let (before, asked) = (
            self.spent.swap(spent, Relaxed),
            self.asked.swap(now.max(1), Relaxed),
        );
        let elapsed = now.checked_sub(asked).filter(|elapsed| *elapsed > 0)?;
        // In a forked child the time begins anew.
        let used = spent.checked_sub(before)?;
        (asked > 0).then(|| used as f64 / (elapsed as f64 * self.cpus))
    }
}

impl Default for ProcessLoad {
    fn default() -> Self {
        Self::new()
    }
}

impl LoadSource for ProcessLoad {
    fn load(&self, now: u64) -> Option<f64> {
        self.of(crate::clock::process_cpu_nanos()?, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_the_share_of_all_cpus_since_the_last_question() {
        let load = ProcessLoad {
            cpus: 2.0,
            ..ProcessLoad::new()
        };
        assert_eq!(load.of(500, 1_000), None);
        assert_eq!(load.of(1_500, 2_000), Some(0.5));
        assert_eq!(load.of(1_500, 3_000), Some(0.0));
        // No time has passed; and then the process is a child.
        assert_eq!(load.of(1_600, 3_000), None);
        assert_eq!(load.of(10, 4_000), None);
        assert_eq!(load.of(2_010, 5_000), Some(1.0));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_is_seen() {
        let load = ProcessLoad::new();
        assert_eq!(load.load(crate::clock::monotonic_nanos()), None);
        let mut sum = 0_u64;
        let found = loop {
            for n in 0..1_000_000 {
                sum = std::hint::black_box(sum.wrapping_add(n));
            }
            match load.load(crate::clock::monotonic_nanos()) {
                Some(found) if found > 0.0 => break found,
                _ => {}
            }
        };
        assert!(found <= 1.5, "{found}");
    }
}
