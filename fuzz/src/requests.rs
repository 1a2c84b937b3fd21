//! What an HTTP request brings, and what becomes of it in a span.

use crate::texts;
use spanline_core::Value;
use spanline_core::semconv::{
    CapturedHeaders, Conventions, HttpClientRequest, HttpServerRequest, OPT_IN, REDACTED, redact_query,
    redact_url,
};

/// What must not come through; never a part of an input that is looked at for it.
const SECRET: &str = "s3cr3t";

/// The lines are target, host, `Forwarded`, the three `X-Forwarded-*`, a URL, a method and a version of HTTP; the others
/// are names of headers.
pub fn requests(input: &[u8]) {
    let mut lines = texts(input);
    let mut next = || lines.next().unwrap_or_default();
    let (target, host, forwarded) = (next(), next(), next());
    let (x_for, x_proto, x_host) = (next(), next(), next());
    let (url, method, version) = (next(), next(), next());
    let request = HttpServerRequest {
        method,
        scheme: "http",
        target,
        host: Some(host),
        protocol_version: version,
        peer_address: Some("192.0.2.1"),
        ..HttpServerRequest::default()
    };
    let behind = HttpServerRequest {
        forwarded: Some(forwarded),
        x_forwarded_for: Some(x_for),
        x_forwarded_proto: Some(x_proto),
        x_forwarded_host: Some(x_host),
        ..request
    };
    let trusting = HttpServerRequest {
        trust_forwarded: true,
        ..behind
    };
    for conventions in [Conventions::default(), Conventions::opted_in(OPT_IN)] {
        let [alone, untrusted, trusted] =
            [request, behind, trusting].map(|request| server(&request, &conventions, input.len()));
        let of_client = |(key, _): &&(String, String)| !key.starts_with("client.") && key != "http.client_ip";
        assert!(
            alone
                .iter()
                .filter(of_client)
                .eq(untrusted.iter().filter(of_client))
        );
        let clients = [&untrusted, &trusted].map(|all| find(all, "client.address"));
        assert!(clients[0].is_some() && clients[0] == clients[1]);
        client(url, method, &conventions, input.len());
        captured(texts(input).skip(9), &conventions);
    }
    hidden(url);
}

fn find<'a>(attributes: &'a [(String, String)], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|(known, _)| known == key);
    found.map(|(_, value)| value.as_str())
}

/// Takes attributes in: none comes twice, none is empty, and what they say came in.
#[derive(Default)]
struct Taken(Vec<(String, String)>);

impl Taken {
    fn take(&mut self, key: &str, value: Value<'_>) {
        assert!(find(&self.0, key).is_none(), "{key} comes twice");
        let text = match value {
            Value::Str(text) => text.to_owned(),
            Value::I64(number) => number.to_string(),
            other => panic!("{key}: {other:?}"),
        };
        assert!(!text.is_empty(), "{key} is empty");
        self.0.push((key.to_owned(), text));
    }

    fn bounded(self, bytes: usize) -> Vec<(String, String)> {
        // What replaces a value may be longer than it: at most once for each three bytes (`a=&`), and user and password.
        let most = bytes + (bytes / 3 + 3) * REDACTED.len() + 64;
        assert!(self.0.iter().all(|(_, value)| value.len() <= most));
        self.0
    }
}

fn server(request: &HttpServerRequest<'_>, conventions: &Conventions, bytes: usize) -> Vec<(String, String)> {
    let span = request.span(conventions);
    assert!(!span.name().is_empty());
    assert!(span.clone().routed("/a").name().ends_with(" /a"));
    let mut taken = Taken::default();
    span.attributes(&mut |key, value| taken.take(key, value));
    let all = taken.bounded(bytes);
    let path = find(&all, "url.path").unwrap_or("*");
    assert!(path == "*" || path.starts_with('/'), "{path}");
    let query = find(&all, "url.query").unwrap_or_default();
    assert!(!path.contains(['?', '#']) && !query.contains('#'));
    assert_eq!(redact_query(query), query);
    for (port, address) in [
        ("server.port", "server.address"),
        ("client.port", "client.address"),
    ] {
        let Some(number) = find(&all, port) else {
            continue;
        };
        assert!(number.parse::<u16>().is_ok(), "{port} is {number}");
        assert!(find(&all, address).is_some(), "{port} is there without {address}");
    }
    all
}

fn client(url: &str, method: &str, conventions: &Conventions, bytes: usize) {
    let request = HttpClientRequest {
        method,
        url,
        ..HttpClientRequest::default()
    };
    let span = request.span(conventions);
    let mut taken = Taken::default();
    span.attributes(&mut |key, value| taken.take(key, value));
    let all = taken.bounded(bytes);
    assert_eq!(find(&all, "url.full").unwrap_or_default(), redact_url(url));
    assert!(find(&all, "server.port").is_none() || find(&all, "server.address").is_some());
}

/// Each header is asked for once, in lower case.
fn captured<'a>(names: impl Iterator<Item = &'a str>, conventions: &Conventions) {
    let captured = CapturedHeaders::of_requests(names, conventions);
    let (mut asked, mut written) = (Vec::new(), 0);
    captured.attributes(
        &mut |name, values| {
            assert!(!name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase()));
            asked.push(name.to_owned());
            values.push("x");
        },
        &mut |key, _| {
            assert!(key.starts_with("http.request.header."));
            written += 1;
        },
    );
    assert!((asked.len()..=2 * asked.len()).contains(&written));
    asked.sort();
    assert!(asked.windows(2).all(|two| two[0] != two[1]));
}

/// User, password and signatures never come through, whatever stands behind or in front of them.
fn hidden(text: &str) {
    let (url, query) = (redact_url(text), redact_query(text));
    assert_eq!(redact_url(&url), url);
    assert_eq!(redact_query(&query), query);
    if text.contains(SECRET) {
        return;
    }
    let signed = format!("{text}&X-Amz-Signature={SECRET}");
    assert!(!redact_query(&signed).contains(SECRET), "{signed}");
    for url in [
        format!("http://me:{SECRET}@{text}"),
        format!("//{SECRET}@{text}"),
        format!("HTTPS://h/?a=b&sig={SECRET}&{text}"),
        format!("{}&sig={SECRET}", format!("http://h/?{text}").replace('#', "")),
    ] {
        assert!(!redact_url(&url).contains(SECRET), "{url}");
    }
}
