//! Maps as carriers. Names compare without case, as HTTP's do: two spellings of one name are two values, in the order
//! of their spellings.

use super::{Getter, Setter};
use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec::Vec};
#[cfg(feature = "std")]
use std::collections::HashMap;

/// Whether two names are one. Most are spelt alike, and bytes compare faster than letters.
#[inline]
fn same(key: &str, name: &str) -> bool {
    key == name || key.eq_ignore_ascii_case(name)
}

/// Visits the values of one name, in the order of the spellings. Looking at each entry is cheaper than hashing the
/// name for the few headers that a request has, and finds other spellings.
#[inline]
fn visit_all<'a, K, V>(
    entries: impl Iterator<Item = (&'a K, &'a V)>,
    name: &str,
    visit: &mut dyn FnMut(&'a [u8]),
) where
    K: AsRef<str> + 'a,
    V: AsRef<[u8]> + 'a,
{
    let mut first = None;
    let mut more = Vec::new();
    for (key, value) in entries {
        let key = key.as_ref();
        if same(key, name) {
            let found = (key, value.as_ref());
            match first {
                None => first = Some(found),
                Some(_) => more.push(found),
            }
        }
    }
    if more.is_empty() {
        if let Some((_, value)) = first {
            visit(value);
        }
        return;
    }
    more.extend(first);
    more.sort_unstable();
    for (_, value) in more {
        visit(value);
    }
}

/// The value of the first spelling.
fn first<'a, K, V>(entries: impl Iterator<Item = (&'a K, &'a V)>, name: &str) -> Option<&'a [u8]>
where
    K: AsRef<str> + 'a,
    V: AsRef<[u8]> + 'a,
{
    entries
        .map(|(key, value)| (key.as_ref(), value))
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .min_by_key(|(key, _)| *key)
        .map(|(_, value)| value.as_ref())
}

/// Visits the value of one spelling.
fn visit_exact<'a, K, V>(
    mut entries: impl Iterator<Item = (&'a K, &'a V)>,
    name: &str,
    visit: &mut dyn FnMut(&'a [u8]),
) where
    K: AsRef<str> + 'a,
    V: AsRef<[u8]> + 'a,
{
    if let Some((_, value)) = entries.find(|(key, _)| key.as_ref() == name) {
        visit(value.as_ref());
    }
}

/// Whether the map holds this name in another spelling, which a new value replaces.
#[inline]
fn has_other_spelling<'a>(mut keys: impl Iterator<Item = &'a String>, name: &str) -> bool {
    keys.any(|key| is_other_spelling(key, name))
}

#[inline]
fn is_other_spelling(key: &str, name: &str) -> bool {
    key != name && key.eq_ignore_ascii_case(name)
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Getter for BTreeMap<K, V> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        first(self.iter(), name)
    }

    #[inline]
    fn get_all<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        visit_all(self.iter(), name, visit);
    }

    fn get_all_exact<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        visit_exact(self.iter(), name, visit);
    }

    fn keys(&self) -> Vec<&str> {
        self.keys().map(AsRef::as_ref).collect()
    }
}

impl Setter for BTreeMap<String, String> {
    fn set(&mut self, name: &str, value: &str) {
        if has_other_spelling(self.keys(), name) {
            self.retain(|key, _| !is_other_spelling(key, name));
        }
        self.insert(name.to_owned(), value.to_owned());
    }
}

#[cfg(feature = "std")]
impl<K: AsRef<str>, V: AsRef<[u8]>, S> Getter for HashMap<K, V, S> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        first(self.iter(), name)
    }

    #[inline]
    fn get_all<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        visit_all(self.iter(), name, visit);
    }

    fn get_all_exact<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        visit_exact(self.iter(), name, visit);
    }

    fn keys(&self) -> Vec<&str> {
        self.keys().map(AsRef::as_ref).collect()
    }
}

#[cfg(feature = "std")]
impl<S: core::hash::BuildHasher> Setter for HashMap<String, String, S> {
    #[inline]
    fn set(&mut self, name: &str, value: &str) {
        if has_other_spelling(self.keys(), name) {
            self.retain(|key, _| !is_other_spelling(key, name));
        }
        self.insert(name.to_owned(), value.to_owned());
    }
}
