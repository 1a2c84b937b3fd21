//! Exceptions.

use super::{Outcome, Sink, attribute};
use crate::Value;

/// The name of the event that records an exception.
pub const EXCEPTION_EVENT: &str = "exception";

/// An exception, of whatever language. What is not known is empty.
///
/// ```
/// use spanline_core::semconv::Exception;
/// let exception = Exception { type_name: "ValueError", message: "too large", stacktrace: "" };
/// let mut attributes = Vec::new();
/// exception.attributes(&mut |key, _| attributes.push(key));
/// assert_eq!(attributes, ["exception.type", "exception.message"]);
/// assert_eq!(exception.outcome().error_type(), Some("ValueError"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Exception<'a> {
    /// Its type, as fully qualified as the language has it.
    pub type_name: &'a str,
    /// Its message.
    pub message: &'a str,
    /// The stack in the language's own form, causes included.
    pub stacktrace: &'a str,
}

impl<'a> Exception<'a> {
    /// The attributes of the event [`EXCEPTION_EVENT`]. One that has neither type nor message is of the type `_OTHER`.
    pub fn attributes(&self, sink: Sink<'_, 'a>) {
        let type_name = match (self.type_name, self.message) {
            ("", "") => attribute::ERROR_TYPE_OTHER,
            (name, _) => name,
        };
        let all = [
            (attribute::EXCEPTION_TYPE, type_name),
            (attribute::EXCEPTION_MESSAGE, self.message),
            (attribute::EXCEPTION_STACKTRACE, self.stacktrace),
        ];
        for (key, text) in all {
            if !text.is_empty() {
                sink(key, Value::Str(text));
            }
        }
    }

    /// The status of a span that this exception leaves: its message, and its type as `error.type`. Not of one in which
    /// it is handled.
    pub fn outcome(&self) -> Outcome<'a> {
        Outcome::failed(self.type_name, self.message)
    }
}
