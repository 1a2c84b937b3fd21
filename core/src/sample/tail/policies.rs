//! Asking all policies.

use super::{
    PolicyOptions, PolicyReport, TailDecision, TailError, TailReason, TailReport, TailWatch, TraceSummary,
    build,
    chance::Chance,
    composite::Composite,
    node::{Failed, Node, Vote},
};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};

#[derive(Debug)]
pub(super) enum Work {
    Ask(Node),
    /// The vote with `invert_match`.
    Inverted(Node),
    Drop(Node),
    Composite(Box<Composite>),
}

#[derive(Debug)]
pub(super) struct Policy {
    pub(super) work: Work,
    pub(super) must_keep: bool,
    pub(super) kind: &'static str,
    pub(super) counts: Counts,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    sampled: u64,
    not_sampled: u64,
    errors: u64,
    decided: u64,
}

impl Policy {
    fn vote(&mut self, trace: &TraceSummary, now: u64) -> Option<(Vote, Option<u8>)> {
        let (vote, part) = match &mut self.work {
            Work::Ask(node) | Work::Inverted(node) | Work::Drop(node) => (node.vote(trace, now), None),
            Work::Composite(composite) => composite.vote(trace, now),
        };
        match vote {
            Ok(vote) if vote.sampled => self.counts.sampled += 1,
            Ok(_) => self.counts.not_sampled += 1,
            Err(Failed) => self.counts.errors += 1,
        }
        vote.ok().map(|vote| (vote, part))
    }

    fn judge(&self, trace: &TraceSummary) -> bool {
        match &self.work {
            Work::Ask(node) | Work::Inverted(node) | Work::Drop(node) => {
                node.judge(trace).is_ok_and(|vote| vote.sampled)
            }
            Work::Composite(_) => false,
        }
    }

    /// Whether it drops the trace, whatever the others say.
    fn vetoes(&self, trace: &TraceSummary) -> bool {
        match &self.work {
            Work::Drop(node) => node.judge(trace).is_ok_and(|vote| vote.sampled),
            Work::Inverted(node) => node.judge(trace).is_ok_and(|vote| !vote.sampled),
            Work::Ask(_) | Work::Composite(_) => false,
        }
    }
}

/// An ordered list of policies, with the state of their budgets.
///
/// A trace is decided so: any `drop` policy that matches drops it. Otherwise a *no* of a policy with `invert_match` drops
/// it; then any policy that samples keeps it; then a *yes* of one with `invert_match`, if no other policy said no. What
/// nothing keeps is dropped.
#[derive(Debug)]
pub struct TailPolicies {
    pub(super) policies: Vec<Policy>,
    pub(super) watch: Arc<TailWatch>,
    pub(super) advice: Vec<String>,
    pub(super) first_match: bool,
    sampled: u64,
    dropped: u64,
}

impl TailPolicies {
    /// These policies. With `sample_on_first_match` those after the first one that samples are not asked.
    ///
    /// # Errors
    /// The first setting that makes no sense, with its path. There have to be 1 to 4,095 policies, with at most 256
    /// conditions on attributes, trace state or by code in all of them.
    pub fn new(
        policies: impl IntoIterator<Item = PolicyOptions>,
        sample_on_first_match: bool,
    ) -> Result<Self, TailError> {
        let policies: Vec<_> = policies.into_iter().collect();
        build::build(&policies, sample_on_first_match)
    }

    pub(super) fn of(
        policies: Vec<Policy>,
        watch: TailWatch,
        advice: Vec<String>,
        first_match: bool,
    ) -> Self {
        Self {
            policies,
            watch: Arc::new(watch),
            advice,
            first_match,
            sampled: 0,
            dropped: 0,
        }
    }

    /// What these policies look at in spans.
    pub const fn watch(&self) -> &Arc<TailWatch> {
        &self.watch
    }

    /// How to write settings that are deprecated, to be told once at start.
    pub fn advice(&self) -> &[String] {
        &self.advice
    }

    /// Decides about a trace, and spends what that costs. `now`: nanoseconds of a clock that only goes forward, whatever
    /// it counts from.
    pub fn decide(&mut self, trace: &TraceSummary, now: u64) -> TailDecision {
        let decision = self.ask(trace, now);
        if decision.sampled {
            self.sampled += 1;
        } else {
            self.dropped += 1;
        }
        let by = decision
            .policy
            .and_then(|at| self.policies.get_mut(usize::from(at)));
        if let Some(policy) = by {
            policy.counts.decided += 1;
        }
        decision
    }

    fn ask(&mut self, trace: &TraceSummary, now: u64) -> TailDecision {
        // That no `drop` policy dropped it.
        let mut passed = Chance::ALWAYS;
        for (at, policy) in (0..).zip(&mut self.policies) {
            if let Work::Drop(_) = policy.work
                && let Some((vote, _)) = policy.vote(trace, now)
            {
                if vote.sampled {
                    return TailDecision::vetoed(at);
                }
                passed = passed.and(vote.chance.inverse());
            }
        }
        let mut votes = Votes::default();
        let mut over = false;
        for (at, policy) in (0..).zip(&mut self.policies) {
            let inverted = matches!(policy.work, Work::Inverted(_));
            match &policy.work {
                Work::Drop(_) => {}
                // Not asked, but without the one before it would have kept the trace as well: that makes the trace likelier.
                Work::Ask(node) if over => votes.soften(node.judge(trace).ok()),
                _ if over => {}
                _ => {
                    let vote = policy.vote(trace, now);
                    votes.count(at, inverted, vote);
                    over = self.first_match && !inverted && vote.is_some_and(|(vote, _)| vote.sampled);
                }
            }
        }
        votes.decision(passed)
    }

    /// For a trace that was dropped before: the decision to keep a late span, of which this summary is, when it satisfies
    /// a policy that says so ([`PolicyOptions::late_upgrade`]). `None`, too, where what was decided is final
    /// ([`TailDecision::is_final`]), where the span satisfies a `drop` policy, and where one with `invert_match` says no
    /// to it. Counts and spends nothing.
    pub fn upgrade(&self, dropped: &TailDecision, late: &TraceSummary) -> Option<TailDecision> {
        if dropped.is_final() || self.policies.iter().any(|policy| policy.vetoes(late)) {
            return None;
        }
        let mut policies = (0..).zip(&self.policies);
        let (at, _) = policies.find(|(_, policy)| policy.must_keep && policy.judge(late))?;
        Some(TailDecision::sampled(at, None, Chance::ALWAYS).with_reason(TailReason::Upgraded))
    }

    /// What they have decided so far.
    pub fn report(&self) -> TailReport {
        let policies = self.policies.iter().zip(&self.watch.names);
        let policies = policies.map(|(policy, names)| PolicyReport {
            name: (*names.policy).into(),
            kind: policy.kind,
            sampled: policy.counts.sampled,
            not_sampled: policy.counts.not_sampled,
            errors: policy.counts.errors,
            decided: policy.counts.decided,
        });
        TailReport {
            sampled: self.sampled,
            dropped: self.dropped,
            policies: policies.collect(),
        }
    }
}

/// The votes of all policies that drop nothing by themselves.
#[derive(Default)]
struct Votes {
    /// The first one, its part, and the likeliest chance of all.
    sampled: Option<(u16, Option<u8>, Chance)>,
    inverted_sampled: Option<(u16, Option<u8>, Chance)>,
    inverted_not_sampled: Option<u16>,
    not_sampled: bool,
}

impl Votes {
    /// A policy that failed has not sampled.
    fn count(&mut self, at: u16, inverted: bool, vote: Option<(Vote, Option<u8>)>) {
        match (vote, inverted) {
            (Some((vote, part)), _) if vote.sampled => {
                let place = if inverted {
                    &mut self.inverted_sampled
                } else {
                    &mut self.sampled
                };
                let (_, _, chance) = place.get_or_insert((at, part, vote.chance));
                *chance = chance.likelier(vote.chance);
            }
            (Some(_), true) => {
                self.inverted_not_sampled.get_or_insert(at);
            }
            _ => self.not_sampled = true,
        }
    }

    /// Notes what a policy behind the first one that sampled would have said.
    fn soften(&mut self, vote: Option<Vote>) {
        if let (Some((_, _, chance)), Some(vote)) = (&mut self.sampled, vote.filter(|vote| vote.sampled)) {
            *chance = chance.likelier(vote.chance);
        }
    }

    fn decision(self, passed: Chance) -> TailDecision {
        if let Some(at) = self.inverted_not_sampled {
            return TailDecision::vetoed(at);
        }
        let inverted = self.inverted_sampled.filter(|_| !self.not_sampled);
        match self.sampled.or(inverted) {
            Some((at, part, chance)) => TailDecision::sampled(at, part, chance.and(passed)),
            None => TailDecision::DROPPED,
        }
    }
}
