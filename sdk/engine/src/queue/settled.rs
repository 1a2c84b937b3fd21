//! Up to where an exporter is done with a slot, when its batches are answered in any order.

use alloc::vec::Vec;

/// What one exporter is done with in one slot.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// Everything before this byte.
    prefix: u32,
    /// Further ranges, ascending and apart from each other.
    beyond: Vec<(u32, u32)>,
}

impl Settled {
    /// Done with everything before this byte.
    pub fn up_to(prefix: u32) -> Self {
        Self {
            prefix,
            beyond: Vec::new(),
        }
    }

    /// Everything before this byte is done.
    pub fn prefix(&self) -> u32 {
        self.prefix
    }

    /// Adds a range; gives the prefix when that has grown.
    pub fn add(&mut self, from: u32, to: u32) -> Option<u32> {
        let (mut from, mut to) = (from.max(self.prefix), to);
        if from >= to {
            return None;
        }
        self.beyond.retain(|&(start, end)| {
            let apart = end < from || start > to;
            if !apart {
                from = from.min(start);
                to = to.max(end);
            }
            apart
        });
        if from > self.prefix {
            let at = self.beyond.partition_point(|&(start, _)| start < from);
            self.beyond.insert(at, (from, to));
            return None;
        }
        self.prefix = to;
        Some(to)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_prefix_is_what_was_added_without_a_gap(ranges in proptest::collection::vec((0u32..64, 0u32..12), 0..40)) {
            let mut settled = Settled::default();
            let mut bits = [false; 80];
            for (from, length) in ranges {
                let before = settled.prefix();
                let told = settled.add(from, from + length);
                for bit in &mut bits[from as usize..(from + length) as usize] {
                    *bit = true;
                }
                let prefix = bits.iter().position(|bit| !bit).unwrap() as u32;
                prop_assert_eq!(settled.prefix(), prefix);
                prop_assert_eq!(told, (prefix > before).then_some(prefix));
            }
        }
    }
}
