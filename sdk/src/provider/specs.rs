//! From the settings of the exporters to how each is made.

use super::{ExporterSpec, ReceiverSpec};
use crate::export::{FileTarget, MemoryExporter, Rotation};
use crate::log::{self, Level};
use crate::transport::{Endpoint, Proxy, TlsFiles, TlsMaterial};
use spanline_engine::options::{Effective, Exporter, ExporterSettings, Source};
use spanline_engine::{Error, ErrorKind};
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;

/// How to make the exporters of the options, in their order.
///
/// # Errors
///
/// What code or file set wrongly. Where the environment did there is one message and no such exporter.
pub(crate) fn specs(effective: &Effective, memory: &MemoryExporter) -> Result<Vec<ExporterSpec>, Error> {
    let mut specs = Vec::new();
    for (index, settings) in effective.exporter.iter().enumerate() {
        specs.extend(match settings.kind {
            Exporter::Console => Some(ExporterSpec::Console),
            Exporter::Discard => Some(ExporterSpec::Discard),
            Exporter::Memory => Some(ExporterSpec::Given {
                name: "memory".to_owned(),
                exporter: Arc::new(memory.clone()),
            }),
            Exporter::Otlp | Exporter::Zipkin | Exporter::Jaeger => {
                Problems(effective).only_given(index, settings, receiver(settings))?
            }
            Exporter::File => Some(ExporterSpec::File {
                name: settings.name.clone(),
                target: FileTarget::File {
                    path: PathBuf::from(&settings.file_path),
                    rotation: settings.file_max_bytes.map(|max_bytes| Rotation {
                        max_bytes,
                        max_files: settings.file_max_files,
                    }),
                },
            }),
            Exporter::OtlpStdout => Some(ExporterSpec::File {
                name: settings.name.clone(),
                target: FileTarget::Stdout,
            }),
        });
    }
    Ok(specs)
}

/// What is wrong with an option.
struct Wrong {
    option: &'static str,
    kind: ErrorKind,
    text: String,
}

impl Wrong {
    fn new(option: &'static str, kind: ErrorKind, what: impl Display) -> Self {
        let text = what.to_string();
        Self { option, kind, text }
    }
}

/// Whose problem it is what is wrong.
struct Problems<'a>(&'a Effective);

impl Problems<'_> {
    fn only_given(
        &self,
        index: usize,
        settings: &ExporterSettings,
        made: Result<ExporterSpec, Wrong>,
    ) -> Result<Option<ExporterSpec>, Error> {
        let Wrong { option, kind, text } = match made {
            Ok(spec) => return Ok(Some(spec)),
            Err(wrong) => wrong,
        };
        if let Some(Source::Environment(variable)) = self.source(settings, option) {
            let name = match settings.kind {
                Exporter::Zipkin => "Zipkin",
                Exporter::Jaeger => "Jaeger",
                _ => "OTLP",
            };
            let line = format_args!("{variable}: {text}; there is no {name} exporter");
            log::report(Level::Error, variable, line);
            return Ok(None);
        }
        // In a file it is said for one exporter, and told at its place there.
        Err(match self.0.source("exporter") {
            Some(Source::File) => Error::new(kind, text).with_option(format!("exporter[{index}].{option}")),
            _ => Error::new(kind, text).with_option(option),
        })
    }
}

impl Problems<'_> {
    /// Where the value of the option comes from that an exporter has; `None`: from its own structure.
    fn source(&self, settings: &ExporterSettings, option: &str) -> Option<Source> {
        let all = self.0;
        let is_of_all = match option {
            "endpoint" => settings.endpoint == all.endpoint,
            "proxy" => settings.proxy == all.proxy,
            "certificate" => settings.certificate == all.certificate,
            "client_certificate" => settings.client_certificate == all.client_certificate,
            "client_key" => settings.client_key == all.client_key,
            _ => true,
        };
        all.source(option).filter(|_| is_of_all)
    }
}

/// Checks the endpoint and reads the certificates.
fn receiver(settings: &ExporterSettings) -> Result<ExporterSpec, Wrong> {
    let endpoint = Endpoint::parse(&settings.endpoint)
        .map_err(|error| Wrong::new("endpoint", ErrorKind::BadValue, format_args!("endpoint: {error}")))?;
    let proxy = settings.proxy.as_deref().map(Proxy::parse).transpose();
    let proxy =
        proxy.map_err(|error| Wrong::new("proxy", ErrorKind::BadValue, format_args!("proxy: {error}")))?;
    let path = |path: &Option<String>| path.as_ref().map(PathBuf::from);
    let tls = TlsMaterial::load(&TlsFiles {
        certificate: path(&settings.certificate),
        client_certificate: path(&settings.client_certificate),
        client_key: path(&settings.client_key),
    });
    let headers = settings.headers.iter();
    Ok(ExporterSpec::Receiver(Arc::new(ReceiverSpec {
        endpoint,
        proxy,
        tls: tls.map_err(|error| Wrong::new(error.option, ErrorKind::Tls, &error))?,
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        max_request_bytes: settings.max_request_bytes.map_or(usize::MAX, size),
        max_response_bytes: size(settings.max_response_bytes),
        settings: settings.clone(),
    })))
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
