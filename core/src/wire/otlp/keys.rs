//! Repeated keys: the last value wins, at the position of the first.

use crate::Value;
#[cfg(feature = "alloc")]
use alloc::{vec, vec::Vec};

/// A list of keys, however it is stored.
pub(in crate::wire) trait Keys {
    fn count(&self) -> usize;
    fn key(&self, at: usize) -> &str;
}

/// Their values.
pub(in crate::wire) trait Entries: Keys {
    fn value(&self, at: usize) -> Value<'_>;
}

impl<V> Keys for [(&str, V)] {
    fn count(&self) -> usize {
        self.len()
    }

    fn key(&self, at: usize) -> &str {
        self.get(at).map_or("", |entry| entry.0)
    }
}

impl Entries for [(&str, Value<'_>)] {
    fn value(&self, at: usize) -> Value<'_> {
        self.get(at).map_or(Value::Empty, |entry| entry.1)
    }
}

#[cfg(feature = "alloc")]
impl Keys for [(alloc::string::String, crate::OwnedValue)] {
    fn count(&self) -> usize {
        self.len()
    }

    fn key(&self, at: usize) -> &str {
        self.get(at).map_or("", |entry| &entry.0)
    }
}

#[cfg(feature = "alloc")]
impl Entries for [(alloc::string::String, crate::OwnedValue)] {
    fn value(&self, at: usize) -> Value<'_> {
        self.get(at).map_or(Value::Empty, |entry| entry.1.as_value())
    }
}

#[cfg(feature = "alloc")]
impl Keys for [crate::KeyValue] {
    fn count(&self) -> usize {
        self.len()
    }

    fn key(&self, at: usize) -> &str {
        self.get(at).map_or("", |entry| &entry.key)
    }
}

#[cfg(feature = "alloc")]
impl Entries for [crate::KeyValue] {
    fn value(&self, at: usize) -> Value<'_> {
        self.get(at).map_or(Value::Empty, |entry| entry.value.as_value())
    }
}

/// Where each key stands first and last.
pub(in crate::wire) struct Occurrences<'e, E: ?Sized> {
    entries: &'e E,
    /// Of long lists, so that they do not cost the square of their length.
    #[cfg(feature = "alloc")]
    table: Vec<(usize, usize)>,
}

/// Lists up to this length are searched.
#[cfg(feature = "alloc")]
const SHORT: usize = 32;

impl<'e, E: Keys + ?Sized> Occurrences<'e, E> {
    pub(in crate::wire) fn new(entries: &'e E) -> Self {
        Self {
            entries,
            #[cfg(feature = "alloc")]
            table: if entries.count() > SHORT {
                table(entries)
            } else {
                Vec::new()
            },
        }
    }

    pub(super) fn first(&self, at: usize) -> usize {
        #[cfg(feature = "alloc")]
        if let Some((first, _)) = self.table.get(at) {
            return *first;
        }
        let key = self.entries.key(at);
        (0..at)
            .find(|&other| self.entries.key(other) == key)
            .unwrap_or(at)
    }

    pub(in crate::wire) fn last(&self, at: usize) -> usize {
        #[cfg(feature = "alloc")]
        if let Some((_, last)) = self.table.get(at) {
            return *last;
        }
        let key = self.entries.key(at);
        (at + 1..self.entries.count())
            .rev()
            .find(|&other| self.entries.key(other) == key)
            .unwrap_or(at)
    }
}

impl<'e, E: Entries + ?Sized> Occurrences<'e, E> {
    /// The places of first occurrence, each with the place of the value that counts.
    pub(super) fn unique(&self) -> impl Iterator<Item = (&'e str, Value<'e>)> {
        (0..self.entries.count())
            .filter(|&at| self.first(at) == at)
            .map(|at| (self.entries.key(at), self.entries.value(self.last(at))))
    }
}

#[cfg(feature = "alloc")]
fn table<E: Keys + ?Sized>(entries: &E) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..entries.count()).collect();
    order.sort_by_key(|&at| entries.key(at));
    let mut table = vec![(0, 0); order.len()];
    for group in order.chunk_by(|&a, &b| entries.key(a) == entries.key(b)) {
        // The sort is stable, so a group is in order of position.
        if let (Some(&first), Some(&last)) = (group.first(), group.last()) {
            for &at in group {
                if let Some(place) = table.get_mut(at) {
                    *place = (first, last);
                }
            }
        }
    }
    table
}
