//! A value for each process that forks make of one.

use crate::fork;
use once_cell::race::OnceBox;
use std::ops::Deref;
use std::sync::atomic::AtomicU64;

/// Values by process epoch ([`crate::fork::current_epoch`]). Reading takes no lock, so a forked child never waits for
/// one that its parent held; what the parent had is left as it is.
pub(crate) struct ByEpoch<T>(OnceBox<Node<T>>);

struct Node<T> {
    epoch: u32,
    /// There until it is dropped.
    value: Option<T>,
    next: OnceBox<Node<T>>,
}

/// In a child the values of its parent are not dropped: another thread may have been changing them when it forked.
impl<T> Drop for Node<T> {
    fn drop(&mut self) {
        if self.epoch != fork::current_epoch() {
            std::mem::forget(self.value.take());
        }
    }
}

impl<T> ByEpoch<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceBox::new())
    }

    /// The value of this epoch, made when it is not there yet; of several threads that make it at once one wins.
    #[inline]
    pub(crate) fn get(&self, epoch: u32, make: impl Fn() -> T) -> &T {
        let mut place = &self.0;
        loop {
            let node = place.get_or_init(|| {
                Box::new(Node {
                    epoch,
                    value: Some(make()),
                    next: OnceBox::new(),
                })
            });
            // Epochs only grow along the list and within a line of processes.
            if node.epoch >= epoch
                && let Some(value) = &node.value
            {
                return value;
            }
            place = &node.next;
        }
    }

    /// The value of this epoch, when there is one.
    pub(crate) fn existing(&self, epoch: u32) -> Option<&T> {
        let mut node = self.0.get()?;
        while node.epoch != epoch {
            node = node.next.get()?;
        }
        node.value.as_ref()
    }
}

impl<T> std::fmt::Debug for ByEpoch<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ByEpoch")
    }
}

/// A counter that begins at 0 in each process: it stands for that of the process which asks.
#[derive(Debug)]
pub(crate) struct Count(ByEpoch<AtomicU64>);

impl Count {
    pub(crate) const fn new() -> Self {
        Self(ByEpoch::new())
    }
}

impl Default for Count {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Count {
    type Target = AtomicU64;

    fn deref(&self) -> &AtomicU64 {
        self.0.get(fork::current_epoch(), AtomicU64::default)
    }
}

#[cfg(test)]
mod tests {
    use super::ByEpoch;
    use crate::fork;
    use std::rc::Rc;

    #[test]
    fn values_of_other_processes_are_not_dropped() {
        let (ours, theirs) = (Rc::new(()), Rc::new(()));
        let here = fork::current_epoch();
        let values = ByEpoch::new();
        for (epoch, value) in [(here, &ours), (here + 1, &theirs)] {
            values.get(epoch, || value.clone());
        }
        drop(values);
        assert_eq!((Rc::strong_count(&ours), Rc::strong_count(&theirs)), (1, 2));
    }

    #[test]
    fn each_epoch_has_its_own_value() {
        let values = ByEpoch::new();
        assert_eq!(values.existing(3), None);
        assert_eq!(*values.get(3, || "parent"), "parent");
        assert_eq!(*values.get(3, || "again"), "parent");
        assert_eq!(*values.get(5, || "child"), "child");
        assert_eq!((values.existing(3), values.existing(4)), (Some(&"parent"), None));
        assert_eq!(values.existing(5), Some(&"child"));
    }
}
