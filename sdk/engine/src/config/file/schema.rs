//! What a tree may contain, and whether it does.

use super::component::ComponentKind;
use crate::ErrorKind;
use crate::config::{
    Node, Position, Value,
    problem::{Problem, Problems, join, listed},
};
use crate::options::{LogLevel, PROBABILITIES, is_probability};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

/// What belongs at a place.
#[derive(Debug)]
pub(in crate::config) enum Shape {
    Text,
    Bool,
    /// A whole number from this one on.
    Integer(u64),
    /// A number, but no infinity.
    Number,
    /// A number from 0 to 1.
    Ratio,
    /// The same of consistent sampling, which has no shares between 0 and 2^-56.
    Probability,
    /// One of these names.
    Name(&'static [&'static str]),
    /// At least so many of these.
    List(&'static Shape, usize),
    /// Exactly these members. Null is a map without members.
    Map(&'static [Field]),
    /// Exactly one of these members; of this kind there may also be components that the user brings.
    OneOf(&'static [Field], Option<ComponentKind>),
    /// A version of the format, which is looked at elsewhere.
    Version,
    /// Whatever it is, it is passed on or looked at elsewhere.
    Any,
}

/// Whether a member has to be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::config) enum Need {
    Optional,
    /// It must be there and say something.
    Required,
    /// It must be there, but may be null.
    Present,
}

/// A member of a map.
#[derive(Debug)]
pub(in crate::config) struct Field {
    pub(in crate::config) name: &'static str,
    pub(in crate::config) shape: &'static Shape,
    pub(in crate::config) need: Need,
}

/// A member that may be absent or null.
pub(in crate::config) const fn may(name: &'static str, shape: &'static Shape) -> Field {
    Field {
        name,
        shape,
        need: Need::Optional,
    }
}

/// A member that must be there.
pub(in crate::config) const fn must(name: &'static str, shape: &'static Shape) -> Field {
    Field {
        name,
        shape,
        need: Need::Required,
    }
}

/// Something about a configuration that the user should know.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Remark {
    /// `Warn` when something of the traces is not as it was asked for. `Info` when it is, and for what is about other
    /// things than this version does: other signals, and instrumentation that there is none of.
    pub level: LogLevel,
    /// What it is about.
    pub path: String,
    /// Where that stands, when the configuration was read from a text.
    pub at: Option<Position>,
    /// One line for people, without secrets.
    pub text: String,
}

impl Remark {
    pub(in crate::config) fn new(
        level: LogLevel,
        path: &str,
        at: Option<Position>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            level,
            path: path.to_string(),
            at,
            text: text.into(),
        }
    }
}

impl fmt::Display for Remark {
    /// Place, path, text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.at {
            write!(f, "{at}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.text)
    }
}

/// Looks for everything that is wrong.
#[derive(Debug, Default)]
pub(in crate::config) struct Check {
    pub(in crate::config) problems: Problems,
    pub(in crate::config) remarks: Vec<Remark>,
}

impl Check {
    /// Looks at a value. What is null has been looked at by the map it stands in.
    pub(in crate::config) fn value(&mut self, path: &str, node: &Node, shape: &Shape) {
        match (shape, &node.value) {
            (Shape::Any | Shape::Version, _)
            | (Shape::Text, Value::Str(_))
            | (Shape::Bool, Value::Bool(_))
            | (Shape::Map([]), Value::Null) => {}
            (Shape::Integer(min), Value::Int(number)) => {
                if u64::try_from(*number).is_ok_and(|number| number >= *min) {
                    return;
                }
                let text = format!("{number} is less than {min}, the smallest number here");
                self.problems.at(ErrorKind::BadValue, path, node, text);
            }
            (Shape::Number, Value::Int(_) | Value::Float(_)) => {
                if !node.as_f64().is_some_and(f64::is_finite) {
                    let text = "it is not a finite number";
                    self.problems.at(ErrorKind::BadValue, path, node, text);
                }
            }
            (Shape::Ratio, Value::Int(_) | Value::Float(_)) => {
                let number = node.as_f64().unwrap_or(f64::NAN);
                if !(0.0..=1.0).contains(&number) {
                    let text = format!("{number} is not between 0 and 1");
                    self.problems.at(ErrorKind::BadValue, path, node, text);
                }
            }
            (Shape::Probability, Value::Int(_) | Value::Float(_)) => {
                let number = node.as_f64().unwrap_or(f64::NAN);
                if !is_probability(number) {
                    let text = format!("{number} is not {PROBABILITIES}");
                    self.problems.at(ErrorKind::BadValue, path, node, text);
                }
            }
            (Shape::Name(names), Value::Str(text)) => {
                if !names.contains(&text.as_str()) {
                    self.problems.unknown_name(path, node, text, names);
                }
            }
            (Shape::List(item, least), Value::List(items)) => {
                if items.len() < *least {
                    let text = format!("at least {least} is needed here");
                    self.problems.at(ErrorKind::Missing, path, node, text);
                }
                for (index, node) in items.iter().enumerate() {
                    self.item(&format!("{path}[{index}]"), node, item);
                }
            }
            (Shape::Map(fields), Value::Map(_) | Value::Null) => self.map(path, node, fields),
            (Shape::OneOf(fields, kind), Value::Map(_)) => self.one_of(path, node, fields, *kind),
            _ => self.problems.wrong_type(path, node, shape.name()),
        }
    }

    /// An item of a list must not be null, unless it is a map of which nothing is needed.
    fn item(&mut self, path: &str, node: &Node, shape: &Shape) {
        match (shape, node.is_null()) {
            (Shape::Map(_) | Shape::Any | Shape::Version, _) | (_, false) => self.value(path, node, shape),
            (_, true) => self.problems.wrong_type(path, node, shape.name()),
        }
    }

    fn map(&mut self, path: &str, node: &Node, fields: &[Field]) {
        for entry in node.entries() {
            match fields.iter().find(|field| field.name == entry.key) {
                Some(field) => {
                    let member = join(path, &entry.key);
                    self.experimental(&member, &entry.key, entry.at);
                    self.member(&member, &entry.value, field);
                }
                None => self.unknown(path, &entry.key, entry.at, fields),
            }
        }
        for field in fields {
            if node.get(field.name).is_none() && field.need != Need::Optional {
                let text = format!("`{}` is needed here: {}", field.name, field.shape.name());
                let missing = join(path, field.name);
                self.problems.at(ErrorKind::Missing, &missing, node, text);
            }
        }
    }

    fn member(&mut self, path: &str, node: &Node, field: &Field) {
        match (field.shape, node.is_null(), field.need) {
            (_, false, _) | (Shape::Map(_), ..) => self.value(path, node, field.shape),
            (shape, true, Need::Required) => {
                let text = format!("{} is needed here, not nothing", shape.name());
                self.problems.at(ErrorKind::Missing, path, node, text);
            }
            (_, true, Need::Optional | Need::Present) => {}
        }
    }

    fn one_of(&mut self, path: &str, node: &Node, fields: &[Field], kind: Option<ComponentKind>) {
        let names = || listed(fields.iter().map(|field| field.name));
        match node.entries() {
            [] => {
                let text = format!("one of {} is needed here", names());
                self.problems.at(ErrorKind::Missing, path, node, text);
            }
            [entry] => match fields.iter().find(|field| field.name == entry.key) {
                Some(field) => {
                    let member = join(path, &entry.key);
                    self.experimental(&member, &entry.key, entry.at);
                    self.member(&member, &entry.value, field);
                }
                // Whether there is such a component is known when it is made.
                None if kind.is_some() => {}
                None => self.unknown(path, &entry.key, entry.at, fields),
            },
            [_, second, ..] => {
                let text = format!("exactly one of {} is needed here, not several", names());
                let at = second.at.or(node.at);
                self.problems
                    .push(Problem::new(ErrorKind::BadValue, path, at, text));
            }
        }
    }

    fn unknown(&mut self, path: &str, key: &str, at: Option<Position>, fields: &[Field]) {
        let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
        self.problems.unknown_key(path, key, at, known);
    }

    fn experimental(&mut self, path: &str, key: &str, at: Option<Position>) {
        if key.ends_with("/development") {
            let text = "this part of the file format is experimental and may change";
            self.remarks.push(Remark::new(LogLevel::Info, path, at, text));
        }
    }
}

impl Shape {
    /// For a message.
    fn name(&self) -> &'static str {
        match self {
            Self::Text | Self::Name(_) => "text",
            Self::Bool => "`true` or `false`",
            Self::Integer(_) => "a whole number",
            Self::Number | Self::Ratio | Self::Probability => "a number",
            Self::List(..) => "a list",
            Self::Map(_) => "a map",
            Self::OneOf(..) => "a map with one member",
            Self::Version => "the version of the format, `\"1.1\"`",
            Self::Any => "a value",
        }
    }
}
