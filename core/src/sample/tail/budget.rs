//! A token bucket for whole traces, and how much passes it.

/// Nanoseconds of a second.
pub(super) const SECOND: u64 = 1_000_000_000;

/// Grants so many tokens per second. Other than [`crate::sample::TokenBucket`] it grants many at once and takes back what
/// was not used, and belongs to one owner; it starts full.
#[derive(Debug)]
pub(super) struct Budget {
    per_nano: f64,
    burst: f64,
    tokens: f64,
    last: Option<u64>,
}

impl Budget {
    pub(super) fn new(per_second: u64, burst: u64) -> Self {
        Self {
            per_nano: per_second as f64 / SECOND as f64,
            burst: burst as f64,
            tokens: burst as f64,
            last: None,
        }
    }

    /// Takes so many tokens, if they are there.
    pub(super) fn take(&mut self, now: u64, cost: u64) -> bool {
        let elapsed = passed(&mut self.last, now);
        self.tokens = (self.tokens + elapsed * self.per_nano).min(self.burst);
        let cost = cost as f64;
        let granted = cost <= self.tokens;
        if granted {
            self.tokens -= cost;
        }
        granted
    }

    pub(super) fn give_back(&mut self, cost: u64) {
        self.tokens = (self.tokens + cost as f64).min(self.burst);
    }
}

/// Nanoseconds since the last time that this was asked; a clock that goes back stands still.
pub(super) fn passed(last: &mut Option<u64>, now: u64) -> f64 {
    let before = last.unwrap_or(now);
    *last = Some(now.max(before));
    now.saturating_sub(before) as f64
}

/// Which share of the traces that it was asked about was granted, in this second and the one before.
#[derive(Debug, Default)]
pub(super) struct Acceptance {
    began: u64,
    asked: u64,
    granted: u64,
    asked_before: u64,
    granted_before: u64,
}

impl Acceptance {
    pub(super) fn count(&mut self, now: u64, granted: bool) {
        let elapsed = now.saturating_sub(self.began);
        if self.asked == 0 && self.asked_before == 0 {
            self.began = now;
        } else if elapsed >= SECOND {
            // What is older than a second says little, but more than nothing.
            (self.asked_before, self.granted_before) = (self.asked, self.granted);
            (self.asked, self.granted, self.began) = (0, 0, now);
        }
        self.asked += 1;
        self.granted += u64::from(granted);
    }

    /// Above 0 after something was granted.
    pub(super) fn share(&self) -> f64 {
        let asked = self.asked + self.asked_before;
        if asked == 0 {
            return 1.0;
        }
        (self.granted + self.granted_before) as f64 / asked as f64
    }
}
