//! Exporters of the short forms.

use super::read::{At, Form};
use crate::ErrorKind;
use crate::config::{
    Value,
    flat::{FlatExporter, integer},
};
use crate::options::{Compression, endpoint};
use alloc::borrow::ToOwned;

/// Exporters by name, in the order of the reference.
pub(super) const NAMES: &[&str] = &[
    "otlp", "zipkin", "jaeger", "console", "file", "memory", "discard", "none",
];

const COMPRESSIONS: &[&str] = &[
    Compression::None.name(),
    Compression::Gzip.name(),
    Compression::Zstd.name(),
];

/// The members of an exporter of this name: those that send over the network have some.
pub(super) fn members(name: &str) -> &'static [&'static str] {
    match name {
        "otlp" => &["endpoint", "timeout", "compression"],
        "zipkin" | "jaeger" => &["endpoint", "timeout"],
        _ => &[],
    }
}

impl Form {
    /// Reads one member of an exporter.
    pub(super) fn exporter_member(&mut self, exporter: &mut FlatExporter, otlp: bool, key: &str, at: At<'_>) {
        match key {
            "endpoint" => {
                let Some(text) = self.text(at) else { return };
                let whole = match endpoint::is_root(text) {
                    true if otlp => endpoint::of_base(text),
                    _ => None,
                };
                let text = whole.unwrap_or_else(|| text.to_owned());
                exporter.set("endpoint", text);
            }
            "timeout" => {
                let Some(timeout) = self.timeout(at) else { return };
                exporter.set("timeout_ms", integer(timeout));
            }
            _ => {
                let Some(name) = self.name(at, COMPRESSIONS) else {
                    return;
                };
                exporter.set("compression", name.to_owned());
            }
        }
    }

    /// A whole number of milliseconds, or text: a number and its unit.
    fn timeout(&mut self, at: At<'_>) -> Option<u64> {
        let timeout = match &at.node.value {
            Value::Int(number) => u64::try_from(*number).ok(),
            Value::Str(text) => milliseconds(text),
            _ => {
                self.problems.wrong_type(
                    at.path,
                    at.node,
                    "a number of milliseconds, or text such as `10s`,",
                );
                return None;
            }
        };
        if timeout.is_none() {
            let text =
                "this is neither a whole number of milliseconds nor a number with the unit `ms`, `s` or `m`";
            self.problems.at(ErrorKind::BadValue, at.path, at.node, text);
        }
        timeout
    }
}

/// `1500ms`, `1.5s`, `2m` in milliseconds, rounded up: what is more than nothing must not become 0, which is no limit.
fn milliseconds(text: &str) -> Option<u64> {
    let (number, factor) = if let Some(number) = text.strip_suffix("ms") {
        (number, 1.0)
    } else if let Some(number) = text.strip_suffix('s') {
        (number, 1_000.0)
    } else {
        (text.strip_suffix('m')?, 60_000.0)
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let product: f64 = number.parse::<f64>().ok()? * factor;
    // Whole milliseconds up to 2^53 are exact; nobody waits longer than that.
    if product > 9_007_199_254_740_992.0 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 2^53"
    )]
    let whole = product as u64;
    #[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
    let rest = product - whole as f64;
    // 1.1s is 1100.0000000000002 in binary.
    Some(if rest > 1e-6 { whole + 1 } else { whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_with_units() {
        for (text, expected) in [
            ("500ms", 500),
            ("1.5s", 1500),
            ("1.1s", 1100),
            ("0.0001s", 1),
            ("0.5ms", 1),
            ("0s", 0),
            ("1.5m", 90_000),
            ("007s", 7000),
        ] {
            assert_eq!(milliseconds(text), Some(expected), "{text}");
        }
        for bad in [
            "",
            "s",
            "ms",
            "10",
            "1h",
            "-1s",
            "+1s",
            "1e3s",
            ".5s",
            "1.s",
            "1.2.3s",
            "10 s",
            " 1s",
            "1s ",
            "1S",
            "infs",
            "nanm",
            "99999999999999999999s",
        ] {
            assert_eq!(milliseconds(bad), None, "{bad}");
        }
    }
}
