//! What became of an operation.

use super::Sink;
use super::attribute::{ERROR_TYPE, ERROR_TYPE_OTHER};
use crate::{StatusCode, Value};

/// The status that a span gets, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outcome<'a> {
    /// `Error`, or `Unset`: never `Ok`, which is for the application to say.
    pub status: StatusCode,
    /// The description of the status; empty where other attributes say it all.
    pub message: &'a str,
    error_type: ErrorType<'a>,
}

/// `error.type`, which may be the text of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum ErrorType<'a> {
    #[default]
    None,
    Text(&'a str),
    Code([u8; 3]),
}

impl<'a> Outcome<'a> {
    /// Nothing failed.
    pub const UNSET: Self = Self {
        status: StatusCode::Unset,
        message: "",
        error_type: ErrorType::None,
    };

    /// A failure of this type (`_OTHER` when it is empty) and with this message.
    pub fn failed(error_type: &'a str, message: &'a str) -> Self {
        Self {
            status: StatusCode::Error,
            message,
            error_type: ErrorType::Text(if error_type.is_empty() {
                ERROR_TYPE_OTHER
            } else {
                error_type
            }),
        }
    }

    /// A failure that a status code of HTTP says.
    pub(super) fn of_code(code: u16) -> Self {
        let digit = |unit: u16| b'0' + (code / unit % 10) as u8;
        Self {
            status: StatusCode::Error,
            message: "",
            error_type: match code {
                0..=999 => ErrorType::Code([digit(100), digit(10), digit(1)]),
                _ => ErrorType::Text(ERROR_TYPE_OTHER),
            },
        }
    }

    /// The `error.type`; `None` when nothing failed.
    pub fn error_type(&self) -> Option<&str> {
        match &self.error_type {
            ErrorType::None => None,
            ErrorType::Text(text) => Some(text),
            ErrorType::Code(digits) => core::str::from_utf8(digits).ok(),
        }
    }

    /// `error.type`, when something failed. For operations whose end has no other attributes; the ends of the others
    /// write it themselves.
    pub fn attributes<'s>(&'s self, sink: Sink<'_, 's>) {
        if let Some(error_type) = self.error_type() {
            sink(ERROR_TYPE, Value::Str(error_type));
        }
    }
}
