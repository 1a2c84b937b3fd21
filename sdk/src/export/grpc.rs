//! To a receiver over gRPC, in whichever format.

use super::hint::Hint;
use super::parts::{self, Resume};
use super::refusal::Refusal;
use super::speaker;
use super::{AnswerStatus, ExportBatch, ExportResult, ExporterDescription, Format, SpanExporter, answer};
use crate::log::{self, Level, Said, UserText};
use crate::provider::ReceiverSpec;
use crate::transport::{
    Compressor, Endpoint, Failure, GrpcAnswer, GrpcMessage, GrpcRequest, GrpcSettings, GrpcTransport,
    Interrupt,
};
use bytes::Bytes;
use spanline_core::wire::otlp::{self, ExportOutcome};
use spanline_engine::{Batch, retry};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Sends each batch to a receiver and says what became of it.
#[derive(Debug)]
pub(crate) struct GrpcExporter {
    endpoint: Endpoint,
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
    transport: GrpcTransport,
    compressor: Option<Compressor>,
    resume: Resume,
}

impl GrpcExporter {
    pub(crate) fn new(spec: &ReceiverSpec) -> Self {
        let format = Format::of(&spec.settings);
        let settings = GrpcSettings {
            method: format.method(),
            endpoint: spec.endpoint.clone(),
            proxy: spec.proxy.clone(),
            tls: spec.tls.clone(),
            user_agent: format.user_agent(spec.settings.user_agent.as_deref()),
            headers: spec.headers.clone(),
            max_response_bytes: spec.max_response_bytes,
        };
        let speaker = speaker::of_receiver(spec);
        let transport = GrpcTransport::new(settings, &mut |name| {
            let header = UserText(name);
            let line = format_args!("the header {header} cannot be sent over gRPC");
            log::speaking_for(&speaker, || {
                log::report_case(Level::Warn, "export_headers", name, line);
            });
        });
        let interrupt = transport.interrupt();
        Self {
            endpoint: spec.endpoint.clone(),
            format,
            max_request_bytes: spec.max_request_bytes,
            sending: Mutex::new(Sending {
                transport,
                compressor: Compressor::of(spec.settings.compression),
                resume: Resume::default(),
            }),
            interrupt,
            hint: Hint::of(spec),
            speaker,
        }
    }

    /// What an answer to a request that was compressed like this means.
    fn answered(format: Format, answer: &GrpcAnswer, compression: Option<&str>) -> ExportResult {
        if answer.content == GrpcMessage::TooLarge {
            return answer::response_too_large();
        }
        let verdict = retry::grpc_status(answer.code, answer.retry_info.is_some());
        let status = match answer.http_status {
            Some(http) => AnswerStatus::Http(http),
            None => AnswerStatus::Grpc(answer.code),
        };
        if verdict.is_success() {
            let outcome = match &answer.content {
                // Only OTLP's says something.
                GrpcMessage::Whole(_) if !format.is_otlp() => Some(ExportOutcome::Success),
                GrpcMessage::Whole(message) => otlp::decode_response(message).ok(),
                _ => None,
            };
            return answer::delivered(outcome).status(status);
        }
        let (reason, what) = match answer.http_status {
            Some(http) => (http.to_string(), format!("HTTP {http} without a gRPC status")),
            None => {
                let name = retry::grpc_status_name(answer.code);
                let what = format!("{name}{}", Said(&answer.message));
                (name.into_owned(), what)
            }
        };
        if verdict.is_retryable() {
            let line = format_args!("the receiver answered {what}, trying again");
            log::report_case(Level::Warn, "export_retry", &reason, line);
            let result = ExportResult::retry().status(status);
            return match answer.retry_info.or_else(|| retry_after(answer)) {
                Some(after) => result.after(after),
                None => result,
            };
        }
        // A receiver that does not know the encoding says UNIMPLEMENTED, some INTERNAL; so it may for other reasons.
        let not_compressed = compression
            .filter(|_| answer::speaks_of_encoding(&answer.message))
            .map(answer::not_compressed);
        let nobody = format!("check the endpoint: no {} is there", format.receiver());
        let way_out = match answer.code {
            _ if not_compressed.is_some() => not_compressed.as_deref(),
            _ if answer.http_status == Some(413) => {
                Some("it takes no batch this large: lower max_batch_bytes")
            }
            7 | 16 => Some(Refusal::CREDENTIALS),
            8 => Some("the receiver takes no batch this large, or no more: lower max_batch_bytes"),
            12 => Some(nobody.as_str()),
            _ if answer.http_status.is_some() => Some(format.question()),
            _ => None,
        };
        answer::refused(&what, &reason, way_out);
        ExportResult::failure(reason).status(status)
    }
}

/// The request of a batch: shared with the other exporters, not copied.
struct Shared(Arc<Batch>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.body()
    }
}

/// What a proxy asks for that answers in place of the receiver.
fn retry_after(answer: &GrpcAnswer) -> Option<Duration> {
    let now = crate::clock::wall_nanos() / 1_000_000;
    let after = retry::retry_after(answer.retry_after.as_deref()?.as_bytes(), now)?;
    Some(Duration::from_millis(after))
}

/// What is sent for this request, which is a batch or a part of one, or was written anew for its format.
fn message(request: Cow<'_, [u8]>, batch: &Arc<Batch>, compressor: Option<&mut Compressor>) -> GrpcRequest {
    let compressed = compressor.and_then(|compressor| {
        let encoding = compressor.encoding();
        Some((
            Bytes::copy_from_slice(compressor.compress(&request).ok()?),
            encoding,
        ))
    });
    if let Some((message, encoding)) = compressed {
        return GrpcRequest {
            message,
            encoding: Some(encoding),
        };
    }
    GrpcRequest {
        message: match request {
            Cow::Borrowed(whole) if std::ptr::eq(whole, batch.body()) => {
                Bytes::from_owner(Shared(batch.clone()))
            }
            request => Bytes::from(request.into_owned()),
        },
        encoding: None,
    }
}

impl SpanExporter for GrpcExporter {
    fn export(&self, batch: ExportBatch<'_>, timeout: Option<Duration>) -> ExportResult {
        let mut sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        let Sending {
            transport,
            compressor,
            resume,
        } = &mut *sending;
        let mut attempt = |request: &[u8], left| {
            let request = match self.format.is_as_batched() {
                true => Cow::Borrowed(request),
                false => {
                    let mut written = Vec::with_capacity(request.len());
                    self.format.write(request, &mut written);
                    Cow::Owned(written)
                }
            };
            if request.len() > self.max_request_bytes {
                return None;
            }
            let message = message(request, batch.batch, compressor.as_mut());
            let compression = message.encoding;
            Some(match transport.send(&message, left) {
                Ok(answer) => {
                    self.hint.answered();
                    Self::answered(self.format, &answer, compression)
                }
                Err(Failure { kind, message }) => {
                    let message = self.hint.on(kind, message);
                    answer::failed(kind, speaker::unrepeated(&self.speaker, &message))
                }
            })
        };
        log::speaking_for(&self.speaker, || {
            parts::send(batch.batch, resume, timeout, &mut attempt)
        })
    }

    fn describe(&self) -> ExporterDescription {
        let (host, port) = self.endpoint.server();
        ExporterDescription::new(self.format.component()).server(host, port)
    }

    fn interrupt(&self) {
        self.interrupt.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u32, http_status: Option<u16>) -> GrpcAnswer {
        GrpcAnswer {
            code,
            message: String::new(),
            retry_info: None,
            http_status,
            retry_after: http_status.map(|_| "7".to_owned()),
            content: GrpcMessage::Unreadable,
        }
    }

    #[test]
    fn a_receiver_that_does_not_know_the_encoding_is_told_of_with_the_option() {
        for (code, message) in [
            (12, "unknown grpc-encoding"),
            (13, "Decompressor is not installed"),
        ] {
            let answer = GrpcAnswer {
                message: message.to_owned(),
                ..answer(code, None)
            };
            let said = |compression| {
                let answered = || GrpcExporter::answered(Format::OtlpGrpc, &answer, compression);
                log::capture(answered).1.remove(0).1
            };
            assert!(said(Some("zstd")).ends_with("set the option compression to gzip or none"));
            assert!(!said(None).contains("option compression"));
        }
    }

    #[test]
    fn who_answers_without_a_grpc_status_is_asked_whether_it_is_a_receiver() {
        let answered = || GrpcExporter::answered(Format::OtlpGrpc, &answer(2, Some(405)), None);
        let said = log::capture(answered).1.remove(0).1;
        assert!(
            said.ends_with("the batch is lost: is this an OTLP receiver?"),
            "{said}"
        );
    }

    #[test]
    fn a_proxy_that_answers_in_place_of_the_receiver_is_known_by_its_http_status() {
        assert_eq!(
            GrpcExporter::answered(Format::OtlpGrpc, &answer(2, Some(413)), None),
            ExportResult::failure("413").status(AnswerStatus::Http(413))
        );
        assert_eq!(
            GrpcExporter::answered(Format::OtlpGrpc, &answer(14, Some(503)), None),
            ExportResult::retry()
                .after(Duration::from_secs(7))
                .status(AnswerStatus::Http(503))
        );
        assert_eq!(
            GrpcExporter::answered(Format::OtlpGrpc, &answer(13, None), None),
            ExportResult::failure("INTERNAL").status(AnswerStatus::Grpc(13))
        );
    }
}
