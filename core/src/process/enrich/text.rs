//! Rules as text.

use super::{Action, AttributeRule};
use crate::OwnedValue;
use crate::process::redact::key_pattern;
use crate::process::{RegexMaker, filter_text};
use alloc::{borrow::ToOwned, format, string::String};
use core::fmt;

/// What is wrong with a rule, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnrichError(String);

impl fmt::Display for EnrichError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for EnrichError {}

/// What a text says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ParsedRule {
    /// This rule.
    Rule(AttributeRule),
    /// A rule without a value: there is no environment variable of this name.
    NoVariable(String),
}

pub(super) fn rule(
    text: &str,
    regex: RegexMaker<'_>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<ParsedRule, EnrichError> {
    let wrong = |what: &str| EnrichError(format!("`{text}`: {what}"));
    let (word, rest) = text
        .trim()
        .split_once(char::is_whitespace)
        .unwrap_or((text.trim(), ""));
    let (rest, conditions) = split_conditions(rest.trim());
    let pattern = |keys: &str| key_pattern(keys, regex).map_err(|why| wrong(&why));
    let action = match word {
        "delete" => Action::Delete(pattern(rest)?),
        "hash" => Action::Hash(pattern(rest)?),
        "insert" | "update" | "upsert" => {
            // A pattern may begin with `=`.
            let skipped = usize::from(word == "update" && rest.starts_with('='));
            let at = rest.get(skipped..).and_then(|rest| rest.find('='));
            let at = at.ok_or_else(|| wrong("it has no `=` with a value behind"))? + skipped;
            let (key, given) = rest.split_at(at);
            let (key, given) = (key.trim(), given.get(1..).unwrap_or_default().trim());
            if key.is_empty() {
                return Err(wrong("it has no key"));
            }
            let value = match given.strip_prefix("env:") {
                Some("") => return Err(wrong("`env:` has no name behind")),
                Some(name) => match env(name) {
                    Some(text) => OwnedValue::from(text),
                    None => return Ok(ParsedRule::NoVariable(name.to_owned())),
                },
                None => value(given).ok_or_else(|| wrong("its quotes are not in order"))?,
            };
            match word {
                "insert" => Action::Insert(key.into(), value),
                "upsert" => Action::Upsert(key.into(), value),
                _ => Action::Update(pattern(key)?, value),
            }
        }
        _ => {
            return Err(wrong(
                "a rule begins with `insert`, `update`, `upsert`, `delete` or `hash`",
            ));
        }
    };
    let rule = AttributeRule::of(action);
    Ok(ParsedRule::Rule(match conditions {
        Some(text) => {
            let spans = filter_text::conditions(text, regex);
            rule.when(spans.map_err(|error| wrong(&format!("{error}")))?)
        }
        None => rule,
    }))
}

/// What stands in front of the first ` if ` that is not in quotes, and what behind.
fn split_conditions(text: &str) -> (&str, Option<&str>) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' if !quoted => {
                let (front, rest) = text.split_at(at);
                if let Some(conditions) = rest.strip_prefix(" if ") {
                    return (front.trim(), Some(conditions.trim()));
                }
            }
            _ => {}
        }
    }
    (text, None)
}

/// `None`: it begins with a quote and does not end with the next one.
fn value(text: &str) -> Option<OwnedValue> {
    if let Some(rest) = text.strip_prefix('"') {
        return quoted(rest).map(OwnedValue::from);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let looks_like_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-'));
    Some(match text {
        "true" => OwnedValue::Bool(true),
        "false" => OwnedValue::Bool(false),
        _ if !looks_like_number => text.into(),
        _ => match (text.parse(), text.parse::<f64>()) {
            (Ok(number), _) => OwnedValue::I64(number),
            // A number beyond 64 bits stays what was written.
            (_, Ok(number)) if digits.contains(['.', 'e', 'E']) && number.is_finite() => {
                OwnedValue::F64(number)
            }
            _ => text.into(),
        },
    })
}

/// What stands in front of the quote that ends the text.
fn quoted(rest: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => return chars.as_str().is_empty().then_some(out),
            '\\' => match chars.next()? {
                c @ ('"' | '\\') => out.push(c),
                _ => return None,
            },
            c => out.push(c),
        }
    }
}
