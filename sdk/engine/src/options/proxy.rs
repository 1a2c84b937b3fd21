//! The HTTP proxy.

use super::{
    endpoint::{self, Target},
    generated::index::PROXY,
    reader::{Reader, bad_value},
    text::{integer, items},
};
use crate::Error;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::net::IpAddr;

/// The proxy on the way to this endpoint. `given`: what code or file say, a URL or `none`.
pub(super) fn resolve(
    reader: &mut Reader<'_>,
    given: Option<&str>,
    url: &str,
) -> Result<Option<String>, Error> {
    if let Some(text) = given {
        reader.set_given(PROXY);
        if text.eq_ignore_ascii_case("none") {
            return Ok(None);
        }
        let wrong = || "it is not an `http` URL with a host, nor `none`".to_owned();
        let proxy = proxy_url(text).ok_or_else(|| bad_value(PROXY, wrong(), None))?;
        return Ok(Some(proxy));
    }
    // What is no host and port is reached without a proxy: a Unix socket.
    let Some(target) = Target::parse(url) else {
        return Ok(None);
    };
    if is_here(target.host) {
        return Ok(None);
    }
    let names: [&'static str; 2] = match target.tls {
        true => ["https_proxy", "HTTPS_PROXY"],
        false => ["http_proxy", "HTTP_PROXY"],
    };
    // A request to a CGI program can set HTTP_PROXY by a header `Proxy`.
    let cgi = reader.system("REQUEST_METHOD").is_some();
    let found = names.into_iter().chain(["all_proxy", "ALL_PROXY"]);
    let found = found
        .filter(|&name| !(cgi && name == "HTTP_PROXY"))
        .find_map(|name| Some((name, reader.system(name)?)));
    let Some((variable, text)) = found else {
        return Ok(None);
    };
    let exceptions = ["no_proxy", "NO_PROXY"]
        .into_iter()
        .find_map(|name| reader.system(name));
    if exceptions.is_some_and(|list| is_excepted(&list, &target)) {
        return Ok(None);
    }
    match proxy_url(&text) {
        Some(proxy) => {
            reader.set_environment(PROXY, variable);
            Ok(Some(proxy))
        }
        None => {
            // It may hold a password, so it is not shown.
            let wrong = "it is not the URL of an HTTP proxy; it is ignored".to_owned();
            reader.warn(PROXY, variable, wrong);
            Ok(None)
        }
    }
}

/// The URL of an HTTP proxy; without a scheme it is `http`, without a port 80.
fn proxy_url(text: &str) -> Option<String> {
    let url = match text.contains("://") {
        true => endpoint::of_signal(text, "")?,
        false => endpoint::of_signal(&format!("http://{text}"), "")?,
    };
    let (scheme, _) = url.split_once("://")?;
    scheme.eq_ignore_ascii_case("http").then_some(url)
}

/// Whether the host is this machine by name or address.
fn is_here(host: &str) -> bool {
    let host = bare(host);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Without the brackets of an IPv6 address and the point at the end of a complete name.
fn bare(host: &str) -> &str {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host.strip_suffix('.').unwrap_or(host))
}

/// Whether `no_proxy` names the target.
fn is_excepted(list: &str, target: &Target<'_>) -> bool {
    let host = bare(target.host);
    let address = host.parse::<IpAddr>().ok();
    items(list)
        .flat_map(|item| item.split_ascii_whitespace())
        .any(|item| {
            if item == "*" {
                return true;
            }
            if let Some(address) = address
                && let Some((network, bits)) = item.split_once('/')
                && let (Ok(network), Some(bits)) = (network.parse(), integer(bits))
            {
                return is_within(address, network, bits);
            }
            let (name, port) = split_port(item);
            if port.is_some_and(|port| port != u64::from(target.port)) {
                return false;
            }
            let name = bare(name);
            match (address, name.parse::<IpAddr>()) {
                (Some(address), Ok(named)) => address == named,
                _ => is_or_ends_with(host, name),
            }
        })
}

/// A port behind the last colon; an IPv6 address without brackets has none.
fn split_port(item: &str) -> (&str, Option<u64>) {
    match item.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match integer(port) {
            Some(port) => (name, Some(port)),
            None => (item, None),
        },
        _ => (item, None),
    }
}

/// Whether the host is this name or one below it, with `*.` or a point in front or not.
fn is_or_ends_with(host: &str, name: &str) -> bool {
    let name = name.strip_prefix('*').unwrap_or(name);
    let name = name.strip_prefix('.').unwrap_or(name);
    let (host, name) = (host.as_bytes(), name.as_bytes());
    if name.is_empty() || host.len() < name.len() {
        return false;
    }
    let (front, end) = host.split_at(host.len() - name.len());
    end.eq_ignore_ascii_case(name) && front.last().is_none_or(|&byte| byte == b'.')
}

fn is_within(address: IpAddr, network: IpAddr, bits: u64) -> bool {
    let octets = |address| match address {
        IpAddr::V4(address) => Vec::from(address.octets()),
        IpAddr::V6(address) => Vec::from(address.octets()),
    };
    let (address, network) = (octets(address), octets(network));
    if address.len() != network.len() || bits > 8 * network.len() as u64 {
        return false;
    }
    let pairs = address.iter().zip(&network).enumerate();
    pairs.into_iter().all(|(at, (a, b))| {
        let counted = bits.saturating_sub(8 * at as u64).min(8);
        u16::from(a ^ b) >> (8 - counted) == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions() {
        let excepted = |list: &str, url: &str| is_excepted(list, &Target::parse(url).unwrap());
        for (list, url) in [
            ("*", "http://h"),
            ("a, h ,b", "http://h"),
            ("a h", "http://h"),
            ("example.com", "http://EXAMPLE.com."),
            ("example.com", "http://a.b.example.com"),
            (".example.com", "http://a.example.com"),
            ("*.example.com", "http://a.example.com"),
            ("h:4318", "http://h:4318"),
            ("h:443", "https://h"),
            ("10.1.2.3", "http://10.1.2.3"),
            ("10.0.0.0/8", "http://10.9.8.7"),
            ("10.8.0.0/13", "http://10.15.0.1"),
            ("0.0.0.0/0", "http://1.2.3.4"),
            ("2001:db8::/32", "http://[2001:db8:1::2]"),
            ("2001:db8::1", "http://[2001:db8:0::1]"),
            ("[2001:db8::1]:80", "http://[2001:db8::1]"),
        ] {
            assert!(excepted(list, url), "{list} {url}");
        }
        for (list, url) in [
            ("", "http://h"),
            (",.,*.", "http://h"),
            ("example.com", "http://badexample.com"),
            ("a.example.com", "http://example.com"),
            ("h:4317", "http://h:4318"),
            ("h:x", "http://h"),
            ("10.8.0.0/13", "http://10.16.0.1"),
            ("10.0.0.0/33", "http://10.0.0.0"),
            ("10.0.0.0/8", "http://[::1]"),
            ("10.0.0.0/8", "http://ten"),
            ("10.0.0.0/+8", "http://10.0.0.0"),
        ] {
            assert!(!excepted(list, url), "{list} {url}");
        }
    }

    #[test]
    fn this_machine() {
        for here in ["localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(is_here(here), "{here}");
        }
        assert!(!is_here("10.0.0.1") && !is_here("localhost.example.com"));
    }

    #[test]
    fn urls_of_proxies() {
        assert_eq!(proxy_url("p:3128").as_deref(), Some("http://p:3128/"));
        assert_eq!(proxy_url("http://u:w@p").as_deref(), Some("http://u:w@p/"));
        for bad in ["", "socks5://p:1080", "https://p", "http://", "p:x", "a b"] {
            assert_eq!(proxy_url(bad), None, "{bad}");
        }
    }
}
