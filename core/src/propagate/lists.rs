//! Lists of pairs as carriers. Names compare without case, as HTTP's do.

use super::{Getter, Setter};
use alloc::{borrow::ToOwned, string::String, vec::Vec};

impl<K: AsRef<str>, V: AsRef<[u8]>> Getter for [(K, V)] {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter()
            .find(|(key, _)| key.as_ref().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }

    #[inline]
    fn get_all<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        for (key, value) in self {
            if key.as_ref().eq_ignore_ascii_case(name) {
                visit(value.as_ref());
            }
        }
    }

    fn get_all_exact<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        for (key, value) in self {
            if key.as_ref() == name {
                visit(value.as_ref());
            }
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.iter().map(|(key, _)| key.as_ref()).collect()
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>, const N: usize> Getter for [(K, V); N] {
    fn get(&self, name: &str) -> Option<&[u8]> {
        <[(K, V)] as Getter>::get(self, name)
    }

    fn get_all<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        <[(K, V)] as Getter>::get_all(self, name, visit);
    }

    fn get_all_exact<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        <[(K, V)] as Getter>::get_all_exact(self, name, visit);
    }

    fn keys(&self) -> Vec<&str> {
        <[(K, V)] as Getter>::keys(self)
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Getter for Vec<(K, V)> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        <[(K, V)] as Getter>::get(self, name)
    }

    fn get_all<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        <[(K, V)] as Getter>::get_all(self, name, visit);
    }

    fn get_all_exact<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        <[(K, V)] as Getter>::get_all_exact(self, name, visit);
    }

    fn keys(&self) -> Vec<&str> {
        <[(K, V)] as Getter>::keys(self)
    }
}

impl Setter for Vec<(String, String)> {
    /// The first field of that name is replaced where it stands, further ones are removed.
    fn set(&mut self, name: &str, value: &str) {
        let mut written = false;
        self.retain_mut(|(key, slot)| {
            if !key.eq_ignore_ascii_case(name) {
                return true;
            }
            if written {
                return false;
            }
            written = true;
            name.clone_into(key);
            value.clone_into(slot);
            true
        });
        if !written {
            self.push((name.to_owned(), value.to_owned()));
        }
    }
}
