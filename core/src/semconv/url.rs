//! URLs without what must not be seen.

use alloc::borrow::Cow;
use alloc::string::String;

/// What stands in for what must not be seen.
pub const REDACTED: &str = "REDACTED";

/// Names in a query, exactly so, whose values are signatures or credentials.
pub const REDACTED_QUERY_KEYS: [&str; 7] = [
    "AWSAccessKeyId",
    "Signature",
    "sig",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Goog-Signature",
];

/// A query (what stands behind `?`) with the values of [`REDACTED_QUERY_KEYS`] replaced. Not copied when there is none.
///
/// ```
/// use spanline_core::semconv::redact_query;
/// assert_eq!(redact_query("a=1&sig=s3cret"), "a=1&sig=REDACTED");
/// ```
pub fn redact_query(query: &str) -> Cow<'_, str> {
    if !query.split('&').any(|pair| signed(pair).is_some()) {
        return Cow::Borrowed(query);
    }
    let mut out = String::with_capacity(query.len() + REDACTED.len());
    push_query(&mut out, query);
    Cow::Owned(out)
}

/// A URL with `REDACTED:REDACTED` in place of user and password, and its query as in [`redact_query`]. Not copied when
/// nothing has to be replaced.
///
/// ```
/// use spanline_core::semconv::redact_url;
/// assert_eq!(
///     redact_url("https://me:s3cret@example.com/a?Signature=x#part"),
///     "https://REDACTED:REDACTED@example.com/a?Signature=REDACTED#part"
/// );
/// ```
pub fn redact_url(url: &str) -> Cow<'_, str> {
    let parts = Parts::of(url);
    let signed = parts
        .query
        .is_some_and(|query| query.split('&').any(|pair| signed(pair).is_some()));
    if parts.user.is_none() && !signed {
        return Cow::Borrowed(url);
    }
    let mut out = String::with_capacity(url.len() + 2 * REDACTED.len());
    out.push_str(parts.scheme);
    if parts.user.is_some() {
        for piece in [REDACTED, ":", REDACTED, "@"] {
            out.push_str(piece);
        }
    }
    out.push_str(parts.host);
    out.push_str(parts.path);
    if let Some(query) = parts.query {
        out.push('?');
        push_query(&mut out, query);
    }
    out.push_str(parts.fragment);
    Cow::Owned(out)
}

/// A URL in pieces, nothing of it left out but `@` and `?`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    /// With its `://`, or what stands for it.
    scheme: &'a str,
    user: Option<&'a str>,
    /// With its port.
    host: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    /// With its `#`.
    fragment: &'a str,
}

impl<'a> Parts<'a> {
    pub(super) fn of(url: &'a str) -> Self {
        let whole = Self::without_host(url);
        let (scheme, rest) = whole.path.split_at(authority(whole.path));
        if scheme.is_empty() {
            return whole;
        }
        // Browsers take a backslash for a slash.
        let (authority, path) = rest.split_at(rest.find(['/', '\\']).unwrap_or(rest.len()));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        Self {
            scheme,
            user,
            host,
            path,
            ..whole
        }
    }

    /// Everything in front of the query is the path.
    fn without_host(text: &'a str) -> Self {
        let (rest, fragment) = text.split_at(text.find('#').unwrap_or(text.len()));
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        Self {
            scheme: "",
            user: None,
            host: "",
            path,
            query,
            fragment,
        }
    }

    /// The target of a request: a path, or a whole URL. What begins with a slash is a path, two slashes included.
    pub(super) fn of_target(target: &'a str) -> Self {
        if target.starts_with('/') {
            Self::without_host(target)
        } else {
            Self::of(target)
        }
    }

    /// The host, if it has one.
    pub(super) fn host_if_any(&self) -> Option<&'a str> {
        (!self.host.is_empty()).then_some(self.host)
    }

    /// Path and query of the target of a request. The path of a URL that has none is `/`; the target of `CONNECT` is
    /// no path.
    pub(super) fn path_and_query(&self) -> (&'a str, Option<&'a str>) {
        let path = match self.path {
            "" if !self.host.is_empty() => "/",
            path if path.starts_with('/') || path == "*" => path,
            _ => "",
        };
        (path, self.query)
    }

    /// The scheme alone; empty when there is none.
    pub(super) fn scheme(&self) -> &'a str {
        self.scheme.trim_start().trim_end_matches(['/', '\\', ':'])
    }
}

/// Where user and host begin; 0 when there are none. Browsers and many clients take a backslash for a slash, and ask no
/// certain number of them in URLs of the web: what they would find as a password has to be found here, too.
fn authority(text: &str) -> usize {
    let (name, slashes) = match text.split_once(':') {
        Some((name, rest)) if is_scheme(name.trim_start()) => (name.trim_start(), rest),
        _ => ("", text.trim_start()),
    };
    let rest = slashes.trim_start_matches(['/', '\\']);
    let slashes = slashes.len() - rest.len();
    let begin = text.len() - rest.len();
    let is_web = WEB_SCHEMES.iter().any(|web| name.eq_ignore_ascii_case(web));
    match slashes {
        // `http:443` may as well be a host and a port.
        0 if is_web && user_of(rest).is_some() => begin,
        0 => 0,
        _ if is_web => begin,
        1 => 0,
        _ => begin - (slashes - 2),
    }
}

/// Schemes whose URLs have a host, however many slashes there are.
const WEB_SCHEMES: [&str; 5] = ["http", "https", "ws", "wss", "ftp"];

/// User and password, of what begins with them or with the host.
fn user_of(text: &str) -> Option<&str> {
    let authority = text.split(['/', '\\']).next()?;
    authority.rsplit_once('@').map(|(user, _)| user)
}

/// A name as schemes have it.
fn is_scheme(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// The name of a pair whose value must not be seen.
fn signed(pair: &str) -> Option<&str> {
    let (name, _) = pair.split_once('=')?;
    REDACTED_QUERY_KEYS.contains(&name).then_some(name)
}

fn push_query(out: &mut String, query: &str) {
    for (index, pair) in query.split('&').enumerate() {
        if index > 0 {
            out.push('&');
        }
        match signed(pair) {
            Some(name) => {
                out.push_str(name);
                out.push('=');
                out.push_str(REDACTED);
            }
            None => out.push_str(pair),
        }
    }
}
