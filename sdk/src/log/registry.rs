//! A value that can be replaced and is read without waiting.

use std::sync::OnceLock;

/// What was set last. Each setting is appended to a chain and stays there: a reader may be using it, and there are few.
/// So reading needs no lock, and a fork in the middle of another thread's report leaves nothing held.
pub(super) struct Registry<T: 'static> {
    next: OnceLock<Box<Node<T>>>,
}

struct Node<T: 'static> {
    value: Option<T>,
    rest: Registry<T>,
}

impl<T> Registry<T> {
    pub(super) const fn new() -> Self {
        Self {
            next: OnceLock::new(),
        }
    }

    pub(super) fn set(&self, value: Option<T>) {
        let mut node = Box::new(Node {
            value,
            rest: Self::new(),
        });
        let mut end = self;
        loop {
            while let Some(next) = end.next.get() {
                end = &next.rest;
            }
            match end.next.set(node) {
                Ok(()) => return,
                Err(late) => node = late,
            }
        }
    }

    pub(super) fn get(&self) -> Option<&T> {
        let mut last = self.next.get()?;
        while let Some(next) = last.rest.next.get() {
            last = next;
        }
        last.value.as_ref()
    }
}
