//! Where spans go, and how.

use super::{
    Compression, Exporter, LogLevel, Protocol, Source, TABLE, endpoint,
    generated::{
        Options,
        index::{COMPRESSION, ENDPOINT, EXPORTER, HEADERS, PROTOCOL},
    },
    headers::Headers,
    reader::{Name, Reader, bad_value, known_name, needs},
    text::{items, quoted},
};
use crate::Error;
use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};

/// The options of where and how, resolved.
pub(super) struct Exporters {
    pub(super) exporter: Vec<Exporter>,
    pub(super) endpoint: String,
    pub(super) protocol: Protocol,
    pub(super) headers: Headers,
    pub(super) compression: Compression,
}

/// Resolves them together: a protocol or compression that the environment asks for and that is not there leaves no
/// OTLP exporter.
pub(super) fn resolve(reader: &mut Reader<'_>, code: &Options) -> Result<Exporters, Error> {
    let mut exporter = list(reader, code.exporter.as_deref())?;
    let (protocol, no_protocol) = reader.name(PROTOCOL, code.protocol.as_deref())?;
    let (compression, no_compression) = reader.name(COMPRESSION, code.compression.as_deref())?;
    for (option, name, feature) in [
        (PROTOCOL, protocol, no_protocol),
        (COMPRESSION, compression, no_compression),
    ] {
        let (Some(name), Some(feature), Source::Environment(variable)) =
            (name, feature, reader.sources[option])
        else {
            continue;
        };
        exporter.retain(|&exporter| exporter != Exporter::Otlp);
        let wrong = format!("`{name}` {}; there is no OTLP exporter", needs(feature));
        reader.warn(option, variable, wrong);
    }
    Ok(Exporters {
        exporter,
        endpoint: url(reader, code.endpoint.as_deref())?,
        protocol: protocol
            .and_then(Protocol::from_name)
            .unwrap_or(Protocol::HttpProtobuf),
        headers: headers(reader, code.headers.as_ref())?,
        compression: compression
            .and_then(Compression::from_name)
            .unwrap_or(Compression::None),
    })
}

fn list(reader: &mut Reader<'_>, code: Option<&[String]>) -> Result<Vec<Exporter>, Error> {
    if let Some(names) = code {
        let names = names.iter().map(|name| known_name(EXPORTER, name));
        let names: Vec<&str> = names.collect::<Result<_, _>>()?;
        reader.set(EXPORTER, Source::Code);
        return Ok(of_names(&names));
    }
    let info = &TABLE[EXPORTER];
    for variable in info.variables {
        let Some(text) = reader.raw(variable) else {
            continue;
        };
        let mut names = Vec::new();
        for item in items(&text) {
            let wrong = match info.look_up(item) {
                Name::Known(name) => {
                    names.push(name);
                    continue;
                }
                Name::Later(name, feature) => format!("`{name}` {}; it is left out", needs(feature)),
                Name::Unknown => format!("{} is not an exporter; it is left out", quoted(item)),
            };
            reader.warn(EXPORTER, variable, wrong);
        }
        if names.len() > 1 && names.contains(&"none") {
            reader.warn(
                EXPORTER,
                variable,
                "`none` beside others: there is no exporter".to_owned(),
            );
        }
        reader.set(EXPORTER, Source::Environment(variable));
        return Ok(of_names(&names));
    }
    Ok(vec![Exporter::Otlp])
}

/// Each once, in order; none at all when `none` is among them.
fn of_names(names: &[&str]) -> Vec<Exporter> {
    let mut list = Vec::new();
    for name in names {
        let Some(exporter) = Exporter::from_name(name) else {
            return Vec::new();
        };
        if !list.contains(&exporter) {
            list.push(exporter);
        }
    }
    list
}

fn url(reader: &mut Reader<'_>, code: Option<&str>) -> Result<String, Error> {
    const BARE: &str = "the URL has no path and is used as it is; receivers usually listen at `/v1/traces`";
    if let Some(text) = code {
        let Some(url) = endpoint::of_signal(text) else {
            let wrong = "it is not an `http` or `https` URL with a host".to_owned();
            return Err(bad_value(ENDPOINT, wrong, None));
        };
        reader.set(ENDPOINT, Source::Code);
        if endpoint::is_root(&url) {
            reader.notice(LogLevel::Info, ENDPOINT, None, BARE.to_owned());
        }
        return Ok(url);
    }
    for (index, variable) in TABLE[ENDPOINT].variables.iter().enumerate() {
        let Some(text) = reader.raw(variable) else {
            continue;
        };
        let url = if index == 0 {
            endpoint::of_signal(&text)
        } else {
            endpoint::of_base(&text)
        };
        match url {
            Some(url) => {
                reader.set(ENDPOINT, Source::Environment(variable));
                if endpoint::is_root(&url) {
                    reader.notice(LogLevel::Info, ENDPOINT, Some(variable), BARE.to_owned());
                }
                return Ok(url);
            }
            // It may hold a password, so it is not shown.
            None => {
                let wrong = "it is not an `http` or `https` URL with a host; it is ignored".to_owned();
                reader.warn(ENDPOINT, variable, wrong);
            }
        }
    }
    Ok(match TABLE[ENDPOINT].default {
        super::DefaultValue::Text(url) => url.to_owned(),
        _ => String::new(),
    })
}

fn headers(reader: &mut Reader<'_>, code: Option<&Headers>) -> Result<Headers, Error> {
    if let Some(headers) = code {
        let headers = headers
            .checked()
            .map_err(|wrong| bad_value(HEADERS, wrong, None))?;
        reader.set(HEADERS, Source::Code);
        return Ok(headers);
    }
    for variable in TABLE[HEADERS].variables {
        let Some(text) = reader.raw(variable) else {
            continue;
        };
        let headers = Headers::parse(&text, &mut |wrong| reader.warn(HEADERS, variable, wrong));
        reader.set(HEADERS, Source::Environment(variable));
        return Ok(headers);
    }
    Ok(Headers::default())
}
