//! The URL of a receiver, checked once at set-up.

use base64::Engine;
use percent_encoding::percent_decode_str;
use std::fmt;
use ureq::http::Uri;

/// A checked `http` URL. User and password in it become a header and are not part of it any more.
#[derive(Clone)]
pub(crate) struct Endpoint {
    uri: Uri,
    authorization: Option<String>,
}

/// Why a URL cannot be used. The text does not repeat the URL, which may hold a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EndpointError {
    /// Not a URL of scheme, host and, if at all, a port from 1 to 65535.
    Malformed,
    /// Neither `http` nor `https`.
    Scheme,
    /// `https`, which this version does not have.
    Tls,
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the endpoint is not a URL of the form http://host:port/path",
            Self::Scheme => "the endpoint's scheme is neither http nor https",
            Self::Tls => "https is not supported by this version of Spanline: use http, for instance to a local collector",
        })
    }
}

impl std::error::Error for EndpointError {}

impl Endpoint {
    /// Checks a URL. No path means `/`; a fragment is left out.
    pub(crate) fn parse(url: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) = url.split_once("://").ok_or(EndpointError::Malformed)?;
        if scheme.eq_ignore_ascii_case("https") {
            return Err(EndpointError::Tls);
        }
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(EndpointError::Scheme);
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (userinfo, host_port) = match authority.rsplit_once('@') {
            Some((userinfo, host_port)) => (Some(userinfo), host_port),
            None => (None, authority),
        };
        check_port(host_port)?;
        let path_and_query = match path.as_bytes().first() {
            Some(b'/') => path.to_owned(),
            _ => format!("/{path}"),
        };
        let uri = Uri::builder()
            .scheme("http")
            .authority(host_port)
            .path_and_query(path_and_query);
        let uri = uri.build().map_err(|_| EndpointError::Malformed)?;
        if uri.host().is_none_or(str::is_empty) {
            return Err(EndpointError::Malformed);
        }
        Ok(Self {
            uri,
            authorization: userinfo.and_then(basic_authorization),
        })
    }

    /// The URL without user and password.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Host and port of the receiver.
    pub(crate) fn server(&self) -> (&str, u16) {
        (
            self.uri.host().unwrap_or_default(),
            self.uri.port_u16().unwrap_or(80),
        )
    }

    /// The Authorization header that user and password in the URL ask for.
    pub(super) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Where a redirect leads, if it stays with this scheme, host and port.
    pub(super) fn redirected(&self, location: &str) -> Option<Self> {
        let target = if location.starts_with("//") {
            Self::parse(&format!("http:{location}")).ok()?
        } else if location.starts_with('/') {
            let authority = self.uri.authority()?.as_str();
            Self::parse(&format!("http://{authority}{location}")).ok()?
        } else {
            Self::parse(location).ok()?
        };
        let same_host = match (self.uri.host(), target.uri.host()) {
            (Some(here), Some(there)) => here.eq_ignore_ascii_case(there),
            _ => false,
        };
        let same_port = self.uri.port_u16().unwrap_or(80) == target.uri.port_u16().unwrap_or(80);
        (same_host && same_port).then(|| Self {
            uri: target.uri,
            authorization: self.authorization.clone(),
        })
    }
}

/// Shows neither user nor password.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.uri)
    }
}

/// The port, where there is one, must be a number from 1 to 65535: what else it may be is not left to the parser.
fn check_port(host_port: &str) -> Result<(), EndpointError> {
    let after_host = match host_port.rsplit_once(']') {
        Some((_, rest)) => rest,
        None => host_port.find(':').map_or("", |colon| &host_port[colon..]),
    };
    let Some(port) = after_host.strip_prefix(':') else {
        return if after_host.is_empty() {
            Ok(())
        } else {
            Err(EndpointError::Malformed)
        };
    };
    let digits = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(number) if digits && number != 0 => Ok(()),
        _ => Err(EndpointError::Malformed),
    }
}

/// `Basic` with the percent-decoded user and password; none for an empty user and password.
fn basic_authorization(userinfo: &str) -> Option<String> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let mut bytes: Vec<u8> = percent_decode_str(user).collect();
    bytes.push(b':');
    bytes.extend(percent_decode_str(password));
    (bytes.len() > 1).then(|| {
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(bytes)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (url, uri, authorization) in [
            ("http://c:4318/v1/traces", "http://c:4318/v1/traces", None),
            ("HTTP://c", "http://c/", None),
            ("http://c?x=1#f", "http://c/?x=1", None),
            ("http://[::1]:4318/x", "http://[::1]:4318/x", None),
            (
                "http://user:pa%40ss@c/x@y",
                "http://c/x@y",
                Some("Basic dXNlcjpwYUBzcw=="),
            ),
            ("http://user@c/", "http://c/", Some("Basic dXNlcjo=")),
            ("http://@c/", "http://c/", None),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!(endpoint.uri().to_string(), uri, "{url}");
            assert_eq!(endpoint.authorization(), authorization, "{url}");
            assert!(
                !format!("{endpoint:?}").contains("pa"),
                "no password in {endpoint:?}"
            );
        }
    }

    #[test]
    fn what_is_no_http_url_is_refused() {
        use EndpointError::{Malformed, Scheme, Tls};
        for (url, error) in [
            ("", Malformed),
            ("c:4318", Malformed),
            ("http://", Malformed),
            ("http://:4318/", Malformed),
            ("http:///x", Malformed),
            ("http://c:0/", Malformed),
            ("http://c:+80/", Malformed),
            ("http://c:/", Malformed),
            ("http://c:65536/", Malformed),
            ("http://c:1:2/", Malformed),
            ("http://[::1]x/", Malformed),
            ("http://a b/", Malformed),
            ("http://c/a b", Malformed),
            ("http://c/a\r\nHost: d", Malformed),
            ("ftp://c/", Scheme),
            ("https://c/", Tls),
            ("HTTPS://c/", Tls),
        ] {
            assert_eq!(Endpoint::parse(url).err(), Some(error), "{url:?}");
        }
        assert!(Tls.to_string().contains("https is not supported"));
    }

    #[test]
    fn redirects_stay_with_the_origin() {
        let endpoint = Endpoint::parse("http://u:p@c:80/v1/traces").unwrap();
        for (location, target) in [
            ("/other?x", Some("http://c:80/other?x")),
            ("http://C/other", Some("http://C/other")),
            ("//c:80/other", Some("http://c:80/other")),
            ("http://d/other", None),
            ("http://c:81/other", None),
            ("https://c/other", None),
            ("//d/other", None),
            ("other", None),
            ("", None),
        ] {
            let redirected = endpoint.redirected(location);
            assert_eq!(
                redirected.as_ref().map(|to| to.uri().to_string()).as_deref(),
                target,
                "{location:?}"
            );
            assert!(redirected.is_none_or(|to| to.authorization() == endpoint.authorization()));
        }
    }
}
