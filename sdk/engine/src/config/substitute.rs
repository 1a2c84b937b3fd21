//! `${NAME}` in scalars.

use super::{Position, Remark};
use crate::options::{LogLevel, text::quoted};
use alloc::{format, string::String, vec::Vec};

/// Replaces `${NAME}`, `${env:NAME}` and `${NAME:-default}` by what `env` says, or the default where that is nothing or
/// empty. `$$` is a dollar sign, a lone `$` and a reference that does not end stay as they are, and what was put in is
/// not looked at again. The result is at most `most` bytes long.
///
/// # Errors
/// What is wrong with a reference, or that the result would be longer, as the end of a sentence. It never contains what
/// a variable holds.
///
/// ```
/// use spanline_engine::config::substitute;
/// let env = |name: &str| (name == "HOST").then(|| "example.org".to_string());
/// assert_eq!(substitute("http://${HOST}:${PORT:-4318}", &env, 100).unwrap(), "http://example.org:4318");
/// assert!(substitute("${HOST:?}", &env, 100).is_err());
/// ```
pub fn substitute(text: &str, env: &dyn Fn(&str) -> Option<String>, most: usize) -> Result<String, String> {
    let mut result = String::new();
    let mut push = |piece: &str| {
        if piece.len() > most - result.len() {
            return Err(format!("is longer than {most} bytes once variables are replaced"));
        }
        result.push_str(piece);
        Ok(())
    };
    for (index, mut rest) in text.split("$$").enumerate() {
        if index > 0 {
            push("$")?;
        }
        while let Some((before, after)) = rest.split_once("${") {
            let Some((reference, behind)) = after.split_once('}') else {
                break;
            };
            push(before)?;
            let (name, default) = parse(reference).ok_or_else(|| {
                format!(
                    "has the reference {} that is none of `${{NAME}}`, `${{env:NAME}}` and `${{NAME:-default}}`; write \
                     `$$` for a dollar sign",
                    quoted(&format!("${{{reference}}}"))
                )
            })?;
            match env(name).filter(|value| !value.is_empty()) {
                Some(value) => push(&value)?,
                None => push(default)?,
            }
            rest = behind;
        }
        push(rest)?;
    }
    Ok(result)
}

/// What to say of the references in a text that name no default and a variable that is not set: they are replaced by
/// nothing. `at` is the place of the text.
pub fn undefined(text: &str, env: &dyn Fn(&str) -> Option<String>, at: Option<Position>) -> Vec<Remark> {
    let pieces = text.split("$$").flat_map(|piece| piece.split("${").skip(1));
    let references = pieces.filter_map(|piece| Some(piece.split_once('}')?.0));
    let unset = references.filter(|reference| !reference.contains(":-"));
    let names = unset.filter_map(|reference| Some(parse(reference)?.0));
    names
        .filter(|name| env(name).is_none())
        .map(|name| {
            let text =
                "the variable is not set, and nothing takes its place; `${NAME:-default}` gives a default";
            Remark::new(LogLevel::Info, name, at, text)
        })
        .collect()
}

/// Name and default of what stands between the braces.
fn parse(reference: &str) -> Option<(&str, &str)> {
    let reference = reference.strip_prefix("env:").unwrap_or(reference);
    let (name, default) = reference.split_once(":-").unwrap_or((reference, ""));
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let fits = name.bytes().all(is_name)
        && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
        && !default.chars().any(|c| c.is_control() && c != '\t');
    fits.then_some((name, default))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn env(name: &str) -> Option<String> {
        (name == "A").then(|| "12345".to_string())
    }

    #[test]
    fn the_result_is_bounded() {
        assert_eq!(substitute("${A}${A}", &env, 10).unwrap(), "1234512345");
        assert!(substitute("${A}${A}", &env, 9).is_err());
        assert!(substitute("abc", &env, 2).is_err());
        assert!(substitute("$$", &env, 0).is_err());
    }

    #[test]
    fn what_is_not_set_and_has_no_default_is_said() {
        let said = undefined("${A} ${B} $${C} ${D:-d} ${env:E} ${", &env, None);
        let names: Vec<_> = said.iter().map(|remark| &remark.path[..]).collect();
        assert_eq!(names, ["B", "E"]);
        assert!(said[0].text.contains("not set"));
    }

    #[test]
    fn bad_references() {
        for bad in [
            "${}",
            "${ A}",
            "${A }",
            "${:-x}",
            "${env:}",
            "${ENV:A}",
            "${env:env:A}",
            "${A:}",
            "${A:x}",
            "${A-x}",
            "${A:-x\ny}",
            "${\u{e9}}",
            "x ${A} ${B:+y}",
        ] {
            assert!(substitute(bad, &env, 100).is_err(), "{bad}");
        }
        assert_eq!(substitute("${_b2:-\u{e9}\t}", &env, 100).unwrap(), "\u{e9}\t");
    }

    #[test]
    fn the_message_names_the_reference_but_no_value() {
        let wrong = substitute("${A}${1A}", &env, 100).unwrap_err();
        assert!(wrong.contains("${1A}") && !wrong.contains("12345"), "{wrong}");
    }
}
