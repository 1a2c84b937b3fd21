//! OTLP over HTTP, protobuf.

use super::answer;
use super::{AnswerStatus, ExportBatch, ExportResult, ExporterDescription, SpanExporter};
use crate::log::{self, Level, UserText};
use crate::provider::OtlpSpec;
use crate::transport::{
    Endpoint, GzipCompressor, HttpRequest, HttpSettings, HttpTransport, Interrupt, Response,
};
use crate::transport::{SendOutcome, TlsMaterial, Transport};
use spanline_core::wire::otlp::{self, RpcStatus};
use spanline_engine::retry;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const CONTENT_TYPE: &str = "application/x-protobuf";

/// Posts each batch to a receiver and says what became of it.
#[derive(Debug)]
pub(crate) struct OtlpHttpExporter {
    endpoint: Endpoint,
    headers: Vec<(String, String)>,
    max_request_bytes: usize,
    /// Used by one sender thread; locked so that the exporter may be shared.
    sending: Mutex<Sending>,
    interrupt: Interrupt,
}

#[derive(Debug)]
struct Sending {
    transport: HttpTransport,
    gzip: Option<GzipCompressor>,
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
            max_request_bytes: spec.max_request_bytes,
            sending: Mutex::new(Sending {
                transport,
                gzip: spec.gzip.then(GzipCompressor::new),
            }),
            interrupt,
        }
    }

    fn answered(response: &Response) -> ExportResult {
        let verdict = retry::http_status(response.status);
        let status = AnswerStatus::Http(response.status);
        if verdict.is_success() {
            let outcome = otlp::decode_response(&response.body).ok();
            return answer::delivered(outcome.filter(|_| response.body_complete)).status(status);
        }
        let text = RpcStatus::decode(&response.body)
            .map(|status| status.message)
            .unwrap_or_default();
        let (code, text) = (response.status, UserText(&text));
        if verdict.is_retryable() {
            let now = crate::clock::wall_nanos() / 1_000_000;
            let after = response
                .retry_after
                .as_deref()
                .and_then(|after| retry::retry_after(after.as_bytes(), now));
            let line = format_args!("the receiver answered {code} {text}, trying again");
            log::report(Level::Warn, "export_retry", line);
            let result = ExportResult::retry().status(status);
            return match after {
                Some(after) => result.after(Duration::from_millis(after)),
                None => result,
            };
        }
        let hint = match code {
            401 | 403 => "check the credentials in the headers option",
            404 => "check the endpoint: its path is usually /v1/traces",
            413 => "the receiver takes no batch this large: lower max_batch_bytes",
            _ => "the batch is lost, as the receiver would answer the same again",
        };
        log::report(
            Level::Error,
            "export_refused",
            format_args!("the receiver answered {code} {text}; {hint}"),
        );
        ExportResult::failure(code.to_string()).status(status)
    }
}

impl SpanExporter for OtlpHttpExporter {
    fn export(&self, batch: ExportBatch<'_>, timeout: Option<Duration>) -> ExportResult {
        let body = batch.otlp_request();
        if body.len() > self.max_request_bytes {
            return answer::request_too_large(body.len());
        }
        let mut sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        let Sending { transport, gzip } = &mut *sending;
        let compressed = gzip.as_mut().and_then(|gzip| gzip.compress([body]).ok());
        let request = HttpRequest {
            headers: &self.headers,
            content_type: CONTENT_TYPE,
            content_encoding: compressed.is_some().then_some("gzip"),
            body: compressed.unwrap_or(body),
        };
        match transport.send(&request, timeout) {
            SendOutcome::Response(response) => Self::answered(&response),
            SendOutcome::TooLarge => answer::response_too_large(),
            SendOutcome::Failed { kind, message } => answer::failed(kind, &message),
        }
    }

    fn describe(&self) -> ExporterDescription {
        let (host, port) = self.endpoint.server();
        ExporterDescription::new("otlp_http_span_exporter").server(host, port)
    }

    fn interrupt(&self) {
        self.interrupt.stop();
    }
}
