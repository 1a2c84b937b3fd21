//! Repetitions put together.

use crate::measure::Sample;
use crate::work::Work;
use serde_json::{Value, json};

/// One line of the results.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) work: Work,
    pub(crate) subject: &'static str,
    pub(crate) variant: &'static str,
    /// In the order in which they were taken.
    pub(crate) samples: Vec<Sample>,
}

/// Where a figure lies.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of these figures; zeros when there are none.
    fn of(figures: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = figures.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
        let last = sorted.len().saturating_sub(1);
        Self {
            min: at(0),
            median: f64::midpoint(at(last / 2), at(last.div_ceil(2))),
            max: at(last),
        }
    }
}

impl Row {
    /// Nanoseconds per span on the thread that makes them.
    pub(crate) fn wall(&self) -> Spread {
        Spread::of(self.samples.iter().map(|sample| sample.wall_ns))
    }

    /// Nanoseconds of CPU per span of the whole process.
    pub(crate) fn cpu(&self) -> Spread {
        Spread::of(self.samples.iter().map(|sample| sample.cpu_ns))
    }

    /// Spans lost in the worst repetition.
    pub(crate) fn lost(&self) -> u64 {
        self.samples.iter().map(Sample::lost).max().unwrap_or_default()
    }

    /// Spans made in one repetition.
    pub(crate) fn made(&self) -> u64 {
        self.samples.first().map_or(0, |sample| sample.made)
    }

    /// The peak of the worst repetition.
    pub(crate) fn peak_mib(&self) -> f64 {
        Spread::of(self.samples.iter().map(|sample| sample.peak_mib)).max
    }

    /// As the results file has it.
    pub(crate) fn json(&self) -> Value {
        let (wall, cpu) = (self.wall(), self.cpu());
        json!({
            "work": self.work.name(), "subject": self.subject, "variant": self.variant,
            "wall_ns": tenths(wall.median), "wall_ns_min": tenths(wall.min), "wall_ns_max": tenths(wall.max),
            "cpu_ns": tenths(cpu.median), "cpu_ns_min": tenths(cpu.min), "cpu_ns_max": tenths(cpu.max),
            "made": self.made(), "lost": self.lost(), "peak_mib": tenths(self.peak_mib()),
        })
    }
}

fn tenths(figure: f64) -> f64 {
    (figure * 10.0).round() / 10.0
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A row whose repetitions all took the same.
    pub(crate) fn row(work: Work, subject: &'static str, wall_ns: f64, cpu_ns: f64) -> Row {
        let sample = Sample {
            wall_ns,
            cpu_ns,
            made: 100,
            seen: Some(100),
            peak_mib: 5.0,
        };
        Row {
            work,
            subject,
            variant: "",
            samples: vec![sample; 3],
        }
    }

    #[test]
    fn medians_lie_in_the_middle() {
        let of = |figures: &[f64]| Spread::of(figures.iter().copied());
        let odd = of(&[9.0, 1.0, 2.0]);
        assert_eq!((odd.min, odd.median, odd.max), (1.0, 2.0, 9.0));
        assert_eq!(of(&[4.0, 1.0, 3.0, 2.0]).median, 2.5);
        assert_eq!(of(&[]).median, 0.0);
    }

    #[test]
    fn the_worst_repetition_counts_for_losses_and_memory() {
        let mut row = row(Work::Burst, "a", 1.0, 1.0);
        row.samples[1].seen = Some(93);
        row.samples[2].peak_mib = 64.5;
        assert_eq!((row.lost(), row.peak_mib()), (7, 64.5));
        assert_eq!(row.json()["lost"], 7);
    }

    #[test]
    fn a_receiver_that_was_not_asked_is_a_loss() {
        let mut row = row(Work::Exported, "a", 1.0, 1.0);
        row.samples[0].seen = None;
        assert_eq!(row.lost(), 100);
    }
}
