//! How long it took to hand over batches: one observation each, from the first attempt to the final result.

use alloc::{string::String, vec::Vec};

/// The status of a receiver's answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum AnswerStatus {
    /// An HTTP status: `http.response.status_code`.
    Http(u16),
    /// A gRPC status code: `rpc.status_code`, by its name.
    Grpc(u32),
}

/// Series that are told apart; what comes later counts as the error `other`.
const SERIES: usize = 64;

/// The observations of one status and error.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Durations {
    /// The status of the last answer, if there was any.
    pub status: Option<AnswerStatus>,
    /// Why spans of the batch were lost: a reason of [`crate::ExporterStats::failed`], `rejected` when the receiver
    /// took only a part, `expired`. `None`: all were delivered.
    pub error: Option<String>,
    /// Observations up to each of [`Self::BOUNDS`] and above the one before; the last are those above all.
    pub counts: [u64; Self::BOUNDS.len() + 1],
    /// Sum of all observations in nanoseconds.
    pub sum_nanos: u64,
}

impl Durations {
    /// The upper bounds of the buckets in seconds, as the semantic conventions have them for durations of requests.
    pub const BOUNDS: [f64; 14] = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    ];

    /// How many observations there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Adds an observation to the series of its status and error.
    pub(crate) fn observe(
        all: &mut Vec<Self>,
        status: Option<AnswerStatus>,
        error: Option<&str>,
        nanos: u64,
    ) {
        let find = |all: &[Self], status, error| {
            all.iter()
                .position(|one| one.status == status && one.error.as_deref() == error)
        };
        let (status, error) = match find(all, status, error) {
            None if all.len() + 1 >= SERIES => (None, Some("other")),
            _ => (status, error),
        };
        let at = find(all, status, error).unwrap_or_else(|| {
            all.push(Self {
                status,
                error: error.map(String::from),
                counts: [0; _],
                sum_nanos: 0,
            });
            all.len() - 1
        });
        if let Some(series) = all.get_mut(at) {
            series.add(nanos);
        }
    }

    fn add(&mut self, nanos: u64) {
        let seconds = nanos as f64 / 1e9;
        let bucket = Self::BOUNDS.partition_point(|bound| *bound < seconds);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum_nanos = self.sum_nanos.saturating_add(nanos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_lies_in_the_first_bucket_that_holds_it() {
        let mut all = Vec::new();
        for nanos in [0, 5_000_000, 5_000_001, 10_000_000_000, 10_000_000_001] {
            Durations::observe(&mut all, None, None, nanos);
        }
        let [one] = &*all else { panic!("{all:?}") };
        assert_eq!((one.counts[0], one.counts[1]), (2, 1));
        assert_eq!((one.counts[13], one.counts[14]), (1, 1));
        assert_eq!((one.count(), one.sum_nanos), (5, 20_010_000_002));
    }

    #[test]
    fn series_without_end_share_the_last() {
        let mut all = Vec::new();
        for code in 0..200 {
            Durations::observe(&mut all, Some(AnswerStatus::Http(code)), Some("refused"), 1);
        }
        Durations::observe(&mut all, Some(AnswerStatus::Http(0)), Some("refused"), 1);
        assert_eq!(all.len(), SERIES);
        assert_eq!(all.iter().map(Durations::count).sum::<u64>(), 201);
        assert_eq!(all[0].count(), 2, "the first ones keep their own");
        let last = &all[SERIES - 1];
        assert_eq!((last.status, last.error.as_deref()), (None, Some("other")));
    }
}
