//! Attribute values (OpenTelemetry common "AnyValue").

#[cfg(feature = "alloc")]
use alloc::{borrow::Cow, string::String, vec::Vec};

/// An attribute value, borrowed: what calls take. Copied into the span at once, so it need not outlive the call.
///
/// ```
/// use spanline_core::Value;
/// let value: Value = "GET".into();
/// let list = [Value::from(1), Value::from("two"), Value::Empty];
/// let mixed = Value::List(&list);
/// # let _ = (value, mixed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Default)]
#[non_exhaustive]
pub enum Value<'a> {
    /// The empty value (a null inside an array).
    #[default]
    Empty,
    /// A boolean.
    Bool(bool),
    /// A signed 64-bit integer.
    I64(i64),
    /// A double; NaN and infinities are kept.
    F64(f64),
    /// Text.
    Str(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// An array of any values.
    List(&'a [Value<'a>]),
    /// A map; of equal keys the last wins, at the position of the first.
    Map(&'a [(&'a str, Value<'a>)]),
    /// A homogeneous array of text.
    StrList(&'a [&'a str]),
    /// A homogeneous array of integers.
    I64List(&'a [i64]),
    /// A homogeneous array of doubles.
    F64List(&'a [f64]),
    /// A homogeneous array of booleans.
    BoolList(&'a [bool]),
    /// An owned value, borrowed.
    #[cfg(feature = "alloc")]
    Owned(&'a OwnedValue),
}

macro_rules! value_from {
    ($($type:ty => $variant:ident $(as $cast:ty)?),* $(,)?) => {$(
        impl<'a> From<$type> for Value<'a> {
            #[inline]
            fn from(value: $type) -> Self {
                Value::$variant(value $(as $cast)?)
            }
        }
    )*};
}

value_from! {
    &'a str => Str, bool => Bool, f64 => F64, f32 => F64 as f64,
    i64 => I64, i32 => I64 as i64, i16 => I64 as i64, i8 => I64 as i64,
    u32 => I64 as i64, u16 => I64 as i64, u8 => I64 as i64,
    &'a [u8] => Bytes, &'a [Value<'a>] => List, &'a [(&'a str, Value<'a>)] => Map,
    &'a [&'a str] => StrList, &'a [i64] => I64List, &'a [f64] => F64List, &'a [bool] => BoolList,
}

/// Sizes and counts. The largest `i64` stands for what is larger, which no size in memory is.
impl From<usize> for Value<'_> {
    #[inline]
    fn from(value: usize) -> Self {
        Value::I64(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

#[cfg(feature = "alloc")]
impl<'a> From<&'a String> for Value<'a> {
    #[inline]
    fn from(value: &'a String) -> Self {
        Value::Str(value)
    }
}

#[cfg(feature = "alloc")]
impl<'a> From<&'a OwnedValue> for Value<'a> {
    fn from(value: &'a OwnedValue) -> Self {
        value.as_value()
    }
}

/// An attribute value that owns its parts: resource attributes, a sampler's attributes, decoded values.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
pub enum OwnedValue {
    /// The empty value.
    #[default]
    Empty,
    /// A boolean.
    Bool(bool),
    /// A signed 64-bit integer.
    I64(i64),
    /// A double.
    F64(f64),
    /// Text.
    Str(Cow<'static, str>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An array.
    List(Vec<OwnedValue>),
    /// A map in insertion order.
    Map(Vec<(String, OwnedValue)>),
}

#[cfg(feature = "alloc")]
impl OwnedValue {
    /// This value, borrowed.
    pub fn as_value(&self) -> Value<'_> {
        match self {
            Self::Empty => Value::Empty,
            Self::Bool(v) => Value::Bool(*v),
            Self::I64(v) => Value::I64(*v),
            Self::F64(v) => Value::F64(*v),
            Self::Str(v) => Value::Str(v),
            Self::Bytes(v) => Value::Bytes(v),
            Self::List(_) | Self::Map(_) => Value::Owned(self),
        }
    }

    /// The text, when this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(feature = "alloc")]
impl From<Value<'_>> for OwnedValue {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Empty => Self::Empty,
            Value::Bool(v) => Self::Bool(v),
            Value::I64(v) => Self::I64(v),
            Value::F64(v) => Self::F64(v),
            Value::Str(v) => Self::Str(Cow::Owned(v.into())),
            Value::Bytes(v) => Self::Bytes(v.into()),
            Value::List(v) => Self::List(v.iter().map(|&v| v.into()).collect()),
            Value::Map(v) => Self::Map(v.iter().map(|&(k, v)| (k.into(), v.into())).collect()),
            Value::StrList(v) => Self::List(v.iter().map(|&v| Value::Str(v).into()).collect()),
            Value::I64List(v) => Self::List(v.iter().map(|&v| Self::I64(v)).collect()),
            Value::F64List(v) => Self::List(v.iter().map(|&v| Self::F64(v)).collect()),
            Value::BoolList(v) => Self::List(v.iter().map(|&v| Self::Bool(v)).collect()),
            Value::Owned(v) => v.clone(),
        }
    }
}

#[cfg(feature = "alloc")]
impl From<String> for OwnedValue {
    fn from(value: String) -> Self {
        Self::Str(Cow::Owned(value))
    }
}

#[cfg(feature = "alloc")]
impl From<&str> for OwnedValue {
    fn from(value: &str) -> Self {
        Self::Str(Cow::Owned(value.into()))
    }
}

#[cfg(feature = "alloc")]
impl From<i64> for OwnedValue {
    fn from(value: i64) -> Self {
        Self::I64(value)
    }
}

#[cfg(feature = "alloc")]
impl From<f64> for OwnedValue {
    fn from(value: f64) -> Self {
        Self::F64(value)
    }
}

#[cfg(feature = "alloc")]
impl From<bool> for OwnedValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// An attribute that owns its key and value.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, PartialEq)]
pub struct KeyValue {
    /// The attribute's name, not empty.
    pub key: Cow<'static, str>,
    /// Its value.
    pub value: OwnedValue,
}

#[cfg(feature = "alloc")]
impl KeyValue {
    /// An attribute of this name and value.
    pub fn new(key: impl Into<Cow<'static, str>>, value: impl Into<OwnedValue>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}
