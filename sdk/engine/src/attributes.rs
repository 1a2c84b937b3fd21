//! The message of an open span, up to and with its attributes: encoded once, in one region, with an index of the
//! attributes in order of first insertion.

mod edit;

use alloc::vec::Vec;
use spanline_core::{Value, ValueLimits, wire::otlp, wire::otlp::SpanHead};

/// The region grows no further, so that every place in it fits into 32 bits. A span that large is never sent.
const MOST: usize = if cfg!(test) { 1 << 20 } else { u32::MAX as usize };

/// No longer name has its place there.
pub(crate) const MOST_NAME: usize = MOST / 2;

/// Buffers that grew beyond this are given back when their span ends.
const KEEP: usize = 4096;

#[derive(Debug, Default)]
pub(crate) struct Attributes {
    /// In its first `used` bytes: the span's head, and behind it finished `Span.attributes` fields in order of writing;
    /// those overwritten are still in it. Its length is room that was made before.
    region: Vec<u8>,
    used: usize,
    /// Where the head ends.
    head: usize,
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
            head: 0,
            index: Vec::new(),
            stale: 0,
            dropped: 0,
        }
    }

    /// Sets an attribute: a known key keeps its place and takes the new value; a new key beyond `count` is dropped
    /// and counted; the empty key is ignored.
    #[inline(always)]
    pub(crate) fn set(&mut self, key: &str, value: Value<'_>, count: u32, limits: &ValueLimits) {
        if key.is_empty() {
            return;
        }
        let hash = hash(key.as_bytes());
        if let Some(known) = self.find(hash, key) {
            self.overwrite(known, key, value, limits);
        } else if self.index.len() >= count as usize {
            self.dropped = self.dropped.saturating_add(1);
        } else if let Some((at, size)) = self.append(key, value, limits) {
            self.index.push(Entry { hash, at, size });
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// Begins a span: writes its head, in front of all attributes. Its name is no longer than [`MOST_NAME`].
    #[inline(always)]
    pub(crate) fn begin(&mut self, head: &SpanHead<'_>) {
        let length = head.encoded_len();
        self.make_room(length);
        if let Some(place) = self.region.get_mut(..length) {
            head.write_to(place);
        }
        self.used = length;
        self.head = length;
    }

    /// Makes room for this many bytes and, behind them, a short attribute.
    #[inline]
    fn make_room(&mut self, needed: usize) {
        if self.region.len() < needed + otlp::SHORT_ATTRIBUTE {
            self.grow(needed + otlp::SHORT_ATTRIBUTE);
        }
    }

    #[cold]
    fn grow(&mut self, needed: usize) {
        let roomy = needed.checked_next_power_of_two().unwrap_or(needed);
        self.region.resize(roomy.clamp(512, needed.max(MOST)), 0);
    }

    /// Puts other bytes into a part of the head, given from its end; the parts before and behind stay.
    #[cold]
    pub(crate) fn change_head(&mut self, from: usize, to_end: usize, bytes: &[u8]) {
        let to = self.head.saturating_sub(to_end);
        if from > to || to > self.region.len() || self.used + bytes.len() > MOST - otlp::SHORT_ATTRIBUTE {
            return;
        }
        let moved = |at: usize| at - (to - from) + bytes.len();
        for entry in &mut self.index {
            entry.at = moved(entry.at as usize) as u32;
        }
        self.head = moved(self.head);
        self.used = moved(self.used);
        self.region.splice(from..to, bytes.iter().copied());
    }

    pub(crate) fn head_len(&self) -> usize {
        self.head
    }

    /// The head.
    pub(crate) fn head(&self) -> &[u8] {
        self.region.get(..self.head).unwrap_or_default()
    }

    /// The last bytes of the head.
    #[inline]
    pub(crate) fn head_end<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        self.region.get_mut(..self.head)?.last_chunk_mut()
    }

    /// Sets the attributes that a span begins with.
    #[inline(never)]
    pub(crate) fn set_all(&mut self, attributes: &[(&str, Value<'_>)], count: u32, limits: &ValueLimits) {
        for &(key, value) in attributes {
            self.set(key, value, count, limits);
        }
    }

    /// Writes an attribute behind the others; where, and how long it is. `None`: there is no room.
    #[inline(always)]
    fn append(&mut self, key: &str, value: Value<'_>, limits: &ValueLimits) -> Option<(u32, u32)> {
        let at = self.used;
        let room = self.region.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
        let short = room
            .and_then(|room| otlp::write_short_attribute(otlp::SPAN_ATTRIBUTES, key, value, limits, room));
        let size = match short {
            Some(size) => size,
            None => self.append_long(key, value, limits)?,
        };
        self.used = at + size;
        Some((at as u32, size as u32))
    }

    #[inline(never)]
    fn append_long(&mut self, key: &str, value: Value<'_>, limits: &ValueLimits) -> Option<usize> {
        let size = otlp::attribute_len(key, value, limits);
        let needed = self.used.checked_add(size)?;
        if needed > MOST - otlp::SHORT_ATTRIBUTE {
            return None;
        }
        self.make_room(needed);
        let place = self.region.get_mut(self.used..)?;
        Some(otlp::write_attribute(
            otlp::SPAN_ATTRIBUTES,
            key,
            value,
            limits,
            place,
        ))
    }

    #[inline(always)]
    fn find(&self, hash: u32, key: &str) -> Option<usize> {
        for (at, entry) in self.index.iter().enumerate() {
            // Hashes rarely collide, so keys are read back only for the entry that is meant.
            if entry.hash == hash && self.is(entry, key) {
                return Some(at);
            }
        }
        None
    }

    #[cold]
    fn is(&self, entry: &Entry, key: &str) -> bool {
        otlp::attribute_key(self.bytes(entry)) == key.as_bytes()
    }

    fn bytes(&self, entry: &Entry) -> &[u8] {
        self.region
            .get(entry.at as usize..entry.at as usize + entry.size as usize)
            .unwrap_or_default()
    }

    #[cold]
    fn overwrite(&mut self, known: usize, key: &str, value: Value<'_>, limits: &ValueLimits) {
        let mut place = self.append(key, value, limits);
        if place.is_none() && self.stale > 0 {
            // What was overwritten before may be all that is in the way.
            self.compact();
            place = self.append(key, value, limits);
        }
        let Some((at, size)) = place else {
            self.dropped = self.dropped.saturating_add(1);
            return;
        };
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
        region.extend_from_slice(self.region.get(..self.head).unwrap_or_default());
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

    /// The head and the attributes, in order of first insertion.
    #[inline]
    pub(crate) fn encoded(&mut self) -> &[u8] {
        if self.stale > 0 {
            self.compact();
        }
        self.region.get(..self.used).unwrap_or_default()
    }

    /// Whether the region is what goes into the message, and nothing is to be said about dropped attributes.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.stale as u64 | u64::from(self.dropped) == 0
    }

    pub(crate) fn dropped(&self) -> u32 {
        self.dropped
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.used = 0;
        self.index.clear();
        if !self.is_plain() {
            self.stale = 0;
            self.dropped = 0;
        }
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
    #[test]
    fn what_goes_beyond_the_last_place_is_dropped_and_counted() {
        let mut attributes = Attributes::new();
        let text = "x".repeat(MOST / 4);
        let set = |attributes: &mut Attributes, key: &str, text: &str| {
            attributes.set(key, Value::Str(text), 128, &ValueLimits::default());
        };
        for key in ["a", "b", "c", "d", "e"] {
            set(&mut attributes, key, &text);
        }
        assert_eq!((attributes.index.len(), attributes.dropped()), (3, 2));
        set(&mut attributes, "a", "short");
        set(&mut attributes, "b", &text[1..]);
        assert_eq!(
            attributes.dropped(),
            2,
            "where something was overwritten there is room"
        );
        set(&mut attributes, "c", &"y".repeat(MOST));
        assert_eq!(attributes.dropped(), 3);
        let mut expected = Attributes::new();
        for (key, text) in [("a", "short"), ("b", &text[1..]), ("c", &text)] {
            set(&mut expected, key, text);
        }
        assert_eq!(attributes.encoded(), expected.encoded(), "c is as it was");
        assert!(attributes.region.len() <= MOST);
        let head_len = attributes.head_len();
        attributes.change_head(0, 0, &alloc::vec![0; MOST]);
        assert_eq!(attributes.head_len(), head_len, "a name of that size neither");
    }

    #[test]
    fn a_changed_head_moves_the_attributes_behind_it() {
        use spanline_core::{SpanId, SpanKind, TraceId};
        let head = |name| SpanHead {
            trace_id: TraceId::from_bytes([1; 16]),
            span_id: SpanId::from_bytes([2; 8]),
            trace_state: "",
            parent_span_id: SpanId::INVALID,
            name,
            kind: SpanKind::Internal,
            start_unix_nano: 1,
        };
        let long = "long".repeat(100);
        for (old, new) in [("short", long.as_str()), (long.as_str(), "s"), ("name", "")] {
            let mut expected = Attributes::new();
            expected.begin(&head(new));
            let mut attributes = Attributes::new();
            attributes.begin(&head(old));
            set(&mut attributes, "first", 1);
            attributes.change_head(head(old).name_at(), SpanHead::TIMES, &SpanHead::name_field(new));
            for attributes in [&mut expected, &mut attributes] {
                set(attributes, "first", 2);
                set(attributes, "second", 3);
                *attributes.head_end().unwrap() = 9u64.to_le_bytes();
            }
            assert_eq!(attributes.encoded(), expected.encoded());
        }
    }
}
