//! Policies that share a budget.

use super::{
    TraceSummary,
    budget::Acceptance,
    chance::Chance,
    node::{Failed, Node, Vote},
    shares::Shares,
};
use alloc::vec::Vec;

#[derive(Debug)]
pub(super) struct Composite {
    /// In the order in which they are asked.
    pub(super) parts: Vec<Node>,
    pub(super) shares: Shares,
    /// What became of the traces that this part was the first to sample.
    pub(super) passed: Vec<Acceptance>,
}

impl Composite {
    /// The vote, and which part sampled. A part that fails is passed over; the whole fails only when no other part
    /// samples.
    pub(super) fn vote(&mut self, trace: &TraceSummary, now: u64) -> (Result<Vote, Failed>, Option<u8>) {
        let mut first: Option<(usize, Chance)> = None;
        let (mut taken, mut failed) = (None, false);
        for (at, part) in self.parts.iter_mut().enumerate() {
            match part.vote(trace, now) {
                Ok(vote) if vote.sampled => {
                    first.get_or_insert((at, vote.chance));
                    if self.shares.take(now, at, trace.spans()) {
                        taken = Some(at as u8);
                        break;
                    }
                    part.give_back(trace);
                }
                Ok(_) => {}
                Err(Failed) => failed = true,
            }
        }
        let Some((first, chance)) = first else {
            let vote = if failed {
                Err(Failed)
            } else {
                Ok(Vote::certain(false))
            };
            return (vote, None);
        };
        let mut share = 1.0;
        if let Some(passed) = self.passed.get_mut(first) {
            passed.count(now, taken.is_some());
            share = passed.share();
        }
        let vote = Vote {
            sampled: taken.is_some(),
            chance: chance.and(Chance::estimated(share)),
        };
        (Ok(vote), taken)
    }
}
