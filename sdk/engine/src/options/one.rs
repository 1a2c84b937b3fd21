//! What holds for one exporter, or for all that say nothing else.

use super::{
    Compression, DefaultValue, Exporter, ExporterOption, ExporterSettings, Headers, LogLevel, Protocol,
    Secret, Source, TABLE, credentials, endpoint,
    generated::index::*,
    headers::checked_value,
    proxy,
    reader::{Reader, bad_value, needs, unsupported},
};
use crate::{Error, ErrorKind};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

/// The settings, and what stays apart from them.
pub(super) struct One {
    pub(super) settings: ExporterSettings,
    /// Without the credentials.
    pub(super) headers: Headers,
    /// User and password of the environment.
    pub(super) credentials: Option<(Secret, Secret)>,
    pub(super) insecure: bool,
    /// Whether an exporter can be made of it: not when the environment asks for what is not there.
    pub(super) usable: bool,
}

/// Resolves the options of one exporter, of the kind that the reader reads for.
pub(super) fn one(r: &mut Reader<'_>, given: &ExporterOption) -> Result<One, Error> {
    let mut usable = true;
    let mut name = |r: &mut Reader<'_>, option: usize, given: Option<&String>| {
        let (name, missing) = r.name(option, given.map(String::as_str))?;
        if let (Some(name), Some(feature), Source::Environment(variable)) = (name, missing, r.sources[option])
        {
            usable = false;
            let wrong = format!("`{name}` {}; there is no {}", needs(feature), r.exporter());
            r.warn(option, variable, wrong);
        }
        Ok::<_, Error>(name)
    };
    let protocol = name(r, PROTOCOL, given.protocol.as_ref())?;
    let protocol = protocol
        .and_then(Protocol::from_name)
        .unwrap_or(Protocol::HttpProtobuf);
    let compression = name(r, COMPRESSION, given.compression.as_ref())?;
    let insecure = r.boolean(INSECURE, given.insecure);
    let endpoint = url(r, given.endpoint.as_deref(), protocol, insecure)?;
    usable &= tls_is_there(r, &endpoint)?;
    usable &= client_is_whole(r, given)?;
    let plain_headers = headers(r, given.headers.as_ref())?;
    let mut headers = plain_headers.clone();
    let credentials = credentials::apply(r, given, &mut headers)?;
    let settings = ExporterSettings {
        kind: r.kind,
        name: String::new(),
        proxy: proxy::resolve(r, given.proxy.as_deref(), &endpoint)?,
        endpoint,
        protocol,
        headers,
        compression: compression
            .and_then(Compression::from_name)
            .unwrap_or(Compression::None),
        timeout_ms: r.limit(TIMEOUT_MS, given.timeout_ms)?,
        certificate: r.text(CERTIFICATE, given.certificate.as_deref())?,
        client_certificate: r.text(CLIENT_CERTIFICATE, given.client_certificate.as_deref())?,
        client_key: r.text(CLIENT_KEY, given.client_key.as_deref())?,
        user_agent: user_agent(r, given.user_agent.as_deref())?,
        concurrent_sends: r.number(CONCURRENT_SENDS, given.concurrent_sends)?,
        max_request_bytes: r.limit(MAX_REQUEST_BYTES, given.max_request_bytes)?,
        max_response_bytes: r.number(MAX_RESPONSE_BYTES, given.max_response_bytes)?,
        file_path: r.text(FILE_PATH, given.path.as_deref())?.unwrap_or_default(),
        file_max_bytes: r.limit(FILE_MAX_BYTES, given.max_bytes)?,
        file_max_files: r.number(FILE_MAX_FILES, given.max_files)?,
    };
    Ok(One {
        settings,
        headers: plain_headers,
        credentials,
        insecure,
        usable,
    })
}

fn url(
    reader: &mut Reader<'_>,
    given: Option<&str>,
    protocol: Protocol,
    insecure: bool,
) -> Result<String, Error> {
    let usual = usual(reader.kind);
    let grpc = protocol == Protocol::Grpc;
    let wrong = match grpc {
        true => "it is neither an `http` or `https` URL with a host nor `host:port`",
        false => "it is not an `http` or `https` URL with a host",
    };
    let of = |text: &str, is_base: bool| match (grpc, is_base) {
        (true, _) => endpoint::of_grpc(text, insecure, usual.grpc_port),
        (false, false) => endpoint::of_signal(text, usual.path),
        (false, true) => endpoint::of_base(text),
    };
    // It may hold a password, so it is not shown.
    let wrong = |text: &str, is_base: bool| match of(&format!("http://{text}"), is_base) {
        Some(_) if !text.contains("://") => format!("{wrong}: write `http://` in front of it"),
        _ => wrong.to_owned(),
    };
    let bare = |url: &str| {
        (!grpc && endpoint::is_root(url)).then(|| {
            let path = usual.path;
            format!("the URL has no path and is used as it is; receivers usually listen at `{path}`")
        })
    };
    if let Some(text) = given {
        let url = of(text, false).ok_or_else(|| bad_value(ENDPOINT, wrong(text, false), None))?;
        reader.set_given(ENDPOINT);
        if let Some(text) = bare(&url) {
            reader.notice(LogLevel::Info, ENDPOINT, None, text);
        }
        return Ok(url);
    }
    let mut ignored = Vec::new();
    let mut found = None;
    let info = reader.info(ENDPOINT);
    for (index, &variable) in info.variables.iter().enumerate() {
        let Some(text) = reader.raw(variable) else {
            continue;
        };
        match of(&text, index > 0) {
            Some(url) => {
                found = Some((variable, url));
                break;
            }
            None => ignored.push((variable, wrong(&text, index > 0))),
        }
    }
    let default = match (grpc, info.default) {
        (true, _) => format!("http://localhost:{}", usual.grpc_port),
        (false, DefaultValue::Text(url)) => url.to_owned(),
        (false, _) => String::new(),
    };
    for (variable, wrong) in ignored {
        let instead = match &found {
            Some((other, _)) => format!("`{other}` counts"),
            None => format!("the default `{default}` is used"),
        };
        reader.warn(
            ENDPOINT,
            variable,
            format!("{wrong}; it is ignored, and {instead}"),
        );
    }
    let Some((variable, url)) = found else {
        return Ok(default);
    };
    reader.set_environment(ENDPOINT, variable);
    if let Some(text) = bare(&url) {
        reader.notice(LogLevel::Info, ENDPOINT, Some(variable), text);
    }
    Ok(url)
}

/// Where receivers of a kind usually listen.
struct Usual {
    path: &'static str,
    grpc_port: u16,
}

fn usual(kind: Exporter) -> Usual {
    let path = match kind {
        Exporter::Zipkin => "/api/v2/spans",
        Exporter::Jaeger => "/api/traces",
        _ => "/v1/traces",
    };
    let grpc_port = if kind == Exporter::Jaeger { 14250 } else { 4317 };
    Usual { path, grpc_port }
}

/// Whether what the endpoint asks for is there; an error when code or file ask.
fn tls_is_there(reader: &mut Reader<'_>, url: &str) -> Result<bool, Error> {
    let https = url
        .get(..6)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
    if !https || reader.has("tls") {
        return Ok(true);
    }
    match reader.sources[ENDPOINT] {
        Source::Environment(variable) => {
            let wrong = format!("`https` {}; there is no {}", needs("tls"), reader.exporter());
            reader.warn(ENDPOINT, variable, wrong);
            Ok(false)
        }
        _ => Err(unsupported(ENDPOINT, format!("`https` {}", needs("tls")))),
    }
}

/// Whether the client's certificate and key are both there, or neither; an error when code or file gave the one.
fn client_is_whole(reader: &mut Reader<'_>, given: &ExporterOption) -> Result<bool, Error> {
    let certificate = reader.text(CLIENT_CERTIFICATE, given.client_certificate.as_deref())?;
    let key = reader.text(CLIENT_KEY, given.client_key.as_deref())?;
    let (there, missing) = match (certificate, key) {
        (Some(_), None) => (CLIENT_CERTIFICATE, CLIENT_KEY),
        (None, Some(_)) => (CLIENT_KEY, CLIENT_CERTIFICATE),
        _ => return Ok(true),
    };
    let (there_name, missing_name) = (TABLE[there].name, TABLE[missing].name);
    if let Source::Environment(variable) = reader.sources[there] {
        let exporter = reader.exporter();
        let text = format!("`{missing_name}` is missing, which belongs to it; there is no {exporter}");
        reader.notice(LogLevel::Error, there, Some(variable), text);
        return Ok(false);
    }
    let message = format!("{missing_name}: it is missing, as `{there_name}` is set");
    Err(Error::new(ErrorKind::Missing, message).with_option(missing_name))
}

fn headers(reader: &mut Reader<'_>, given: Option<&Headers>) -> Result<Headers, Error> {
    if let Some(headers) = given {
        let headers = headers
            .checked()
            .map_err(|wrong| bad_value(HEADERS, wrong, None))?;
        reader.set_given(HEADERS);
        return Ok(headers);
    }
    for variable in reader.info(HEADERS).variables {
        let Some(text) = reader.raw(variable) else {
            continue;
        };
        let headers = Headers::parse(&text, &mut |wrong| reader.warn(HEADERS, variable, wrong));
        reader.set_environment(HEADERS, variable);
        return Ok(headers);
    }
    Ok(Headers::default())
}

fn user_agent(reader: &mut Reader<'_>, given: Option<&str>) -> Result<Option<String>, Error> {
    let text = reader.text(USER_AGENT, given)?;
    match text {
        Some(text) if checked_value("user-agent", text.as_bytes()).is_err() => {
            let wrong = "it has characters other than printable ASCII".to_owned();
            Err(bad_value(USER_AGENT, wrong, None))
        }
        text => Ok(text),
    }
}
