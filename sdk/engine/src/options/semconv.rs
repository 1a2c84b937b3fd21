//! Semantic conventions.

use super::{
    LogLevel, TABLE,
    generated::index::{HTTP_KNOWN_METHODS, SEMCONV_OPT_IN},
    reader::{Name, Reader},
    text::{items, quoted},
};
use crate::Error;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use spanline_core::semconv::KNOWN_METHODS;

/// Where the standard asks whether exceptions are recorded as logs.
const EXCEPTIONS: &str = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN";

/// Whose names are written in which form: each name once, in order.
pub(super) fn opt_in(reader: &mut Reader<'_>, code: Option<&[String]>) -> Result<Vec<&'static str>, Error> {
    exceptions(reader);
    let mut list = Vec::new();
    if let Some(names) = code {
        for name in names {
            add(&mut list, reader.known_name(SEMCONV_OPT_IN, name)?);
        }
        reader.set_given(SEMCONV_OPT_IN);
        return Ok(list);
    }
    for variable in TABLE[SEMCONV_OPT_IN].variables {
        let Some(text) = reader.raw(variable) else {
            continue;
        };
        for item in items(&text) {
            match reader.look_up(SEMCONV_OPT_IN, item) {
                Name::Known(name) => add(&mut list, name),
                // Others use the variable, too.
                Name::Later(..) | Name::Unknown => {
                    let wrong = format!("{} is nothing that is known here", quoted(item));
                    reader.notice(LogLevel::Debug, SEMCONV_OPT_IN, Some(variable), wrong);
                }
            }
        }
        reader.set_environment(SEMCONV_OPT_IN, variable);
        break;
    }
    Ok(list)
}

fn add(list: &mut Vec<&'static str>, name: &'static str) {
    if !list.contains(&name) {
        list.push(name);
    }
}

/// Says that there are no logs for exceptions to go to.
fn exceptions(reader: &mut Reader<'_>) {
    let text = reader.raw(EXCEPTIONS).unwrap_or_default();
    let mut asked = items(&text).filter(|item| matches!(*item, "logs" | "logs/dup"));
    if let Some(item) = asked.next() {
        let text = format!("`{item}`: nothing is sent as logs here; exceptions stay events of their spans");
        reader.warn(SEMCONV_OPT_IN, EXCEPTIONS, text);
    }
}

/// The methods of HTTP that are known. An empty list says nothing.
pub(super) fn known_methods(reader: &mut Reader<'_>, code: Option<&[String]>) -> Vec<String> {
    if let Some(methods) = code.filter(|methods| !methods.is_empty()) {
        reader.set_given(HTTP_KNOWN_METHODS);
        return methods.to_vec();
    }
    for variable in TABLE[HTTP_KNOWN_METHODS].variables {
        let Some(text) = reader.raw(variable) else {
            continue;
        };
        let methods: Vec<String> = items(&text).map(str::to_owned).collect();
        if !methods.is_empty() {
            reader.set_environment(HTTP_KNOWN_METHODS, variable);
            return methods;
        }
    }
    KNOWN_METHODS.map(str::to_owned).to_vec()
}
