//! All values of one field.

use alloc::vec::Vec;

/// No value, one (borrowed, the usual case), or several joined with commas.
pub(super) enum Values<'a> {
    None,
    One(&'a [u8]),
    Many(Vec<u8>),
}

impl<'a> Values<'a> {
    /// Adds the next value.
    #[inline]
    pub(super) fn add(&mut self, value: &'a [u8]) {
        match self {
            Self::None => *self = Self::One(value),
            Self::One(first) => *self = Self::Many([*first, value].join(&b',')),
            Self::Many(joined) => {
                joined.push(b',');
                joined.extend_from_slice(value);
            }
        }
    }
}
