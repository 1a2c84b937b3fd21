//! `AnyValue` and `KeyValue` from JSON, written to protobuf in one pass.

use super::super::request::DecodeError;
use super::super::value::MAX_DEPTH;
use super::cursor::Cursor;
use crate::wire::base64;
use crate::wire::proto::{Sink, framed_len, optional_len};
use alloc::{borrow::Cow, vec::Vec};

/// Reads a `KeyValue` and writes it as a field with this tag. Its value has this depth.
pub(super) fn key_value(
    cursor: &mut Cursor<'_>,
    tag: u8,
    depth: u32,
    out: &mut Vec<u8>,
) -> Result<(), DecodeError> {
    let start = out.len();
    let mut key = Cow::Borrowed("");
    cursor.enter(b'{', "expected an attribute")?;
    while let Some(name) = cursor.name()? {
        match (&*name, cursor.peek()) {
            ("key", b'"') => key = cursor.string()?,
            ("value", b'{') => {
                out.truncate(start);
                any_value(cursor, depth, out)?;
            }
            ("key", other) if other != b'n' => {
                return Err(cursor.value().error("an attribute's key is not a string"));
            }
            ("value", other) if other != b'n' => {
                return Err(cursor.value().error("an attribute's value is not an object"));
            }
            _ => cursor.skip()?,
        }
    }
    let value = out.len() - start;
    let mut header = Vec::with_capacity(key.len() + 24);
    header.frame(tag, optional_len(key.len()) + framed_len(value));
    header.optional(0x0a, key.as_bytes());
    header.frame(0x12, value);
    prefix(out, start, &header);
    Ok(())
}

/// Reads an `AnyValue` and writes its content. Of several members the last counts.
fn any_value(cursor: &mut Cursor<'_>, depth: u32, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let start = out.len();
    cursor.enter(b'{', "expected a value")?;
    while let Some(name) = cursor.name()? {
        if cursor.peek() == b'n' {
            cursor.skip()?;
            continue;
        }
        let value = cursor.value();
        match &*name {
            "stringValue" => {
                out.truncate(start);
                out.framed(0x0a, cursor.string()?.as_bytes());
            }
            "boolValue" => {
                out.truncate(start);
                out.fixed([0x10, value.bool()?.into()]);
                cursor.skip()?;
            }
            "intValue" => {
                out.truncate(start);
                out.fixed([0x18]);
                out.varint(value.i64()? as u64);
                cursor.skip()?;
            }
            "doubleValue" => {
                out.truncate(start);
                out.fixed([0x21]);
                out.fixed(value.f64()?.to_le_bytes());
                cursor.skip()?;
            }
            "bytesValue" => {
                out.truncate(start);
                let text = cursor.string()?;
                let bytes = base64::decode(text.as_bytes()).ok_or(value.error("bytes are not base64"))?;
                out.framed(0x3a, &bytes);
            }
            "arrayValue" | "kvlistValue" => {
                if depth > MAX_DEPTH {
                    return Err(value.error("an attribute value is nested deeper than 100"));
                }
                out.truncate(start);
                let map = name == "kvlistValue";
                values(cursor, map, depth + 1, out)?;
                let mut header = Vec::with_capacity(12);
                header.frame(if map { 0x32 } else { 0x2a }, out.len() - start);
                prefix(out, start, &header);
            }
            _ => cursor.skip()?,
        }
    }
    Ok(())
}

/// Reads `{"values": [...]}` and writes each element as a field.
fn values(cursor: &mut Cursor<'_>, map: bool, depth: u32, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let start = out.len();
    cursor.enter(b'{', "expected an object with values")?;
    while let Some(name) = cursor.name()? {
        if name != "values" || cursor.peek() == b'n' {
            cursor.skip()?;
            continue;
        }
        out.truncate(start);
        cursor.enter(b'[', "expected an array of values")?;
        while cursor.element() {
            if map {
                key_value(cursor, 0x0a, depth, out)?;
                continue;
            }
            let element = out.len();
            // A null element is the empty value.
            if cursor.peek() == b'n' {
                cursor.skip()?
            } else {
                any_value(cursor, depth, out)?
            }
            let mut header = Vec::with_capacity(12);
            header.frame(0x0a, out.len() - element);
            prefix(out, element, &header);
        }
    }
    Ok(())
}

/// Puts a header in front of what was written from this place on.
pub(super) fn prefix(out: &mut Vec<u8>, start: usize, header: &[u8]) {
    out.put(header);
    if let Some(written) = out.get_mut(start..) {
        written.rotate_right(header.len());
    }
}
