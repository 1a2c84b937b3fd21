//! Policies as they are asked.

use super::{
    TraceSummary,
    budget::{Acceptance, Budget},
    chance::Chance,
    fnv::Hashed,
};
use crate::sample::Threshold;
use alloc::{boxed::Box, vec::Vec};

/// The policy could not be evaluated.
#[derive(Debug)]
pub(super) struct Failed;

#[derive(Clone, Copy, Debug)]
pub(super) struct Vote {
    pub(super) sampled: bool,
    pub(super) chance: Chance,
}

impl Vote {
    pub(super) const fn certain(sampled: bool) -> Self {
        Self {
            sampled,
            chance: Chance::certain(sampled),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Cost {
    Spans,
    Bytes,
}

impl Cost {
    const fn of(self, trace: &TraceSummary) -> u64 {
        match self {
            Self::Spans => trace.spans(),
            Self::Bytes => trace.bytes(),
        }
    }
}

#[derive(Debug)]
pub(super) struct Limit {
    pub(super) budget: Budget,
    pub(super) cost: Cost,
    pub(super) passed: Acceptance,
}

#[derive(Debug)]
pub(super) enum Node {
    Always,
    /// Nanoseconds: longer than the first, at most the second.
    Latency(u64, u64),
    /// Bits by status number.
    Status(u8),
    Fact {
        bit: u16,
        inverted: bool,
    },
    /// The bit that says that it is met; the next one says that it failed.
    Condition(u16),
    Random(Option<Threshold>),
    Hashed(Hashed, Chance),
    Limit(Box<Limit>),
    SpanCount(u64, u64),
    Flags,
    /// Those with a budget at the end.
    And(Vec<Node>),
    Not(Box<Node>),
}

impl Node {
    /// Whether asking spends something.
    pub(super) fn spends(&self) -> bool {
        match self {
            Self::Limit(_) => true,
            Self::And(nodes) => nodes.iter().any(Self::spends),
            Self::Not(node) => node.spends(),
            _ => false,
        }
    }

    pub(super) fn vote(&mut self, trace: &TraceSummary, now: u64) -> Result<Vote, Failed> {
        match self {
            Self::And(nodes) => all(nodes, trace, now),
            Self::Not(node) => node.vote(trace, now).map(not),
            Self::Limit(limit) => {
                let granted = limit.budget.take(now, limit.cost.of(trace));
                limit.passed.count(now, granted);
                Ok(Vote {
                    sampled: granted,
                    chance: Chance::estimated(limit.passed.share()),
                })
            }
            other => other.judge(trace),
        }
    }

    /// As [`Self::vote`] without spending anything: what has a budget says no.
    pub(super) fn judge(&self, trace: &TraceSummary) -> Result<Vote, Failed> {
        Ok(Vote::certain(match self {
            Self::Always => true,
            Self::Latency(over, up_to) => {
                let duration = trace.duration_nanos();
                *over < duration && duration <= *up_to
            }
            Self::Status(bits) => trace.has_status(*bits),
            Self::Fact { bit, inverted } => trace.facts.has(*bit) != *inverted,
            Self::Condition(bit) => {
                let met = trace.facts.has(*bit);
                if !met && trace.facts.has(*bit + 1) {
                    return Err(Failed);
                }
                met
            }
            Self::Random(threshold) => {
                return Ok(Vote {
                    sampled: threshold.is_some_and(|threshold| threshold.keeps(trace.randomness())),
                    chance: Chance::by(*threshold),
                });
            }
            Self::Hashed(hashed, chance) => {
                return Ok(Vote {
                    sampled: hashed.samples(trace.trace_id()),
                    chance: *chance,
                });
            }
            Self::SpanCount(min, max) => (*min..=*max).contains(&trace.spans()),
            Self::Flags => trace.has_sampled_flag(),
            Self::Limit(_) => false,
            Self::And(nodes) => {
                let mut whole = Vote::certain(true);
                for node in nodes {
                    whole = both(whole, node.judge(trace)?);
                }
                return Ok(whole);
            }
            Self::Not(node) => return node.judge(trace).map(not),
        }))
    }

    /// Gives back what a vote to sample has spent.
    pub(super) fn give_back(&mut self, trace: &TraceSummary) {
        match self {
            Self::Limit(limit) => limit.budget.give_back(limit.cost.of(trace)),
            Self::And(nodes) => nodes.iter_mut().for_each(|node| node.give_back(trace)),
            _ => {}
        }
    }
}

fn both(one: Vote, other: Vote) -> Vote {
    Vote {
        sampled: one.sampled && other.sampled,
        chance: one.chance.and(other.chance),
    }
}

fn not(vote: Vote) -> Vote {
    Vote {
        sampled: !vote.sampled,
        chance: vote.chance.inverse(),
    }
}

/// All or nothing: when one of them says no, those asked before it get back what they have spent.
fn all(nodes: &mut [Node], trace: &TraceSummary, now: u64) -> Result<Vote, Failed> {
    let mut whole = Vote::certain(true);
    for at in 0..nodes.len() {
        let Some((node, before)) = nodes.get_mut(..=at).and_then(<[Node]>::split_last_mut) else {
            break;
        };
        if !whole.sampled && (whole.chance.is_never() || node.spends()) {
            break;
        }
        let vote = node.vote(trace, now);
        if whole.sampled && !vote.as_ref().is_ok_and(|vote| vote.sampled) {
            before.iter_mut().for_each(|node| node.give_back(trace));
        }
        whole = both(whole, vote?);
    }
    Ok(whole)
}
