//! Addresses, ports and protocols.

use super::attribute;
use super::sink::Writer;
use alloc::borrow::Cow;

/// Host and port of `example.com:8080`, `[::1]:80`, `::1` or a name alone. Brackets are taken off. What is behind the
/// colon and no port is passed over.
pub(super) fn host_and_port(text: &str) -> (&str, Option<u16>) {
    if let Some(rest) = text.strip_prefix('[')
        && let Some((host, port)) = rest.split_once(']')
    {
        return (host, port.strip_prefix(':').and_then(port_of));
    }
    match text.rsplit_once(':') {
        // An address of IPv6 without brackets has no port.
        Some((host, _)) if host.contains(':') => (text, None),
        Some((host, port)) => (host, port_of(port)),
        None => (text, None),
    }
}

/// A port from its digits alone.
pub(super) fn port_of(text: &str) -> Option<u16> {
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// The port that a scheme stands for.
pub(super) fn port_of_scheme(scheme: &str) -> Option<u16> {
    match scheme {
        _ if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("ws") => Some(80),
        _ if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss") => Some(443),
        _ => None,
    }
}

/// The text in lower case; not copied when it is.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// The version of HTTP in `1.1`, `HTTP/1.1`, `HTTP/2.0`, `h2` and the like, as `network.protocol.version` has it.
pub(super) fn http_version(text: &str) -> Option<&str> {
    let version = match text.split_once('/') {
        Some((name, version)) if name.eq_ignore_ascii_case("http") => version,
        Some(_) => return None,
        None => text,
    };
    match version {
        "" => None,
        "2.0" | "h2" | "h2c" => Some("2"),
        "3.0" | "h3" => Some("3"),
        other => Some(other),
    }
}

/// What `http.flavor` called a version.
pub(super) fn http_flavor(version: &str) -> &str {
    match version {
        "1" => "1.0",
        "2" => "2.0",
        "3" => "3.0",
        other => other,
    }
}

/// What is known of a socket.
pub(super) struct Socket<'s> {
    pub(super) peer_address: Option<&'s str>,
    pub(super) peer_port: Option<u16>,
    pub(super) transport: Option<&'s str>,
}

impl<'s> Socket<'s> {
    pub(super) fn write(&self, out: &mut Writer<'_, 's>) {
        out.set_some(
            attribute::NETWORK_PEER_ADDRESS,
            "net.sock.peer.addr",
            self.peer_address,
        );
        let port = self
            .peer_port
            .filter(|_| self.peer_address.is_some_and(|address| !address.is_empty()));
        out.set_some(attribute::NETWORK_PEER_PORT, "net.sock.peer.port", port);
        if let Some(transport) = self.transport {
            out.new_only(attribute::NETWORK_TRANSPORT, transport);
            let old = match transport {
                "tcp" => "ip_tcp",
                "udp" => "ip_udp",
                "pipe" | "unix" => "pipe",
                _ => "other",
            };
            out.old_only("net.transport", old);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_and_without_ports() {
        for (text, host, port) in [
            ("example.com:8080", "example.com", Some(8080)),
            ("example.com", "example.com", None),
            ("[::1]:80", "::1", Some(80)),
            ("[::1]", "::1", None),
            ("::1", "::1", None),
            ("example.com:", "example.com", None),
            ("example.com:+80", "example.com", None),
            ("example.com:65536", "example.com", None),
            ("", "", None),
        ] {
            assert_eq!(host_and_port(text), (host, port), "{text}");
        }
    }

    #[test]
    fn versions_of_http() {
        for (text, version) in [
            ("1.1", Some("1.1")),
            ("HTTP/1.0", Some("1.0")),
            ("http/2.0", Some("2")),
            ("h2", Some("2")),
            ("HTTP/3", Some("3")),
            ("SPDY/3", None),
            ("", None),
        ] {
            assert_eq!(http_version(text), version, "{text}");
        }
    }
}
