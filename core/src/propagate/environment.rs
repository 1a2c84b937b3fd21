//! Environment variables as a carrier.

use super::{Getter, Setter};
use alloc::{
    borrow::{Cow, ToOwned},
    collections::{BTreeMap, btree_map},
    string::String,
    vec::Vec,
};

/// A copy of an environment, as a carrier: a process is started with the context of the one that starts it.
///
/// A field's name becomes that of a variable by [`Environment::name_of`]: `traceparent` is `TRACEPARENT`, and a variable
/// that is really called `traceparent` is not seen. Nothing here reads or changes the environment of the process.
///
/// ```
/// use spanline_core::{Context, propagate::{Environment, TextMapPropagator, TraceContextPropagator}};
/// let environment = Environment::from_iter([
///     ("TRACEPARENT", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
/// ]);
/// let context = TraceContextPropagator.extract(Context::EMPTY, &environment);
/// assert!(context.span_context().is_remote());
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Without variables.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The name of the variable that carries a field: ASCII letters become capitals, everything else but ASCII digits
    /// becomes `_`, and a digit in front gets one before it.
    ///
    /// ```
    /// use spanline_core::propagate::Environment;
    /// assert_eq!(Environment::name_of("x-b3-traceid"), "X_B3_TRACEID");
    /// assert_eq!(Environment::name_of("1st"), "_1ST");
    /// ```
    pub fn name_of(field: &str) -> Cow<'_, str> {
        if is_name(field) {
            return Cow::Borrowed(field);
        }
        let mut name = String::with_capacity(field.len() + 1);
        if field.is_empty() || field.starts_with(|c: char| c.is_ascii_digit()) {
            name.push('_');
        }
        name.extend(field.chars().map(|c| match c.to_ascii_uppercase() {
            c @ ('A'..='Z' | '0'..='9') => c,
            _ => '_',
        }));
        Cow::Owned(name)
    }

    /// The value of a variable of just this name.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All variables, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// `[A-Z_][A-Z0-9_]*`.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .bytes()
            .all(|c| matches!(c, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
}

impl Getter for Environment {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(&*Self::name_of(name)).map(String::as_bytes)
    }

    fn get_all_exact<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        self.get_all(name, visit);
    }

    /// The variables whose names could be those of fields.
    fn keys(&self) -> Vec<&str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(|name| is_name(name))
            .collect()
    }
}

impl Setter for Environment {
    fn set(&mut self, name: &str, value: &str) {
        self.0.insert(Self::name_of(name).into_owned(), value.to_owned());
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    /// Names are taken as they are; of a name that repeats the last value counts.
    fn from_iter<T: IntoIterator<Item = (K, V)>>(variables: T) -> Self {
        let variables = variables.into_iter();
        Self(
            variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl IntoIterator for Environment {
    type Item = (String, String);
    type IntoIter = btree_map::IntoIter<String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Environment {
    type Item = (&'a String, &'a String);
    type IntoIter = btree_map::Iter<'a, String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
