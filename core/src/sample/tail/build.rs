//! From options to policies: everything is checked here, so that nothing can go wrong later.

use super::{
    PolicyKind, PolicyOptions, RateAllocation, TailError, TailPolicies, TailWatch,
    budget::{Acceptance, Budget},
    chance::Chance,
    composite::Composite,
    facts::MAX_FACTS,
    fnv::Hashed,
    node::{Cost, Limit, Node},
    policies::{Policy, Work},
    shares::Shares,
    watch::{Names, Test, WatchedKey, WatchedState},
};
use crate::{StatusCode, TraceStateRef, sample::Threshold};
use alloc::{boxed::Box, format, string::String, vec::Vec};

/// What a remembered decision has room for.
const MAX_POLICIES: usize = 4095;
const MAX_PARTS: usize = 255;
/// Policies within policies.
const MAX_DEPTH: usize = 8;
const NANOS: u64 = 1_000_000;

type Result<T> = core::result::Result<T, TailError>;

pub(super) fn build(options: &[PolicyOptions], first_match: bool) -> Result<TailPolicies> {
    let mut builder = Builder::default();
    list("policies", options, MAX_POLICIES)?;
    let mut policies = Vec::with_capacity(options.len());
    for (at, policy) in options.iter().enumerate() {
        policies.push(builder.policy(&format!("policies[{at}]"), policy)?);
    }
    let Builder { watch, advice, .. } = builder;
    Ok(TailPolicies::of(policies, watch, advice, first_match))
}

/// Policies of one list: not none, not too many, with names of their own.
fn list(path: &str, policies: &[PolicyOptions], max: usize) -> Result<()> {
    if policies.is_empty() {
        return Err(TailError::new(path, "is empty", "name at least one policy"));
    }
    if policies.len() > max {
        return Err(TailError::new(
            path,
            format!("has more than {max} policies"),
            "leave some out",
        ));
    }
    let mut names: Vec<_> = policies.iter().map(|policy| &policy.name).collect();
    names.sort();
    for (at, policy) in policies.iter().enumerate() {
        let path = || format!("{path}[{at}].name");
        if policy.name.is_empty() {
            return Err(TailError::new(
                path(),
                "is empty",
                "kept spans carry it: give each policy a name",
            ));
        }
        let first = names.partition_point(|name| **name < policy.name);
        if names.get(first + 1) == Some(&&policy.name) {
            let problem = format!("`{}` is given twice", policy.name);
            return Err(TailError::new(
                path(),
                problem,
                "give each policy a name of its own",
            ));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Builder {
    watch: TailWatch,
    advice: Vec<String>,
    facts: u16,
    depth: usize,
}

impl Builder {
    fn policy(&mut self, path: &str, options: &PolicyOptions) -> Result<Policy> {
        let at = |member: &str| format!("{path}.{}.{member}", options.kind.type_name());
        let mut parts = Vec::new();
        let work = match &options.kind {
            PolicyKind::Drop { drop_sub_policy } => {
                Work::Drop(self.and(&at("drop_sub_policy"), drop_sub_policy)?)
            }
            PolicyKind::Composite {
                max_total_spans_per_second,
                policy_order,
                composite_sub_policy,
                rate_allocation,
            } => {
                let path = at("max_total_spans_per_second");
                at_least_one(&path, *max_total_spans_per_second)?;
                let path = at("composite_sub_policy");
                list(&path, composite_sub_policy, MAX_PARTS)?;
                let order = in_order(&at("policy_order"), policy_order, composite_sub_policy)?;
                let percents = percents(&at("rate_allocation"), rate_allocation, composite_sub_policy)?;
                let mut nodes = Vec::new();
                for &part in &order {
                    let Some(policy) = composite_sub_policy.get(part) else {
                        continue;
                    };
                    nodes.push(self.inner(&format!("{path}[{part}]"), policy)?);
                    parts.push(policy.name.as_str().into());
                }
                let percents = order.iter().filter_map(|&part| percents.get(part).copied());
                Work::Composite(Box::new(Composite {
                    passed: nodes.iter().map(|_| Acceptance::default()).collect(),
                    shares: Shares::new(*max_total_spans_per_second, percents),
                    parts: nodes,
                }))
            }
            kind => {
                let node = self.node(path, kind)?;
                if inverts(kind) {
                    self.advice.push(format!(
                        "{path} `{}`: invert_match is deprecated; to drop what matches put the policy without it \
                         into a `drop` policy, to sample what does not match put it into a `not` policy",
                        options.name
                    ));
                    Work::Inverted(node)
                } else {
                    Work::Ask(node)
                }
            }
        };
        self.watch.names.push(Names {
            policy: options.name.as_str().into(),
            parts,
        });
        Ok(Policy {
            must_keep: must_keep(path, options, &work)?,
            work,
            kind: options.kind.type_name(),
            counts: Default::default(),
        })
    }

    /// A policy within another one.
    fn inner(&mut self, path: &str, options: &PolicyOptions) -> Result<Node> {
        if options.late_upgrade.is_some() {
            let hint = "set it where the outer policy stands";
            return Err(TailError::new(
                format!("{path}.late_upgrade"),
                "has no meaning here",
                hint,
            ));
        }
        self.node(path, &options.kind)
    }

    fn and(&mut self, path: &str, policies: &[PolicyOptions]) -> Result<Node> {
        list(path, policies, MAX_POLICIES)?;
        let mut nodes = Vec::new();
        for (at, policy) in policies.iter().enumerate() {
            nodes.push(self.inner(&format!("{path}[{at}]"), policy)?);
        }
        // Stable: otherwise as configured.
        nodes.sort_by_key(Node::spends);
        Ok(Node::And(nodes))
    }

    fn node(&mut self, path: &str, kind: &PolicyKind) -> Result<Node> {
        if self.depth == MAX_DEPTH {
            let problem = format!("is more than {MAX_DEPTH} policies deep");
            return Err(TailError::new(
                path,
                problem,
                "write it with fewer policies within policies",
            ));
        }
        self.depth += 1;
        let node = self.shallow(path, kind);
        self.depth -= 1;
        node
    }

    fn shallow(&mut self, path: &str, kind: &PolicyKind) -> Result<Node> {
        let at = |member: &str| format!("{path}.{}.{member}", kind.type_name());
        Ok(match kind {
            PolicyKind::AlwaysSample => Node::Always,
            PolicyKind::TraceFlags => Node::Flags,
            PolicyKind::Latency {
                threshold_ms,
                upper_threshold_ms: upper,
            } => {
                if *upper != 0 && upper <= threshold_ms {
                    let problem = format!("{upper} is not over threshold_ms, {threshold_ms}");
                    let hint = "make it larger, or 0 for no upper bound";
                    return Err(TailError::new(at("upper_threshold_ms"), problem, hint));
                }
                let upper = if *upper == 0 { u64::MAX } else { *upper };
                Node::Latency(threshold_ms.saturating_mul(NANOS), upper.saturating_mul(NANOS))
            }
            PolicyKind::StatusCode { status_codes } => {
                not_empty(
                    &at("status_codes"),
                    status_codes.len(),
                    "name some of OK, ERROR and UNSET",
                )?;
                let bits = status_codes.iter().map(|&code| 1 << code as u8);
                Node::Status(bits.fold(0, |all, bit: u8| all | bit))
            }
            PolicyKind::NumericAttribute {
                key,
                min_value,
                max_value,
                invert_match,
            } => {
                let (min, max) = (min_value.unwrap_or(i64::MIN), max_value.unwrap_or(i64::MAX));
                if min > max {
                    let problem = format!("{max} is less than min_value, {min}");
                    return Err(TailError::new(at("max_value"), problem, "exchange the bounds"));
                }
                self.test(&at("key"), key, Test::Number { min, max }, *invert_match)?
            }
            PolicyKind::StringAttribute {
                key,
                values,
                invert_match,
            } => {
                not_empty(&at("values"), values.len(), "name at least one value")?;
                self.test(&at("key"), key, Test::Text(values.clone()), *invert_match)?
            }
            PolicyKind::BooleanAttribute {
                key,
                value,
                invert_match,
            } => self.test(&at("key"), key, Test::Bool(*value), *invert_match)?,
            PolicyKind::Probabilistic {
                sampling_percentage: percentage,
                hash_salt,
            } => {
                if !(0.0..=100.0).contains(percentage) {
                    let problem = format!("{percentage} is not a percentage");
                    return Err(TailError::new(
                        at("sampling_percentage"),
                        problem,
                        "give 0 to 100",
                    ));
                }
                let share = percentage / 100.0;
                match hash_salt {
                    Some(salt) => Node::Hashed(Hashed::new(salt, *percentage), Chance::independent(share)),
                    None => Node::Random(Threshold::from_probability(share)),
                }
            }
            PolicyKind::RateLimiting {
                spans_per_second: rate,
                burst_capacity,
            } => limit(&at("spans_per_second"), *rate, *burst_capacity, Cost::Spans)?,
            PolicyKind::BytesLimiting {
                bytes_per_second: rate,
                burst_capacity,
            } => limit(&at("bytes_per_second"), *rate, *burst_capacity, Cost::Bytes)?,
            PolicyKind::SpanCount { min_spans, max_spans } => {
                if *max_spans != 0 && max_spans < min_spans {
                    let problem = format!("{max_spans} is less than min_spans, {min_spans}");
                    let hint = "make it larger, or 0 for no upper bound";
                    return Err(TailError::new(at("max_spans"), problem, hint));
                }
                let max = if *max_spans == 0 { u64::MAX } else { *max_spans };
                Node::SpanCount(*min_spans, max)
            }
            PolicyKind::TraceState { key, values } => {
                if !TraceStateRef::is_valid_key(key.as_bytes()) {
                    let problem = format!("`{key}` cannot be a key of a trace state");
                    let hint = "begin with a small letter or digit, go on with those and _-*/@";
                    return Err(TailError::new(at("key"), problem, hint));
                }
                not_empty(&at("values"), values.len(), "name at least one value")?;
                let bit = self.fact(path, 1)?;
                self.watch.states.push(WatchedState {
                    key: key.as_str().into(),
                    values: values.iter().map(|value| value.as_str().into()).collect(),
                    bit,
                });
                Node::Fact { bit, inverted: false }
            }
            PolicyKind::Condition(condition) => {
                let bit = self.fact(path, 2)?;
                self.watch.conditions.push((condition.clone(), bit));
                Node::Condition(bit)
            }
            PolicyKind::And { and_sub_policy } => self.and(&at("and_sub_policy"), and_sub_policy)?,
            PolicyKind::Not { not_sub_policy } => {
                Node::Not(Box::new(self.inner(&at("not_sub_policy"), not_sub_policy)?))
            }
            PolicyKind::Drop { .. } | PolicyKind::Composite { .. } => {
                let problem = format!("a `{}` policy stands inside of another one", kind.type_name());
                return Err(TailError::new(
                    path,
                    problem,
                    "put it into the list of policies itself",
                ));
            }
        })
    }

    fn test(&mut self, path: &str, key: &str, test: Test, inverted: bool) -> Result<Node> {
        not_empty(path, key.len(), "name the attribute")?;
        let bit = self.fact(path, 1)?;
        let keys = &mut self.watch.keys;
        let at = keys.binary_search_by(|watched| (*watched.key).cmp(key));
        let at = at.unwrap_or_else(|at| {
            let key = key.into();
            keys.insert(
                at,
                WatchedKey {
                    key,
                    tests: Vec::new(),
                },
            );
            at
        });
        if let Some(watched) = keys.get_mut(at) {
            watched.tests.push((test, bit));
        }
        Ok(Node::Fact { bit, inverted })
    }

    /// The first of so many bits that nobody has yet.
    fn fact(&mut self, path: &str, bits: u16) -> Result<u16> {
        let bit = self.facts;
        self.facts += bits;
        if usize::from(self.facts) > MAX_FACTS {
            let problem = format!("is more than the {MAX_FACTS} conditions that a trace is watched for");
            let hint = "join conditions on one attribute by listing their values in one policy";
            return Err(TailError::new(path, problem, hint));
        }
        Ok(bit)
    }
}

fn not_empty(path: &str, length: usize, hint: &str) -> Result<()> {
    if length == 0 {
        return Err(TailError::new(path, "is empty", hint));
    }
    Ok(())
}

fn at_least_one(path: &str, number: u64) -> Result<()> {
    if number == 0 {
        return Err(TailError::new(path, "0 would never sample", "give at least 1"));
    }
    Ok(())
}

fn limit(path: &str, rate: u64, burst: u64, cost: Cost) -> Result<Node> {
    at_least_one(path, rate)?;
    let burst = if burst == 0 { rate.saturating_mul(2) } else { burst };
    Ok(Node::Limit(Box::new(Limit {
        budget: Budget::new(rate, burst),
        cost,
        passed: Acceptance::default(),
    })))
}

const fn inverts(kind: &PolicyKind) -> bool {
    match kind {
        PolicyKind::NumericAttribute { invert_match, .. }
        | PolicyKind::StringAttribute { invert_match, .. }
        | PolicyKind::BooleanAttribute { invert_match, .. } => *invert_match,
        _ => false,
    }
}

/// The numbers of a composite policy's parts in the order in which they are asked.
fn in_order(path: &str, order: &[String], parts: &[PolicyOptions]) -> Result<Vec<usize>> {
    let mut numbers = Vec::new();
    for (at, name) in order.iter().enumerate() {
        let number = number_of(&format!("{path}[{at}]"), name, parts)?;
        if numbers.contains(&number) {
            let problem = format!("`{name}` is given twice");
            return Err(TailError::new(
                format!("{path}[{at}]"),
                problem,
                "name each policy once",
            ));
        }
        numbers.push(number);
    }
    let rest = (0..parts.len()).filter(|number| !numbers.contains(number));
    let rest: Vec<_> = rest.collect();
    numbers.extend(rest);
    Ok(numbers)
}

fn number_of(path: &str, name: &str, parts: &[PolicyOptions]) -> Result<usize> {
    let found = parts.iter().position(|part| part.name == name);
    found.ok_or_else(|| {
        let problem = format!("there is no policy `{name}`");
        TailError::new(path, problem, "name one of composite_sub_policy")
    })
}

/// For each part its percentage.
fn percents(path: &str, given: &[RateAllocation], parts: &[PolicyOptions]) -> Result<Vec<f64>> {
    let mut percents = alloc::vec![100.0 / parts.len().max(1) as f64; parts.len()];
    for (at, allocation) in given.iter().enumerate() {
        let number = number_of(&format!("{path}[{at}].policy"), &allocation.policy, parts)?;
        if !(0.0..=100.0).contains(&allocation.percent) {
            let problem = format!("{} is not a percentage", allocation.percent);
            return Err(TailError::new(
                format!("{path}[{at}].percent"),
                problem,
                "give 0 to 100",
            ));
        }
        if let Some(percent) = percents.get_mut(number) {
            *percent = allocation.percent;
        }
    }
    Ok(percents)
}

fn must_keep(path: &str, options: &PolicyOptions, work: &Work) -> Result<bool> {
    let can = match work {
        Work::Ask(node) | Work::Inverted(node) => !node.spends(),
        Work::Drop(_) | Work::Composite(_) => false,
    };
    if options.late_upgrade == Some(true) && !can {
        let problem = "is not possible for a policy that has a budget or drops";
        let hint = "leave it out, or give late spans a policy of their own";
        return Err(TailError::new(format!("{path}.late_upgrade"), problem, hint));
    }
    Ok(can && options.late_upgrade.unwrap_or_else(|| is_explicit(&options.kind)))
}

/// Whether one span can say that its trace was asked for.
fn is_explicit(kind: &PolicyKind) -> bool {
    match kind {
        PolicyKind::StatusCode { status_codes } => {
            status_codes.contains(&StatusCode::Error) && !status_codes.contains(&StatusCode::Unset)
        }
        PolicyKind::NumericAttribute { .. }
        | PolicyKind::StringAttribute { .. }
        | PolicyKind::BooleanAttribute { .. } => !inverts(kind),
        PolicyKind::TraceState { .. } | PolicyKind::Condition(_) => true,
        PolicyKind::And { and_sub_policy } => and_sub_policy.iter().all(|policy| is_explicit(&policy.kind)),
        _ => false,
    }
}
