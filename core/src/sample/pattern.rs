//! Patterns for names and attribute values.

use super::AttributeSource;
use crate::wire::{json, otlp::ValueView};
use crate::{Value, pattern_fits};
use alloc::{boxed::Box, string::String, sync::Arc};
use core::fmt;

/// Looks at a text. Implemented by whoever has regular expressions: this crate has none.
pub trait TextMatch: Send + Sync + fmt::Debug {
    /// Whether the text fits.
    fn is_match(&self, text: &str) -> bool;
}

/// A pattern for a text.
///
/// ```
/// use spanline_core::sample::Pattern;
/// assert!(Pattern::glob("GET /api/*").matches("GET /api/users"));
/// assert!(Pattern::exact("GET /").matches("GET /") && !Pattern::exact("GET /").matches("get /"));
/// ```
#[derive(Clone, Debug)]
pub enum Pattern {
    /// This text, and no other.
    Exact(Box<str>),
    /// With `*` for any characters, none too, and `?` for one; case counts.
    Glob(Box<str>),
    /// By code, such as a regular expression.
    Custom(Arc<dyn TextMatch>),
}

impl Pattern {
    /// See [`Pattern::Exact`].
    pub fn exact(text: impl Into<Box<str>>) -> Self {
        Self::Exact(text.into())
    }

    /// See [`Pattern::Glob`].
    pub fn glob(text: impl Into<Box<str>>) -> Self {
        Self::Glob(text.into())
    }

    /// Whether the text fits.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(wanted) => **wanted == *text,
            Self::Glob(pattern) => pattern_fits(pattern, text),
            Self::Custom(custom) => custom.is_match(text),
        }
    }
}

/// Whether the value of this attribute fits, in its text form; of an array whether any item does. Of a key that is
/// given several times the last counts. `None`: there is no such attribute.
pub(super) fn attribute(
    source: &dyn AttributeSource,
    key: &str,
    fits: &mut dyn FnMut(&str) -> bool,
) -> Option<bool> {
    let mut found = None;
    source.visit(&mut |name, value| {
        if name == key {
            found = Some(value_fits(value, fits));
        }
    });
    found
}

fn value_fits(value: Value<'_>, fits: &mut dyn FnMut(&str) -> bool) -> bool {
    match value {
        Value::List(items) => items.iter().any(|&item| item_fits(item, fits)),
        Value::StrList(items) => items.iter().any(|item| fits(item)),
        Value::I64List(items) => items.iter().any(|&item| item_fits(item.into(), fits)),
        Value::F64List(items) => items.iter().any(|&item| item_fits(item.into(), fits)),
        Value::BoolList(items) => items.iter().any(|&item| item_fits(item.into(), fits)),
        Value::Owned(crate::OwnedValue::List(items)) => {
            items.iter().any(|item| item_fits(item.as_value(), fits))
        }
        other => item_fits(other, fits),
    }
}

/// As [`value_fits`], for a value that is read in place.
pub(crate) fn view_fits(value: ValueView<'_>, fits: &mut dyn FnMut(&str) -> bool) -> bool {
    let mut one = |value| match value {
        ValueView::Empty => item_fits(Value::Empty, fits),
        ValueView::Bool(value) => item_fits(value.into(), fits),
        ValueView::I64(value) => item_fits(value.into(), fits),
        ValueView::F64(value) => item_fits(value.into(), fits),
        ValueView::Str(text) => item_fits(text.into(), fits),
        ValueView::Bytes(_) | ValueView::List(_) | ValueView::Map(_) => false,
    };
    match value {
        ValueView::List(mut items) => items.any(one),
        value => one(value),
    }
}

/// Bytes, maps and arrays within arrays have no short text form, and fit nothing.
fn item_fits(value: Value<'_>, fits: &mut dyn FnMut(&str) -> bool) -> bool {
    match value {
        Value::Str(text) => fits(text),
        Value::Bool(true) => fits("true"),
        Value::Bool(false) => fits("false"),
        Value::Empty => fits(""),
        Value::I64(number) => fits(&alloc::format!("{number}")),
        Value::F64(number) => {
            let mut text = String::new();
            // Writing to a String does not fail.
            let _ = json::number(&mut text, number, "");
            fits(&text)
        }
        Value::Owned(owned) if !matches!(owned.as_value(), Value::Owned(_)) => {
            item_fits(owned.as_value(), fits)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_text_forms() {
        let list = [Value::from(1), Value::from("two"), Value::List(&[])];
        let attributes: &[(&str, Value<'_>)] = &[
            ("bool", true.into()),
            ("int", 42.into()),
            ("double", 1.0.into()),
            ("nan", f64::NAN.into()),
            ("list", Value::List(&list)),
            ("twice", "first".into()),
            ("twice", "last".into()),
            ("bytes", Value::Bytes(b"x")),
        ];
        for (key, text, expected) in [
            ("bool", "true", Some(true)),
            ("int", "42", Some(true)),
            ("double", "1.0", Some(true)),
            ("nan", "NaN", Some(true)),
            ("list", "two", Some(true)),
            ("list", "three", Some(false)),
            ("twice", "first", Some(false)),
            ("twice", "last", Some(true)),
            ("bytes", "x", Some(false)),
            ("absent", "x", None),
        ] {
            assert_eq!(
                attribute(&attributes, key, &mut |value| value == text),
                expected,
                "{key}"
            );
        }
    }
}
