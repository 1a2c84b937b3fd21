//! Parameters of a search.

use super::duration;
use std::borrow::Cow;

/// Traces returned when the client does not say how many.
const DEFAULT_LIMIT: usize = 100;

/// The parameters of `/api/traces`, read and checked. One span has to satisfy all of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) service: Option<String>,
    pub(crate) operation: Option<String>,
    /// Bounds of a span's start, ns since 1970, both included.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Bounds of a span's duration, ns, both included.
    pub(crate) min_duration: u64,
    pub(crate) max_duration: u64,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) limit: usize,
    /// When not empty, these traces are wanted and nothing is searched.
    pub(crate) trace_ids: Vec<String>,
    pub(crate) raw: bool,
    pub(crate) pretty: bool,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            service: None,
            operation: None,
            start: 0,
            end: u64::MAX,
            min_duration: 0,
            max_duration: u64::MAX,
            tags: Vec::new(),
            limit: DEFAULT_LIMIT,
            trace_ids: Vec::new(),
            raw: false,
            pretty: false,
        }
    }
}

/// The names and values of a query string, percent-decoded.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes())
}

/// The first value of this name that is not empty.
pub(crate) fn first(query: &str, name: &str) -> Option<String> {
    pairs(query)
        .find(|(key, value)| key == name && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

/// Whether a flag such as `prettyPrint` is set: present, and anything but `false`.
pub(crate) fn flag(query: &str, name: &str) -> bool {
    pairs(query)
        .find(|(key, _)| key == name)
        .is_some_and(|(_, value)| value != "false")
}

/// A boolean such as `raw`: `true`, `false` and what Go takes for them.
pub(crate) fn boolean(query: &str, name: &str) -> Result<bool, String> {
    match first(query, name).as_deref() {
        None | Some("false" | "0" | "f" | "F" | "FALSE" | "False") => Ok(false),
        Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Ok(true),
        Some(other) => Err(format!(
            "malformed parameter {name}: \"{other}\" is neither true nor false"
        )),
    }
}

impl Search {
    /// Reads a query string; the error is a sentence for the client. Unknown parameters are ignored, empty ones count
    /// as absent.
    pub(crate) fn parse(query: &str) -> Result<Self, String> {
        let mut search = Self::default();
        for (name, value) in pairs(query) {
            if value.is_empty() {
                continue;
            }
            let malformed = |why: String| format!("malformed parameter {name}: {why}");
            match &*name {
                "service" => search.service = Some(value.into_owned()),
                "operation" => search.operation = Some(value.into_owned()),
                "start" => search.start = micros(&value).map_err(malformed)?,
                // A span that starts within the last microsecond is still inside.
                "end" => search.end = micros(&value).map_err(malformed)?.saturating_add(999),
                "minDuration" => search.min_duration = duration::parse(&value).map_err(malformed)?,
                "maxDuration" => search.max_duration = duration::parse(&value).map_err(malformed)?,
                "limit" => search.limit = limit(&value).map_err(malformed)?,
                "tag" => search.tags.push(tag(&value).map_err(malformed)?),
                "tags" => search.tags.extend(tags(&value).map_err(malformed)?),
                "traceID" => search.trace_ids.push(value.into_owned()),
                _ => {}
            }
        }
        search.raw = boolean(query, "raw")?;
        search.pretty = flag(query, "prettyPrint");
        if search.max_duration < search.min_duration {
            return Err("malformed parameter maxDuration: it is less than minDuration".to_owned());
        }
        Ok(search)
    }
}

/// A decimal number, digits only.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.bytes().try_fold(0_u64, |n, digit| {
        n.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })
}

fn micros(text: &str) -> Result<u64, String> {
    let micros =
        number(text).ok_or_else(|| format!("\"{text}\" is not a number of microseconds since 1970"))?;
    Ok(micros.saturating_mul(1_000))
}

fn limit(text: &str) -> Result<usize, String> {
    number(text)
        .and_then(|n| usize::try_from(n).ok())
        .ok_or_else(|| format!("\"{text}\" is not a number of traces, 0 or more"))
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once(':')
        .ok_or_else(|| format!("\"{text}\" is not of the form key:value"))?;
    Ok((key.to_owned(), value.to_owned()))
}

fn tags(text: &str) -> Result<Vec<(String, String)>, String> {
    let wrong = || "it is not a JSON object whose values are strings".to_owned();
    let parsed: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|_| wrong())?;
    parsed
        .into_iter()
        .map(|(key, value)| match value {
            serde_json::Value::String(value) => Ok((key, value)),
            _ => Err(wrong()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Search;

    #[test]
    fn a_whole_search() {
        let search = Search::parse(
            "service=api&operation=GET+%2Fx&start=1&end=2&minDuration=1ms&maxDuration=1m30s&limit=7&tag=a:b:c\
             &tag=d:&tags=%7B%22error%22%3A%22true%22%7D&raw=true&prettyPrint=&lookback=1h&unknown",
        );
        let wanted = Search {
            service: Some("api".into()),
            operation: Some("GET /x".into()),
            start: 1_000,
            end: 2_999,
            min_duration: 1_000_000,
            max_duration: 90_000_000_000,
            tags: vec![
                ("a".into(), "b:c".into()),
                ("d".into(), String::new()),
                ("error".into(), "true".into()),
            ],
            limit: 7,
            raw: true,
            pretty: true,
            ..Search::default()
        };
        assert_eq!(search, Ok(wanted));
        assert_eq!(Search::parse(""), Ok(Search::default()));
        assert_eq!(Search::parse("limit=&service="), Ok(Search::default()));
    }

    #[test]
    fn what_is_malformed_is_named() {
        for (query, name) in [
            ("start=+1", "start"),
            ("end=-1", "end"),
            ("limit=-1", "limit"),
            ("limit=ten", "limit"),
            ("minDuration=5", "minDuration"),
            ("minDuration=2s&maxDuration=1s", "maxDuration"),
            ("tag=novalue", "tag"),
            ("tags=%5B1%5D", "tags"),
            ("tags=%7B%22a%22%3A1%7D", "tags"),
            ("raw=maybe", "raw"),
        ] {
            let error = Search::parse(query).expect_err(query);
            assert!(
                error.starts_with(&format!("malformed parameter {name}: ")),
                "{query}: {error}"
            );
        }
    }
}
