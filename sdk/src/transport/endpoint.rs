//! The URL of a receiver, checked once at set-up.

use super::connect::Target;
use base64::Engine;
use percent_encoding::percent_decode_str;
use std::fmt;
use ureq::http::Uri;

/// A checked `http`, `https` or `unix` URL. User and password in it become a header and are not part of it any more.
///
/// A Unix socket is written `unix:///run/agent.sock:/v1/traces`: the path of the socket, a colon and the path for HTTP,
/// which is `/v1/traces` when it is left out. The path of the socket is absolute and has no `:/` in it.
#[derive(Clone)]
pub(crate) struct Endpoint {
    uri: Uri,
    target: Target,
    authorization: Option<String>,
}

/// Why a URL cannot be used. The text does not repeat the URL, which may hold a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EndpointError {
    /// Not a URL of scheme, host and, if at all, a port from 1 to 65535; or not the path of a Unix socket.
    Malformed,
    /// Neither `http` nor `https` nor `unix`.
    Scheme,
    /// `https`, which this build does not have.
    Tls,
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => {
                "the endpoint is not a URL of the form http://host:port/path or unix:///path/of/socket:/path"
            }
            Self::Scheme => "the endpoint's scheme is none of http, https and unix",
            Self::Tls => "https needs the cargo feature tls",
        })
    }
}

impl std::error::Error for EndpointError {}

impl Endpoint {
    /// Checks a URL. No path means `/`; a fragment is left out.
    pub(crate) fn parse(url: &str) -> Result<Self, EndpointError> {
        if let Some(path) = unix_path(url) {
            return Self::unix(path);
        }
        let (scheme, rest) = url.split_once("://").ok_or(EndpointError::Malformed)?;
        let secure = scheme.eq_ignore_ascii_case("https");
        if secure && !cfg!(feature = "tls") {
            return Err(EndpointError::Tls);
        }
        if !secure && !scheme.eq_ignore_ascii_case("http") {
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
            .scheme(if secure { "https" } else { "http" })
            .authority(host_port)
            .path_and_query(path_and_query);
        let uri = uri.build().map_err(|_| EndpointError::Malformed)?;
        let host = uri.host().unwrap_or_default();
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        if host.is_empty() {
            return Err(EndpointError::Malformed);
        }
        let target = Target::Tcp {
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            secure,
        };
        Ok(Self {
            uri,
            target,
            authorization: userinfo.and_then(basic_authorization),
        })
    }

    /// A Unix socket; the text behind `unix:`.
    fn unix(text: &str) -> Result<Self, EndpointError> {
        let (socket, path) = match text.find(":/") {
            Some(colon) => (&text[..colon], &text[colon + 1..]),
            None => (text, "/v1/traces"),
        };
        let named = socket.starts_with('/') && !socket.ends_with('/');
        if !named || socket.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(EndpointError::Malformed);
        }
        let path = path.split('#').next().unwrap_or_default();
        let uri = Uri::builder()
            .scheme("http")
            .authority("localhost")
            .path_and_query(path);
        Ok(Self {
            uri: uri.build().map_err(|_| EndpointError::Malformed)?,
            target: Target::Unix(socket.into()),
            authorization: None,
        })
    }

    /// The path of a request over HTTP.
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// The URL without user and password; for a Unix socket that of HTTP.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Where to connect to.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Whether it is an `https` URL.
    pub(crate) fn is_secure(&self) -> bool {
        matches!(self.target, Target::Tcp { secure: true, .. })
    }

    /// Whether it is a Unix socket.
    pub(crate) fn is_unix(&self) -> bool {
        matches!(self.target, Target::Unix(_))
    }

    /// The host, without brackets around an address; for a Unix socket its path.
    pub(crate) fn host(&self) -> &str {
        match &self.target {
            Target::Tcp { host, .. } => host,
            Target::Unix(path) => path.to_str().unwrap_or_default(),
        }
    }

    /// The port, also when the URL leaves it out. A Unix socket has none, which is 0.
    pub(crate) fn port(&self) -> u16 {
        match &self.target {
            Target::Tcp { port, .. } => *port,
            Target::Unix(_) => 0,
        }
    }

    /// Host and port for the metrics: `server.address`, without brackets, and `server.port`.
    pub(crate) fn server(&self) -> (String, Option<u16>) {
        let port = match self.port() {
            0 => None,
            port => Some(port),
        };
        (self.host().to_owned(), port)
    }

    /// The Authorization header that user and password in the URL ask for.
    pub(super) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Where a redirect leads, if it stays with this scheme, host and port.
    pub(super) fn redirected(&self, location: &str) -> Option<Self> {
        let scheme = self.uri.scheme_str()?;
        let target = if location.starts_with("//") {
            Self::parse(&format!("{scheme}:{location}")).ok()?
        } else if location.starts_with('/') {
            let authority = self.uri.authority()?.as_str();
            let mut target = Self::parse(&format!("{scheme}://{authority}{location}")).ok()?;
            target.target = self.target.clone();
            target
        } else {
            Self::parse(location).ok()?
        };
        let same = match (&self.target, &target.target) {
            (
                Target::Tcp { host, port, secure },
                Target::Tcp {
                    host: to,
                    port: at,
                    secure: by,
                },
            ) => host.eq_ignore_ascii_case(to) && (port, secure) == (at, by),
            (here, there) => here == there,
        };
        same.then(|| Self {
            authorization: self.authorization.clone(),
            ..target
        })
    }
}

/// The text of a Unix socket's URL behind its scheme, which stands with or without two slashes.
fn unix_path(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once(':')?;
    scheme
        .eq_ignore_ascii_case("unix")
        .then(|| rest.strip_prefix("//").unwrap_or(rest))
}

/// Shows neither user nor password.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::Tcp { .. } => write!(f, "Endpoint({})", self.uri),
            Target::Unix(path) => write!(f, "Endpoint(unix://{}:{})", path.display(), self.uri.path()),
        }
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
            ("unix:///run/a.sock", "http://localhost/v1/traces", None),
            ("UNIX:/run/a.sock:/x?y", "http://localhost/x?y", None),
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
    fn targets_are_where_to_connect_to() {
        for (url, host, port, secure) in [
            ("http://c", "c", 80, false),
            ("http://[::1]:4318/x", "::1", 4318, false),
            ("unix:///run/a.sock:/v1/traces", "/run/a.sock", 0, false),
            #[cfg(feature = "tls")]
            ("https://c", "c", 443, true),
            #[cfg(feature = "tls")]
            ("HTTPS://u:p@c:8443/x", "c", 8443, true),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            let found = (endpoint.host(), endpoint.port(), endpoint.is_secure());
            assert_eq!(found, (host, port, secure), "{url}");
            assert_eq!(endpoint.is_unix(), url.starts_with("unix"), "{url}");
        }
    }

    #[test]
    fn what_is_no_http_url_is_refused() {
        use EndpointError::{Malformed, Scheme};
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
            ("unix://", Malformed),
            ("unix:run/a.sock", Malformed),
            ("unix:///", Malformed),
            ("unix:///run/:/v1/traces", Malformed),
            ("unix:///run/a.sock:/a b", Malformed),
            ("unix:///run/a\n.sock", Malformed),
            ("https://", Malformed),
        ] {
            let error = match url {
                "https://" if !cfg!(feature = "tls") => EndpointError::Tls,
                _ => error,
            };
            assert_eq!(Endpoint::parse(url).err(), Some(error), "{url:?}");
        }
        assert_eq!(
            Endpoint::parse("https://c/").err(),
            (!cfg!(feature = "tls")).then_some(EndpointError::Tls)
        );
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
        let socket = Endpoint::parse("unix:///run/a.sock").unwrap();
        assert_eq!(
            socket.redirected("/b").map(|to| to.target().clone()).as_ref(),
            Some(socket.target())
        );
        assert!(socket.redirected("http://localhost/b").is_none());
    }
}
