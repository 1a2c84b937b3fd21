//! Exporters of the file.

use super::walk::{Place, Walk};
use crate::ErrorKind;
use crate::config::flat::{FlatExporter, integer};
use crate::options::{Headers, LogLevel};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use spanline_core::OwnedValue;

/// The exporter of this name as the `exporter` option has it. `None` when it is not built in.
pub(super) fn exporter(walk: &mut Walk, name: &str, place: &Place<'_>) -> Option<FlatExporter> {
    Some(match name {
        "otlp_http" | "otlp_grpc" => {
            let mut exporter = FlatExporter::new("otlp");
            let protocol = match (name, place.text("encoding")) {
                ("otlp_grpc", _) => "grpc",
                (_, Some("json")) => "http/json",
                _ => "http/protobuf",
            };
            exporter.set("protocol", protocol.to_owned());
            sending(walk, exporter, place)
        }
        "zipkin" => {
            let mut exporter = FlatExporter::new(name);
            if let Some(encoding) = place.text("encoding") {
                exporter.set("protocol", format!("http/{encoding}"));
            }
            sending(walk, exporter, place)
        }
        "jaeger" => {
            let mut exporter = FlatExporter::new(name);
            for member in ["protocol", "username", "password"] {
                if let Some(text) = place.text(member) {
                    exporter.set(member, text.to_owned());
                }
            }
            sending(walk, exporter, place)
        }
        "otlp_file/development" => otlp_file(walk, place),
        "console" | "memory" | "discard" => FlatExporter::new(name),
        "file" => {
            let mut exporter = FlatExporter::new(name);
            exporter.set("path", place.text("path").unwrap_or_default().to_owned());
            for member in ["max_bytes", "max_files"] {
                if let Some(number) = place.number(member) {
                    exporter.set(member, integer(number));
                }
            }
            exporter
        }
        _ => return None,
    })
}

/// What all have that send to a receiver.
fn sending(walk: &mut Walk, mut exporter: FlatExporter, place: &Place<'_>) -> FlatExporter {
    for member in ["endpoint", "compression"] {
        if let Some(text) = place.text(member) {
            exporter.set(member, text.to_owned());
        }
    }
    for (member, option) in [
        ("timeout", "timeout_ms"),
        ("max_request_size", "max_request_bytes"),
        ("max_response_size", "max_response_bytes"),
    ] {
        if let Some(number) = place.number(member) {
            exporter.set(option, integer(number));
        }
    }
    if let Some(tls) = place.get("tls") {
        tls_files(walk, &mut exporter, &tls);
    }
    let headers = headers(walk, place);
    if !headers.is_empty() {
        exporter.set("headers", OwnedValue::Map(headers));
    }
    exporter
}

fn tls_files(walk: &mut Walk, exporter: &mut FlatExporter, tls: &Place<'_>) {
    for (member, option) in [
        ("ca_file", "certificate"),
        ("cert_file", "client_certificate"),
        ("key_file", "client_key"),
    ] {
        let (Some(path), Some(place)) = (tls.text(member), tls.get(member)) else {
            continue;
        };
        if !is_absolute(path) {
            walk.wrong(ErrorKind::BadValue, &place, "an absolute path is needed here");
        }
        exporter.set(option, path.to_owned());
    }
    for (one, other) in [("cert_file", "key_file"), ("key_file", "cert_file")] {
        if tls.text(one).is_some() && tls.text(other).is_none() {
            let text = format!("`{one}` needs `{other}` beside it");
            walk.wrong(
                ErrorKind::Missing,
                &tls.present(other).unwrap_or_else(|| tls.clone()),
                text,
            );
        }
    }
    if let Some(insecure) = tls.node.get("insecure").and_then(crate::config::Node::as_bool) {
        exporter.set("insecure", insecure);
    }
}

/// On the systems there are: a root, or the letter of a drive.
fn is_absolute(path: &str) -> bool {
    match path.as_bytes() {
        [b'/', ..] | [b'\\', b'\\', ..] => true,
        [letter, b':', b'/' | b'\\', ..] => letter.is_ascii_alphabetic(),
        _ => false,
    }
}

/// Those of the list, and over them those written out. Names are compared in any case.
fn headers(walk: &mut Walk, place: &Place<'_>) -> Vec<(String, OwnedValue)> {
    let mut headers: Vec<(String, OwnedValue)> = Vec::new();
    if let (Some(text), Some(at)) = (place.text("headers_list"), place.get("headers_list")) {
        let list = Headers::parse(text, &mut |wrong| walk.remark(LogLevel::Warn, &at, wrong));
        headers.extend(
            list.iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned().into())),
        );
    }
    for item in place.get("headers").iter().flat_map(Place::items) {
        let (Some(name), Some(value)) = (item.text("name"), item.text("value")) else {
            continue;
        };
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.push((name.to_owned(), value.to_owned().into()));
    }
    headers
}

fn otlp_file(walk: &mut Walk, place: &Place<'_>) -> FlatExporter {
    let stream = place.text("output_stream").unwrap_or("stdout");
    if stream == "stdout" {
        return FlatExporter::new("otlp/stdout");
    }
    let mut exporter = FlatExporter::new("file");
    // The host of such a URL is empty or this machine.
    let path = stream
        .strip_prefix("file://")
        .map(|rest| rest.strip_prefix("localhost").unwrap_or(rest));
    match path.filter(|path| path.starts_with('/') && path.len() > 1) {
        Some(path) => exporter.set("path", path.to_owned()),
        None => {
            let at = place.get("output_stream").unwrap_or_else(|| place.clone());
            walk.wrong(
                ErrorKind::BadValue,
                &at,
                "this is neither `stdout` nor `file:///` and a path",
            );
        }
    }
    exporter
}
