//! Policies in one word, for where a whole structure has no place.

use super::{PolicyKind, PolicyOptions, TailError};
use crate::{StatusCode, sample::Pattern};
use alloc::{string::String, vec};

const FORMS: &str = "write error, latency=5s, service=NAME, attribute=KEY:VALUE, rate-limit=SPANS_PER_SECOND, \
                     bytes-limit=BYTES_PER_SECOND, default=PERCENT or always";

impl PolicyOptions {
    /// A policy from a few letters:
    ///
    /// | text | policy |
    /// |---|---|
    /// | `error` | traces with a span whose status is an error |
    /// | `latency`, `latency=2s`, `latency=250ms` | traces that take longer than that; 5 s if nothing is said |
    /// | `service=NAME` | traces with a span of this service (`service.name`) |
    /// | `attribute=KEY:VALUE` | traces with this text in an attribute of a span or resource; the key ends at the first colon |
    /// | `rate-limit=N` | what N spans per second have room for |
    /// | `bytes-limit=N` | what N bytes per second have room for |
    /// | `default`, `default=PERCENT` | this share of all traces; 1 % if nothing is said |
    /// | `always` | all traces |
    ///
    /// Its name is the text in front of `=`; of `service` and `attribute` all of it.
    ///
    /// ```
    /// use spanline_core::sample::tail::{PolicyOptions, TailPolicies};
    /// let policies = ["error", "latency=2s", "service=payments", "default=1"];
    /// let policies = policies.into_iter().map(PolicyOptions::short).collect::<Result<Vec<_>, _>>().unwrap();
    /// assert!(TailPolicies::new(policies, false).is_ok());
    /// assert!(PolicyOptions::short("latency=fast").is_err());
    /// ```
    ///
    /// # Errors
    /// The text is none of these; the error's path is the text itself.
    pub fn short(text: &str) -> Result<Self, TailError> {
        let text = text.trim_matches([' ', '\t']);
        let (form, value) = match text.split_once('=') {
            Some((form, value)) => (form, Some(value)),
            None => (text, None),
        };
        let wrong = |problem: &str| TailError::new(text, problem, FORMS);
        let whole = || {
            let number = value.and_then(whole_number);
            number.ok_or_else(|| wrong("needs a whole number"))
        };
        let attribute = |key: &str, value: &str| PolicyKind::StringAttribute {
            key: key.into(),
            values: vec![Pattern::exact(value)],
            invert_match: false,
        };
        let mut name = form;
        let kind = match form {
            "always" | "error" if value.is_some() => return Err(wrong("takes no value")),
            "always" => PolicyKind::AlwaysSample,
            "error" => PolicyKind::StatusCode {
                status_codes: vec![StatusCode::Error],
            },
            "latency" => PolicyKind::Latency {
                threshold_ms: match value {
                    Some(value) => {
                        milliseconds(value).ok_or_else(|| wrong("needs a time, such as 2s or 250ms"))?
                    }
                    None => 5000,
                },
                upper_threshold_ms: 0,
            },
            "service" => {
                name = text;
                let service = value.filter(|value| !value.is_empty());
                attribute(
                    "service.name",
                    service.ok_or_else(|| wrong("needs the name of a service"))?,
                )
            }
            "attribute" => {
                name = text;
                let pair = value.and_then(|value| value.split_once(':'));
                let pair = pair.filter(|(key, _)| !key.is_empty());
                let (key, value) = pair.ok_or_else(|| wrong("needs a key, a colon and a value"))?;
                attribute(key, value)
            }
            "rate-limit" => PolicyKind::RateLimiting {
                spans_per_second: whole()?,
                burst_capacity: 0,
            },
            "bytes-limit" => PolicyKind::BytesLimiting {
                bytes_per_second: whole()?,
                burst_capacity: 0,
            },
            "default" => PolicyKind::Probabilistic {
                sampling_percentage: match value {
                    Some(value) => percentage(value).ok_or_else(|| wrong("needs a percentage, 0 to 100"))?,
                    None => 1.0,
                },
                hash_salt: None,
            },
            _ => return Err(wrong("is not a policy")),
        };
        Ok(Self::new(String::from(name), kind))
    }
}

/// Digits and nothing else.
fn whole_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// Digits with at most one point between them, and perhaps a percent sign.
fn percentage(text: &str) -> Option<f64> {
    let text = text.strip_suffix('%').unwrap_or(text);
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let number = text.parse().ok()?;
    let plain = [whole, part].iter().all(|digits| {
        !digits.is_empty() && digits.len() <= 20 && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    (plain && number <= 100.0).then_some(number)
}

fn milliseconds(text: &str) -> Option<u64> {
    if let Some(number) = text.strip_suffix("ms") {
        return whole_number(number);
    }
    whole_number(text.strip_suffix('s')?)?.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn short_forms() {
        for (text, name, kind) in [
            ("error", "error", "StatusCode { status_codes: [Error] }"),
            (
                "latency",
                "latency",
                "Latency { threshold_ms: 5000, upper_threshold_ms: 0 }",
            ),
            (
                " latency=2s ",
                "latency",
                "Latency { threshold_ms: 2000, upper_threshold_ms: 0 }",
            ),
            (
                "latency=250ms",
                "latency",
                "Latency { threshold_ms: 250, upper_threshold_ms: 0 }",
            ),
            (
                "service=pay=ments",
                "service=pay=ments",
                "StringAttribute { key: \"service.name\", values: [Exact(\"pay=ments\")], invert_match: false }",
            ),
            (
                "attribute=k:v:w",
                "attribute=k:v:w",
                "StringAttribute { key: \"k\", values: [Exact(\"v:w\")], invert_match: false }",
            ),
            (
                "rate-limit=7",
                "rate-limit",
                "RateLimiting { spans_per_second: 7, burst_capacity: 0 }",
            ),
            (
                "bytes-limit=7",
                "bytes-limit",
                "BytesLimiting { bytes_per_second: 7, burst_capacity: 0 }",
            ),
            (
                "default",
                "default",
                "Probabilistic { sampling_percentage: 1.0, hash_salt: None }",
            ),
            (
                "default=0.5%",
                "default",
                "Probabilistic { sampling_percentage: 0.5, hash_salt: None }",
            ),
            ("always", "always", "AlwaysSample"),
        ] {
            let policy = PolicyOptions::short(text).unwrap();
            assert_eq!((&*policy.name, &*format!("{:?}", policy.kind)), (name, kind));
        }
        for text in [
            "",
            "=",
            "errors",
            "Error",
            "error=1",
            "always=",
            "latency=",
            "latency=2",
            "latency=+2s",
            "latency=2m",
            "latency=99999999999999999s",
            "service",
            "service=",
            "attribute=k",
            "attribute=:v",
            "rate-limit",
            "rate-limit=-1",
            "rate-limit=1.5",
            "bytes-limit=x",
            "default=101",
            "default=1e1",
            "default=+1",
            "default=.",
            "default=nan",
            "default=1.",
            "default=",
        ] {
            let error = PolicyOptions::short(text).unwrap_err();
            assert!(error.hint.contains("latency=5s"), "{text}: {error}");
        }
    }
}
