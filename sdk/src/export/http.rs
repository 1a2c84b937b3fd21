//! To a receiver over HTTP, in whichever format.

use super::answer;
use super::hint::Hint;
use super::http_answer;
use super::parts::{self, Resume};
use super::speaker;
use super::{ExportBatch, ExportResult, ExporterDescription, Format, SpanExporter};
use crate::log;
use crate::provider::ReceiverSpec;
use crate::transport::{Compressor, Endpoint, HttpRequest, HttpSettings, HttpTransport};
use crate::transport::{Interrupt, SendOutcome, Transport};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A request this large, if it is not sent as it was batched, is not kept in memory for the next one.
const KEPT: usize = 4 * 1024 * 1024;

/// Posts each batch to a receiver and says what became of it.
#[derive(Debug)]
pub(crate) struct HttpExporter {
    endpoint: Endpoint,
    headers: Vec<(String, String)>,
    format: Format,
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
    /// A request in another format than it was batched in.
    written: Vec<u8>,
}

impl HttpExporter {
    pub(crate) fn new(spec: &ReceiverSpec) -> Self {
        let format = Format::of(&spec.settings);
        let transport = HttpTransport::new(HttpSettings {
            endpoint: spec.endpoint.clone(),
            proxy: spec.proxy.clone(),
            tls: spec.tls.clone(),
            user_agent: format.user_agent(spec.settings.user_agent.as_deref()),
            max_response_bytes: spec.max_response_bytes,
        });
        let interrupt = transport.interrupt();
        Self {
            endpoint: spec.endpoint.clone(),
            headers: spec.headers.clone(),
            format,
            max_request_bytes: spec.max_request_bytes,
            sending: Mutex::new(Sending {
                resume: Resume::default(),
                posting: Posting {
                    transport,
                    compressor: Compressor::of(spec.settings.compression),
                    written: Vec::new(),
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
            written,
        } = posting;
        let body = body.unwrap_or(written);
        let compressed = compressor.as_mut().and_then(|compressor| {
            let encoding = compressor.encoding();
            Some((compressor.compress(body).ok()?, encoding))
        });
        let compression = compressed.map(|(_, encoding)| encoding);
        let request = HttpRequest {
            headers: &self.headers,
            content_type: self.format.content_type(),
            content_encoding: compression,
            body: compressed.map_or(body, |(body, _)| body),
        };
        match transport.send(&request, timeout) {
            SendOutcome::Response(response) => {
                self.hint.answered();
                http_answer::judge(self.format, self.endpoint.path(), compression, &response)
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

    /// Sends this batch, or part of one, in the format of the exporter. `None`: that would be too large.
    fn attempt(
        &self,
        posting: &mut Posting,
        request: &[u8],
        timeout: Option<Duration>,
    ) -> Option<ExportResult> {
        if self.format.is_as_batched() {
            return (request.len() <= self.max_request_bytes)
                .then(|| self.post(posting, Some(request), timeout));
        }
        posting.written.clear();
        self.format.write(request, &mut posting.written);
        let fits = posting.written.len() <= self.max_request_bytes;
        let result = fits.then(|| self.post(posting, None, timeout));
        posting.written.clear();
        posting.written.shrink_to(KEPT);
        result
    }
}

impl SpanExporter for HttpExporter {
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
        ExporterDescription::new(self.format.component()).server(host, port)
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
