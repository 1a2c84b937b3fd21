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
        has_host(&text[start..end]).then(|| Self {
            origin: &text[..end],
            path: &text[end..query],
            query: &text[query..],
        })
    }
}

/// Whether an authority (`user:password@host:port`) has a host, and a port that is one or none.
fn has_host(authority: &str) -> bool {
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host_port.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) => (address, port),
            None => return false,
        },
        None => host_port.split_at(host_port.find(':').unwrap_or(host_port.len())),
    };
    let port_fits = match port.strip_prefix(':') {
        Some(port) => super::text::integer(port).is_some_and(|port| (1..=65_535).contains(&port)),
        None => port.is_empty(),
    };
    !host.is_empty() && !host.contains(['[', ']', '\\']) && port_fits
}

/// The URL of the signal, from a base: `v1/traces` is added to its path, whatever that is.
pub(super) fn of_base(base: &str) -> Option<String> {
    let url = Url::parse(base)?;
    let slash = if url.path.ends_with('/') { "" } else { "/" };
    Some(format!("{}{}{slash}v1/traces{}", url.origin, url.path, url.query))
}

/// The URL as it is; only the root is added where there is no path.
pub(super) fn of_signal(text: &str) -> Option<String> {
    let url = Url::parse(text)?;
    let path = if url.path.is_empty() { "/" } else { url.path };
    Some(format!("{}{path}{}", url.origin, url.query))
}

/// Whether the URL has no path but the root.
pub(super) fn is_root(url: &str) -> bool {
    Url::parse(url).is_some_and(|url| matches!(url.path, "" | "/"))
}

/// The URL with user name, password and query masked: all three may hold secrets.
pub(super) fn masked(url: &str) -> String {
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
            assert_eq!(of_signal(bad), None, "{bad}");
            assert_eq!(of_base(bad), None, "{bad}");
        }
    }

    #[test]
    fn query_and_fragment() {
        assert_eq!(
            of_base("http://h/p?a=/b#c").as_deref(),
            Some("http://h/p/v1/traces?a=/b")
        );
        assert_eq!(of_signal("HTTPS://h?a").as_deref(), Some("HTTPS://h/?a"));
        assert_eq!(of_signal("http://h#?x").as_deref(), Some("http://h/"));
    }

    #[test]
    fn secrets_are_masked() {
        assert_eq!(masked("http://u:p@h:1/x?key=1"), "http://***@h:1/x?***");
        assert_eq!(masked("http://h:1/x"), "http://h:1/x");
        assert_eq!(masked("u:p@h"), "***");
    }
}
