//! The version of the file format.

use super::schema::{Check, Remark};
use crate::ErrorKind;
use crate::config::{Node, Value};
use crate::options::LogLevel;
use alloc::format;

/// The newest minor version that is known.
const MINOR: u64 = 1;

/// `"1.0"` and `"1.1"`, also as a number. A newer minor version only adds to the format; another major one is another
/// format.
pub(super) fn check(check: &mut Check, tree: &Node) {
    const PATH: &str = "file_format";
    let Some(node) = tree.get(PATH).filter(|node| !node.is_null()) else {
        return;
    };
    let text = match node.value {
        Value::Str(_) | Value::Float(_) => node.text(),
        _ => None,
    };
    let Some(text) = text else {
        let needed = "a version in quotes, such as `\"1.1\"`,";
        return check.problems.wrong_type(PATH, node, needed);
    };
    let number = |text: &str| crate::options::text::integer(text);
    let version = text
        .split_once('.')
        .map(|(major, minor)| (number(major), number(minor)));
    match version {
        Some((Some(1), Some(minor))) if minor <= MINOR => {}
        Some((Some(1), Some(_))) => {
            let text = format!(
                "the version {text} is newer than 1.{MINOR}, which is what is known here; what is new in it is refused"
            );
            check
                .remarks
                .push(Remark::new(LogLevel::Warn, PATH, node.at, text));
        }
        Some((Some(_), Some(_))) => {
            let text = format!("the version {text} is not one of the format 1, which is what is known here");
            check.problems.at(ErrorKind::BadValue, PATH, node, text);
        }
        _ => {
            let text = format!(
                "{} is not a version, such as `\"1.1\"`",
                crate::options::text::quoted(&text)
            );
            check.problems.at(ErrorKind::BadValue, PATH, node, text);
        }
    }
}
