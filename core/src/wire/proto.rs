//! Protobuf's building blocks: varints, tags and wire types, written and read.

use core::fmt;

/// Bytes that a varint of this value takes: 1 to 10.
#[inline]
pub(crate) const fn varint_len(value: u64) -> usize {
    if value < 0x80 {
        return 1;
    }
    // Seven bits per byte; multiplying avoids the division.
    ((63 - (value | 1).leading_zeros() as usize) * 9 + 73) / 64
}

/// Bytes of a length-delimited field whose tag takes one byte.
#[inline]
pub(crate) const fn framed_len(body: usize) -> usize {
    1 + varint_len(body as u64) + body
}

/// As [`framed_len`], or nothing for an empty field, which is not written.
#[inline]
pub(crate) const fn optional_len(body: usize) -> usize {
    if body == 0 { 0 } else { framed_len(body) }
}

/// Bytes of a varint field whose tag takes one byte; zero is not written.
#[inline]
pub(crate) const fn optional_varint_len(value: u64) -> usize {
    if value == 0 { 0 } else { 1 + varint_len(value) }
}

/// Where encoded bytes go.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    fn fixed<const N: usize>(&mut self, bytes: [u8; N]);

    #[inline]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.fixed([value as u8 | 0x80]);
            value >>= 7;
        }
        self.fixed([value as u8]);
    }

    /// Tag and length of a length-delimited field.
    #[inline]
    fn frame(&mut self, tag: u8, length: usize) {
        if length < 0x80 {
            self.fixed([tag, length as u8]);
        } else {
            self.fixed([tag]);
            self.varint(length as u64);
        }
    }

    #[inline]
    fn framed(&mut self, tag: u8, body: &[u8]) {
        self.frame(tag, body.len());
        self.put(body);
    }

    /// A string or bytes field, unless it is empty.
    #[inline]
    fn optional(&mut self, tag: u8, body: &[u8]) {
        if !body.is_empty() {
            self.framed(tag, body);
        }
    }

    /// A varint field, unless it is zero.
    #[inline]
    fn optional_varint(&mut self, tag: u8, value: u64) {
        if value != 0 {
            self.fixed([tag]);
            self.varint(value);
        }
    }

    /// A fixed64 field, unless it is zero.
    #[inline]
    fn optional_fixed64(&mut self, tag: u8, value: u64) {
        if value != 0 {
            self.fixed([tag]);
            self.fixed(value.to_le_bytes());
        }
    }
}

/// Copies bytes into a place of the same length. Names, keys and values are mostly short: two overlapping copies of a
/// fixed size are cheaper than a call.
#[inline]
pub(crate) fn copy(place: &mut [u8], bytes: &[u8]) {
    match bytes.len() {
        8..=16 => overlapping::<8>(place, bytes),
        17..=32 => overlapping::<16>(place, bytes),
        4..8 => overlapping::<4>(place, bytes),
        2..4 => overlapping::<2>(place, bytes),
        _ => place.copy_from_slice(bytes),
    }
}

/// Copies `N` to `2 * N` bytes.
#[inline]
fn overlapping<const N: usize>(place: &mut [u8], bytes: &[u8]) {
    if let (Some(first), Some(to)) = (bytes.first_chunk::<N>(), place.first_chunk_mut::<N>()) {
        *to = *first;
    }
    if let (Some(last), Some(to)) = (bytes.last_chunk::<N>(), place.last_chunk_mut::<N>()) {
        *to = *last;
    }
}

/// A slice being filled. What does not fit is not written; callers pass the exact length.
#[derive(Debug)]
pub(crate) struct Slice<'a> {
    rest: &'a mut [u8],
    written: usize,
}

impl<'a> Slice<'a> {
    #[inline]
    pub(crate) fn new(rest: &'a mut [u8]) -> Self {
        Self { rest, written: 0 }
    }

    #[inline]
    pub(crate) const fn written(&self) -> usize {
        self.written
    }
}

impl Sink for Slice<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        if let Some((place, rest)) = core::mem::take(&mut self.rest).split_at_mut_checked(bytes.len()) {
            copy(place, bytes);
            self.rest = rest;
            self.written += bytes.len();
        }
    }

    #[inline]
    fn fixed<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some((place, rest)) = core::mem::take(&mut self.rest).split_first_chunk_mut::<N>() {
            *place = bytes;
            self.rest = rest;
            self.written += N;
        }
    }
}

#[cfg(feature = "alloc")]
impl Sink for alloc::vec::Vec<u8> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    #[inline]
    fn fixed<const N: usize>(&mut self, bytes: [u8; N]) {
        self.extend_from_slice(&bytes);
    }
}

/// What is wrong with encoded bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum WireErrorKind {
    /// The message ends inside a field, or a length goes beyond it.
    Truncated,
    /// A varint longer than 64 bits.
    Varint,
    /// A field number of zero or above 2^29-1.
    FieldNumber,
    /// A group, or a wire type that does not exist.
    WireType,
    /// A known field with a wire type that is not its own.
    WrongType,
    /// A string that is not UTF-8.
    Utf8,
    /// An attribute value nested deeper than 100.
    Depth,
    /// A trace id that is not 16 bytes or all zero.
    TraceId,
    /// A span id that is not 8 bytes or all zero.
    SpanId,
    /// A parent span id that is neither empty nor 8 bytes.
    ParentSpanId,
    /// A link whose ids are not 16 and 8 bytes (or empty).
    LinkId,
}

/// Why bytes were refused, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WireError {
    /// What is wrong.
    pub kind: WireErrorKind,
    /// Where, in bytes from the start of what was read.
    pub offset: usize,
}

impl WireErrorKind {
    /// What is wrong, in a few words without the place.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Truncated => "a field goes beyond the end of its message",
            Self::Varint => "a varint is longer than 64 bits",
            Self::FieldNumber => "a field number is out of range",
            Self::WireType => "a group or an unknown wire type",
            Self::WrongType => "a known field has the wrong wire type",
            Self::Utf8 => "a string is not UTF-8",
            Self::Depth => "an attribute value is nested deeper than 100",
            Self::TraceId => "the trace id is not 16 bytes or is all zero",
            Self::SpanId => "the span id is not 8 bytes or is all zero",
            Self::ParentSpanId => "the parent span id is neither empty nor 8 bytes",
            Self::LinkId => "a link has ids of a wrong length",
        }
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.kind.as_str(), self.offset)
    }
}

impl core::error::Error for WireError {}

/// The content of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Content<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// One field as it stands in its message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) content: Content<'a>,
    /// Tag and content.
    #[cfg(feature = "alloc")]
    pub(crate) raw: &'a [u8],
    /// Where the content ends (of a length-delimited field: where it begins), from the start of the input.
    pub(crate) offset: usize,
}

impl<'a> Field<'a> {
    pub(crate) const fn error(&self, kind: WireErrorKind) -> WireError {
        WireError {
            kind,
            offset: self.offset,
        }
    }

    pub(crate) fn bytes(&self) -> Result<&'a [u8], WireError> {
        match self.content {
            Content::Bytes(bytes) => Ok(bytes),
            _ => Err(self.error(WireErrorKind::WrongType)),
        }
    }

    pub(crate) fn str(&self) -> Result<&'a str, WireError> {
        core::str::from_utf8(self.bytes()?).map_err(|_| self.error(WireErrorKind::Utf8))
    }

    pub(crate) const fn varint(&self) -> Result<u64, WireError> {
        match self.content {
            Content::Varint(value) => Ok(value),
            _ => Err(self.error(WireErrorKind::WrongType)),
        }
    }

    pub(crate) const fn fixed64(&self) -> Result<u64, WireError> {
        match self.content {
            Content::Fixed64(value) => Ok(value),
            _ => Err(self.error(WireErrorKind::WrongType)),
        }
    }

    pub(crate) const fn fixed32(&self) -> Result<u32, WireError> {
        match self.content {
            Content::Fixed32(value) => Ok(value),
            _ => Err(self.error(WireErrorKind::WrongType)),
        }
    }

    /// The fields of an embedded message.
    pub(crate) fn message(&self) -> Result<Reader<'a>, WireError> {
        Ok(Reader {
            bytes: self.bytes()?,
            at: 0,
            base: self.offset,
        })
    }
}

/// Reads the fields of one message, in the order they stand in. Never panics; an error ends it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    base: usize,
}

impl<'a> Reader<'a> {
    #[inline]
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            base: 0,
        }
    }

    /// Where it stands, from the start of the input.
    pub(crate) const fn offset(&self) -> usize {
        self.base + self.at
    }

    #[inline]
    pub(crate) fn next_field(&mut self) -> Result<Option<Field<'a>>, WireError> {
        if self.at >= self.bytes.len() {
            return Ok(None);
        }
        let start = self.at;
        let field = self.field(start);
        if field.is_err() {
            self.at = self.bytes.len();
        }
        field.map(Some)
    }

    #[inline]
    fn field(&mut self, start: usize) -> Result<Field<'a>, WireError> {
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 || number > 0x1fff_ffff {
            return Err(self.error_at(start, WireErrorKind::FieldNumber));
        }
        let mut offset = self.at;
        let content = match tag & 7 {
            0 => Content::Varint(self.varint()?),
            1 => Content::Fixed64(u64::from_le_bytes(self.chunk()?)),
            2 => {
                let length = self.varint()?;
                offset = self.at;
                Content::Bytes(self.take(length)?)
            }
            5 => Content::Fixed32(u32::from_le_bytes(self.chunk()?)),
            _ => return Err(self.error_at(start, WireErrorKind::WireType)),
        };
        #[cfg(feature = "alloc")]
        let raw = self.bytes.get(start..self.at).unwrap_or_default();
        Ok(Field {
            number: number as u32,
            content,
            #[cfg(feature = "alloc")]
            raw,
            offset: self.base + offset,
        })
    }

    const fn error_at(&self, at: usize, kind: WireErrorKind) -> WireError {
        WireError {
            kind,
            offset: self.base + at,
        }
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, WireError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let mut value = 0;
        for (index, &byte) in rest.iter().take(10).enumerate() {
            if index == 9 && byte > 1 {
                return Err(self.error_at(self.at, WireErrorKind::Varint));
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.at += index + 1;
                return Ok(value);
            }
        }
        Err(self.error_at(self.at, WireErrorKind::Truncated))
    }

    #[inline]
    fn take(&mut self, length: u64) -> Result<&'a [u8], WireError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = usize::try_from(length).ok().and_then(|length| rest.get(..length));
        let taken = taken.ok_or(self.error_at(self.at, WireErrorKind::Truncated))?;
        self.at += taken.len();
        Ok(taken)
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let chunk = rest.first_chunk::<N>();
        let chunk = chunk.ok_or(self.error_at(self.at, WireErrorKind::Truncated))?;
        self.at += N;
        Ok(*chunk)
    }
}

/// For messages that were checked, or that are ours: an error is the end.
impl<'a> Iterator for Reader<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        self.next_field().ok().flatten()
    }
}
