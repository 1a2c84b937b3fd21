//! What is wrong with a configuration.

use super::{Node, Position};
use crate::options::{closest, text::quoted};
use crate::{Error, ErrorKind};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::fmt;

/// One thing that is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Problem {
    /// `Parse`, `UnknownKey`, `WrongType`, `BadValue`, `Missing` or `Unsupported`.
    pub kind: ErrorKind,
    /// From the root of the form, names joined by dots: `exporters[0].type`. Empty for the whole.
    pub path: String,
    /// Where it stands in the text, when it was read from one.
    pub at: Option<Position>,
    /// What is wrong and what to do, without secrets.
    pub text: String,
    /// The name that was probably meant.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem at a path.
    pub fn new(
        kind: ErrorKind,
        path: impl Into<String>,
        at: Option<Position>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            path: path.into(),
            at,
            text: text.into(),
            hint: None,
        }
    }

    /// The same with the accepted name that is closest to this one, if one is close.
    #[must_use]
    pub fn with_hint<'a>(mut self, unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.hint = closest(unknown, known).map(ToOwned::to_owned);
        self
    }

    /// The error, about the configuration of this name (a file's), when it has one.
    pub fn into_error(self, name: Option<&str>) -> Error {
        let place = match (name, self.at) {
            (Some(name), Some(at)) => format!("{name}:{at}: "),
            (Some(name), None) => format!("{name}: "),
            (None, Some(at)) => format!("{at}: "),
            (None, None) => String::new(),
        };
        Error::new(self.kind, format!("{place}{self}"))
            .with_option(self.path)
            .with_hint(self.hint)
    }
}

impl fmt::Display for Problem {
    /// Path, what is wrong, hint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.text)?;
        match &self.hint {
            Some(hint) => write!(f, "; did you mean `{hint}`?"),
            None => Ok(()),
        }
    }
}

/// Collects what is wrong, in the order of the input. Unknown keys go before everything else.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// A problem of a value at a path.
    pub(super) fn at(&mut self, kind: ErrorKind, path: &str, node: &Node, text: impl Into<String>) {
        self.push(Problem::new(kind, path, node.at, text));
    }

    /// The value is not of the type that is needed.
    pub(super) fn wrong_type(&mut self, path: &str, node: &Node, needed: &str) {
        let text = format!("{needed} is needed here, not {}", node.kind());
        self.at(ErrorKind::WrongType, path, node, text);
    }

    /// The name has no place here.
    pub(super) fn unknown_key<'a>(
        &mut self,
        parent: &str,
        key: &str,
        at: Option<Position>,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) {
        let names = listed(known.clone());
        let text = if names.is_empty() {
            "nothing has a place here".to_owned()
        } else {
            format!("there is no such key here, only {names}")
        };
        let problem = Problem::new(ErrorKind::UnknownKey, join(parent, key), at, text);
        self.push(problem.with_hint(key, known));
    }

    /// The text is none of these names.
    pub(super) fn unknown_name(&mut self, path: &str, node: &Node, text: &str, known: &[&str]) {
        let wrong = format!("{} is not one of {}", quoted(text), listed(known.iter().copied()));
        let problem = Problem::new(ErrorKind::BadValue, path, node.at, wrong);
        self.push(problem.with_hint(text, known.iter().copied()));
    }

    /// The one to report.
    pub(super) fn first(self) -> Result<(), Problem> {
        let mut problems = self.0;
        let first = problems
            .iter()
            .position(|problem| problem.kind == ErrorKind::UnknownKey)
            .unwrap_or(0);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems.swap_remove(first))
        }
    }
}

/// The path of a member.
pub(super) fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() {
        key.to_owned()
    } else {
        format!("{parent}.{key}")
    }
}

/// Names for a message.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
