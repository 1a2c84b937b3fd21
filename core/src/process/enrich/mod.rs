//! Enrichment: rules that add, change and take away attributes of spans.

mod hash;
mod text;

pub use text::{EnrichError, ParsedRule};

use super::{RegexMaker, SpanConditions};
use crate::OwnedValue;
use crate::sample::Pattern;
use crate::wire::otlp::{SpanView, ValueView};
use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};

/// One rule of an [`Enrichment`].
#[derive(Clone, Debug)]
pub struct AttributeRule {
    action: Action,
    spans: Option<SpanConditions>,
}

#[derive(Clone, Debug)]
enum Action {
    Insert(Box<str>, OwnedValue),
    Upsert(Box<str>, OwnedValue),
    Update(Pattern, OwnedValue),
    Delete(Pattern),
    Hash(Pattern),
}

impl AttributeRule {
    fn of(action: Action) -> Self {
        Self { action, spans: None }
    }

    /// Sets an attribute where there is none of this key.
    pub fn insert(key: impl Into<Box<str>>, value: impl Into<OwnedValue>) -> Self {
        Self::of(Action::Insert(key.into(), value.into()))
    }

    /// Gives attributes with such keys this value.
    pub fn update(keys: Pattern, value: impl Into<OwnedValue>) -> Self {
        Self::of(Action::Update(keys, value.into()))
    }

    /// Sets an attribute, whether there is one of this key or not.
    pub fn upsert(key: impl Into<Box<str>>, value: impl Into<OwnedValue>) -> Self {
        Self::of(Action::Upsert(key.into(), value.into()))
    }

    /// Removes attributes with such keys.
    pub fn delete(keys: Pattern) -> Self {
        Self::of(Action::Delete(keys))
    }

    /// Gives attributes with such keys the SHA-256 hash of their value, as 64 hexadecimal digits in lower case.
    ///
    /// Hashed are the salt of [`Enrichment::salt`] and behind it, of text and bytes these, of a number its 8 bytes, the
    /// lowest first, of `false` and `true` a byte 0 or 1, and of arrays and maps their JSON. Without a salt who knows
    /// which values there may be can find out which one it was.
    pub fn hash(keys: Pattern) -> Self {
        Self::of(Action::Hash(keys))
    }

    /// Only for these spans, as they are before the first rule.
    #[must_use]
    pub fn when(mut self, spans: SpanConditions) -> Self {
        self.spans = Some(spans);
        self
    }

    /// A rule that is given as text, as the option `enrich.rules` takes it: what is done, then to what, then perhaps ` if `
    /// and conditions as a filter has them.
    ///
    /// | text | rule |
    /// |---|---|
    /// | `insert key=value` | [`Self::insert`] |
    /// | `update pattern=value` | [`Self::update`] |
    /// | `upsert key=value` | [`Self::upsert`] |
    /// | `delete pattern` | [`Self::delete`] |
    /// | `hash pattern` | [`Self::hash`] |
    ///
    /// Patterns are those of [`key_pattern`](super::key_pattern). A value is a number, `true` or `false` where it looks like
    /// one, else text; in quotes it is text, with `\"` and `\\` for these two; `env:NAME` is the text that `env` has for that
    /// name.
    ///
    /// # Errors
    /// What is wrong with the text.
    ///
    /// ```
    /// use spanline_core::process::{AttributeRule, ParsedRule};
    /// let regex = |_: &str| Err("no regular expressions here".to_owned());
    /// let env = |name: &str| (name == "ZONE").then(|| "a".to_owned());
    /// let rule = AttributeRule::parse("insert cloud.zone=env:ZONE if kind=server", &regex, &env).unwrap();
    /// assert!(matches!(rule, ParsedRule::Rule(_)));
    /// let rule = AttributeRule::parse("insert host.id=env:HOST_ID", &regex, &env).unwrap();
    /// assert!(matches!(rule, ParsedRule::NoVariable(name) if name == "HOST_ID"));
    /// assert!(AttributeRule::parse("enlarge key", &regex, &env).is_err());
    /// ```
    pub fn parse(
        text: &str,
        regex: RegexMaker<'_>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<ParsedRule, EnrichError> {
        text::rule(text, regex, env)
    }
}

/// What is to change in the attributes of a span.
#[derive(Clone, PartialEq, Debug)]
pub struct AttributeChange {
    /// The attribute's key.
    pub key: String,
    /// Its new value; `None`: it goes.
    pub value: Option<OwnedValue>,
}

/// Rules for the attributes of spans. They are followed one after another: each sees what those before it have done.
///
/// ```
/// use spanline_core::process::{AttributeRule, Enrichment};
/// use spanline_core::sample::Pattern;
/// let enrichment = Enrichment::new()
///     .rule(AttributeRule::insert("deployment.ring", "canary"))
///     .rule(AttributeRule::hash(Pattern::exact("user.id")));
/// # let _ = enrichment;
/// ```
#[derive(Clone, Default)]
pub struct Enrichment {
    rules: Vec<AttributeRule>,
    salt: Box<str>,
}

/// Does not show the salt.
impl core::fmt::Debug for Enrichment {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Enrichment")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// An attribute while the rules are followed.
enum State<'a> {
    Original(ValueView<'a>),
    New(OwnedValue),
    Gone,
}

impl Enrichment {
    /// No rule.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule.
    #[must_use]
    pub fn rule(mut self, rule: AttributeRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// What stands in front of every value that is hashed. Default: nothing.
    #[must_use]
    pub fn salt(mut self, salt: impl Into<Box<str>>) -> Self {
        self.salt = salt.into();
        self
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What is to change in a span of a service of this name, each key once. An attribute that goes may be one that the span
    /// has not: a rule had set it before.
    pub fn changes(&self, service_name: &str, span: SpanView<'_>) -> Vec<AttributeChange> {
        let mut states: Vec<(Cow<'_, str>, State<'_>)> = span
            .attributes()
            .map(|(key, value)| (Cow::Borrowed(key), State::Original(value)))
            .collect();
        for rule in &self.rules {
            let is_meant = |spans: &SpanConditions| spans.hold(service_name, span);
            if rule.spans.as_ref().is_none_or(is_meant) {
                self.follow(&rule.action, &mut states);
            }
        }
        let changes = states.into_iter().filter_map(|(key, state)| {
            let value = match state {
                State::Original(_) => return None,
                State::New(value) => Some(value),
                State::Gone => None,
            };
            let key = key.into_owned();
            Some(AttributeChange { key, value })
        });
        changes.collect()
    }

    fn follow(&self, action: &Action, states: &mut Vec<(Cow<'_, str>, State<'_>)>) {
        match action {
            Action::Insert(key, value) | Action::Upsert(key, value) => {
                let overwrites = matches!(action, Action::Upsert(..));
                match states.iter_mut().find(|(known, _)| *known == **key) {
                    Some((_, State::Original(_) | State::New(_))) if !overwrites => {}
                    Some((_, state)) => *state = State::New(value.clone()),
                    None => states.push((Cow::Owned(String::from(&**key)), State::New(value.clone()))),
                }
            }
            Action::Update(keys, value) => each(states, keys, |_| State::New(value.clone())),
            Action::Delete(keys) => each(states, keys, |_| State::Gone),
            Action::Hash(keys) => each(states, keys, |state| {
                let hash = match state {
                    State::Original(value) => hash::of_view(&self.salt, *value),
                    State::New(value) => hash::of(&self.salt, value.as_value()),
                    State::Gone => String::new(),
                };
                State::New(hash.into())
            }),
        }
    }
}

/// Changes the attributes that there are with such keys.
fn each<'a>(
    states: &mut [(Cow<'_, str>, State<'a>)],
    keys: &Pattern,
    change: impl Fn(&State<'a>) -> State<'a>,
) {
    for (key, state) in states {
        if !matches!(state, State::Gone) && keys.matches(key) {
            *state = change(state);
        }
    }
}

#[cfg(test)]
mod tests;
