//! What proxies say of the request in front of them.

use super::network::host_and_port;

/// What the first proxy was asked, by `Forwarded` (RFC 7239), else by `X-Forwarded-*`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Forwarded<'a> {
    pub(super) client: Option<(&'a str, Option<u16>)>,
    pub(super) scheme: Option<&'a str>,
    pub(super) host: Option<&'a str>,
}

impl<'a> Forwarded<'a> {
    /// From the values of the headers `Forwarded`, `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`.
    pub(super) fn read(
        forwarded: Option<&'a str>,
        x_for: Option<&'a str>,
        x_proto: Option<&'a str>,
        x_host: Option<&'a str>,
    ) -> Self {
        let mut known = Self::default();
        // The first element is of the proxy that is nearest to the client.
        let first = forwarded
            .and_then(|text| elements(text).next())
            .unwrap_or_default();
        for (name, value) in pairs(first) {
            match value {
                "" => {}
                _ if name.eq_ignore_ascii_case("for") => known.client = client(value),
                _ if name.eq_ignore_ascii_case("proto") => known.scheme = Some(value),
                _ if name.eq_ignore_ascii_case("host") => known.host = Some(value),
                _ => {}
            }
        }
        let first = |text: Option<&'a str>| {
            let item = text?.split(',').next()?.trim();
            (!item.is_empty()).then_some(item)
        };
        known.client = known.client.or_else(|| first(x_for).and_then(client));
        known.scheme = known.scheme.or_else(|| first(x_proto));
        known.host = known.host.or_else(|| first(x_host));
        known
    }
}

/// An address that is one: not `unknown`, and not a name that hides one (`_hidden`).
fn client(text: &str) -> Option<(&str, Option<u16>)> {
    if text.is_empty() || text.starts_with('_') || text.eq_ignore_ascii_case("unknown") {
        return None;
    }
    Some(host_and_port(text)).filter(|(address, _)| !address.is_empty())
}

/// The elements of a header, split at commas outside quotes.
fn elements(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

/// The pairs of an element. Values lose their quotes; one with a backslash is passed over, no address has one.
fn pairs(element: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut quoted = false;
    let pairs = element.split(move |c: char| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    pairs.filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim();
        let value = match value.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"')?,
            None => value,
        };
        (!value.contains('\\')).then_some((name.trim(), value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(forwarded: &str) -> Forwarded<'_> {
        Forwarded::read(Some(forwarded), None, None, None)
    }

    #[test]
    fn the_first_element_counts() {
        let known = of(r#"for=192.0.2.43;proto=https;host="example.com:8443", for=198.51.100.17"#);
        assert_eq!(known.client, Some(("192.0.2.43", None)));
        assert_eq!(
            (known.scheme, known.host),
            (Some("https"), Some("example.com:8443"))
        );
        assert_eq!(
            of(r#"For="[2001:db8::1]:4711""#).client,
            Some(("2001:db8::1", Some(4711)))
        );
        assert_eq!(of(r#"for="a,b";host=c"#).host, Some("c"));
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "for=unknown",
            "for=_hidden",
            "for=",
            "for=:80",
            r#"for="[]:80""#,
            "for",
            r#"for="a\"b""#,
            "",
            ";,=",
        ] {
            assert_eq!(of(text), Forwarded::default(), "{text}");
        }
    }

    #[test]
    fn other_headers_stand_in() {
        let known = Forwarded::read(
            Some("proto=https"),
            Some("203.0.113.9:80, 10.0.0.1"),
            Some("http"),
            Some(" a.example , b"),
        );
        assert_eq!(known.client, Some(("203.0.113.9", Some(80))));
        assert_eq!((known.scheme, known.host), (Some("https"), Some("a.example")));
    }
}
