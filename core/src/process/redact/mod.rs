//! Redaction: what spans must not say.

mod card;
mod email;
mod find;
mod ip;
mod keys;
mod secrets;
#[cfg(test)]
mod tests;
mod url;

pub use find::{QueryParameters, TextFinder, built_in_finder, built_in_finders};

use super::RegexMaker;
use crate::OwnedValue;
use crate::sample::Pattern;
use crate::wire::otlp::{Place, Rewrite, ValueView, Visited};
use alloc::{
    borrow::ToOwned,
    boxed::Box,
    collections::BTreeMap,
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use keys::Keys;

/// What stands in place of what must not be seen.
const MASK: &str = "REDACTED";

/// Values nested deeper are not looked at, and become the empty value.
const DEPTH: u32 = 100;

/// How many times over a text may be searched by a finder that may look beyond what it finds.
const LOOKS: u64 = 64;

/// Bytes that a text counts as longer, in this: in a short one anything may be found everywhere.
const SPARE: u64 = 1024;

/// What spans must not say: by the keys of attributes, and by what is found in texts. It says nothing unless told to.
///
/// Attributes are those of spans, events and links; texts are their values, also within arrays and maps, the names of
/// spans and events, and the messages of statuses. Of bytes the keys alone decide. Of an attribute the first of these that
/// applies:
///
/// 1. where keys are listed as allowed, and it is not among them, it is removed;
/// 2. a key that is to be removed: it is removed;
/// 3. a key that is to be masked: the mask takes the place of its value, whatever that is;
/// 4. what is found in texts is replaced by the mask. Whole numbers are looked at as text, too.
///
/// Within maps the same holds for their keys, but for the first; and what is found in a key is replaced by the mask, too.
/// Keys that are the same then are numbered from the second on: `REDACTED`, `REDACTED 2`. Keys of attributes are not looked
/// at as texts, nor are numbers with a point.
///
/// ```
/// use spanline_core::process::{Redaction, built_in_finder};
/// use spanline_core::sample::Pattern;
/// let redaction = Redaction::new()
///     .mask_key(Pattern::glob("*password*"))
///     .remove_key(Pattern::exact("http.request.header.cookie"))
///     .find(built_in_finder("email").unwrap());
/// assert_eq!(redaction.text("me@example.com was refused").as_deref(), Some("REDACTED was refused"));
/// assert_eq!(redaction.text("nobody was"), None);
/// ```
#[derive(Clone, Debug)]
pub struct Redaction {
    mask: Box<str>,
    ignores_case: bool,
    allowed: Option<Keys>,
    removed: Keys,
    masked: Keys,
    finders: Vec<Arc<dyn TextFinder>>,
}

/// How much was redacted; never what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct RedactionCounts {
    /// Values, names and messages that were replaced, wholly or in part.
    pub masked: u64,
    /// Attributes that were removed.
    pub removed: u64,
    /// Of those masked, the ones with a text of which nothing is left, since too much was found in it; see
    /// [`TextFinder::looks_once`].
    pub failed: u64,
}

impl Default for Redaction {
    fn default() -> Self {
        Self::new()
    }
}

impl Redaction {
    /// Redacts nothing.
    pub fn new() -> Self {
        Self {
            mask: MASK.into(),
            ignores_case: true,
            allowed: None,
            removed: Keys::default(),
            masked: Keys::default(),
            finders: Vec::new(),
        }
    }

    /// What stands in place of what must not be seen. Default: `REDACTED`.
    #[must_use]
    pub fn mask(mut self, mask: impl Into<Box<str>>) -> Self {
        self.mask = mask.into();
        self
    }

    /// Whether patterns for keys that are masked or removed have regard to the case of ASCII letters. Default: they have
    /// none. Patterns by code, such as regular expressions, decide for themselves.
    #[must_use]
    pub fn case_sensitive(mut self, case_sensitive: bool) -> Self {
        self.ignores_case = !case_sensitive;
        self
    }

    /// Masks the values of attributes with such keys.
    #[must_use]
    pub fn mask_key(mut self, key: Pattern) -> Self {
        self.masked.push(key);
        self
    }

    /// Removes attributes with such keys.
    #[must_use]
    pub fn remove_key(mut self, key: Pattern) -> Self {
        self.removed.push(key);
        self
    }

    /// Removes all attributes whose keys are not allowed by this or another call. Case counts.
    #[must_use]
    pub fn allow_key(mut self, key: Pattern) -> Self {
        self.allowed.get_or_insert_default().push(key);
        self
    }

    /// Removes all attributes whose keys are not allowed; without [`Self::allow_key`] all of them.
    #[must_use]
    pub fn allow_only_listed_keys(mut self) -> Self {
        self.allowed.get_or_insert_default();
        self
    }

    /// Replaces what this finds in texts. Several look one after another, in the order given.
    #[must_use]
    pub fn find(mut self, finder: Arc<dyn TextFinder>) -> Self {
        self.finders.push(finder);
        self
    }

    /// Whether it redacts nothing.
    pub fn is_empty(&self) -> bool {
        let keys = self.removed.is_empty() && self.masked.is_empty();
        self.allowed.is_none() && keys && self.finders.is_empty()
    }

    /// What becomes of something that a span says.
    pub fn answer(&self, visited: Visited<'_>, counts: &mut RedactionCounts) -> Rewrite {
        let is_attribute = is_attribute(visited.place);
        let not_allowed = |allowed: &Keys| !allowed.fit(visited.key);
        if is_attribute
            && (self.allowed.as_ref().is_some_and(not_allowed) || self.fit(&self.removed, visited.key))
        {
            counts.removed += 1;
            return Rewrite::Remove;
        }
        let mut too_much = false;
        let new = match is_attribute && self.fit(&self.masked, visited.key) {
            true => self.masked_value(visited.value),
            false => self.value(visited.value, 1, &mut too_much),
        };
        match new {
            Some(new) => {
                counts.masked += 1;
                counts.failed += u64::from(too_much);
                Rewrite::Replace(new)
            }
            None => Rewrite::Keep,
        }
    }

    /// The answer where it cannot be told what must not be seen: nothing is.
    pub fn answer_blindly(&self, counts: &mut RedactionCounts) -> Rewrite {
        counts.masked += 1;
        Rewrite::Replace(OwnedValue::from(&*self.mask))
    }

    /// A text without what must not be seen. `None`: there is nothing like that in it.
    pub fn text(&self, text: &str) -> Option<String> {
        self.look_through(text, &mut false)
    }

    /// The same. It is said in `too_much` when nothing but the mask is left since too much was found.
    fn look_through(&self, text: &str, too_much: &mut bool) -> Option<String> {
        let mut new: Option<String> = None;
        for finder in &self.finders {
            match self.replace(&**finder, new.as_deref().unwrap_or(text)) {
                Ok(replaced) => new = replaced.or(new),
                Err(TooMuch) => {
                    *too_much = true;
                    return Some((*self.mask).to_owned());
                }
            }
        }
        new
    }

    fn replace(&self, finder: &dyn TextFinder, text: &str) -> Result<Option<String>, TooMuch> {
        let mut new: Option<String> = None;
        let mut from = 0;
        // Each search may go to the end of the text: where much is found that is its length, squared.
        let mut left = match finder.looks_once() {
            true => u64::MAX,
            false => LOOKS.saturating_mul(SPARE.saturating_add(text.len() as u64)),
        };
        while from < text.len() {
            left = left.checked_sub((text.len() - from) as u64).ok_or(TooMuch)?;
            let Some(found) = finder.find(text, from) else {
                break;
            };
            let sound = found.start >= from && found.end > found.start && text.get(found.clone()).is_some();
            let found = if sound { found } else { from..text.len() };
            let out = new.get_or_insert_default();
            out.push_str(text.get(from..found.start).unwrap_or_default());
            out.push_str(&self.mask);
            from = found.end;
        }
        Ok(new.map(|mut out| {
            out.push_str(text.get(from..).unwrap_or_default());
            out
        }))
    }

    /// What takes the place of a value, if anything does.
    fn value(&self, value: ValueView<'_>, depth: u32, too_much: &mut bool) -> Option<OwnedValue> {
        match value {
            ValueView::Str(text) => self.look_through(text, too_much).map(OwnedValue::from),
            ValueView::I64(number) if !self.finders.is_empty() => self
                .look_through(&number.to_string(), too_much)
                .map(OwnedValue::from),
            ValueView::List(_) | ValueView::Map(_) if depth > DEPTH => Some(OwnedValue::Empty),
            ValueView::List(items) => {
                let items = items.map(|item| (item, self.value(item, depth + 1, too_much)));
                let items: Vec<_> = items.collect();
                let changed = items.iter().any(|(_, new)| new.is_some());
                let kept = |(item, new): (ValueView<'_>, Option<_>)| new.unwrap_or_else(|| item.to_owned());
                changed.then(|| OwnedValue::List(items.into_iter().map(kept).collect()))
            }
            ValueView::Map(entries) => {
                let mut changed = false;
                let mut new = Vec::new();
                let mut same = BTreeMap::new();
                for (key, value) in entries {
                    if self.fit(&self.removed, key) {
                        changed = true;
                        continue;
                    }
                    let other = match self.fit(&self.masked, key) {
                        true => self.masked_value(value),
                        false => self.value(value, depth + 1, too_much),
                    };
                    let key = match self.look_through(key, too_much) {
                        Some(masked) => {
                            changed = true;
                            numbered(masked, &mut same)
                        }
                        None => key.to_owned(),
                    };
                    changed |= other.is_some();
                    new.push((key, other.unwrap_or_else(|| value.to_owned())));
                }
                changed.then_some(OwnedValue::Map(new))
            }
            _ => None,
        }
    }

    fn fit(&self, keys: &Keys, key: &str) -> bool {
        if self.ignores_case {
            keys.fit_any_case(key)
        } else {
            keys.fit(key)
        }
    }

    /// The mask, unless the value is that already.
    fn masked_value(&self, value: ValueView<'_>) -> Option<OwnedValue> {
        (value.as_str() != Some(&self.mask)).then(|| OwnedValue::from(&*self.mask))
    }
}

/// Too much was found in a text.
struct TooMuch;

/// A key that something was found in, so that it is not that of another in the same map.
fn numbered(key: String, same: &mut BTreeMap<String, u64>) -> String {
    let count = same.entry(key.clone()).or_default();
    *count += 1;
    match *count {
        1 => key,
        count => format!("{key} {count}"),
    }
}

fn is_attribute(place: Place) -> bool {
    matches!(
        place,
        Place::Attribute | Place::EventAttribute(_) | Place::LinkAttribute(_)
    )
}

/// A pattern for keys that is given as text: with `*` for any characters and `?` for one; with `=` in front, exactly what
/// follows; with `~` in front, a regular expression, which `regex` makes.
///
/// # Errors
/// What `regex` says, and that there is no pattern.
///
/// ```
/// use spanline_core::process::key_pattern;
/// let none = |_: &str| Err("no regular expressions here".to_owned());
/// assert!(key_pattern("*.password", &none).unwrap().matches("db.password"));
/// assert!(!key_pattern("=*.password", &none).unwrap().matches("db.password"));
/// assert!(key_pattern("~^db", &none).is_err() && key_pattern("=", &none).is_err());
/// ```
pub fn key_pattern(text: &str, regex: RegexMaker<'_>) -> Result<Pattern, String> {
    let pattern = match (text.strip_prefix('='), text.strip_prefix('~')) {
        (Some(exact), _) => Pattern::exact(exact),
        (_, Some(expression)) => Pattern::Custom(regex(expression)?),
        _ => Pattern::glob(text),
    };
    match text.trim_start_matches(['=', '~']) {
        "" => Err(format!("`{text}` is no pattern for keys")),
        _ => Ok(pattern),
    }
}
