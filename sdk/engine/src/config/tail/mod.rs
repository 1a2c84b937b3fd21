//! Tail sampling as the OpenTelemetry Collector's configuration describes it.

mod duration;
mod policies;
mod settings;
mod shape;

pub(super) use settings::read as settings;

use super::{
    Node, Position, Problem, SamplerHost,
    file::{Check, Place},
    problem::join,
};
use alloc::{borrow::ToOwned, string::String, sync::Arc, vec::Vec};
use core::fmt;
use spanline_core::OwnedValue;
use spanline_core::sample::{
    TextMatch,
    tail::{PolicyOptions, TailPolicies},
};

/// The policies of tail sampling: a list as the `tail_sampling` processor of the OpenTelemetry Collector has it, checked.
///
/// ```
/// use spanline_core::OwnedValue;
/// use spanline_engine::config::TailPlan;
/// let text = |text: &'static str| OwnedValue::from(text);
/// let codes = OwnedValue::Map(vec![("status_codes".into(), OwnedValue::List(vec![text("ERROR")]))]);
/// let errors = OwnedValue::Map(vec![
///     ("name".into(), text("errors")),
///     ("type".into(), text("status_code")),
///     ("status_code".into(), codes),
/// ]);
/// let plan = TailPlan::from_value(&OwnedValue::List(vec![errors]), "tail.policies")?;
/// assert_eq!(plan.to_string(), "errors");
/// # Ok::<(), spanline_engine::config::Problem>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct TailPlan {
    list: Node,
    path: String,
}

impl TailPlan {
    /// Looks whether a value is a list of policies: maps with `name`, `type` and a member called like the type, or words as
    /// [`PolicyOptions::short`] has them.
    ///
    /// # Errors
    /// The first unknown key, else the first thing that is wrong.
    pub fn from_value(value: &OwnedValue, path: &str) -> Result<Self, Problem> {
        Self::from_node(&Node::from(value), path)
    }

    fn from_node(list: &Node, path: &str) -> Result<Self, Problem> {
        let mut check = Check::default();
        check.value(path, list, &shape::LIST);
        for (index, policy) in list.items().iter().enumerate() {
            // Words are looked at where policies are made of them.
            if policy.as_str().is_none() {
                check.value(&alloc::format!("{path}[{index}]"), policy, &shape::POLICY);
            }
        }
        check.problems.first()?;
        let plan = Self {
            list: list.clone(),
            path: path.to_owned(),
        };
        // What the shapes do not see. Whether regular expressions are such is known when there is a host.
        plan.made(&|_| Ok(Arc::new(Unseen)))?;
        Ok(plan)
    }

    /// The policies.
    ///
    /// # Errors
    /// What is wrong with a setting, or a regular expression.
    pub fn build(&self, host: &dyn SamplerHost) -> Result<Vec<PolicyOptions>, Problem> {
        self.made(&|pattern| host.regex(pattern))
    }

    fn made(&self, regex: policies::Regex<'_>) -> Result<Vec<PolicyOptions>, Problem> {
        let place = Place {
            node: &self.list,
            path: self.path.clone(),
        };
        let policies = policies::list(&place, regex)?;
        self.judge(&policies)?;
        Ok(policies)
    }

    /// What the policies themselves find wrong.
    fn judge(&self, policies: &[PolicyOptions]) -> Result<(), Problem> {
        let Err(error) = TailPolicies::new(policies.to_vec(), false) else {
            return Ok(());
        };
        let below = error.path.strip_prefix("policies").unwrap_or(&error.path);
        let text = alloc::format!("{}; {}", error.problem, error.hint);
        let path = alloc::format!("{}{below}", self.path);
        Err(Problem::new(
            crate::ErrorKind::BadValue,
            path,
            self.at(below),
            text,
        ))
    }

    /// Where the policy stands that a path such as `[2].latency` is about.
    fn at(&self, below: &str) -> Option<Position> {
        let index = below.strip_prefix('[')?.split_once(']')?.0;
        let index = usize::try_from(crate::options::text::integer(index)?).ok()?;
        self.list.items().get(index)?.at
    }
}

impl fmt::Display for TailPlan {
    /// The names of the policies; of those in one word, that.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.list.items().iter();
        let names = names.filter_map(|policy| policy.as_str().or_else(|| policy.get("name")?.as_str()));
        let names: Vec<&str> = names.collect();
        f.write_str(&names.join(","))
    }
}

/// Stands for a regular expression that is not looked at yet.
#[derive(Debug)]
struct Unseen;

impl TextMatch for Unseen {
    fn is_match(&self, _: &str) -> bool {
        false
    }
}

/// A problem of a value that has been checked.
fn wrong(place: &Place<'_>, text: impl Into<String>) -> Problem {
    Problem::new(
        crate::ErrorKind::BadValue,
        place.path.clone(),
        place.node.at,
        text,
    )
}

/// A problem with a member.
fn wrong_member(place: &Place<'_>, member: &str, text: impl Into<String>) -> Problem {
    let at = place.node.get(member).unwrap_or(place.node).at;
    Problem::new(crate::ErrorKind::BadValue, join(&place.path, member), at, text)
}

#[cfg(test)]
mod tests;
