//! The URL that spans are sent to.

use alloc::{borrow::ToOwned, format, string::String};

/// An `http` or `https` URL, taken apart.
struct Url<'a> {
    /// Scheme and authority: `https://host:4318`.
    origin: &'a str,
    /// Empty, or from the first slash on.
    path: &'a str,
    /// Empty, or from the question mark on.
    query: &'a str,
}

impl<'a> Url<'a> {
    /// Any white space, control or non-ASCII character, another scheme, no host or a bad port: `None`. A fragment is
    /// left out, because it is never sent.
    fn parse(text: &'a str) -> Option<Self> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let (scheme, _) = text.split_once("://")?;
        let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        known.then_some(())?;
        let start = scheme.len() + 3;
        let end = text[start..].find(['/', '?']).map_or(text.len(), |at| start + at);
        let query = text[end..].find('?').map_or(text.len(), |at| end + at);
        host_and_port(&text[start..end]).map(|_| Self {
            origin: &text[..end],
            path: &text[end..query],
            query: &text[query..],
        })
    }
}

/// Host and port of an authority (`user:password@host:port`); `None` without a host or with a bad port.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let end = match host_port.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => host_port.find(':').unwrap_or(host_port.len()),
    };
    let (host, port) = host_port.split_at(end);
    let inner = host
        .strip_prefix('[')
        .map_or(host, |host| &host[..host.len() - 1]);
    if inner.is_empty() || inner.contains(['[', ']', '\\']) {
        return None;
    }
    if port.is_empty() {
        return Some((host, None));
    }
    let number = super::text::integer(port.strip_prefix(':')?)?;
    let number = u16::try_from(number).ok().filter(|&number| number > 0)?;
    Some((host, Some(number)))
}

/// Host and port of an `http` or `https` URL.
pub(super) struct Target<'a> {
    /// A name or an address; an IPv6 address in brackets.
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) tls: bool,
}

impl<'a> Target<'a> {
    pub(super) fn parse(url: &'a str) -> Option<Self> {
        let origin = Url::parse(url)?.origin;
        let (scheme, authority) = origin.split_once("://")?;
        let tls = scheme.eq_ignore_ascii_case("https");
        let (host, port) = host_and_port(authority)?;
        let port = port.unwrap_or(if tls { 443 } else { 80 });
        Some(Self { host, port, tls })
    }
}

/// The URL of a Unix socket for HTTP: with a colon and the path of the request behind that of the socket.
fn of_unix(text: &str, path: &str) -> Option<String> {
    is_unix(text).then(|| match text.trim_start_matches("unix:").contains(":/") {
        true => text.to_owned(),
        false => format!("{text}:{path}"),
    })
}

/// A Unix socket: `unix:` or `unix://` and a path, perhaps with `:` and the path of the request behind it.
fn is_unix(text: &str) -> bool {
    let path = text
        .strip_prefix("unix:")
        .map(|path| path.strip_prefix("//").unwrap_or(path));
    let fits = |path: &str| path.starts_with('/') && !path.starts_with("//") && path.len() > 1;
    path.is_some_and(|path| fits(path) && path.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// Scheme, host and port for gRPC; any path is ignored. Without a scheme `insecure` decides, and this is the port when
/// there is none.
pub(super) fn of_grpc(text: &str, insecure: bool, port: u16) -> Option<String> {
    if is_unix(text) {
        return Some(text.to_owned());
    }
    let (url, default_port) = if text.contains("://") {
        (text.to_owned(), None)
    } else {
        let scheme = if insecure { "http" } else { "https" };
        (format!("{scheme}://{text}"), Some(port))
    };
    let authority = Url::parse(&url)?.origin.split_once("://")?.1;
    let port = host_and_port(authority)?.1;
    let target = Target::parse(&url)?;
    let scheme = if target.tls { "https" } else { "http" };
    Some(match port {
        Some(_) => format!("{scheme}://{authority}"),
        None => format!("{scheme}://{authority}:{}", default_port.unwrap_or(target.port)),
    })
}

/// The URL of the signal, from a base: `v1/traces` is added to its path, whatever that is.
pub(crate) fn of_base(base: &str) -> Option<String> {
    if is_unix(base) {
        return of_unix(base, "/v1/traces");
    }
    let url = Url::parse(base)?;
    let slash = if url.path.ends_with('/') { "" } else { "/" };
    Some(format!("{}{}{slash}v1/traces{}", url.origin, url.path, url.query))
}

/// The URL as it is; only the root is added where there is no path. `path` is for a Unix socket without one.
pub(super) fn of_signal(text: &str, path: &str) -> Option<String> {
    if is_unix(text) {
        return of_unix(text, path);
    }
    let url = Url::parse(text)?;
    let path = if url.path.is_empty() { "/" } else { url.path };
    Some(format!("{}{path}{}", url.origin, url.query))
}

/// Whether the URL has no path but the root.
pub(crate) fn is_root(url: &str) -> bool {
    Url::parse(url).is_some_and(|url| matches!(url.path, "" | "/"))
}

/// The URL with user name, password and query masked: all three may hold secrets.
pub(super) fn masked(url: &str) -> String {
    if is_unix(url) {
        return url.to_owned();
    }
    let Some(parsed) = Url::parse(url) else {
        return "***".to_owned();
    };
    let (scheme, authority) = parsed.origin.split_once("://").unwrap_or_default();
    let (mask, host) = match authority.rsplit_once('@') {
        Some((_, host)) => ("***@", host),
        None => ("", authority),
    };
    let query = if parsed.query.is_empty() { "" } else { "?***" };
    format!("{scheme}://{mask}{host}{}{query}", parsed.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_url() {
        for bad in [
            "",
            "http",
            "http:",
            "http://",
            "http:///p",
            "http://?q",
            "http://:4318",
            "http://u:p@",
            "http://h:",
            "http://h:0",
            "http://h:65536",
            "http://h:+1",
            "http://h:1:2",
            "http://[::1",
            "http://[]:1",
            "http://[::1]x",
            "http://a b",
            "http://h/\n",
            "http://h\u{e9}",
            "ws://h",
            "//h",
            "h:4318",
        ] {
            assert_eq!(of_signal(bad, "/p"), None, "{bad}");
            assert_eq!(of_base(bad), None, "{bad}");
        }
    }

    #[test]
    fn grpc_targets() {
        for (text, insecure, expected) in [
            ("c:4317", false, "https://c:4317"),
            ("c", true, "http://c:4317"),
            ("http://c", false, "http://c:80"),
            ("HTTPS://u:p@[::1]/x?y#z", true, "https://u:p@[::1]:443"),
            ("unix:///run/x.sock", false, "unix:///run/x.sock"),
        ] {
            assert_eq!(of_grpc(text, insecure, 4317).as_deref(), Some(expected), "{text}");
        }
        for bad in [
            "",
            ":1",
            "c:0",
            "ftp://c",
            "dns:///c:1",
            "unix:///",
            "unix://x",
            "a b",
        ] {
            assert_eq!(of_grpc(bad, false, 4317), None, "{bad}");
        }
    }

    #[test]
    fn unix_sockets() {
        for of in [of_base, |text: &str| of_signal(text, "/v1/traces")] {
            assert_eq!(of("unix:///x.sock").as_deref(), Some("unix:///x.sock:/v1/traces"));
            assert_eq!(of("unix:/x.sock").as_deref(), Some("unix:/x.sock:/v1/traces"));
            assert_eq!(of("unix:///x.sock:/p").as_deref(), Some("unix:///x.sock:/p"));
            assert_eq!(of("unix:///"), None);
            assert_eq!(of("unix://host/x"), None);
        }
        assert_eq!(masked("unix:///x.sock:/p"), "unix:///x.sock:/p");
    }

    #[test]
    fn query_and_fragment() {
        assert_eq!(
            of_base("http://h/p?a=/b#c").as_deref(),
            Some("http://h/p/v1/traces?a=/b")
        );
        assert_eq!(of_signal("HTTPS://h?a", "/p").as_deref(), Some("HTTPS://h/?a"));
        assert_eq!(of_signal("http://h#?x", "/p").as_deref(), Some("http://h/"));
    }

    #[test]
    fn secrets_are_masked() {
        assert_eq!(masked("http://u:p@h:1/x?key=1"), "http://***@h:1/x?***");
        assert_eq!(masked("http://h:1/x"), "http://h:1/x");
        assert_eq!(masked("u:p@h"), "***");
    }
}
