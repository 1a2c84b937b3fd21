//! Values as text, for formats that know only text.

use super::value::MAX_DEPTH;
use super::value_view::ValueView;
use crate::wire::json::{base64, number, string};
use core::fmt::{self, Display, Write};

/// A value as text: text as it is, numbers and booleans as in JSON, bytes as base64, arrays and maps as JSON, the empty
/// value as nothing. Outside of arrays and maps NaN and infinities stand without quotes.
///
/// ```
/// use spanline_core::wire::otlp::{ValueText, ValueView};
/// assert_eq!(ValueText(ValueView::F64(f64::INFINITY)).to_string(), "Infinity");
/// assert_eq!(ValueText(ValueView::Bytes(b"ab")).to_string(), "YWI=");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ValueText<'a>(pub ValueView<'a>);

impl Display for ValueText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ValueView::Empty => Ok(()),
            ValueView::Str(text) => f.write_str(text),
            ValueView::F64(value) => number(f, value, ""),
            ValueView::Bytes(bytes) => base64(f, bytes),
            other => json(f, other, 1),
        }
    }
}

/// A value as JSON has it.
#[cfg(feature = "alloc")]
pub(in crate::wire) fn json_value(out: &mut impl Write, value: ValueView<'_>) -> fmt::Result {
    json(out, value, 1)
}

fn json(out: &mut impl Write, value: ValueView<'_>, depth: u32) -> fmt::Result {
    match value {
        ValueView::Bool(value) => write!(out, "{value}"),
        ValueView::I64(value) => write!(out, "{value}"),
        ValueView::F64(value) => number(out, value, "\""),
        ValueView::Str(text) => string(out, text),
        ValueView::Bytes(bytes) => {
            out.write_char('"')?;
            base64(out, bytes)?;
            out.write_char('"')
        }
        ValueView::List(list) if depth <= MAX_DEPTH => {
            out.write_char('[')?;
            for (at, value) in list.enumerate() {
                if at > 0 {
                    out.write_char(',')?;
                }
                json(out, value, depth + 1)?;
            }
            out.write_char(']')
        }
        ValueView::Map(map) if depth <= MAX_DEPTH => {
            out.write_char('{')?;
            for (at, (key, value)) in map.enumerate() {
                if at > 0 {
                    out.write_char(',')?;
                }
                string(out, key)?;
                out.write_char(':')?;
                json(out, value, depth + 1)?;
            }
            out.write_char('}')
        }
        _ => out.write_str("null"),
    }
}
