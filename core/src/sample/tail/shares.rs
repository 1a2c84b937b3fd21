//! One budget, in parts, of which none is left unused while it is wanted.

use super::budget::{SECOND, passed};
use alloc::vec::Vec;

#[derive(Debug)]
struct Part {
    /// Of the whole, 0 to 1.
    share: f64,
    tokens: f64,
}

/// So many tokens per second in all, of which each part is granted its share, and saves up one second's of that. What full
/// parts do not take goes to the others in proportion to their shares, and when all are full into a store for any of them:
/// one second's of the whole at most.
#[derive(Debug)]
pub(super) struct Shares {
    per_nano: f64,
    burst: f64,
    spare: f64,
    parts: Vec<Part>,
    last: Option<u64>,
}

impl Shares {
    /// Parts with these percentages; scaled down when they are more than 100 together.
    pub(super) fn new(per_second: u64, percents: impl Iterator<Item = f64> + Clone) -> Self {
        let whole = percents.clone().sum::<f64>().max(100.0);
        let burst = per_second as f64;
        let part = |percent: f64| Part {
            share: percent / whole,
            tokens: burst * percent / whole,
        };
        let parts: Vec<_> = percents.map(part).collect();
        let taken: f64 = parts.iter().map(|part| part.tokens).sum();
        Self {
            per_nano: burst / SECOND as f64,
            burst,
            spare: (burst - taken).max(0.0),
            parts,
            last: None,
        }
    }

    /// Takes so many tokens for this part, if its own and the spare ones are enough.
    pub(super) fn take(&mut self, now: u64, part: usize, cost: u64) -> bool {
        self.refill(now);
        let (spare, cost) = (self.spare, cost as f64);
        let Some(part) = self.parts.get_mut(part) else {
            return false;
        };
        // What rounding loses must not refuse a trace of exactly what there is.
        if cost > part.tokens + spare + 1e-6 {
            return false;
        }
        let own = cost.min(part.tokens);
        part.tokens -= own;
        self.spare = (spare - (cost - own)).max(0.0);
        true
    }

    fn refill(&mut self, now: u64) {
        let mut left = passed(&mut self.last, now) * self.per_nano;
        let burst = self.burst;
        // Each round fills a part or gives everything away.
        for _ in 0..=self.parts.len() {
            let open = |part: &&mut Part| part.tokens < part.share * burst;
            let wanted: f64 = self.parts.iter_mut().filter(open).map(|part| part.share).sum();
            if left <= 0.0 || wanted <= 0.0 {
                break;
            }
            let round = left;
            for part in self.parts.iter_mut().filter(open) {
                let (full, given) = (part.share * burst, round * part.share / wanted);
                let room = full - part.tokens;
                part.tokens = if given < room { part.tokens + given } else { full };
                left -= given.min(room);
            }
        }
        self.spare = (self.spare + left.max(0.0)).min(burst);
    }
}
