//! What a configuration sets, as options by their names.

use super::Position;
use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;
use spanline_core::OwnedValue;

/// One option that a configuration sets.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Flat {
    /// The option's name, in dotted snake case.
    pub name: String,
    /// Its value, in the form that [`Options::set`](crate::options::Options::set) takes.
    pub value: OwnedValue,
    /// Where the configuration says so: a path from its root.
    pub path: String,
    /// Where that stands, when the configuration was read from a text.
    pub at: Option<Position>,
    /// Path and place of each item, where the value is a list whose items stand at places of their own.
    pub items: Vec<(String, Option<Position>)>,
}

/// Exactly the options that a configuration sets, each once.
///
/// ```
/// use spanline_core::OwnedValue;
/// use spanline_engine::config::{dictionary, Node};
/// let options = dictionary(&Node::map([("service_name", Node::from("shop"))]))?;
/// assert_eq!(options.get("service_name"), Some(&OwnedValue::from("shop")));
/// # Ok::<(), spanline_engine::config::Problem>(())
/// ```
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FlatOptions(Vec<Flat>);

impl FlatOptions {
    /// Sets an option; one that is set already is replaced.
    pub(super) fn set(&mut self, name: &str, value: impl Into<OwnedValue>, path: &str, at: Option<Position>) {
        self.0.retain(|known| known.name != name);
        self.0.push(Flat {
            name: name.to_owned(),
            value: value.into(),
            path: path.to_owned(),
            at,
            items: Vec::new(),
        });
    }

    /// Says where the items of an option stand that has been set.
    pub(super) fn place_items(&mut self, name: &str, items: Vec<(String, Option<Position>)>) {
        if let Some(flat) = self.0.iter_mut().find(|flat| flat.name == name) {
            flat.items = items;
        }
    }

    /// Path and place of what sets an option: `sampler`, `exporter[1].endpoint`.
    pub fn place(&self, option: &str) -> Option<(&str, Option<Position>)> {
        let (name, rest) = option.split_once('[').unwrap_or((option, ""));
        let flat = self.iter().find(|flat| flat.name == name)?;
        let index = rest.split_once(']').and_then(|(index, _)| integer_of(index));
        let item = index.and_then(|index| flat.items.get(index));
        Some(match item {
            Some((path, at)) => (path, *at),
            None => (&flat.path, flat.at),
        })
    }

    /// The options, in the order in which they were set.
    pub fn iter(&self) -> core::slice::Iter<'_, Flat> {
        self.0.iter()
    }

    /// The value of this option, when it is set.
    pub fn get(&self, name: &str) -> Option<&OwnedValue> {
        self.iter().find(|flat| flat.name == name).map(|flat| &flat.value)
    }

    /// How many options are set.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a FlatOptions {
    type Item = &'a Flat;
    type IntoIter = core::slice::Iter<'a, Flat>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Leaves the value out: it may be, or contain, a secret.
impl fmt::Debug for Flat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.map(|at| at.to_string());
        f.debug_struct("Flat")
            .field("name", &self.name)
            .field("path", &self.path)
            .field("at", &at)
            .finish_non_exhaustive()
    }
}

/// One exporter: its name, and its own options by their names.
#[derive(Clone, Debug)]
pub(super) struct FlatExporter(Vec<(String, OwnedValue)>);

impl FlatExporter {
    pub(super) fn new(name: &str) -> Self {
        Self(alloc::vec![("name".to_owned(), name.to_owned().into())])
    }

    pub(super) fn set(&mut self, member: &str, value: impl Into<OwnedValue>) {
        self.0.retain(|(known, _)| known != member);
        self.0.push((member.to_owned(), value.into()));
    }

    pub(super) fn into_value(self) -> OwnedValue {
        OwnedValue::Map(self.0)
    }
}

fn integer_of(digits: &str) -> Option<usize> {
    crate::options::text::integer(digits).and_then(|number| usize::try_from(number).ok())
}

/// A whole number as a value; what does not fit is the largest that does, which is out of every range.
pub(super) fn integer(number: u64) -> OwnedValue {
    OwnedValue::I64(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A sampler by name, with its rate where it has one.
pub(super) fn sampler(name: &str, rate: Option<f64>) -> OwnedValue {
    let name = ("name".to_owned(), name.to_owned().into());
    let rate = rate.map(|rate| ("rate".to_owned(), OwnedValue::F64(rate)));
    OwnedValue::Map([name].into_iter().chain(rate).collect())
}

/// A list of texts.
pub(super) fn names(names: impl IntoIterator<Item = impl Into<String>>) -> OwnedValue {
    let names = names.into_iter().map(|name| OwnedValue::from(name.into()));
    OwnedValue::List(names.collect())
}
