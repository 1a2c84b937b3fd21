//! What this crate would have logged, had it a logger.

use core::{
    fmt,
    sync::atomic::{AtomicU8, Ordering},
};

/// A condition that whoever runs the samplers and propagators should tell its user, once.
///
/// This crate has no logger: it raises a notice, and the host fetches it with [`take_notice`] whenever that is
/// convenient (the pipeline between two batches, never the user's call).
///
/// [`take_notice`]: crate::sample::Sampler::take_notice
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Notice {
    /// A trace-id ratio sampler was asked about a span that has a parent.
    RatioWithParent = 0,
    /// A probability sampler was asked about a child whose trace id is not known to be random.
    UnknownRandomness = 1,
    /// The `ot` member of a trace state has no room for the sampling threshold.
    OtStateFull = 2,
    /// A baggage entry was not written: its name is not a token.
    BaggageKeyNotToken = 3,
    /// A baggage entry was not written: it exceeds the limits of 180 members and 8192 bytes.
    BaggageTooLarge = 4,
    /// The metadata of a baggage entry was not written: it holds characters that the format cannot carry.
    BaggageMetadata = 5,
}

impl Notice {
    const ALL: [Self; 6] = [
        Self::RatioWithParent,
        Self::UnknownRandomness,
        Self::OtStateFull,
        Self::BaggageKeyNotToken,
        Self::BaggageTooLarge,
        Self::BaggageMetadata,
    ];

    /// One line for people, without any of the user's data.
    pub const fn message(self) -> &'static str {
        match self {
            Self::RatioWithParent => {
                "TraceIdRatioBased was asked about a span with a parent: use it as the root of ParentBased, \
                 or use a probability sampler"
            }
            Self::UnknownRandomness => {
                "a probability sampler was asked about a child span whose trace id is not known to be random: \
                 its decisions may be biased"
            }
            Self::OtStateFull => {
                "tracestate member 'ot' has no room for the sampling threshold: the span's adjusted count is unknown"
            }
            Self::BaggageKeyNotToken => "a baggage entry was not propagated: its name is not a token",
            Self::BaggageTooLarge => {
                "a baggage entry was not propagated: the limit is 180 entries and 8192 bytes"
            }
            Self::BaggageMetadata => {
                "the metadata of a baggage entry was not propagated: it holds characters that the header cannot carry"
            }
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

/// The notices of one component: each is given out once, however often it is raised.
#[derive(Default)]
pub(crate) struct Notices {
    raised: AtomicU8,
    taken: AtomicU8,
}

impl Notices {
    pub(crate) const fn new() -> Self {
        Self {
            raised: AtomicU8::new(0),
            taken: AtomicU8::new(0),
        }
    }

    /// Raises a notice. Once it is raised this is a plain load, so that a hot path does not write to shared memory.
    #[inline]
    pub(crate) fn raise(&self, notice: Notice) {
        let bit = 1 << notice as u8;
        if self.raised.load(Ordering::Relaxed) & bit == 0 {
            self.raised.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// A notice that was raised and not yet taken.
    pub(crate) fn take(&self) -> Option<Notice> {
        let waiting = self.raised.load(Ordering::Relaxed) & !self.taken.load(Ordering::Relaxed);
        Notice::ALL.into_iter().find(|&notice| {
            let bit = 1 << notice as u8;
            waiting & bit != 0 && self.taken.fetch_or(bit, Ordering::Relaxed) & bit == 0
        })
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raised = self.raised.load(Ordering::Relaxed);
        let raised = Notice::ALL
            .into_iter()
            .filter(|&notice| raised & 1 << notice as u8 != 0);
        f.debug_set().entries(raised).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_notice_is_given_out_once() {
        let notices = Notices::new();
        assert_eq!(notices.take(), None);
        for _ in 0..3 {
            for notice in Notice::ALL {
                notices.raise(notice);
            }
        }
        for notice in Notice::ALL {
            assert_eq!(notices.take(), Some(notice));
        }
        notices.raise(Notice::OtStateFull);
        assert_eq!(notices.take(), None);
    }
}
