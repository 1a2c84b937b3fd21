//! Rules of filters as text.

use super::{FilterAction, SpanConditions};
use crate::sample::{Pattern, TextMatch};
use crate::{SpanKind, StatusCode};
use alloc::{format, string::String, sync::Arc};
use core::fmt;
use core::time::Duration;

/// Makes a regular expression that looks for a match anywhere in a text; or says why there is none.
pub type RegexMaker<'a> = &'a dyn Fn(&str) -> Result<Arc<dyn TextMatch>, String>;

/// What is wrong with a rule of a filter, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilterError(String);

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for FilterError {}

fn wrong<T>(text: String) -> Result<T, FilterError> {
    Err(FilterError(text))
}

const FIELDS: &str = "`name`, `service`, `kind`, `status`, `duration` or `attributes.` and a key";

pub(super) fn rule(text: &str, regex: RegexMaker<'_>) -> Result<(FilterAction, SpanConditions), FilterError> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let action = match word {
        "drop" => FilterAction::Drop,
        "keep" => FilterAction::Keep,
        _ => return wrong(format!("`{text}` begins with neither `drop` nor `keep`")),
    };
    if rest.ends_with(" &&") {
        return wrong(format!("`{text}` ends with `&&`"));
    }
    let spans = match rest.trim() {
        "" => SpanConditions::new(),
        rest => conditions(rest, regex)?,
    };
    Ok((action, spans))
}

/// Conditions joined by ` && `.
pub(super) fn conditions(text: &str, regex: RegexMaker<'_>) -> Result<SpanConditions, FilterError> {
    let mut conditions = SpanConditions::new();
    for one in text.split(" && ") {
        // What was meant to join would be a part of a pattern that nothing fits.
        if one.contains("&&") {
            return wrong(format!(
                "`{text}`: `&&` joins conditions with a blank on either side"
            ));
        }
        if words(one).any(begins_condition) {
            return wrong(format!("`{text}`: conditions are joined by ` && `"));
        }
        conditions = condition(conditions, one.trim(), regex)?;
    }
    Ok(conditions)
}

/// What stands behind each word `and`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.as_bytes().windows(5).enumerate();
    let ands = words.filter(|(_, word)| word.eq_ignore_ascii_case(b" and "));
    ands.filter_map(|(at, _)| text.get(at + 5..))
}

/// Whether a text looks like a condition: it begins with a field and what may stand behind one.
fn begins_condition(text: &str) -> bool {
    let field = text.find(['=', '<', '>']).and_then(|at| text.get(..at));
    field.map(str::trim).is_some_and(|field| {
        let key = field.strip_prefix("attributes.");
        let known = ["name", "service", "kind", "status", "duration"].contains(&field);
        known || key.is_some_and(|key| !key.is_empty() && !key.contains(char::is_whitespace))
    })
}

fn condition(
    known: SpanConditions,
    text: &str,
    regex: RegexMaker<'_>,
) -> Result<SpanConditions, FilterError> {
    let Some(at) = text.find(['=', '<', '>']) else {
        return wrong(format!(
            "`{text}` is no condition: it has none of `=`, `<` and `>=`"
        ));
    };
    let (field, rest) = text.split_at(at);
    let field = field.trim();
    if field == "duration" {
        return duration(known, text, rest);
    }
    let Some(value) = rest.strip_prefix('=') else {
        return wrong(format!(
            "`{text}`: only `duration` can be compared with `<` and `>=`"
        ));
    };
    let pattern = || pattern(text, value, regex);
    match field {
        "name" => Ok(known.name(pattern()?)),
        "service" => Ok(known.service(pattern()?)),
        "kind" => {
            let mut kinds = (1..=5).filter_map(SpanKind::from_otlp);
            match kinds.find(|kind| kind.name() == value.trim()) {
                Some(kind) => Ok(known.kind(kind)),
                None => wrong(format!(
                    "`{text}`: a kind is `internal`, `server`, `client`, `producer` or `consumer`"
                )),
            }
        }
        "status" => match value.trim() {
            "unset" => Ok(known.status(StatusCode::Unset)),
            "ok" => Ok(known.status(StatusCode::Ok)),
            "error" => Ok(known.status(StatusCode::Error)),
            _ => wrong(format!("`{text}`: a status is `unset`, `ok` or `error`")),
        },
        _ => match field.strip_prefix("attributes.").filter(|key| !key.is_empty()) {
            Some(key) => Ok(known.attribute(key, pattern()?)),
            None => wrong(format!(
                "`{text}`: there is no `{field}`; a condition is on {FIELDS}"
            )),
        },
    }
}

/// What stands behind the first `=`.
fn pattern(text: &str, value: &str, regex: RegexMaker<'_>) -> Result<Pattern, FilterError> {
    Ok(match (value.strip_prefix('='), value.strip_prefix('~')) {
        (Some(exact), _) => Pattern::exact(exact.trim()),
        (_, Some(expression)) => match regex(expression.trim()) {
            Ok(regex) => Pattern::Custom(regex),
            Err(why) => return wrong(format!("`{text}`: {why}")),
        },
        _ => Pattern::glob(value.trim()),
    })
}

fn duration(known: SpanConditions, text: &str, rest: &str) -> Result<SpanConditions, FilterError> {
    let parsed = match (rest.strip_prefix(">="), rest.strip_prefix('<')) {
        (Some(value), _) => length(value.trim()).map(|least| known.at_least(least)),
        (_, Some(value)) => length(value.trim()).map(|bound| known.below(bound)),
        _ => None,
    };
    let help =
        "is compared as `duration>=1s` or `duration<5ms`, with a whole number of `ns`, `us`, `ms` or `s`";
    parsed.ok_or_else(|| FilterError(format!("`{text}`: a duration {help}")))
}

/// A whole number with a unit.
fn length(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit);
    let of: fn(u64) -> Duration = match unit.trim_start() {
        "ns" => Duration::from_nanos,
        "us" => Duration::from_micros,
        "ms" => Duration::from_millis,
        "s" => Duration::from_secs,
        _ => return None,
    };
    // Digits alone, so that no sign comes through.
    number.parse().ok().map(of)
}
