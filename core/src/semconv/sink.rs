//! Where attributes go.

use super::Names;
use crate::Value;

/// Takes the attributes of a rule, one after another. Keys and values live as long as what the rule was made from.
pub type Sink<'o, 's> = &'o mut dyn FnMut(&'s str, Value<'s>);

/// A sink, and whether old names are wanted, too.
pub(super) struct Writer<'o, 's> {
    sink: Sink<'o, 's>,
    both: bool,
}

impl<'o, 's> Writer<'o, 's> {
    pub(super) fn new(names: Names, sink: Sink<'o, 's>) -> Self {
        Self {
            sink,
            both: names == Names::Both,
        }
    }

    /// An attribute that never had another name. An empty text says that nothing is known.
    pub(super) fn new_only(&mut self, key: &'s str, value: impl Into<Value<'s>>) {
        let value = value.into();
        if value != Value::Str("") {
            (self.sink)(key, value);
        }
    }

    /// An old attribute that has no single successor.
    pub(super) fn old_only(&mut self, key: &'s str, value: impl Into<Value<'s>>) {
        if self.both {
            self.new_only(key, value);
        }
    }

    /// An attribute under its name, and under the old one where that is wanted.
    pub(super) fn set(&mut self, key: &'s str, old: &'s str, value: impl Into<Value<'s>>) {
        let value = value.into();
        self.new_only(key, value);
        self.old_only(old, value);
    }

    /// The same for what may not be known.
    pub(super) fn set_some(&mut self, key: &'s str, old: &'s str, value: Option<impl Into<Value<'s>>>) {
        if let Some(value) = value {
            self.set(key, old, value);
        }
    }

    /// As [`Self::new_only`] for what may not be known.
    pub(super) fn new_some(&mut self, key: &'s str, value: Option<impl Into<Value<'s>>>) {
        if let Some(value) = value {
            self.new_only(key, value);
        }
    }
}

impl core::fmt::Debug for Writer<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Writer")
            .field("both", &self.both)
            .finish_non_exhaustive()
    }
}
