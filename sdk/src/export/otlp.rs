//! OTLP over HTTP, in protobuf or JSON.

use super::answer;
use super::hint::Hint;
use super::http_answer::{self, Encoding};
use super::parts::{self, Resume};
use super::speaker;
use super::{ExportBatch, ExportResult, ExporterDescription, SpanExporter};
use crate::log;
use crate::provider::OtlpSpec;
use crate::transport::{Compressor, Endpoint, HttpRequest, HttpSettings, HttpTransport};
use crate::transport::{Interrupt, SendOutcome, Transport};
use spanline_core::wire::otlp::{RequestView, write_json_request};
use spanline_engine::options::Protocol;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A JSON text this large is not kept in memory for the next one.
const KEPT_TEXT: usize = 4 * 1024 * 1024;

/// Posts each batch to a receiver and says what became of it.
#[derive(Debug)]
pub(crate) struct OtlpHttpExporter {
    endpoint: Endpoint,
    headers: Vec<(String, String)>,
    encoding: Encoding,
    max_request_bytes: usize,
    /// Used by one sender thread; locked so that the exporter may be shared.
    sending: Mutex<Sending>,
    interrupt: Interrupt,
    hint: Hint,
    speaker: Arc<str>,
}

#[derive(Debug)]
struct Sending {
    resume: Resume,
    posting: Posting,
}

#[derive(Debug)]
struct Posting {
    transport: HttpTransport,
    compressor: Option<Compressor>,
    /// The text of a request in JSON.
    json: String,
}

impl OtlpHttpExporter {
    pub(crate) fn new(spec: &OtlpSpec) -> Self {
        let transport = HttpTransport::new(HttpSettings {
            endpoint: spec.endpoint.clone(),
            proxy: spec.proxy.clone(),
            tls: spec.tls.clone(),
            user_agent: spec.settings.user_agent.clone(),
            max_response_bytes: spec.max_response_bytes,
        });
        let interrupt = transport.interrupt();
        Self {
            endpoint: spec.endpoint.clone(),
            headers: spec.headers.clone(),
            encoding: match spec.settings.protocol {
                Protocol::HttpJson => Encoding::Json,
                _ => Encoding::Protobuf,
            },
            max_request_bytes: spec.max_request_bytes,
            sending: Mutex::new(Sending {
                resume: Resume::default(),
                posting: Posting {
                    transport,
                    compressor: Compressor::of(spec.settings.compression),
                    json: String::new(),
                },
            }),
            interrupt,
            hint: Hint::of(spec),
            speaker: speaker::of_receiver(spec),
        }
    }

    /// Sends a request that is not too large.
    fn post(&self, posting: &mut Posting, body: Option<&[u8]>, timeout: Option<Duration>) -> ExportResult {
        let Posting {
            transport,
            compressor,
            json,
        } = posting;
        let body = body.unwrap_or(json.as_bytes());
        let compressed = compressor.as_mut().and_then(|compressor| {
            let encoding = compressor.encoding();
            Some((compressor.compress(body).ok()?, encoding))
        });
        let compression = compressed.map(|(_, encoding)| encoding);
        let request = HttpRequest {
            headers: &self.headers,
            content_type: self.encoding.content_type(),
            content_encoding: compression,
            body: compressed.map_or(body, |(body, _)| body),
        };
        match transport.send(&request, timeout) {
            SendOutcome::Response(response) => {
                self.hint.answered();
                http_answer::judge(self.encoding, self.endpoint.path(), compression, &response)
            }
            SendOutcome::TooLarge => {
                self.hint.answered();
                answer::response_too_large()
            }
            SendOutcome::Failed { kind, message } => {
                let message = self.hint.on(kind, message);
                answer::failed(kind, speaker::unrepeated(&self.speaker, &message))
            }
        }
    }

    /// Sends these bytes, in the encoding of the exporter. `None`: that would be too large.
    fn attempt(
        &self,
        posting: &mut Posting,
        request: &[u8],
        timeout: Option<Duration>,
    ) -> Option<ExportResult> {
        let Encoding::Json = self.encoding else {
            return (request.len() <= self.max_request_bytes)
                .then(|| self.post(posting, Some(request), timeout));
        };
        posting.json.clear();
        // Writing to a String never fails.
        let _ = write_json_request(RequestView::ours(request), &mut posting.json);
        let fits = posting.json.len() <= self.max_request_bytes;
        let result = fits.then(|| self.post(posting, None, timeout));
        posting.json.clear();
        posting.json.shrink_to(KEPT_TEXT);
        result
    }
}

impl SpanExporter for OtlpHttpExporter {
    fn export(&self, batch: ExportBatch<'_>, timeout: Option<Duration>) -> ExportResult {
        let mut sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        let Sending { resume, posting } = &mut *sending;
        log::speaking_for(&self.speaker, || {
            parts::send(batch.batch, resume, timeout, |request, left| {
                self.attempt(posting, request, left)
            })
        })
    }

    fn describe(&self) -> ExporterDescription {
        let (host, port) = self.endpoint.server();
        let component = match self.encoding {
            Encoding::Protobuf => "otlp_http_span_exporter",
            Encoding::Json => "otlp_http_json_span_exporter",
        };
        ExporterDescription::new(component).server(host, port)
    }

    /// The receiver sees the end of the connection now, whoever still holds the exporter.
    fn shutdown(&self) {
        let mut sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        sending.posting.transport.close();
    }

    fn interrupt(&self) {
        self.interrupt.stop();
    }
}
