//! OTLP over HTTP, in protobuf or JSON.

use super::answer;
use super::http_answer::{self, Encoding};
use super::parts::{Progress, Resume};
use super::{ExportBatch, ExportResult, ExporterDescription, SpanExporter};
use crate::log::{self, Level};
use crate::provider::OtlpSpec;
use crate::transport::{Compressor, Endpoint, GzipCompressor, HttpRequest, HttpSettings, HttpTransport};
use crate::transport::{Interrupt, SendOutcome, TlsMaterial, Transport};
use spanline_core::wire::otlp::{RequestView, part_of_request, write_json_request};
use spanline_engine::Outcome;
use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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
}

#[derive(Debug)]
struct Sending {
    transport: HttpTransport,
    compressor: Option<Compressor>,
    /// The text of a request in JSON.
    json: String,
    resume: Resume,
}

impl OtlpHttpExporter {
    pub(crate) fn new(spec: &OtlpSpec) -> Self {
        let transport = HttpTransport::new(HttpSettings {
            endpoint: spec.endpoint.clone(),
            proxy: None,
            tls: TlsMaterial::default(),
            user_agent: None,
            max_response_bytes: spec.max_response_bytes,
        });
        let interrupt = transport.interrupt();
        Self {
            endpoint: spec.endpoint.clone(),
            headers: spec.headers.clone(),
            encoding: Encoding::Protobuf,
            max_request_bytes: spec.max_request_bytes,
            sending: Mutex::new(Sending {
                transport,
                compressor: spec.gzip.then(|| Compressor::Gzip(GzipCompressor::new())),
                json: String::new(),
                resume: Resume::default(),
            }),
            interrupt,
        }
    }

    /// Sends a request that is not too large.
    fn post(&self, sending: &mut Sending, body: Option<&[u8]>, timeout: Option<Duration>) -> ExportResult {
        let Sending {
            transport,
            compressor,
            json,
            ..
        } = sending;
        let body = body.unwrap_or(json.as_bytes());
        let compressed = compressor.as_mut().and_then(|compressor| {
            let encoding = compressor.encoding();
            Some((compressor.compress(body).ok()?, encoding))
        });
        let request = HttpRequest {
            headers: &self.headers,
            content_type: self.encoding.content_type(),
            content_encoding: compressed.map(|(_, encoding)| encoding),
            body: compressed.map_or(body, |(body, _)| body),
        };
        match transport.send(&request, timeout) {
            SendOutcome::Response(response) => http_answer::judge(self.encoding, &response),
            SendOutcome::TooLarge => answer::response_too_large(),
            SendOutcome::Failed { kind, message } => answer::failed(kind, &message),
        }
    }

    /// Sends these bytes, in the encoding of the exporter. `None`: that would be too large.
    fn attempt(
        &self,
        sending: &mut Sending,
        request: &[u8],
        timeout: Option<Duration>,
    ) -> Option<ExportResult> {
        let Encoding::Json = self.encoding else {
            return (request.len() <= self.max_request_bytes)
                .then(|| self.post(sending, Some(request), timeout));
        };
        sending.json.clear();
        // Writing to a String never fails.
        let _ = write_json_request(RequestView::ours(request), &mut sending.json);
        let fits = sending.json.len() <= self.max_request_bytes;
        let result = fits.then(|| self.post(sending, None, timeout));
        sending.json.clear();
        sending.json.shrink_to(KEPT_TEXT);
        result
    }
}

/// What a batch that went in parts comes to.
fn total(spans: u64, progress: &Progress, last: ExportResult) -> ExportResult {
    let arrived = progress.lost < spans;
    match (arrived, last.status) {
        (false, _) => last,
        (true, Some(status)) => ExportResult::partial_success(progress.lost).status(status),
        (true, None) => ExportResult::partial_success(progress.lost),
    }
}

impl SpanExporter for OtlpHttpExporter {
    fn export(&self, batch: ExportBatch<'_>, timeout: Option<Duration>) -> ExportResult {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let whole = batch.otlp_request();
        let spans = batch.len();
        let mut sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        let mut progress = sending.resume.take(batch.batch);
        let mut last = ExportResult::failure("too_large");
        while progress.settled < spans {
            let step = progress.step.clamp(1, spans - progress.settled);
            let request = match step == spans {
                true => Cow::Borrowed(whole),
                false => Cow::Owned(part_of_request(whole, progress.settled..progress.settled + step)),
            };
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let lost = match self.attempt(&mut sending, &request, left) {
                None if step > 1 => {
                    progress.step = step.div_ceil(2);
                    continue;
                }
                None => {
                    let line =
                        format_args!("a span alone makes a request over max_request_bytes; it is lost");
                    log::report(Level::Error, "export_too_large", line);
                    1
                }
                Some(result) if step == spans => return result,
                Some(result) => {
                    let lost = match &result.outcome {
                        Outcome::Delivered { rejected } => (*rejected).min(step),
                        Outcome::Retry { .. } => {
                            sending.resume.keep(batch.batch, progress);
                            return result;
                        }
                        // Nobody answered, and nobody will answer for the rest.
                        Outcome::Failed { .. } if result.status.is_none() => {
                            progress.lost += spans - progress.settled;
                            return total(spans, &progress, result);
                        }
                        Outcome::Failed { .. } => step,
                    };
                    last = result;
                    lost
                }
            };
            progress.settled += step;
            progress.lost += lost;
        }
        total(spans, &progress, last)
    }

    fn describe(&self) -> ExporterDescription {
        let (host, port) = self.endpoint.server();
        let component = match self.encoding {
            Encoding::Protobuf => "otlp_http_span_exporter",
            Encoding::Json => "otlp_http_json_span_exporter",
        };
        ExporterDescription::new(component).server(host, port)
    }

    fn interrupt(&self) {
        self.interrupt.stop();
    }
}
