//! Walks over JSON text that is known to be well-formed, without a tree.

use super::super::request::DecodeError;
use super::{number, skip};
use crate::hex;
use alloc::{borrow::Cow, string::String};
use core::str;

fn error(message: &'static str, offset: usize) -> DecodeError {
    DecodeError { message, offset }
}

fn from_skip((message, offset): (&'static str, usize)) -> DecodeError {
    error(message, offset)
}

/// One value in its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<'a> {
    body: &'a str,
    at: usize,
}

impl<'a> Json<'a> {
    /// Checks that the body is UTF-8 and exactly one JSON value.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, DecodeError> {
        let text = str::from_utf8(body).map_err(|bad| error("the body is not UTF-8", bad.valid_up_to()))?;
        let at = skip::space(body, 0);
        let end = skip::space(body, skip::value(body, at).map_err(from_skip)?);
        if end < body.len() {
            return Err(error("there is more behind the JSON value", end));
        }
        Ok(Self { body: text, at })
    }

    pub(super) fn error(self, message: &'static str) -> DecodeError {
        error(message, self.at)
    }

    /// Whether this is a string.
    #[cfg(target_has_atomic = "64")]
    pub(crate) fn is_string(self) -> bool {
        self.first() == b'"'
    }

    fn first(self) -> u8 {
        self.body.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    fn end(self) -> Result<usize, DecodeError> {
        skip::value(self.body.as_bytes(), self.at).map_err(from_skip)
    }

    fn text(self) -> Result<&'a str, DecodeError> {
        Ok(self.body.get(self.at..self.end()?).unwrap_or_default())
    }

    /// The members of these names; null is as good as absent, of a repeated name the last counts.
    pub(crate) fn members<const N: usize>(self, names: [&str; N]) -> Result<[Option<Self>; N], DecodeError> {
        let mut found = [None; N];
        let mut cursor = Cursor::open(self, b'{', "expected a JSON object")?;
        while let Some(name) = cursor.name()? {
            let value = cursor.value();
            if let Some(place) = names.iter().position(|known| *known == name) {
                found[place] = (value.first() != b'n').then_some(value);
            }
            cursor.at = value.end()?;
        }
        Ok(found)
    }

    /// The elements of an array.
    pub(crate) fn elements(
        self,
        mut each: impl FnMut(Self) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let mut cursor = Cursor::open(self, b'[', "expected a JSON array")?;
        while cursor.element() {
            let value = cursor.value();
            each(value)?;
            cursor.at = value.end()?;
        }
        Ok(())
    }

    pub(super) fn cursor(self) -> Cursor<'a> {
        Cursor {
            body: self.body,
            at: self.at,
            first: true,
        }
    }

    pub(crate) fn str(self) -> Result<Cow<'a, str>, DecodeError> {
        self.cursor().string()
    }

    /// The text of a number, which may stand as a string.
    fn number(self) -> Result<Cow<'a, str>, DecodeError> {
        match self.first() {
            b'"' => self.str(),
            b'-' | b'0'..=b'9' => self.text().map(Cow::Borrowed),
            _ => Err(self.error("expected a number")),
        }
    }

    fn integer<T: TryFrom<i128>>(self) -> Result<T, DecodeError> {
        let value = number::integer(&self.number()?).and_then(|value| value.try_into().ok());
        value.ok_or(self.error("not a whole number in the range of its field"))
    }

    pub(in super::super) fn i64(self) -> Result<i64, DecodeError> {
        self.integer()
    }

    pub(super) fn u64(self) -> Result<u64, DecodeError> {
        self.integer()
    }

    pub(super) fn u32(self) -> Result<u32, DecodeError> {
        self.integer()
    }

    /// An enumeration: a whole number, never a name or a string.
    pub(crate) fn enumeration(self) -> Result<i32, DecodeError> {
        match self.first() {
            b'"' => Err(self.error("an enumeration must be a number, not a name")),
            _ => self.integer(),
        }
    }

    pub(crate) fn f64(self) -> Result<f64, DecodeError> {
        let text = self.number()?;
        match (&*text, self.first()) {
            ("NaN", _) => Ok(f64::NAN),
            ("Infinity", _) => Ok(f64::INFINITY),
            ("-Infinity", _) => Ok(f64::NEG_INFINITY),
            (text, _) => number::float(text).ok_or(self.error("not a double")),
        }
    }

    pub(super) fn bool(self) -> Result<bool, DecodeError> {
        match self.first() {
            b't' => Ok(true),
            b'f' => Ok(false),
            _ => Err(self.error("expected true or false")),
        }
    }

    /// An id in hex digits of either case.
    pub(super) fn id<const N: usize>(self, message: &'static str) -> Result<[u8; N], DecodeError> {
        hex::parse_any(self.str()?.as_bytes()).ok_or(self.error(message))
    }
}

/// A place in the text. Moves forward only.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    body: &'a str,
    at: usize,
    /// Whether nothing of the innermost array or object was read yet.
    first: bool,
}

impl<'a> Cursor<'a> {
    fn open(value: Json<'a>, bracket: u8, message: &'static str) -> Result<Self, DecodeError> {
        let mut cursor = value.cursor();
        cursor.enter(bracket, message)?;
        Ok(cursor)
    }

    /// Goes into an array or object.
    pub(super) fn enter(&mut self, bracket: u8, message: &'static str) -> Result<(), DecodeError> {
        if self.peek() != bracket {
            return Err(error(message, self.at));
        }
        self.at += 1;
        self.first = true;
        Ok(())
    }

    /// The value that begins here.
    pub(super) fn value(&self) -> Json<'a> {
        Json {
            body: self.body,
            at: self.at,
        }
    }

    pub(super) fn peek(&self) -> u8 {
        self.value().first()
    }

    /// Goes behind the value that begins here.
    pub(super) fn skip(&mut self) -> Result<(), DecodeError> {
        self.at = self.value().end()?;
        self.first = false;
        Ok(())
    }

    /// Goes to the next element, or out of the array.
    pub(super) fn element(&mut self) -> bool {
        let bytes = self.body.as_bytes();
        self.at = skip::space(bytes, self.at);
        if !core::mem::take(&mut self.first) && bytes.get(self.at) == Some(&b',') {
            self.at = skip::space(bytes, self.at + 1);
        }
        match bytes.get(self.at) {
            None => false,
            Some(b']' | b'}') => {
                self.at += 1;
                false
            }
            Some(_) => true,
        }
    }

    /// The next member's name, or out of the object.
    pub(super) fn name(&mut self) -> Result<Option<Cow<'a, str>>, DecodeError> {
        if !self.element() {
            return Ok(None);
        }
        let name = self.string()?;
        let bytes = self.body.as_bytes();
        self.at = skip::space(bytes, skip::space(bytes, self.at) + 1);
        Ok(Some(name))
    }

    /// Reads a string.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        if self.peek() != b'"' {
            return Err(error("expected a string", self.at));
        }
        let start = self.at + 1;
        let end = skip::string(self.body.as_bytes(), self.at).map_err(from_skip)?;
        let inner = self.body.get(start..end - 1).unwrap_or_default();
        let text = if inner.contains('\\') {
            let text = unescape(inner).ok_or(error("a string has half of a surrogate pair", self.at))?;
            Cow::Owned(text)
        } else {
            Cow::Borrowed(inner)
        };
        self.at = end;
        Ok(text)
    }
}

/// Resolves the escapes of a well-formed string; half of a surrogate pair is `None`.
fn unescape(inner: &str) -> Option<String> {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        out.push_str(plain);
        let (kind, behind) = escaped.split_at_checked(1)?;
        rest = behind;
        out.push(match kind {
            "b" => '\u{8}',
            "f" => '\u{c}',
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "u" => {
                let high = unit(behind)?;
                rest = behind.get(4..)?;
                if (0xd800..0xdc00).contains(&high) {
                    let low = unit(rest.strip_prefix("\\u")?)?;
                    rest = rest.get(6..)?;
                    char::decode_utf16([high, low]).next()?.ok()?
                } else {
                    char::from_u32(high.into())?
                }
            }
            other => other.chars().next()?,
        });
    }
    out.push_str(rest);
    Some(out)
}

/// Four hex digits.
fn unit(text: &str) -> Option<u16> {
    hex::parse_any::<2>(text.as_bytes().get(..4)?).map(u16::from_be_bytes)
}
