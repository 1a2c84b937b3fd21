//! A text that is like another one for as long as possible, so that it need not be copied.

use alloc::borrow::Cow;
use alloc::string::String;

/// What has been written: the beginning of the original, or a text of its own.
#[derive(Clone, Debug)]
pub(super) struct Out<'a> {
    original: &'a str,
    max: usize,
    /// How much of the original it is, while there is no copy.
    same: usize,
    copy: Option<String>,
    /// Something did not fit.
    pub(super) full: bool,
}

impl<'a> Out<'a> {
    pub(super) fn new(original: &'a str, max: usize) -> Self {
        Self {
            original,
            max,
            same: 0,
            copy: None,
            full: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.copy.as_ref().map_or(self.same, String::len)
    }

    pub(super) fn ends_with(&self, byte: u8) -> bool {
        let written = match &self.copy {
            Some(copy) => copy.as_bytes(),
            None => self.original.as_bytes().get(..self.same).unwrap_or_default(),
        };
        written.last() == Some(&byte)
    }

    /// Adds a piece, with a space in front if there shall be one: as a whole, or not at all.
    pub(super) fn push(&mut self, space: bool, piece: &str) {
        if self.full || self.len() + usize::from(space) + piece.len() > self.max {
            self.full = true;
            return;
        }
        if self.copy.is_none() {
            let rest = self.original.get(self.same..).unwrap_or_default();
            let rest = if space { rest.strip_prefix(' ') } else { Some(rest) };
            if rest.is_some_and(|rest| rest.starts_with(piece)) {
                self.same += usize::from(space) + piece.len();
                return;
            }
        }
        let copy = self.copy.get_or_insert_with(|| {
            let mut copy = String::with_capacity(self.original.len().min(self.max));
            copy.push_str(self.original.get(..self.same).unwrap_or_default());
            copy
        });
        if space {
            copy.push(' ');
        }
        copy.push_str(piece);
    }

    /// Goes back to a length that it had.
    pub(super) fn cut(&mut self, length: usize) {
        match &mut self.copy {
            Some(copy) => copy.truncate(length),
            None => self.same = self.same.min(length),
        }
        self.full = false;
    }

    pub(super) fn finish(self) -> Cow<'a, str> {
        match self.copy {
            Some(copy) => Cow::Owned(copy),
            None => Cow::Borrowed(self.original.get(..self.same).unwrap_or_default()),
        }
    }

    /// The same as an owned text.
    #[cfg(test)]
    fn text(self) -> String {
        self.finish().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;

    #[test]
    fn what_is_the_same_is_not_copied() {
        let mut out = Out::new("a  b", 10);
        out.push(false, "a");
        assert!(out.copy.is_none() && out.ends_with(b'a'));
        out.push(true, "b");
        assert_eq!(out.clone().copy.as_deref(), Some("a b"));
        assert_eq!(out.text(), "a b".to_owned());
    }

    #[test]
    fn what_does_not_fit_ends_it_until_it_is_cut() {
        let mut out = Out::new("", 3);
        out.push(false, "abc");
        out.push(false, "d");
        assert!(out.full);
        out.push(false, "");
        out.cut(1);
        out.push(true, "b");
        assert_eq!(out.text(), "a b".to_owned());
    }
}
