//! Places in the code.

use super::sink::Writer;
use super::{Conventions, Sink, attribute};
use crate::Value;

/// A place in the code. What is not known is empty or `None`.
///
/// ```
/// use spanline_core::semconv::{CodeLocation, Conventions};
/// let place = CodeLocation { function: "shop::orders::find", ..CodeLocation::default() };
/// let mut attributes = Vec::new();
/// place.attributes(&Conventions::opted_in(["code/dup"]), &mut |key, _| attributes.push(key));
/// assert_eq!(attributes, ["code.function.name", "code.function", "code.namespace"]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CodeLocation<'a> {
    /// The function's full name, without arguments: `crate::module::Type::function`, `package.module.Class.function`.
    pub function: &'a str,
    /// The file.
    pub file: &'a str,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// The stack.
    pub stacktrace: &'a str,
}

impl<'a> CodeLocation<'a> {
    /// The attributes of the place.
    pub fn attributes(&self, conventions: &Conventions, sink: Sink<'_, 'a>) {
        let out = &mut Writer::new(conventions.code, sink);
        if !self.function.is_empty() {
            out.new_only(attribute::CODE_FUNCTION_NAME, self.function);
            let split = self.function.rsplit_once("::");
            let split = split.or_else(|| self.function.rsplit_once('.'));
            match split {
                Some((namespace, function)) => {
                    out.old_only("code.function", function);
                    out.old_only("code.namespace", namespace);
                }
                None => out.old_only("code.function", self.function),
            }
        }
        if !self.file.is_empty() {
            out.set(attribute::CODE_FILE_PATH, "code.filepath", self.file);
        }
        let whole = |number: u32| Value::I64(number.into());
        out.set_some(attribute::CODE_LINE_NUMBER, "code.lineno", self.line.map(whole));
        out.set_some(
            attribute::CODE_COLUMN_NUMBER,
            "code.column",
            self.column.map(whole),
        );
        if !self.stacktrace.is_empty() {
            out.new_only(attribute::CODE_STACKTRACE, self.stacktrace);
        }
    }
}
