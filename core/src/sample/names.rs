//! Finding span names fast.

use alloc::{boxed::Box, vec::Vec};

/// A hash of a name, the same in every process.
pub(super) fn hash(name: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    // The last byte has to reach the high bits too.
    hash = (hash ^ hash >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ hash >> 32
}

/// Values by name, made once.
#[derive(Debug)]
pub(super) struct Names<T> {
    /// By hash.
    entries: Vec<(u64, Box<str>, T)>,
}

impl<T> Names<T> {
    /// Of equal names the last counts.
    pub(super) fn new(values: impl IntoIterator<Item = (Box<str>, T)>) -> Self {
        let mut entries: Vec<_> = values
            .into_iter()
            .map(|(name, value)| (hash(&name), name, value))
            .collect();
        entries.reverse();
        // Stable, so the last of equal names is in front of the others, which then go.
        entries.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        entries.dedup_by(|later, kept| later.1 == kept.1);
        Self { entries }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut T)> {
        self.entries.iter_mut().map(|entry| (&*entry.1, &mut entry.2))
    }

    pub(super) fn get(&self, name: &str) -> Option<&T> {
        let hash = hash(name);
        let first = self.entries.partition_point(|entry| entry.0 < hash);
        let mut same = self
            .entries
            .iter()
            .skip(first)
            .take_while(|entry| entry.0 == hash);
        same.find(|entry| *entry.1 == *name).map(|entry| &entry.2)
    }
}
