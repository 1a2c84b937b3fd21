//! The headers of a call.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::time::Duration;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, header};

/// What an answer may be compressed with.
#[cfg(feature = "zstd")]
pub(super) const ACCEPTED: &str = "identity,gzip,zstd";
#[cfg(not(feature = "zstd"))]
pub(super) const ACCEPTED: &str = "identity,gzip";

/// What describes the body or the connection, for which HTTP/2 and gRPC have their own ways.
const OURS: [HeaderName; 10] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::EXPECT,
    header::HOST,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
];

/// The headers that all calls have. The configured ones are added to ours but replace none except `user-agent` and
/// `authorization`; of several of one name the last one wins. `refused` is told the names of those that cannot be sent.
pub(super) fn headers(
    user_agent: &str,
    authorization: Option<&str>,
    configured: &[(String, String)],
    refused: &mut dyn FnMut(&str),
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-accept-encoding", HeaderValue::from_static(ACCEPTED));
    if let Ok(user_agent) = HeaderValue::from_str(user_agent) {
        headers.insert(header::USER_AGENT, user_agent);
    }
    if let Some(authorization) = authorization.and_then(secret) {
        headers.insert(header::AUTHORIZATION, authorization);
    }
    for (name, value) in configured {
        match (HeaderName::from_bytes(name.as_bytes()), secret(value)) {
            (Ok(name), Some(value)) if is_free(&name) && is_well_formed(&name, &value) => {
                headers.insert(name, value);
            }
            _ => refused(name),
        }
    }
    headers
}

/// A value that is neither shown nor kept in the compression of the headers.
fn secret(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Names that begin with `grpc-` are gRPC's own, except for its trace context.
fn is_free(name: &HeaderName) -> bool {
    let reserved = name.as_str().starts_with("grpc-") && name != "grpc-trace-bin";
    !reserved && !OURS.contains(name)
}

/// Values are printable ASCII; those of binary headers are given in base64, as they are sent.
fn is_well_formed(name: &HeaderName, value: &HeaderValue) -> bool {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    match name.as_str().ends_with("-bin") {
        true => LENIENT.decode(value.as_bytes()).is_ok(),
        false => value.as_bytes().iter().all(|byte| (b' '..=b'~').contains(byte)),
    }
}

/// The value of `grpc-timeout`: at most eight digits and a unit. Rounded up, so that the receiver does not give up first.
pub(super) fn timeout(left: Duration) -> String {
    let millis = left.as_nanos().div_ceil(1_000_000);
    match millis {
        ..=99_999_999 => format!("{millis}m"),
        _ => format!("{}S", millis.div_ceil(1_000).min(99_999_999)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_headers_join_ours() {
        let configured = [
            ("X-Key", "first"),
            ("x-key", "last"),
            ("authorization", "Bearer t"),
            ("id-bin", "AAE"),
            ("empty", ""),
            ("Content-Type", "text/html"),
            ("te", "gzip"),
            ("host", "h"),
            ("grpc-timeout", "1n"),
            ("bad-bin", "?"),
            ("tab", "a\tb"),
            ("bad name", "x"),
            ("line", "a\nb"),
        ];
        let configured = configured.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut refused = Vec::new();
        let headers = headers("us/1", Some("Basic eA=="), &configured, &mut |name| {
            refused.push(name.to_owned())
        });
        let expected = [
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("grpc-accept-encoding", ACCEPTED),
            ("user-agent", "us/1"),
            ("authorization", "Bearer t"),
            ("x-key", "last"),
            ("id-bin", "AAE"),
            ("empty", ""),
        ];
        for (name, value) in expected {
            assert_eq!(headers.get(name).unwrap(), value);
        }
        assert_eq!(headers.len(), expected.len());
        assert!(headers["x-key"].is_sensitive() && headers["authorization"].is_sensitive());
        assert_eq!(
            refused,
            [
                "Content-Type",
                "te",
                "host",
                "grpc-timeout",
                "bad-bin",
                "tab",
                "bad name",
                "line"
            ]
        );
    }

    #[test]
    fn timeouts_have_eight_digits_at_most() {
        for (left, text) in [
            (Duration::from_nanos(1), "1m"),
            (Duration::from_millis(10_000), "10000m"),
            (Duration::from_micros(1_500), "2m"),
            (Duration::from_millis(99_999_999), "99999999m"),
            (Duration::from_millis(100_000_000), "100000S"),
            (Duration::MAX, "99999999S"),
        ] {
            assert_eq!(timeout(left), text);
        }
    }
}
