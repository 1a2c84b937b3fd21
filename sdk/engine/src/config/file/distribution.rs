//! Options of our own, which the file format has no place for.

use super::{
    later::is_later,
    walk::{Place, Walk},
};
use crate::ErrorKind;
use crate::config::{Node, Value, problem::Problem};
use crate::options::{LogLevel, OptionInfo, TABLE, text::quoted};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use spanline_core::OwnedValue;

/// The options whose place is here.
const HERE: &str = "distribution.spanline.";

/// Tail sampling with the names of the OpenTelemetry Collector: the options `tail.*`.
const TAIL_SAMPLING: &str = "tail_sampling";

/// The same options with their own names.
const TAIL: &str = "tail";

/// Sets the options that stand under `distribution.spanline`.
pub(super) fn options(walk: &mut Walk, place: &Place<'_>) {
    members(walk, place, "");
    let both = [place.present(TAIL), place.present(TAIL_SAMPLING)];
    if let [Some(ours), Some(theirs)] = both
        && !ours.node.is_null()
        && !theirs.node.is_null()
    {
        let mut entries = place.node.entries().iter();
        let last = entries.rfind(|entry| [TAIL, TAIL_SAMPLING].contains(&entry.key.as_str()));
        let (second, first) = match last {
            Some(last) if last.key == TAIL => (ours, TAIL_SAMPLING),
            _ => (theirs, TAIL),
        };
        let text = format!("`{first}` sets the same options: use one of the two");
        walk.wrong(ErrorKind::BadValue, &second, &text);
    }
}

fn members(walk: &mut Walk, place: &Place<'_>, prefix: &str) {
    if !matches!(place.node.value, Value::Map(_) | Value::Null) {
        return walk.problems.wrong_type(&place.path, place.node, "a map");
    }
    for entry in place.node.entries() {
        let name = format!("{prefix}{}", entry.key);
        let Some(member) = place.present(&entry.key) else {
            continue;
        };
        if name == TAIL_SAMPLING {
            if !member.node.is_null() {
                crate::config::tail::settings(walk, &member);
            }
            continue;
        }
        let group = format!("{name}.");
        let is_group = names().any(|name| name.starts_with(&group));
        if is_group {
            members(walk, &member, &group);
        } else if is_later(&name) {
            if !member.node.is_null() && member.node.as_bool().is_none() {
                walk.problems
                    .wrong_type(&member.path, member.node, "`true` or `false`");
            }
            walk.remark(
                LogLevel::Info,
                &member,
                "this version has nothing that it applies to",
            );
        } else if names().any(|known| known == name) {
            if !member.node.is_null() {
                let value = plain(member.node);
                walk.set(&name, value, &member);
            }
        } else {
            walk.problems.push(unknown(&member, &name, entry.at));
        }
    }
}

fn unknown(place: &Place<'_>, name: &str, at: Option<crate::config::Position>) -> Problem {
    let elsewhere = TABLE.iter().find(|info| info.name == name).map(|info| info.yaml);
    let text = match elsewhere {
        Some(yaml) => format!("{} has its place elsewhere: {yaml}", quoted(name)),
        None => format!("there is no option {}", quoted(name)),
    };
    let known: Vec<&str> = names().collect();
    let problem = Problem::new(ErrorKind::UnknownKey, place.path.clone(), at, text);
    match elsewhere {
        Some(_) => problem,
        None => problem.with_hint(name, known),
    }
}

/// A problem of the file; of an option that stands at its root by its own name, with the places that it has.
pub(super) fn with_place(mut problem: Problem) -> Problem {
    let root = problem.path.as_str();
    let group = format!("{root}.");
    let mut options = TABLE
        .iter()
        .filter(|info| info.name == root || info.name.starts_with(&group));
    if problem.kind == ErrorKind::UnknownKey
        && let Some(info) = options.next()
    {
        let place = match info.yaml.strip_prefix(HERE) {
            Some(_) => format!("{HERE}{root}"),
            None => info.yaml.to_owned(),
        };
        problem.text = format!(
            "options do not stand at the root of a file: the place of this one is {place}, or `tracing.sdk` in the short \
             form, whose root is `tracing`"
        );
        problem.hint = None;
    }
    problem
}

/// The names of the options that may stand here.
fn names() -> impl Iterator<Item = &'static str> {
    let here = |info: &&OptionInfo| info.yaml.starts_with(HERE);
    let ours = TABLE.iter().filter(here).map(|info| info.name);
    ours.chain(super::later::names()).chain([TAIL_SAMPLING])
}

/// The value as the options take it.
pub(in crate::config) fn plain(node: &Node) -> OwnedValue {
    match &node.value {
        Value::Null => OwnedValue::Empty,
        Value::Bool(value) => OwnedValue::Bool(*value),
        Value::Int(number) => OwnedValue::I64(*number),
        Value::Float(number) => OwnedValue::F64(*number),
        Value::Str(text) => OwnedValue::from(text.to_owned()),
        Value::List(items) => OwnedValue::List(items.iter().map(plain).collect()),
        Value::Map(entries) => {
            let pairs = entries
                .iter()
                .map(|entry| (entry.key.clone(), plain(&entry.value)));
            OwnedValue::Map(pairs.collect::<Vec<(String, OwnedValue)>>())
        }
    }
}
