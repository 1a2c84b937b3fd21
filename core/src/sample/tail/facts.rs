//! Which of the watched conditions hold.

/// So many conditions can be watched.
pub(super) const MAX_FACTS: usize = 256;

/// One bit for each watched condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Facts([u64; MAX_FACTS / 64]);

impl Facts {
    pub(super) const NONE: Self = Self([0; MAX_FACTS / 64]);

    pub(super) fn set(&mut self, bit: u16, holds: bool) {
        if let Some(word) = self.0.get_mut(usize::from(bit / 64)) {
            let mask = 1 << (bit % 64);
            *word = if holds { *word | mask } else { *word & !mask };
        }
    }

    pub(super) fn has(&self, bit: u16) -> bool {
        let word = self.0.get(usize::from(bit / 64)).copied().unwrap_or_default();
        word >> (bit % 64) & 1 != 0
    }

    pub(super) fn join(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }
}

/// What a resource fulfils of what policies ask for: made once for a resource by
/// [`super::TailWatch::resource`], used for each of its spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ResourceFacts(pub(super) Facts);

impl ResourceFacts {
    /// Those of a resource without attributes.
    pub const NONE: Self = Self(Facts::NONE);
}
