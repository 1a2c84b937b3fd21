//! OTLP/HTTP: `POST /v1/traces`.

mod answer;
mod body;
mod cors;

use crate::budget::Budget;
use crate::config::{Config, Cors, MIB};
use crate::counters::Counters;
use crate::otlp::{self, Format};
use crate::store::SharedStore;
pub(crate) use answer::RETRY_AFTER;
use answer::Refusal;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::any;
use body::{BodyError, Encoding};
use std::sync::Arc;

/// What the receiver's handlers share.
#[derive(Debug)]
struct Receiver {
    store: Arc<SharedStore>,
    counters: Arc<Counters>,
    budget: Arc<Budget>,
    max_body: usize,
    cors: Cors,
}

/// Bodies up to this size are decoded where they were read; larger ones are moved off the threads that read sockets.
const DECODE_INLINE: usize = MIB / 4;

/// The routes of the receiving port.
pub(crate) fn router(config: &Config, store: Arc<SharedStore>, counters: Arc<Counters>) -> Router {
    let receiver = Arc::new(Receiver {
        store,
        counters,
        budget: Budget::new(config.max_in_flight.max(config.max_body.saturating_mul(2))),
        max_body: config.max_body,
        cors: config.cors.clone(),
    });
    Router::new()
        .route("/v1/traces", any(traces))
        .fallback(elsewhere)
        .with_state(receiver)
}

async fn traces(State(receiver): State<Arc<Receiver>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = if parts.method == axum::http::Method::OPTIONS {
        answer::empty(StatusCode::NO_CONTENT)
    } else {
        let format = format_of(&parts.headers);
        let outcome = if parts.method == axum::http::Method::POST {
            receiver.export(&parts.headers, body).await
        } else {
            Err(Refusal::method(parts.method.as_str()))
        };
        outcome.unwrap_or_else(|refusal| {
            receiver.counters.requests_refused.add(refusal.reason, 1);
            refusal.answer(format.unwrap_or(Format::Json))
        })
    };
    cors::apply(&receiver.cors, &parts.headers, response.headers_mut());
    response
}

async fn elsewhere(State(receiver): State<Arc<Receiver>>, request: Request) -> Response {
    let refusal = Refusal::path(request.uri().path());
    receiver.counters.requests_refused.add(refusal.reason, 1);
    let format = format_of(request.headers()).unwrap_or(Format::Json);
    body::discard(request.into_body()).await;
    refusal.answer(format)
}

impl Receiver {
    async fn export(&self, headers: &HeaderMap, body: Body) -> Result<Response, Refusal> {
        let (format, encoding) = match (format_of(headers), encoding_of(headers)) {
            (Some(format), Ok(encoding)) => (format, encoding),
            (None, _) => {
                body::discard(body).await;
                return Err(Refusal::content_type(headers.get(header::CONTENT_TYPE)));
            }
            (_, Err(name)) => {
                body::discard(body).await;
                return Err(Refusal::content_encoding(&name));
            }
        };
        let mut lease = self.budget.lease();
        let bytes = body::read(body, encoding, self.max_body, &mut lease)
            .await
            .map_err(|error| Refusal::body(error, self.max_body))?;
        // JSON is made into protobuf first, which takes about as many bytes again.
        if format == Format::Json && !lease.grow_to(bytes.capacity() + bytes.len()) {
            return Err(Refusal::busy());
        }
        let decoded = if bytes.len() <= DECODE_INLINE {
            self.keep(format, &bytes)
        } else {
            tokio::task::block_in_place(|| self.keep(format, &bytes))
        };
        decoded.map(|body| answer::ok(format, body))
    }

    /// Decodes a request, keeps what is good of it and says what is not.
    fn keep(&self, format: Format, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
        let counters = &self.counters;
        let mut received = 0;
        let rejected = otlp::decode(format, bytes, |groups| {
            received += groups.iter().map(|group| group.spans.len() as u64).sum::<u64>();
            let outcome = self.store.insert(groups);
            counters.spans_accepted.add(outcome.added);
            counters.spans_duplicate.add(outcome.duplicates);
            counters.traces_evicted.add(outcome.evicted_traces);
            counters.spans_evicted.add(outcome.evicted_spans);
        })
        .map_err(|error| Refusal::undecodable(&error))?;
        counters.requests.add(1);
        counters.spans_received.add(received + rejected.total());
        for (reason, count) in rejected.by_reason() {
            counters.spans_rejected.add(reason, count);
        }
        Ok(otlp::success(format, &rejected))
    }
}

/// The format that Content-Type names; parameters such as a charset are ignored.
fn format_of(headers: &HeaderMap) -> Option<Format> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let name = value.split(';').next().unwrap_or_default().trim();
    [Format::Protobuf, Format::Json]
        .into_iter()
        .find(|format| name.eq_ignore_ascii_case(format.content_type()))
}

fn encoding_of(headers: &HeaderMap) -> Result<Encoding, String> {
    let mut encoding = Encoding::Identity;
    for value in headers.get_all(header::CONTENT_ENCODING) {
        let name = String::from_utf8_lossy(value.as_bytes())
            .trim()
            .to_ascii_lowercase();
        encoding = match (encoding, name.as_str()) {
            (_, "" | "identity") => encoding,
            (Encoding::Identity, "gzip" | "x-gzip") => Encoding::Gzip,
            _ => return Err(name),
        };
    }
    Ok(encoding)
}

impl Refusal {
    fn body(error: BodyError, max_body: usize) -> Self {
        match error {
            BodyError::TooLarge => Self::too_large(max_body),
            BodyError::Busy => Self::busy(),
            BodyError::Slow => Self::slow(body::BODY_TIMEOUT),
            BodyError::Gzip(how) => Self::gzip(&how),
            BodyError::Broken(how) => Self::broken(&how),
        }
    }
}
