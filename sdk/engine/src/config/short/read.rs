//! Going through a tree: what both short forms have in common.

use crate::config::{
    Node, Position, Value,
    flat::FlatOptions,
    problem::{Problems, join},
};
use spanline_core::OwnedValue;

/// What has been set and what was wrong so far.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) options: FlatOptions,
    pub(super) problems: Problems,
}

/// A place in the tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a> {
    pub(super) path: &'a str,
    pub(super) node: &'a Node,
}

impl Form {
    pub(super) fn set(&mut self, name: &str, value: impl Into<OwnedValue>, at: At<'_>) {
        self.options.set(name, value, at.path, at.node.at);
    }

    /// Visits the members of a map that are not null, in their order. A name that is not among `known` is a problem,
    /// and so is anything but a map; null is an empty one.
    pub(super) fn members<'n, 'k: 'n>(
        &mut self,
        at: At<'n>,
        known: &'k [&'k str],
        mut visit: impl FnMut(&mut Self, &'k str, At<'_>),
    ) {
        self.all_members(at, |form, key, place, member| {
            match known.iter().find(|&&name| name == key) {
                Some(_) if member.node.is_null() => {}
                Some(name) => visit(form, name, member),
                None => form
                    .problems
                    .unknown_key(at.path, key, place, known.iter().copied()),
            }
        });
    }

    /// Visits every member of a map, whatever it is called.
    pub(super) fn all_members(
        &mut self,
        at: At<'_>,
        mut visit: impl FnMut(&mut Self, &str, Option<Position>, At<'_>),
    ) {
        match &at.node.value {
            Value::Null => {}
            Value::Map(entries) => {
                for entry in entries {
                    let path = join(at.path, &entry.key);
                    let member = At {
                        path: &path,
                        node: &entry.value,
                    };
                    visit(self, &entry.key, entry.at, member);
                }
            }
            _ => self.problems.wrong_type(at.path, at.node, "a map"),
        }
    }

    pub(super) fn text<'n>(&mut self, at: At<'n>) -> Option<&'n str> {
        let text = at.node.as_str();
        if text.is_none() {
            self.problems.wrong_type(at.path, at.node, "text");
        }
        text
    }

    pub(super) fn boolean(&mut self, at: At<'_>) -> Option<bool> {
        let value = at.node.as_bool();
        if value.is_none() {
            self.problems.wrong_type(at.path, at.node, "`true` or `false`");
        }
        value
    }

    /// One of these names, in exactly this spelling.
    pub(super) fn name<'k>(&mut self, at: At<'_>, known: &'k [&'k str]) -> Option<&'k str> {
        let text = self.text(at)?;
        let name = known.iter().find(|&&name| name == text).copied();
        if name.is_none() {
            self.problems.unknown_name(at.path, at.node, text, known);
        }
        name
    }

    /// Sets a boolean option.
    pub(super) fn set_boolean(&mut self, name: &str, at: At<'_>) {
        if let Some(value) = self.boolean(at) {
            self.set(name, value, at);
        }
    }
}
