//! Attribute values, read in place.

use crate::wire::proto::{Content, Reader};
use core::str;
#[cfg(feature = "alloc")]
use {crate::OwnedValue, alloc::vec::Vec};

/// A value inside an encoded message.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ValueView<'a> {
    /// The empty value.
    Empty,
    /// A boolean.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// A double.
    F64(f64),
    /// Text.
    Str(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// An array.
    List(ListView<'a>),
    /// A map.
    Map(Attributes<'a>),
}

/// The elements of an array, in order.
#[derive(Clone, Copy, Debug)]
pub struct ListView<'a>(Reader<'a>);

/// Keys and values, in order: the attributes of something, or the entries of a map. A foreign message may repeat a
/// key.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    fields: Reader<'a>,
    number: u32,
}

impl<'a> ValueView<'a> {
    /// Reads an `AnyValue`. Of several members the last one counts.
    pub(super) fn read(message: &'a [u8]) -> Self {
        Reader::new(message)
            .filter_map(|field| member(field.number, field.content))
            .last()
            .unwrap_or(Self::Empty)
    }

    /// The text, when this is text.
    pub const fn as_str(self) -> Option<&'a str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, when this is one.
    pub const fn as_i64(self) -> Option<i64> {
        match self {
            Self::I64(value) => Some(value),
            _ => None,
        }
    }

    /// This value with parts of its own; what is nested deeper than 100 becomes the empty value.
    #[cfg(feature = "alloc")]
    pub fn to_owned(self) -> OwnedValue {
        owned(self, 1)
    }
}

#[cfg(feature = "alloc")]
fn owned(value: ValueView<'_>, depth: u32) -> OwnedValue {
    match value {
        ValueView::Bool(value) => OwnedValue::Bool(value),
        ValueView::I64(value) => OwnedValue::I64(value),
        ValueView::F64(value) => OwnedValue::F64(value),
        ValueView::Str(text) => text.into(),
        ValueView::Bytes(bytes) => OwnedValue::Bytes(bytes.into()),
        ValueView::List(list) if depth <= super::value::MAX_DEPTH => {
            OwnedValue::List(list.map(|value| owned(value, depth + 1)).collect::<Vec<_>>())
        }
        ValueView::Map(map) if depth <= super::value::MAX_DEPTH => OwnedValue::Map(
            map.map(|(key, value)| (key.into(), owned(value, depth + 1)))
                .collect::<Vec<_>>(),
        ),
        _ => OwnedValue::Empty,
    }
}

fn member<'a>(number: u32, content: Content<'a>) -> Option<ValueView<'a>> {
    Some(match (number, content) {
        (1, Content::Bytes(text)) => ValueView::Str(str::from_utf8(text).unwrap_or_default()),
        (2, Content::Varint(value)) => ValueView::Bool(value != 0),
        (3, Content::Varint(value)) => ValueView::I64(value as i64),
        (4, Content::Fixed64(value)) => ValueView::F64(f64::from_bits(value)),
        (5, Content::Bytes(list)) => ValueView::List(ListView(Reader::new(list))),
        (6, Content::Bytes(map)) => ValueView::Map(Attributes::new(map, 1)),
        (7, Content::Bytes(bytes)) => ValueView::Bytes(bytes),
        _ => return None,
    })
}

impl<'a> Iterator for ListView<'a> {
    type Item = ValueView<'a>;

    fn next(&mut self) -> Option<ValueView<'a>> {
        self.0
            .find(|field| field.number == 1)
            .and_then(|field| field.bytes().ok())
            .map(ValueView::read)
    }
}

impl<'a> Attributes<'a> {
    /// The attributes that are fields of this number in a message.
    pub(super) const fn new(message: &'a [u8], number: u32) -> Self {
        Self {
            fields: Reader::new(message),
            number,
        }
    }

    /// The value of this key; of a repeated key the last.
    pub fn get(self, key: &str) -> Option<ValueView<'a>> {
        self.filter(|(known, _)| *known == key)
            .last()
            .map(|(_, value)| value)
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, ValueView<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.number;
        self.fields
            .find(|field| field.number == number)
            .and_then(|field| field.bytes().ok())
            .map(pair)
    }
}

/// Reads a `KeyValue`. Of repeated values the last one that has a member counts.
pub(crate) fn pair(message: &[u8]) -> (&str, ValueView<'_>) {
    let (mut key, mut value) = ("", ValueView::Empty);
    for field in Reader::new(message) {
        match (field.number, field.content) {
            (1, Content::Bytes(text)) => key = str::from_utf8(text).unwrap_or_default(),
            (2, Content::Bytes(any)) => match ValueView::read(any) {
                ValueView::Empty => {}
                set => value = set,
            },
            _ => {}
        }
    }
    (key, value)
}
