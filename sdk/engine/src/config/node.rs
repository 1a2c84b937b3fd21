//! The tree that a configuration is read into, whatever it was written in.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

/// Where something stands in a text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value of a configuration: what YAML, JSON or a dictionary of any language can say.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Value {
    /// Present, but nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number; also a whole one beyond 64 bits.
    Float(f64),
    /// Text.
    Str(String),
    /// A list.
    List(Vec<Node>),
    /// Names and values, in the order written.
    Map(Vec<Entry>),
}

/// One member of a map.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Its name.
    pub key: String,
    /// Where the name stands.
    pub at: Option<Position>,
    /// Its value.
    pub value: Node,
}

/// A value with the place it was read from, when it was read from a text.
///
/// ```
/// use spanline_engine::config::Node;
/// let tree = Node::map([("service_name", Node::from("shop")), ("sampler", Node::map([("rate", Node::from(0.5))]))]);
/// assert_eq!(tree.get("service_name").and_then(Node::as_str), Some("shop"));
/// assert!(tree.get("exporters").is_none());
/// ```
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub at: Option<Position>,
    /// A scalar that is not text as it was written: version `1.10` is a number, but may be meant as text.
    written: Option<String>,
}

/// A plain value as a tree; bytes, which no configuration has, are nothing.
impl From<&spanline_core::OwnedValue> for Node {
    fn from(value: &spanline_core::OwnedValue) -> Self {
        use spanline_core::OwnedValue;
        let value = match value {
            OwnedValue::Bool(value) => Value::Bool(*value),
            OwnedValue::I64(number) => Value::Int(*number),
            OwnedValue::F64(number) => Value::Float(*number),
            OwnedValue::Str(text) => Value::Str(text.as_ref().to_owned()),
            OwnedValue::List(items) => Value::List(items.iter().map(Self::from).collect()),
            OwnedValue::Map(members) => {
                return Self::map(
                    members
                        .iter()
                        .map(|(name, value)| (name.as_str(), Self::from(value))),
                );
            }
            _ => Value::Null,
        };
        value.into()
    }
}

impl Node {
    /// A value that was read at this place.
    pub fn at(value: Value, at: Option<Position>) -> Self {
        Self {
            value,
            at,
            written: None,
        }
    }

    /// The same, written so.
    #[must_use]
    pub fn written(mut self, text: &str) -> Self {
        self.written = (!matches!(self.value, Value::Str(_))).then(|| text.to_owned());
        self
    }

    /// A map of these members; of equal names the first is the one that is found.
    pub fn map(members: impl IntoIterator<Item = (impl Into<String>, Self)>) -> Self {
        let entry = |(key, value): (_, Self)| Entry {
            key: Into::into(key),
            at: None,
            value,
        };
        Value::Map(members.into_iter().map(entry).collect()).into()
    }

    /// A list of these items.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Value::List(items.into_iter().collect()).into()
    }

    /// The member of this name, also when it is null. `None` when there is none, or this is not a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// The member at this path of names; a null on the way has no members.
    pub fn find<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Option<&Self> {
        path.into_iter().try_fold(self, |node, key| node.get(key))
    }

    /// The members of a map; nothing for what is not one.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; nothing for what is not one.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The text, when it is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, when it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The whole number, when it is one that is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match self.value {
            Value::Int(number) => u64::try_from(number).ok(),
            _ => None,
        }
    }

    /// The number, when it is one of either kind.
    #[expect(clippy::cast_precision_loss, reason = "the nearest one is meant")]
    pub fn as_f64(&self) -> Option<f64> {
        match self.value {
            Value::Int(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            _ => None,
        }
    }

    /// Any scalar but null as text: as it was written, where it was read from a text.
    pub fn text(&self) -> Option<String> {
        if let Some(written) = &self.written {
            return (!self.is_null()).then(|| written.clone());
        }
        match &self.value {
            Value::Bool(value) => Some(value.to_string()),
            Value::Int(number) => Some(number.to_string()),
            Value::Float(number) => Some(format!("{number:?}")),
            Value::Str(text) => Some(text.clone()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// What kind of value it is, for a message.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Str(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self::at(value, None)
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),*) => {$(
        impl From<$type> for Node {
            fn from(value: $type) -> Self {
                Value::$variant(value.into()).into()
            }
        }
    )*};
}

from!(bool => Bool, i64 => Int, i32 => Int, u32 => Int, f64 => Float, &str => Str, String => Str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_path_and_null_is_not_absent() {
        let tree = Node::map([("a", Node::map([("b", Node::from(1)), ("c", Node::default())]))]);
        assert_eq!(tree.find(["a", "b"]).and_then(Node::as_u64), Some(1));
        assert!(tree.find(["a", "c"]).is_some_and(Node::is_null));
        assert!(tree.find(["a", "d"]).is_none());
        assert!(tree.find(["a", "c", "d"]).is_none());
    }

    #[test]
    fn scalars_keep_how_they_were_written() {
        let version = Node::from(1.1).written("1.10");
        assert_eq!(
            (version.as_f64(), version.text().as_deref()),
            (Some(1.1), Some("1.10"))
        );
        assert_eq!(Node::from(1.0).text().as_deref(), Some("1.0"));
        assert_eq!(Node::from(-1).as_u64(), None);
        assert_eq!(Node::default().written("~").text(), None);
    }
}
