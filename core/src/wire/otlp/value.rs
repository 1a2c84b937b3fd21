//! Attribute values in OTLP: `AnyValue` and `KeyValue`, with limits applied while they are written.

use super::keys::{Entries, Occurrences};
#[cfg(feature = "alloc")]
use crate::OwnedValue;
use crate::wire::proto::{Reader, Sink, Slice, copy, framed_len, optional_len, varint_len};
use crate::{Value, ValueLimits};
#[cfg(feature = "alloc")]
use alloc::vec::Vec;

/// Values are never nested deeper than this, whatever the limits say, so that every reader can read them.
pub(super) const MAX_DEPTH: u32 = 100;

/// No limit: for resources and scopes.
#[cfg(feature = "alloc")]
pub(super) const UNLIMITED: ValueLimits = ValueLimits {
    length: None,
    depth: MAX_DEPTH,
};

const STRING: u8 = 0x0a;
const BOOL: u8 = 0x10;
const INT: u8 = 0x18;
const DOUBLE: u8 = 0x21;
const ARRAY: u8 = 0x2a;
const KVLIST: u8 = 0x32;
const BYTES: u8 = 0x3a;
const KEY: u8 = 0x0a;
const VALUE: u8 = 0x12;
const VALUES: u8 = 0x0a;

/// Room that [`write_short_attribute`] is given: a short attribute takes fewer bytes.
pub const SHORT_ATTRIBUTE: usize = 128;

/// Exact length of one attribute as a complete field: tag, length, key and value within the limits.
#[inline]
pub fn attribute_len(key: &str, value: Value<'_>, limits: &ValueLimits) -> usize {
    framed_len(pair_len(key, value_len(value, limits, 1)))
}

/// Writes one attribute as a complete field with this tag and gives its length. Writes nothing and gives 0 when `out`
/// is shorter than [`attribute_len`].
///
/// ```
/// use spanline_core::{Value, ValueLimits, wire::otlp};
/// let mut out = [0; 16];
/// let limits = ValueLimits { length: Some(1), depth: 64 };
/// let length = otlp::write_attribute(otlp::SPAN_ATTRIBUTES, "k", Value::Str("vv"), &limits, &mut out);
/// assert_eq!(&out[..length], b"\x4a\x08\x0a\x01k\x12\x03\x0a\x01v");
/// ```
#[inline]
pub fn write_attribute(tag: u8, key: &str, value: Value<'_>, limits: &ValueLimits, out: &mut [u8]) -> usize {
    let length = attribute_len(key, value, limits);
    let Some(out) = out.get_mut(..length) else {
        return 0;
    };
    let mut out = Slice::new(out);
    put_attribute(tag, key, value, limits, &mut out);
    out.written()
}

/// As [`write_attribute`] for the usual attribute: a plain value, its lengths fit into a byte each, no limit cuts it.
/// `None` for any other; then `out` may be partly written.
///
/// It is measured and written in one pass, in a place that is always large enough: that is several times as fast.
#[inline(always)]
pub fn write_short_attribute(
    tag: u8,
    key: &str,
    value: Value<'_>,
    limits: &ValueLimits,
    out: &mut [u8; SHORT_ATTRIBUTE],
) -> Option<usize> {
    let key = key.as_bytes();
    if key.is_empty() || key.len() > 100 {
        return None;
    }
    // The value's frame begins here.
    let frame = 4 + key.len();
    if let Value::Str(text) = value {
        let limit = limits.length.map_or(usize::MAX, |most| most as usize);
        if text.len() > limit.min(SHORT_ATTRIBUTE - 5 - frame) {
            return None;
        }
        let length = text.len() as u8;
        *out.get_mut(frame..)?.first_chunk_mut()? = [VALUE, length + 2, STRING, length];
        let end = frame + 4 + text.len();
        copy(out.get_mut(frame + 4..end)?, text.as_bytes());
        return finish_short(tag, key, end, out);
    }
    let end = match value {
        Value::I64(number @ 0..=0x7f) => {
            *out.get_mut(frame..)?.first_chunk_mut()? = [VALUE, 2, INT, number as u8];
            frame + 4
        }
        Value::I64(number @ 0x80..=0x3fff) => {
            let (low, high) = (number as u8 | 0x80, (number >> 7) as u8);
            *out.get_mut(frame..)?.first_chunk_mut()? = [VALUE, 3, INT, low, high];
            frame + 5
        }
        Value::Bool(_) | Value::I64(_) | Value::F64(_) => {
            let length = value_len(value, limits, 1);
            let (head, rest) = out.get_mut(frame..)?.split_first_chunk_mut()?;
            *head = [VALUE, length as u8];
            put_value(value, limits, 1, &mut Slice::new(rest));
            frame + 2 + length
        }
        _ => return None,
    };
    finish_short(tag, key, end, out)
}

/// Writes what stands in front of the value.
#[inline(always)]
fn finish_short(tag: u8, key: &[u8], end: usize, out: &mut [u8; SHORT_ATTRIBUTE]) -> Option<usize> {
    *out.first_chunk_mut()? = [tag, (end - 2) as u8, KEY, key.len() as u8];
    copy(out.get_mut(4..4 + key.len())?, key);
    Some(end)
}

/// Appends one attribute as a complete field with this tag.
#[cfg(feature = "alloc")]
#[inline]
pub fn push_attribute(tag: u8, key: &str, value: Value<'_>, limits: &ValueLimits, out: &mut Vec<u8>) {
    let length = value_len(value, limits, 1);
    out.reserve(framed_len(pair_len(key, length)));
    put_sized(tag, key, value, length, limits, out);
}

/// The key of an attribute that was written as a complete field; empty when the bytes are something else.
#[inline]
pub fn attribute_key(field: &[u8]) -> &[u8] {
    let pair = Reader::new(field).next().and_then(|field| field.bytes().ok());
    let key = pair.and_then(|pair| Reader::new(pair).next());
    key.filter(|key| key.number == 1)
        .and_then(|key| key.bytes().ok())
        .unwrap_or_default()
}

#[inline]
pub(super) fn put_attribute(tag: u8, key: &str, value: Value<'_>, limits: &ValueLimits, out: &mut impl Sink) {
    put_sized(tag, key, value, value_len(value, limits, 1), limits, out);
}

/// Writes an attribute whose value is known to have this length.
#[inline]
fn put_sized(tag: u8, key: &str, value: Value<'_>, length: usize, limits: &ValueLimits, out: &mut impl Sink) {
    let pair = pair_len(key, length);
    if pair < 0x80 && !key.is_empty() {
        out.fixed([tag, pair as u8, KEY, key.len() as u8]);
        out.put(key.as_bytes());
        out.fixed([VALUE, length as u8]);
    } else {
        out.frame(tag, pair);
        out.optional(KEY, key.as_bytes());
        out.frame(VALUE, length);
    }
    put_value(value, limits, 1, out);
}

#[inline]
fn pair_len(key: &str, value: usize) -> usize {
    optional_len(key.len()) + framed_len(value)
}

#[inline]
pub(super) fn value_len(value: Value<'_>, limits: &ValueLimits, depth: u32) -> usize {
    match value {
        Value::Empty => 0,
        Value::Bool(_) => 2,
        Value::I64(value) => 1 + varint_len(value as u64),
        Value::F64(_) => 9,
        Value::Str(text) => framed_len(cut(text, limits).len()),
        Value::Bytes(bytes) => framed_len(cut_bytes(bytes, limits).len()),
        _ => nested_len(value, limits, depth),
    }
}

#[inline]
fn put_value(value: Value<'_>, limits: &ValueLimits, depth: u32, out: &mut impl Sink) {
    match value {
        Value::Empty => {}
        Value::Bool(value) => out.fixed([BOOL, u8::from(value)]),
        Value::I64(value) => {
            out.fixed([INT]);
            out.varint(value as u64);
        }
        Value::F64(value) => {
            out.fixed([DOUBLE]);
            out.fixed(value.to_le_bytes());
        }
        Value::Str(text) => out.framed(STRING, cut(text, limits).as_bytes()),
        Value::Bytes(bytes) => out.framed(BYTES, cut_bytes(bytes, limits)),
        _ => put_nested(value, limits, depth, out),
    }
}

/// The text's first scalar values, as many as are allowed.
#[inline]
fn cut<'a>(text: &'a str, limits: &ValueLimits) -> &'a str {
    match limits.length {
        Some(length) if text.len() > length as usize => {
            let end = text
                .char_indices()
                .nth(length as usize)
                .map_or(text.len(), |(at, _)| at);
            text.get(..end).unwrap_or(text)
        }
        _ => text,
    }
}

#[inline]
fn cut_bytes<'a>(bytes: &'a [u8], limits: &ValueLimits) -> &'a [u8] {
    let length = limits.length.map_or(bytes.len(), |length| length as usize);
    bytes.get(..length).unwrap_or(bytes)
}

/// An array's elements or a map's entries are visited by this, once to count and once to write.
trait Visitor {
    fn element(&mut self, value: Value<'_>);
    fn entry(&mut self, key: &str, value: Value<'_>);
}

fn visit(value: Value<'_>, visitor: &mut impl Visitor) {
    match value {
        Value::List(values) => values.iter().for_each(|&v| visitor.element(v)),
        Value::StrList(values) => values.iter().for_each(|&v| visitor.element(Value::Str(v))),
        Value::I64List(values) => values.iter().for_each(|&v| visitor.element(Value::I64(v))),
        Value::F64List(values) => values.iter().for_each(|&v| visitor.element(Value::F64(v))),
        Value::BoolList(values) => values.iter().for_each(|&v| visitor.element(Value::Bool(v))),
        Value::Map(entries) => visit_map(entries, visitor),
        #[cfg(feature = "alloc")]
        Value::Owned(OwnedValue::List(values)) => values.iter().for_each(|v| visitor.element(v.as_value())),
        #[cfg(feature = "alloc")]
        Value::Owned(OwnedValue::Map(entries)) => visit_map(entries.as_slice(), visitor),
        _ => {}
    }
}

fn visit_map<E: Entries + ?Sized>(entries: &E, visitor: &mut impl Visitor) {
    Occurrences::new(entries)
        .unique()
        .for_each(|(key, value)| visitor.entry(key, value));
}

/// The tag of an array or a map; `None` for anything else.
fn nested_tag(value: Value<'_>) -> Option<u8> {
    match value {
        Value::List(_) | Value::StrList(_) | Value::I64List(_) | Value::F64List(_) | Value::BoolList(_) => {
            Some(ARRAY)
        }
        Value::Map(_) => Some(KVLIST),
        #[cfg(feature = "alloc")]
        Value::Owned(OwnedValue::List(_)) => Some(ARRAY),
        #[cfg(feature = "alloc")]
        Value::Owned(OwnedValue::Map(_)) => Some(KVLIST),
        _ => None,
    }
}

struct Count<'l> {
    limits: &'l ValueLimits,
    depth: u32,
    total: usize,
}

impl Visitor for Count<'_> {
    fn element(&mut self, value: Value<'_>) {
        self.total += framed_len(value_len(value, self.limits, self.depth));
    }

    fn entry(&mut self, key: &str, value: Value<'_>) {
        self.total += framed_len(pair_len(key, value_len(value, self.limits, self.depth)));
    }
}

struct Write<'l, S> {
    limits: &'l ValueLimits,
    depth: u32,
    out: &'l mut S,
}

impl<S: Sink> Visitor for Write<'_, S> {
    fn element(&mut self, value: Value<'_>) {
        self.out.frame(VALUES, value_len(value, self.limits, self.depth));
        put_value(value, self.limits, self.depth, self.out);
    }

    fn entry(&mut self, key: &str, value: Value<'_>) {
        let length = value_len(value, self.limits, self.depth);
        self.out.frame(VALUES, pair_len(key, length));
        self.out.optional(KEY, key.as_bytes());
        self.out.frame(VALUE, length);
        put_value(value, self.limits, self.depth, self.out);
    }
}

/// The body of an array or a map.
fn body_len(value: Value<'_>, limits: &ValueLimits, depth: u32) -> usize {
    let mut count = Count {
        limits,
        depth: depth + 1,
        total: 0,
    };
    visit(value, &mut count);
    count.total
}

const fn too_deep(limits: &ValueLimits, depth: u32) -> bool {
    depth > limits.depth || depth > MAX_DEPTH
}

#[inline(never)]
fn nested_len(value: Value<'_>, limits: &ValueLimits, depth: u32) -> usize {
    match plain(value) {
        Some(plain) => value_len(plain, limits, depth),
        None if too_deep(limits, depth) => 0,
        None => framed_len(body_len(value, limits, depth)),
    }
}

#[inline(never)]
fn put_nested(value: Value<'_>, limits: &ValueLimits, depth: u32, out: &mut impl Sink) {
    if let Some(plain) = plain(value) {
        put_value(plain, limits, depth, out);
    } else if let Some(tag) = nested_tag(value)
        && !too_deep(limits, depth)
    {
        out.frame(tag, body_len(value, limits, depth));
        visit(
            value,
            &mut Write {
                limits,
                depth: depth + 1,
                out,
            },
        );
    }
}

/// An owned value that is neither array nor map, as a borrowed one.
fn plain(value: Value<'_>) -> Option<Value<'_>> {
    match value {
        #[cfg(feature = "alloc")]
        Value::Owned(OwnedValue::List(_) | OwnedValue::Map(_)) => None,
        #[cfg(feature = "alloc")]
        Value::Owned(owned) => Some(owned.as_value()),
        _ => None,
    }
}
