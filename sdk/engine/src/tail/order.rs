//! An order of places of a table: the oldest first, taken out anywhere.

use alloc::vec::Vec;

const NONE: u32 = u32::MAX;

/// Where a place stands.
#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
    is_in: bool,
}

const APART: Link = Link {
    before: NONE,
    after: NONE,
    is_in: false,
};

/// What one place costs.
pub(super) const LINK_BYTES: usize = size_of::<Link>();

/// A list through the places of a table: adding at the end and taking out cost the same however long it is.
#[derive(Debug)]
pub(super) struct Order {
    links: Vec<Link>,
    first: u32,
    last: u32,
}

impl Order {
    pub(super) const fn new() -> Self {
        Self {
            links: Vec::new(),
            first: NONE,
            last: NONE,
        }
    }

    pub(super) fn first(&self) -> Option<u32> {
        (self.first != NONE).then_some(self.first)
    }

    /// Puts a place at the end; one that is in it stays where it is.
    pub(super) fn push(&mut self, place: u32) {
        let at = place as usize;
        if at >= self.links.len() {
            self.links.resize(at + 1, APART);
        }
        if self.links[at].is_in {
            return;
        }
        self.links[at] = Link {
            before: self.last,
            after: NONE,
            is_in: true,
        };
        match self.links.get_mut(self.last as usize) {
            Some(last) => last.after = place,
            None => self.first = place,
        }
        self.last = place;
    }

    /// Takes a place out, if it is in it.
    pub(super) fn remove(&mut self, place: u32) {
        let Some(link) = self.links.get_mut(place as usize).filter(|link| link.is_in) else {
            return;
        };
        let Link { before, after, .. } = core::mem::replace(link, APART);
        match self.links.get_mut(before as usize) {
            Some(link) => link.after = after,
            None => self.first = after,
        }
        match self.links.get_mut(after as usize) {
            Some(link) => link.before = before,
            None => self.last = before,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_keeps_the_order_of_a_list(steps in proptest::collection::vec((any::<bool>(), 0u32..12), 0..200)) {
            let (mut order, mut list) = (Order::new(), Vec::new());
            for (put, place) in steps {
                if put {
                    order.push(place);
                    if !list.contains(&place) {
                        list.push(place);
                    }
                } else {
                    order.remove(place);
                    list.retain(|&known| known != place);
                }
                prop_assert_eq!(order.first(), list.first().copied());
            }
            while let Some(first) = order.first() {
                prop_assert_eq!(first, list.remove(0));
                order.remove(first);
            }
            prop_assert!(list.is_empty());
        }
    }
}
