//! Values of any type as attributes; chosen by autoref, as in `failure`.

use spanline_core::Value;
use std::fmt::{Debug, Display};

/// A value to record.
#[derive(Debug)]
pub struct Recorded<'v, T: ?Sized>(pub &'v T);

/// A value that is an attribute as it is.
#[derive(Debug)]
pub struct Ready<'v>(Value<'v>);

impl<'v> Ready<'v> {
    /// The attribute's value.
    pub fn value(&self) -> Value<'v> {
        self.0
    }
}

/// A value that became text.
#[derive(Debug)]
pub struct Text(String);

impl Text {
    /// The text for developers.
    pub fn debug<T: Debug + ?Sized>(value: &T) -> Self {
        Self(format!("{value:?}"))
    }

    /// The text for users.
    pub fn display<T: Display + ?Sized>(value: &T) -> Self {
        Self(value.to_string())
    }

    /// The attribute's value.
    pub fn value(&self) -> Value<'_> {
        Value::Str(&self.0)
    }
}

/// An integer that may be too large for an attribute, which then is its text.
#[derive(Debug)]
pub enum Wide {
    /// It fits.
    Whole(i64),
    /// It does not.
    Text(String),
}

impl Wide {
    /// The attribute's value.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Whole(number) => Value::I64(*number),
            Self::Text(text) => Value::Str(text),
        }
    }
}

/// A value is made of a copy.
pub trait Copied<'v> {
    /// Looks at the value.
    fn recorded(&self) -> Ready<'v>;
}

impl<'v, T: Copy> Copied<'v> for &&&Recorded<'v, T>
where
    Value<'v>: From<T>,
{
    fn recorded(&self) -> Ready<'v> {
        Ready(Value::from(*self.0))
    }
}

/// A value is made of a reference.
pub trait Referenced<'v> {
    /// Looks at the value.
    fn recorded(&self) -> Ready<'v>;
}

impl<'v, T: ?Sized> Referenced<'v> for &&Recorded<'v, T>
where
    Value<'v>: From<&'v T>,
{
    fn recorded(&self) -> Ready<'v> {
        Ready(Value::from(self.0))
    }
}

/// `u64`, `usize` and the like.
pub trait Number {
    /// Looks at the value.
    fn recorded(&self) -> Wide;
}

impl<T: Copy + TryInto<i64> + Display> Number for &Recorded<'_, T> {
    fn recorded(&self) -> Wide {
        match (*self.0).try_into() {
            Ok(number) => Wide::Whole(number),
            Err(_) => Wide::Text(self.0.to_string()),
        }
    }
}

/// Everything else that has a text.
pub trait Shown {
    /// Looks at the value.
    fn recorded(&self) -> Text;
}

impl<T: Debug + ?Sized> Shown for Recorded<'_, T> {
    fn recorded(&self) -> Text {
        Text::debug(self.0)
    }
}
