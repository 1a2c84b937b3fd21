//! JSON's building blocks, written.

use core::fmt::{self, Write};

/// A string with its quotes.
pub(crate) fn string(out: &mut (impl Write + ?Sized), text: &str) -> fmt::Result {
    out.write_char('"')?;
    escaped(out, text)?;
    out.write_char('"')
}

/// What stands between its quotes.
pub(crate) fn escaped(out: &mut (impl Write + ?Sized), text: &str) -> fmt::Result {
    let mut rest = text;
    while let Some(at) = rest
        .bytes()
        .position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        out.write_str(rest.get(..at).unwrap_or_default())?;
        match rest.as_bytes().get(at).copied().unwrap_or_default() {
            b'"' => out.write_str("\\\"")?,
            b'\\' => out.write_str("\\\\")?,
            b'\n' => out.write_str("\\n")?,
            b'\r' => out.write_str("\\r")?,
            b'\t' => out.write_str("\\t")?,
            byte => write!(out, "\\u{byte:04x}")?,
        }
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    out.write_str(rest)
}

/// A double; what is not a number of JSON goes between `quote`s.
pub(crate) fn number(out: &mut (impl Write + ?Sized), value: f64, quote: &str) -> fmt::Result {
    if value.is_finite() {
        return write!(out, "{value:?}");
    }
    let name = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    write!(out, "{quote}{name}{quote}")
}

/// Base64 with padding, without quotes.
pub(crate) fn base64(out: &mut (impl Write + ?Sized), bytes: &[u8]) -> fmt::Result {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| chunk.get(at).copied().map_or(0, u32::from);
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = ALPHABET[(group >> (18 - 6 * at) & 63) as usize];
            out.write_char(if at > chunk.len() { '=' } else { char::from(digit) })?;
        }
    }
    Ok(())
}
