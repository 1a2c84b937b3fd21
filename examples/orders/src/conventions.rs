//! Rules of the semantic conventions for HTTP that client and server share.

use axum::http::{Method, Uri, Version};

/// The keys of query parameters whose values are secrets.
const SECRET: [&str; 7] = [
    "AWSAccessKeyId",
    "Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Goog-Signature",
    "sig",
];

/// `http.request.method`: anybody may invent methods, so that unknown ones share a name.
pub(crate) fn method(method: &Method) -> &str {
    match method.as_str() {
        known @ ("CONNECT" | "DELETE" | "GET" | "HEAD" | "OPTIONS" | "PATCH" | "POST" | "PUT" | "QUERY"
        | "TRACE") => known,
        _ => "_OTHER",
    }
}

/// The name of a span: the method, and the route where it is known. Never the path, which may hold anything.
pub(crate) fn span_name(method: &str, route: Option<&str>) -> String {
    let method = if method == "_OTHER" { "HTTP" } else { method };
    match route {
        Some(route) => format!("{method} {route}"),
        None => method.to_owned(),
    }
}

/// `network.protocol.version`
pub(crate) fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

/// `url.query` without secrets.
pub(crate) fn query(query: &str) -> String {
    let parameters = query.split('&').map(|parameter| match parameter.split_once('=') {
        Some((key, _)) if SECRET.contains(&key) => format!("{key}=REDACTED"),
        _ => parameter.to_owned(),
    });
    parameters.collect::<Vec<_>>().join("&")
}

/// `url.full` without secrets.
pub(crate) fn full(url: &Uri) -> String {
    let scheme = url.scheme_str().unwrap_or("http");
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = match authority.rsplit_once('@') {
        Some((_, host)) => format!("REDACTED:REDACTED@{host}"),
        None => authority.to_owned(),
    };
    let query = url
        .query()
        .map_or(String::new(), |text| format!("?{}", query(text)));
    format!("{scheme}://{host}{}{query}", url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_recorded() {
        let url: Uri = "http://ada:secret@shop.example:81/a?x=1&sig=secret&y"
            .parse()
            .unwrap();
        assert_eq!(
            full(&url),
            "http://REDACTED:REDACTED@shop.example:81/a?x=1&sig=REDACTED&y"
        );
        assert_eq!(
            full(&Uri::from_static("http://shop.example/")),
            "http://shop.example/"
        );
    }

    #[test]
    fn unknown_methods_share_a_name() {
        let brew = Method::from_bytes(b"BREW").unwrap();
        assert_eq!(span_name(method(&brew), None), "HTTP");
        assert_eq!(span_name(method(&Method::GET), Some("/a/{b}")), "GET /a/{b}");
    }
}
