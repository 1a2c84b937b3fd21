//! The attributes of an open span: encoded once, in one region, with an index in order of first insertion.

use alloc::vec::Vec;
use spanline_core::{Value, ValueLimits, wire::otlp};

/// Buffers that grew beyond this are given back when their span ends.
const KEEP: usize = 4096;

#[derive(Debug, Default)]
pub(crate) struct Attributes {
    /// Finished `Span.attributes` fields in its first `used` bytes, in order of writing; those overwritten are still in
    /// it. Its length is room that was made before.
    region: Vec<u8>,
    used: usize,
    index: Vec<Entry>,
    /// Bytes of `region` that no entry names any more.
    stale: usize,
    dropped: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    at: u32,
    size: u32,
}

impl Attributes {
    pub(crate) const fn new() -> Self {
        Self {
            region: Vec::new(),
            used: 0,
            index: Vec::new(),
            stale: 0,
            dropped: 0,
        }
    }

    /// Sets an attribute: a known key keeps its place and takes the new value; a new key beyond `count` is dropped
    /// and counted; the empty key is ignored.
    #[inline]
    pub(crate) fn set(&mut self, key: &str, value: Value<'_>, count: u32, limits: &ValueLimits) {
        if key.is_empty() {
            return;
        }
        let hash = hash(key.as_bytes());
        if let Some(known) = self.find(hash, key) {
            self.overwrite(known, key, value, limits);
        } else if self.index.len() >= count as usize {
            self.dropped = self.dropped.saturating_add(1);
        } else {
            let (at, size) = self.append(key, value, limits);
            self.index.push(Entry { hash, at, size });
        }
    }

    /// Writes an attribute behind the others; where, and how long it is.
    #[inline]
    fn append(&mut self, key: &str, value: Value<'_>, limits: &ValueLimits) -> (u32, u32) {
        let at = self.used;
        let size = otlp::attribute_len(key, value, limits);
        if self.region.len() < at + size {
            self.grow(at + size);
        }
        if let Some(place) = self.region.get_mut(at..at + size) {
            otlp::write_attribute(otlp::SPAN_ATTRIBUTES, key, value, limits, place);
        }
        self.used = at + size;
        (at as u32, size as u32)
    }

    #[cold]
    fn grow(&mut self, needed: usize) {
        self.region.resize(needed.next_power_of_two().max(256), 0);
    }

    #[inline]
    fn find(&self, hash: u32, key: &str) -> Option<usize> {
        // Hashes rarely collide, so keys are read back only for the entry that is meant.
        self.index
            .iter()
            .position(|entry| entry.hash == hash && otlp::attribute_key(self.bytes(entry)) == key.as_bytes())
    }

    fn bytes(&self, entry: &Entry) -> &[u8] {
        self.region
            .get(entry.at as usize..(entry.at + entry.size) as usize)
            .unwrap_or_default()
    }

    #[cold]
    fn overwrite(&mut self, known: usize, key: &str, value: Value<'_>, limits: &ValueLimits) {
        let (at, size) = self.append(key, value, limits);
        let entry = &mut self.index[known];
        self.stale += entry.size as usize;
        *entry = Entry { at, size, ..*entry };
        // Setting one key for ever must not grow the span for ever.
        if self.stale > KEEP.max(self.used / 2) {
            self.compact();
        }
    }

    fn compact(&mut self) {
        let mut region = Vec::with_capacity(self.used - self.stale);
        for entry in &mut self.index {
            let from = entry.at as usize;
            entry.at = region.len() as u32;
            region.extend_from_slice(
                self.region
                    .get(from..from + entry.size as usize)
                    .unwrap_or_default(),
            );
        }
        self.used = region.len();
        self.region = region;
        self.stale = 0;
    }

    /// The encoded attributes, in order of first insertion.
    #[inline]
    pub(crate) fn encoded(&mut self) -> &[u8] {
        if self.stale > 0 {
            self.compact();
        }
        self.region.get(..self.used).unwrap_or_default()
    }

    pub(crate) fn dropped(&self) -> u32 {
        self.dropped
    }

    pub(crate) fn clear(&mut self) {
        self.used = 0;
        self.index.clear();
        self.stale = 0;
        self.dropped = 0;
        if self.region.len() > KEEP {
            self.region = Vec::new();
        }
    }
}

/// A quick hash of a key: its length, its first and its last bytes. Equal keys are compared in full.
#[inline]
fn hash(key: &[u8]) -> u32 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let (first, last) = match key.len() {
        8.. => (word(&key[..8]), word(&key[key.len() - 8..])),
        _ => (word(key), 0),
    };
    let mixed = (first ^ last.rotate_left(23) ^ key.len() as u64).wrapping_mul(K);
    (mixed >> 32) as u32
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    if let Ok(eight) = bytes.try_into() {
        return u64::from_le_bytes(eight);
    }
    bytes
        .iter()
        .take(8)
        .fold(0, |word, &byte| word << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};

    fn set(attributes: &mut Attributes, key: &str, value: i64) {
        attributes.set(key, Value::I64(value), 128, &ValueLimits::default());
    }

    #[test]
    fn an_overwritten_attribute_keeps_its_place() {
        let mut attributes = Attributes::new();
        for (key, value) in [("first", 1), ("second", 2), ("first", 3)] {
            set(&mut attributes, key, value);
        }
        let mut expected = Attributes::new();
        set(&mut expected, "first", 3);
        set(&mut expected, "second", 2);
        assert_eq!(attributes.encoded(), expected.encoded());
    }

    #[test]
    fn overwriting_for_ever_stays_small() {
        let mut attributes = Attributes::new();
        let text = "x".repeat(100);
        for _ in 0..10_000 {
            attributes.set("k", Value::Str(&text), 128, &ValueLimits::default());
        }
        assert!(attributes.region.capacity() < 64 * 1024);
    }

    #[test]
    fn keys_with_equal_ends_are_told_apart() {
        let mut attributes = Attributes::new();
        let keys: [String; 3] = [1, 2, 3].map(|n| format!("same.start.{n}.same.end"));
        for key in &keys {
            set(&mut attributes, key, 1);
        }
        assert_eq!(attributes.index.len(), 3);
    }
}
