//! Taking attributes away and putting others in their place, as processors do: nothing here is done for a span that no
//! processor changes.

use super::{Attributes, KEEP, MOST, hash};
use spanline_core::{
    OwnedValue,
    wire::otlp::{self, FieldChange, SpanView},
};

impl Attributes {
    /// Takes an attribute away; the others keep their order, and its place is free for another. False: there is none.
    pub(crate) fn remove(&mut self, key: &str) -> bool {
        let Some(at) = self.find(hash(key.as_bytes()), key) else {
            return false;
        };
        let entry = self.index.remove(at);
        self.leave(entry.size);
        true
    }

    /// The value of an attribute.
    pub(crate) fn value(&self, key: &str) -> Option<OwnedValue> {
        let entry = self.index.get(self.find(hash(key.as_bytes()), key)?)?;
        // A field of a span is a span that has nothing else.
        let field = SpanView::ours(self.bytes(entry));
        field.attribute(key).map(|value| value.to_owned())
    }

    /// Changes attributes, each only while it is what it was when the change was decided.
    pub(crate) fn apply(&mut self, changes: &[FieldChange<'_>]) {
        for change in changes {
            if let Some(at) = self.place_of(change) {
                self.put(at, &change.new);
            }
        }
        self.index.retain(|entry| entry.size > 0);
        self.leave(0);
    }

    fn place_of(&self, change: &FieldChange<'_>) -> Option<usize> {
        let is_it = |at: usize| {
            let entry = self.index.get(at)?;
            (self.bytes(entry) == change.old).then_some(at)
        };
        // Where it was, unless another was taken away meanwhile.
        is_it(change.at).or_else(|| (0..self.index.len()).find_map(is_it))
    }

    /// Puts a field into the place of another; an empty one only marks that place.
    fn put(&mut self, at: usize, field: &[u8]) {
        let has_room = |used: usize| used.saturating_add(field.len()) <= MOST - otlp::SHORT_ATTRIBUTE;
        if !has_room(self.used) && self.stale > 0 {
            self.compact();
        }
        let mut size = field.len();
        if has_room(self.used) {
            self.make_room(self.used + size);
            if let Some(place) = self.region.get_mut(self.used..self.used + size) {
                place.copy_from_slice(field);
            }
        } else if size > 0 {
            // What was there must not stay: somebody may have wanted it to be seen by nobody.
            size = 0;
            self.dropped = self.dropped.saturating_add(1);
        }
        let Some(entry) = self.index.get_mut(at) else {
            return;
        };
        self.stale += entry.size as usize;
        entry.at = self.used as u32;
        entry.size = size as u32;
        self.used += size;
    }

    /// Leaves bytes behind that no entry names any more. Doing so for ever must not grow the span for ever.
    fn leave(&mut self, size: u32) {
        self.stale += size as usize;
        if self.stale > KEEP.max(self.used / 2) {
            self.compact();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String, vec::Vec};
    use proptest::prelude::*;
    use spanline_core::{Value, ValueLimits, wire::otlp::Rewrite, wire::otlp::SpanChanges};

    fn set(attributes: &mut Attributes, key: &str, value: &str) {
        attributes.set(key, Value::Str(value), 4, &ValueLimits::default());
    }

    fn read(attributes: &mut Attributes) -> Vec<(String, String)> {
        let view = SpanView::ours(attributes.encoded());
        let read = view.attributes();
        read.map(|(key, value)| (key.into(), value.as_str().unwrap_or("?").into()))
            .collect()
    }

    #[test]
    fn what_was_removed_leaves_no_byte_and_its_place_is_free() {
        let mut attributes = Attributes::new();
        for key in ["a", "b", "c", "d", "e"] {
            set(&mut attributes, key, "s3cret");
        }
        assert_eq!(attributes.dropped(), 1, "the fifth");
        assert!(attributes.remove("b") && !attributes.remove("b") && !attributes.remove("e"));
        assert_eq!(attributes.value("b"), None);
        assert_eq!(attributes.value("c"), Some("s3cret".into()));
        set(&mut attributes, "e", "new");
        let expected =
            ["a", "c", "d", "e"].map(|key| (key.into(), if key == "e" { "new" } else { "s3cret" }.into()));
        assert_eq!(read(&mut attributes), expected);
        assert_eq!(attributes.dropped(), 1, "what was removed was not dropped");
        for key in ["a", "c", "d"] {
            assert!(attributes.remove(key));
        }
        let left = attributes.encoded();
        assert!(!left.windows(6).any(|bytes| bytes == b"s3cret"));
    }

    #[test]
    fn removing_for_ever_stays_small() {
        let mut attributes = Attributes::new();
        let text = "x".repeat(100);
        for n in 0..10_000 {
            let key = format!("k{n}");
            set(&mut attributes, &key, &text);
            assert!(attributes.remove(&key));
        }
        assert!(attributes.region.capacity() < 64 * 1024);
    }

    #[test]
    fn a_replacement_that_has_no_room_leaves_nothing_behind() {
        let mut attributes = Attributes::new();
        let text = "x".repeat(MOST / 4);
        for key in ["a", "b", "c"] {
            set(&mut attributes, key, &text);
        }
        let message: Vec<u8> = attributes.encoded().into();
        let longer = "y".repeat(MOST / 2);
        let changes = SpanChanges::visit(
            SpanView::ours(&message),
            &ValueLimits::default(),
            &mut |visited| match visited.key {
                "b" => Rewrite::Replace(longer.as_str().into()),
                _ => Rewrite::Keep,
            },
        );
        attributes.apply(&changes.attributes);
        assert_eq!((attributes.value("b"), attributes.dropped()), (None, 1));
        assert!(attributes.value("a").is_some() && attributes.value("c").is_some());
    }

    #[test]
    fn what_another_changed_meanwhile_stays() {
        let mut attributes = Attributes::new();
        for key in ["a", "b", "c"] {
            set(&mut attributes, key, "old");
        }
        let message: Vec<u8> = attributes.encoded().into();
        let changes = SpanChanges::visit(SpanView::ours(&message), &ValueLimits::default(), &mut |_| {
            Rewrite::Replace("changed".into())
        });
        assert!(attributes.remove("a"));
        set(&mut attributes, "b", "other");
        set(&mut attributes, "d", "new");
        attributes.apply(&changes.attributes);
        let expected = [("b", "other"), ("c", "changed"), ("d", "new")];
        assert_eq!(
            read(&mut attributes),
            expected.map(|(key, value)| (key.into(), value.into()))
        );
    }

    #[derive(Clone, Debug)]
    enum Op {
        Set(u8, String),
        Remove(u8),
        /// Removes texts with an `x`, and writes those with a `y` anew.
        Rewrite,
        Encode,
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (0..6_u8, "[xyz]{0,3}|[y]{120,300}").prop_map(|(key, text)| Op::Set(key, text)),
            2 => (0..6_u8).prop_map(Op::Remove),
            1 => Just(Op::Rewrite),
            1 => Just(Op::Encode),
        ]
    }

    proptest! {
        #[test]
        fn any_sequence_is_as_in_a_plain_list(ops in prop::collection::vec(op(), 0..40)) {
            let mut attributes = Attributes::new();
            let mut model: Vec<(String, String)> = Vec::new();
            let mut dropped = 0;
            for op in ops {
                match op {
                    Op::Set(key, text) => {
                        let key = format!("key.{key}");
                        set(&mut attributes, &key, &text);
                        if let Some(known) = model.iter_mut().find(|(known, _)| *known == key) {
                            known.1 = text;
                        } else if model.len() < 4 {
                            model.push((key, text));
                        } else {
                            dropped += 1;
                        }
                    }
                    Op::Remove(key) => {
                        let key = format!("key.{key}");
                        let known = model.iter().position(|(known, _)| *known == key);
                        prop_assert_eq!(attributes.remove(&key), known.is_some());
                        known.map(|at| model.remove(at));
                    }
                    Op::Rewrite => {
                        let message: Vec<u8> = attributes.encoded().into();
                        let limits = ValueLimits { length: Some(10), ..ValueLimits::default() };
                        let changes = SpanChanges::visit(SpanView::ours(&message), &limits, &mut |visited| {
                            match visited.value.as_str().unwrap_or_default() {
                                text if text.contains('x') => Rewrite::Remove,
                                text if text.contains('y') => Rewrite::Replace(format!("{text}-rewritten").into()),
                                _ => Rewrite::Keep,
                            }
                        });
                        attributes.apply(&changes.attributes);
                        model.retain(|(_, text)| !text.contains('x'));
                        for (_, text) in model.iter_mut().filter(|(_, text)| text.contains('y')) {
                            text.push_str("-rewritten");
                            text.truncate(10);
                        }
                    }
                    Op::Encode => drop(attributes.encoded().len()),
                }
                prop_assert_eq!(attributes.dropped(), dropped);
            }
            for (key, text) in &model {
                prop_assert_eq!(attributes.value(key), Some(text.as_str().into()));
            }
            prop_assert_eq!(read(&mut attributes), model);
        }
    }
}
