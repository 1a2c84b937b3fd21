//! Equal resources and scopes are kept once, for as long as a kept span uses them.

use super::span::{MALLOC, Resource, Scope};
use std::collections::HashMap;
use std::hash::Hash;
use std::mem::size_of;
use std::sync::Arc;

/// What can be shared, and what it costs.
pub(crate) trait Shared: Eq + Hash {
    fn cost(&self) -> usize;
}

impl Shared for Resource {
    fn cost(&self) -> usize {
        self.charge()
    }
}

impl Shared for Scope {
    fn cost(&self) -> usize {
        self.charge()
    }
}

/// Values with the number of spans that use each.
#[derive(Debug)]
pub(crate) struct Intern<T>(HashMap<Arc<T>, usize>);

impl<T: Shared> Intern<T> {
    pub(crate) fn new() -> Self {
        Self(HashMap::new())
    }

    /// The kept value that equals this one; or this one, which is not kept before it is used.
    pub(crate) fn canonical(&self, value: Arc<T>) -> Arc<T> {
        self.0
            .get_key_value(&*value)
            .map_or(value, |(known, _)| Arc::clone(known))
    }

    /// Counts `n` more users. Returns the bytes by which what is kept grew.
    pub(crate) fn use_by(&mut self, value: &Arc<T>, n: usize) -> usize {
        if n == 0 {
            return 0;
        }
        if let Some(users) = self.0.get_mut(&**value) {
            *users += n;
            return 0;
        }
        self.0.insert(Arc::clone(value), n);
        value.cost() + Self::ENTRY
    }

    /// Counts one user less. Returns the bytes by which what is kept shrank.
    pub(crate) fn release(&mut self, value: &Arc<T>) -> usize {
        match self.0.get_mut(&**value) {
            Some(users) if *users > 1 => {
                *users -= 1;
                0
            }
            Some(_) => {
                self.0.remove(&**value);
                value.cost() + Self::ENTRY
            }
            None => 0,
        }
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.keys().map(|value| &**value)
    }

    /// An entry of the map; it may be half empty.
    const ENTRY: usize = 2 * (size_of::<(usize, usize)>() + 1) + MALLOC;
}
