//! Remembering very many ids, each by a few bits.

use alloc::{vec, vec::Vec};

/// Ids that one block has room for.
const ROOM: usize = 64;
/// Ids of one block on the average when a generation is full: so few that one in 300 finds its block full.
const FILL: usize = 52;

/// What became of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Dropped,
    Kept,
    /// Dropped for good.
    Vetoed,
}

/// Different fingerprints: so many that one stands with each fate in 16 bits.
const PRINTS: u64 = 0x1_0000 / 3;

/// Ids whose hash is alike in its high bits. Six more bits of the hash say in which of 64 groups an id stands, and are
/// not stored but counted out; a fingerprint of 16 more is stored, together with what is remembered.
#[derive(Clone, Debug)]
struct Block {
    /// For each group so many zeros as it has ids, then a one.
    groups: u128,
    /// The ids, group by group, in each the youngest last. Only as many as there are zeros count.
    ids: [u16; ROOM],
}

impl Block {
    const EMPTY: Self = Self {
        // 64 groups, all empty.
        groups: u64::MAX as u128,
        ids: [0; ROOM],
    };

    fn len(&self) -> usize {
        // The last one ends the last group.
        (128 - self.groups.leading_zeros() as usize).saturating_sub(ROOM)
    }

    /// Where the bit stands that ends this group.
    fn end(&self, group: u32) -> usize {
        let mut rest = self.groups;
        for _ in 0..group {
            rest &= rest.wrapping_sub(1);
        }
        rest.trailing_zeros() as usize
    }

    fn group(&self, group: u32) -> &[u16] {
        let from = group
            .checked_sub(1)
            .map_or(0, |before| self.end(before) - before as usize);
        let to = self.end(group) - group as usize;
        self.ids.get(from..to).unwrap_or_default()
    }

    /// False when there is no room.
    fn insert(&mut self, group: u32, id: u16) -> bool {
        let length = self.len();
        if length >= ROOM {
            return false;
        }
        let end = self.end(group);
        let below = (1 << end) - 1;
        self.groups = self.groups & below | (self.groups & !below) << 1;
        let place = end - group as usize;
        if let Some(tail) = self.ids.get_mut(place..=length) {
            tail.rotate_right(1);
            if let Some(first) = tail.first_mut() {
                *first = id;
            }
        }
        true
    }
}

/// One generation.
#[derive(Debug)]
struct Generation {
    blocks: Vec<Block>,
    ids: usize,
}

impl Generation {
    fn place(&self, hash: u64) -> (usize, u32, u16) {
        let block = ((u128::from(hash) * self.blocks.len() as u128) >> 64) as usize;
        let print = ((hash & 0xffff) * PRINTS) >> 16;
        (block, (hash >> 16 & 63) as u32, print as u16)
    }

    fn get(&self, hash: u64) -> Option<Fate> {
        let (block, group, id) = self.place(hash);
        let ids = self.blocks.get(block)?.group(group);
        let found = ids.iter().rev().find(|&&found| found / 3 == id)?;
        Some(match found % 3 {
            0 => Fate::Dropped,
            1 => Fate::Kept,
            _ => Fate::Vetoed,
        })
    }

    fn clear(&mut self) {
        self.blocks.fill(Block::EMPTY);
        self.ids = 0;
    }
}

/// What became of each of many ids. Two generations: when the younger one is full the older one is forgotten.
#[derive(Debug)]
pub(super) struct Filter {
    young: Generation,
    old: Generation,
    /// Ids that found no room.
    pub(super) lost: u64,
}

impl Filter {
    /// Two generations of at least so many ids each.
    pub(super) fn new(ids: usize) -> Self {
        let generation = || Generation {
            blocks: vec![Block::EMPTY; ids.div_ceil(FILL)],
            ids: 0,
        };
        Self {
            young: generation(),
            old: generation(),
            lost: 0,
        }
    }

    pub(super) fn get(&self, hash: u64) -> Option<Fate> {
        self.young.get(hash).or_else(|| self.old.get(hash))
    }

    pub(super) fn put(&mut self, hash: u64, fate: Fate) {
        if self.young.ids >= self.young.blocks.len() * FILL {
            core::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        let (block, group, id) = self.young.place(hash);
        let block = self.young.blocks.get_mut(block);
        if block.is_some_and(|block| block.insert(group, id * 3 + fate as u16)) {
            self.young.ids += 1;
        } else {
            self.lost += 1;
        }
    }

    pub(super) fn charge(&self) -> usize {
        (self.young.blocks.len() + self.old.blocks.len()) * size_of::<Block>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Xoshiro256;

    #[test]
    fn a_block_keeps_its_groups_apart() {
        let mut block = Block::EMPTY;
        for id in 0..64_u16 {
            assert_eq!(block.len(), usize::from(id));
            assert!(block.insert(u32::from(id * 37 % 64), id));
        }
        assert!(!block.insert(0, 99));
        for id in 0..64_u16 {
            assert_eq!(block.group(u32::from(id * 37 % 64)), [id]);
        }
        let mut block = Block::EMPTY;
        for id in 0..64 {
            assert!(block.insert(if id % 2 == 0 { 63 } else { 5 }, id));
        }
        assert_eq!(block.group(63).len(), 32);
        assert!(
            block
                .group(5)
                .iter()
                .zip((1..).step_by(2))
                .all(|(&id, expected)| id == expected)
        );
        assert!(block.group(6).is_empty() && block.group(0).is_empty());
    }

    #[test]
    #[cfg_attr(miri, ignore = "a million ids take an interpreter too long")]
    fn few_ids_are_lost_and_fewer_are_mistaken() {
        const IDS: usize = 200_000;
        let mut random = Xoshiro256::from_seed([3; 32]);
        let mut filter = Filter::new(IDS);
        let hashes: Vec<_> = (0..2 * IDS).map(|_| random.next_u64()).collect();
        let fate = |at: usize| [Fate::Dropped, Fate::Kept, Fate::Vetoed][at % 3];
        for (at, &hash) in hashes.iter().enumerate() {
            filter.put(hash, fate(at));
        }
        let kept = |at: usize| filter.get(hashes[at]) == Some(fate(at));
        let right = (0..2 * IDS).filter(|&at| kept(at)).count();
        assert!(right as f64 > 0.99 * (2 * IDS) as f64, "{right}");
        assert!(filter.lost < IDS as u64 / 50, "{}", filter.lost);
        // Both generations are full: this is the worst moment.
        let strangers = 1_000_000;
        let mistaken = (0..strangers)
            .filter(|_| filter.get(random.next_u64()).is_some())
            .count();
        assert!(mistaken <= strangers / 10_000, "{mistaken}");
        assert!(filter.charge() <= 3 * 2 * IDS, "{}", filter.charge());
        // A third generation takes the place of the first.
        for _ in 0..IDS + 2 * FILL {
            filter.put(random.next_u64(), Fate::Kept);
        }
        let known = (0..IDS / 2)
            .filter(|&at| filter.get(hashes[at]).is_some())
            .count();
        assert!(known < IDS / 1000, "{known}");
    }
}
