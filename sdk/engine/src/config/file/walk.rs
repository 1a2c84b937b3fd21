//! Reading a tree that has been checked.

use super::{
    component::{Component, ComponentKind},
    schema::Remark,
};
use crate::ErrorKind;
use crate::config::{
    Entry, FlatOptions, Node,
    problem::{Problems, join},
};
use crate::options::LogLevel;
use alloc::{string::String, vec::Vec};
use spanline_core::OwnedValue;

/// What has been read, and what was wrong, so far.
#[derive(Debug, Default)]
pub(in crate::config) struct Walk {
    pub(in crate::config) options: FlatOptions,
    pub(in crate::config) problems: Problems,
    pub(in crate::config) remarks: Vec<Remark>,
}

/// A map in the tree, and where it stands.
#[derive(Clone, Debug)]
pub(in crate::config) struct Place<'a> {
    pub(in crate::config) node: &'a Node,
    pub(in crate::config) path: String,
}

impl<'a> Place<'a> {
    /// The member of this name, unless it is absent or null.
    pub(in crate::config) fn get(&self, key: &str) -> Option<Self> {
        self.present(key).filter(|place| !place.node.is_null())
    }

    /// The member of this name, also when it is null.
    pub(in crate::config) fn present(&self, key: &str) -> Option<Self> {
        Some(Self {
            node: self.node.get(key)?,
            path: join(&self.path, key),
        })
    }

    /// The items of a list.
    pub(in crate::config) fn items(&self) -> impl Iterator<Item = Self> + use<'a> {
        let path = self.path.clone();
        let items = self.node.items().iter().enumerate();
        items.map(move |(index, node)| Self {
            node,
            path: alloc::format!("{path}[{index}]"),
        })
    }

    /// The only member of a map.
    pub(in crate::config) fn only(&self) -> Option<(&'a Entry, Self)> {
        let entry = self.node.entries().first()?;
        let place = Self {
            node: &entry.value,
            path: join(&self.path, &entry.key),
        };
        Some((entry, place))
    }

    /// The only member as a component.
    pub(in crate::config) fn component(&self, kind: ComponentKind) -> Option<Component> {
        let (entry, place) = self.only()?;
        Some(Component {
            kind,
            name: entry.key.clone(),
            properties: entry.value.clone(),
            path: place.path,
            at: entry.at,
            may_be_left_out: false,
        })
    }

    pub(in crate::config) fn text(&self, key: &str) -> Option<&'a str> {
        self.node.get(key).and_then(Node::as_str)
    }

    pub(in crate::config) fn number(&self, key: &str) -> Option<u64> {
        self.node.get(key).and_then(Node::as_u64)
    }
}

impl Walk {
    pub(in crate::config) fn set(&mut self, name: &str, value: impl Into<OwnedValue>, place: &Place<'_>) {
        self.options.set(name, value, &place.path, place.node.at);
    }

    /// Sets an option to the whole number of this member, when there is one.
    pub(in crate::config) fn set_number(&mut self, name: &str, parent: &Place<'_>, key: &str) {
        if let (Some(number), Some(place)) = (parent.number(key), parent.get(key)) {
            self.set(name, crate::config::flat::integer(number), &place);
        }
    }

    pub(in crate::config) fn wrong(&mut self, kind: ErrorKind, place: &Place<'_>, text: impl Into<String>) {
        self.problems.at(kind, &place.path, place.node, text);
    }

    pub(in crate::config) fn remark(&mut self, level: LogLevel, place: &Place<'_>, text: impl Into<String>) {
        self.remarks
            .push(Remark::new(level, &place.path, place.node.at, text));
    }
}
