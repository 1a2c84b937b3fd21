//! The headers of requests.

use super::text::{is_space, percent_decode};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::fmt;

/// The exporter sets these itself.
const RESERVED: [&str; 4] = [
    "content-type",
    "content-encoding",
    "content-length",
    "transfer-encoding",
];

/// Header names and values, in order. Values are secrets: `Debug` and `Display` do not show them.
///
/// ```
/// use spanline_engine::options::Headers;
/// let headers = Headers::from_iter([("api-key", "1234")]);
/// assert_eq!(headers.iter().next(), Some(("api-key", "1234")));
/// assert_eq!(headers.to_string(), "api-key=***");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a pair, or replaces the value of the same name; the name is lower case already.
    pub(super) fn put(&mut self, name: String, value: String) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some(pair) => pair.1 = value,
            None => self.0.push((name, value)),
        }
    }

    /// The same with each pair checked and its name in lower case; or what is wrong with the first bad one.
    pub(super) fn checked(&self) -> Result<Self, String> {
        let mut checked = Self::default();
        for (name, value) in &self.0 {
            checked.put(checked_name(name)?, checked_value(name, value.as_bytes())?);
        }
        Ok(checked)
    }

    /// Reads `name=value,name=value` with percent-encoded values. What is wrong with a pair goes to `problem`, without
    /// its value, and the pair is skipped.
    pub(crate) fn parse(text: &str, problem: &mut dyn FnMut(String)) -> Self {
        let ows = |c| matches!(c, ' ' | '\t');
        let mut headers = Self::default();
        let pairs = text.trim_matches(is_space).split(',').enumerate();
        for (index, pair) in pairs.filter(|(_, pair)| !pair.trim_matches(ows).is_empty()) {
            let parsed = match pair.split_once('=') {
                // What stands there may be a secret whose name was forgotten.
                None => Err(format!("pair {} has no `=`", index + 1)),
                Some((name, value)) => {
                    let value = percent_decode(value.trim_matches(ows), false).unwrap_or_default();
                    checked_name(name.trim_matches(ows))
                        .and_then(|name| checked_value(&name, &value).map(|value| (name, value)))
                        .map_err(|wrong| format!("pair {}: {wrong}", index + 1))
                }
            };
            match parsed {
                Ok((name, value)) => headers.put(name, value),
                Err(wrong) => problem(format!("{wrong}; it is not sent")),
            }
        }
        headers
    }
}

fn checked_name(name: &str) -> Result<String, String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err("the name of a header is empty or has characters that are not allowed in it".to_owned());
    }
    let name = name.to_ascii_lowercase();
    match RESERVED.contains(&name.as_str()) {
        true => Err(format!("the header `{name}` is set by the exporter itself")),
        false => Ok(name),
    }
}

pub(super) fn checked_value(name: &str, value: &[u8]) -> Result<String, String> {
    let allowed = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~');
    match core::str::from_utf8(value) {
        Ok(text) if value.iter().all(allowed) => Ok(text.to_owned()),
        _ => Err(format!(
            "the value of the header `{name}` has characters other than printable ASCII"
        )),
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl fmt::Display for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, _)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            // A name in code is not checked yet when it is shown.
            write!(f, "{comma}{}=***", name.escape_debug())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}
