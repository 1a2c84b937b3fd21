//! A token bucket without a lock.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Parts of a nanosecond in which times are kept, so that high rates are exact enough.
const PARTS: u64 = 16;
/// So many parts are added to a moment at most: no overflow in centuries.
const LONGEST: u64 = 1 << 62;
/// Nanoseconds of about four years, by which a clock may go back without a new origin.
const BACK: u64 = 1 << 57;
/// A clock that is so far behind has been set back: 1 s. Less may be a thread that read it a little earlier.
const SET_BACK: u64 = 1_000_000_000 * PARTS;

/// Grants so many tokens per second, and saves up what is not taken, up to a burst. It starts full.
///
/// Kept is one number: the moment at which the bucket will be full again (the "generic cell rate algorithm"). A grant
/// moves it by one token's time, so that any number of threads take tokens without waiting for one another.
///
/// ```
/// use spanline_core::sample::TokenBucket;
/// let bucket = TokenBucket::new(2.0).unwrap();
/// let second = 1_000_000_000;
/// assert!(bucket.take(1) && bucket.take(1) && !bucket.take(1));
/// assert!(bucket.take(1 + second / 2) && !bucket.take(1 + second / 2));
/// ```
#[derive(Debug)]
pub struct TokenBucket {
    per_second: f64,
    /// Time of one token.
    interval: u64,
    /// Time of all tokens of a full bucket.
    whole: u64,
    /// Before the first moment that it was asked at; 0 until then.
    origin: AtomicU64,
    /// When it will be full.
    full: AtomicU64,
}

impl TokenBucket {
    /// So many tokens per second, a burst of one second's (at least 1). `None` unless the number is finite and not
    /// negative; 0 grants nothing. Rates over 10^9 count as that.
    pub fn new(per_second: f64) -> Option<Self> {
        Self::with_burst(per_second, per_second.max(1.0))
    }

    /// As [`TokenBucket::new`], with room for this many tokens (at least 1).
    pub fn with_burst(per_second: f64, burst: f64) -> Option<Self> {
        let usable = |number: f64| number.is_finite() && number >= 0.0;
        if !usable(per_second) || !usable(burst) {
            return None;
        }
        let per_second = per_second.min(1e9);
        if per_second == 0.0 {
            return Some(Self::of_nothing());
        }
        // Casts from doubles saturate.
        let interval = (1e9 * PARTS as f64 / per_second + 0.5) as u64;
        let interval = interval.clamp(1, LONGEST);
        let whole = (burst.max(1.0) * interval as f64 + 0.5) as u64;
        Some(Self {
            per_second,
            interval,
            whole: whole.clamp(interval, LONGEST),
            ..Self::of_nothing()
        })
    }

    /// Tokens per second.
    pub const fn per_second(&self) -> f64 {
        self.per_second
    }

    /// Takes a token, if there is one. `now`: nanoseconds of a clock that only goes forward, whatever it counts from; a
    /// reading before an earlier one counts as no time having passed. One that is further back than a second and a full
    /// bucket's time begins anew: the bucket is empty then, and fills at its rate.
    pub fn take(&self, now: u64) -> bool {
        let now = self.since_origin(now);
        let mut full = self.full.load(Relaxed);
        loop {
            if full > now.saturating_add(self.whole).saturating_add(SET_BACK) {
                match self
                    .full
                    .compare_exchange_weak(full, now + self.whole, Relaxed, Relaxed)
                {
                    Ok(_) => return false,
                    Err(other) => full = other,
                }
                continue;
            }
            let after = full.max(now).checked_add(self.interval);
            let Some(after) = after.filter(|after| after - now <= self.whole) else {
                return false;
            };
            match self.full.compare_exchange_weak(full, after, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(other) => full = other,
            }
        }
    }

    /// The tokens that are there, as a fraction too.
    pub fn available(&self, now: u64) -> f64 {
        let missing = self.full.load(Relaxed).saturating_sub(self.since_origin(now));
        self.whole.saturating_sub(missing) as f64 / self.interval as f64
    }

    /// Takes over how far another bucket is emptied, which this one replaces: it holds the same share of what it can
    /// hold, so that changing a rate gives no second burst. What replaces a bucket that grants nothing begins empty.
    pub fn resume(&mut self, other: &Self, now: u64) {
        let missing = match other.whole {
            0 => 1.0,
            whole => {
                let missing = other.full.load(Relaxed).saturating_sub(other.since_origin(now));
                (missing as f64 / whole as f64).min(1.0)
            }
        };
        let missing = (missing * self.whole as f64 + 0.5) as u64;
        let now = self.since_origin(now);
        let full = now.saturating_add(missing.min(self.whole));
        self.full.store(full, Relaxed);
    }

    /// Grants nothing.
    pub(super) const fn of_nothing() -> Self {
        Self {
            per_second: 0.0,
            interval: LONGEST,
            whole: 0,
            origin: AtomicU64::new(0),
            full: AtomicU64::new(0),
        }
    }

    fn since_origin(&self, now: u64) -> u64 {
        let now = now.max(1);
        let mut origin = self.origin.load(Relaxed);
        if origin == 0 || now < origin {
            let new = now.saturating_sub(BACK).max(1);
            let changed = self.origin.compare_exchange(origin, new, Relaxed, Relaxed);
            origin = changed.map_or_else(|other| other, |_| new);
        }
        now.saturating_sub(origin).saturating_mul(PARTS)
    }
}
