//! How many spans a batch may have, by how long the receiver takes for one.

/// A batch may always have this many, unless the user's own maximum is lower.
const LEAST: usize = 128;
/// A receiver that takes longer gets half.
const SLOW_NANOS: u64 = 1_000_000_000;
/// One that delivers in less gets double.
const QUICK_NANOS: u64 = 100_000_000;

/// Adapts to one exporter's latency: begins at the maximum, halves after an attempt of more than 1 s, doubles after a
/// delivery within 100 ms, and stays between 128 and the maximum.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct BatchSize {
    now: usize,
    most: usize,
}

impl BatchSize {
    /// `most` is the maximum; 0 counts as 1.
    pub(crate) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { now: most, most }
    }

    /// Most spans of the next batch.
    pub(crate) fn spans(&self) -> usize {
        self.now
    }

    /// Learns from an attempt that took so long. A refusal says nothing of what the receiver can take, however quick.
    pub(crate) fn observe(&mut self, nanos: u64, delivered: bool) {
        if nanos > SLOW_NANOS {
            self.now = (self.now / 2).max(LEAST.min(self.most));
        } else if nanos < QUICK_NANOS && delivered {
            self.now = self.now.saturating_mul(2).min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: u64 = SLOW_NANOS + 1;

    #[test]
    fn a_slow_receiver_gets_smaller_batches_and_a_quick_one_larger() {
        let mut size = BatchSize::new(4096);
        let mut seen = [0; 7];
        for place in &mut seen {
            *place = size.spans();
            size.observe(SLOW, true);
        }
        assert_eq!(seen, [4096, 2048, 1024, 512, 256, 128, 128]);
        for expected in [256, 512, 1024, 2048, 4096, 4096] {
            size.observe(QUICK_NANOS - 1, true);
            assert_eq!(size.spans(), expected);
        }
    }

    #[test]
    fn between_the_two_bounds_nothing_changes() {
        let mut size = BatchSize::new(1000);
        size.observe(SLOW, false);
        assert_eq!(size.spans(), 500, "an attempt out of time was too much as well");
        for nanos in [QUICK_NANOS, SLOW_NANOS] {
            size.observe(nanos, true);
        }
        size.observe(0, false);
        assert_eq!(size.spans(), 500, "a quick refusal is no capacity");
    }

    #[test]
    fn a_maximum_below_the_least_is_kept() {
        for most in [0, 1, 100] {
            let mut size = BatchSize::new(most);
            size.observe(SLOW, true);
            assert_eq!(size.spans(), most.max(1));
            size.observe(0, true);
            assert_eq!(size.spans(), most.max(1));
        }
    }
}
