//! The query port: the page and Jaeger's HTTP JSON API.

mod adjust;
mod assets;
mod duration;
mod envelope;
mod jaeger;
mod leased;
mod matching;
mod params;
mod pretty;
mod recent;
mod status;
mod tags;

use crate::budget::Budget;
use crate::counters::Counters;
use crate::store::{SharedStore, Trace};
use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use envelope::ApiError;
use params::Search;
use serde_json::{Value, json};
use spanline_core::TraceId;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Bytes of one answer, roughly; one that would be longer says that it was cut short.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;
/// Bytes of all answers on their way to clients; over it, a query is answered with 503 and Retry-After.
const ANSWERS_LIMIT: usize = 4 * ANSWER_LIMIT;
/// Queries that look through spans at one time; others wait for their turn.
const QUERIES: usize = 4;

/// What the query handlers share.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) store: Arc<SharedStore>,
    pub(crate) counters: Arc<Counters>,
    answers: Arc<Budget>,
    turns: Semaphore,
}

impl Query {
    /// Does work that looks through spans, off the threads that serve connections, when its turn has come.
    async fn work<T>(&self, work: impl FnOnce() -> T) -> T {
        // The semaphore is never closed; without a permit the work would still be right.
        let _turn = self.turns.acquire().await;
        tokio::task::block_in_place(work)
    }
}

type Shared = State<Arc<Query>>;

/// The routes of the query port.
pub(crate) fn router(store: Arc<SharedStore>, counters: Arc<Counters>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/trace/{id}", get(page))
        .route("/page/{file}", get(page_file))
        .route("/healthz", get(async || "ok\n"))
        .route("/api/status", get(status))
        .route("/api/recent", get(recent))
        .route("/api/services", get(services))
        .route("/api/services/{service}/operations", get(operations_of))
        .route("/api/operations", get(operations))
        .route("/api/traces", get(search))
        .route("/api/traces/{id}", get(trace))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .with_state(Arc::new(Query {
            store,
            counters,
            answers: Budget::new(ANSWERS_LIMIT),
            turns: Semaphore::new(QUERIES),
        }))
}

async fn page(headers: HeaderMap) -> Response {
    page_file(Path("index.html".to_owned()), headers).await
}

async fn page_file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    assets::file(&name, &headers)
        .unwrap_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "the page has no such file").answer(false))
}

async fn nothing(request: Request) -> Response {
    let mut path: String = request.uri().path().chars().take(200).collect();
    path.retain(|c| !c.is_control());
    let text = match path.as_str() {
        "/v1/traces" => {
            "spans are received on the OTLP/HTTP port, 4318 by default; this is the query port".to_owned()
        }
        _ => format!(
            "nothing at {path}; the page is at / and the API begins with /api/services and /api/traces"
        ),
    };
    ApiError::new(StatusCode::NOT_FOUND, text).answer(false)
}

async fn wrong_method(method: Method) -> Response {
    let text = format!("{method} is not possible here, only GET is");
    let mut response = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, text).answer(false);
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

async fn status(State(query): Shared, RawQuery(raw): RawQuery) -> Response {
    let pretty = params::flag(&raw.unwrap_or_default(), "prettyPrint");
    envelope::json_response(status::json(&query).to_string(), pretty)
}

async fn recent(State(query): Shared, RawQuery(raw): RawQuery) -> Response {
    let raw = raw.unwrap_or_default();
    let answer = query.work(|| recent::json(&query.store, &raw)).await;
    match answer {
        Ok(value) => envelope::json_response(value.to_string(), params::flag(&raw, "prettyPrint")),
        Err(error) => error.answer(false),
    }
}

async fn services(State(query): Shared, RawQuery(raw): RawQuery) -> Response {
    let names = query.store.services();
    envelope::ok(
        &json!(names),
        names.len(),
        params::flag(&raw.unwrap_or_default(), "prettyPrint"),
    )
}

async fn operations_of(
    State(query): Shared,
    Path(service): Path<String>,
    RawQuery(raw): RawQuery,
) -> Response {
    let found = query.work(|| operation_names(&query.store, &service)).await;
    let names: BTreeSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    envelope::ok(
        &json!(names),
        names.len(),
        params::flag(&raw.unwrap_or_default(), "prettyPrint"),
    )
}

async fn operations(State(query): Shared, RawQuery(raw): RawQuery) -> Response {
    let raw = raw.unwrap_or_default();
    let Some(service) = params::first(&raw, "service") else {
        return ApiError::bad_request("parameter service is required").answer(false);
    };
    let kind = params::first(&raw, "spanKind").map(|kind| kind.to_ascii_lowercase());
    let kinds = ["server", "client", "producer", "consumer", "internal"];
    if let Some(other) = kind.as_deref().filter(|kind| !kinds.contains(kind)) {
        let text = format!(
            "malformed parameter spanKind: \"{other}\" is none of {}",
            kinds.join(", ")
        );
        return ApiError::bad_request(text).answer(false);
    }
    let found = query.work(|| operation_names(&query.store, &service)).await;
    let list: Vec<Value> = found
        .iter()
        .filter(|(_, span_kind)| kind.as_deref().is_none_or(|kind| kind == *span_kind))
        .map(|(name, span_kind)| json!({"name": name, "spanKind": span_kind}))
        .collect();
    envelope::ok(&json!(list), list.len(), params::flag(&raw, "prettyPrint"))
}

/// Names and kinds of all kept spans of a service, sorted.
fn operation_names(store: &SharedStore, service: &str) -> BTreeSet<(String, &'static str)> {
    let mut names = BTreeSet::new();
    for trace in store.newest_first() {
        for span in trace.spans.iter().filter(|span| span.service() == service) {
            let view = span.view();
            names.insert((view.name().to_owned(), tags::kind_name(&view)));
        }
    }
    names
}

async fn search(State(query): Shared, RawQuery(raw): RawQuery) -> Response {
    let search = match Search::parse(&raw.unwrap_or_default()) {
        Ok(search) => search,
        Err(text) => return ApiError::bad_request(text).answer(false),
    };
    query
        .work(|| {
            if search.trace_ids.is_empty() {
                find(&query, &search)
            } else {
                by_ids(&query, &search)
            }
        })
        .await
}

/// Searches, newest start first.
fn find(query: &Query, search: &Search) -> Response {
    let mut answer = Answer::new();
    for trace in query.store.newest_first() {
        if answer.traces == search.limit || answer.cut {
            break;
        }
        if matching::trace_matches(&trace, search) {
            answer.push(&trace, search.raw);
        }
    }
    answer.finish(query, search.pretty)
}

fn by_ids(query: &Query, search: &Search) -> Response {
    let mut answer = Answer::new();
    let mut ids = BTreeSet::new();
    for text in &search.trace_ids {
        match parse_id(text) {
            Err(error) => return error.answer(search.pretty),
            Ok(id) if !ids.insert(id) => {}
            Ok(id) => match query.store.trace(id) {
                Some(trace) if !answer.cut => answer.push(&trace, search.raw),
                Some(_) => {}
                None => answer.errors.push(not_found(id)),
            },
        }
    }
    answer.finish(query, search.pretty)
}

async fn trace(State(query): Shared, Path(id): Path<String>, RawQuery(raw): RawQuery) -> Response {
    let parameters = raw.unwrap_or_default();
    let pretty = params::flag(&parameters, "prettyPrint");
    let found = params::boolean(&parameters, "raw")
        .map_err(ApiError::bad_request)
        .and_then(|raw| {
            let id = parse_id(&id)?;
            Ok((query.store.trace(id).ok_or_else(|| not_found(id))?, raw))
        });
    match found {
        Ok((trace, raw)) => {
            query
                .work(|| {
                    let mut answer = Answer::new();
                    answer.push(&trace, raw);
                    answer.finish(&query, pretty)
                })
                .await
        }
        Err(error) => error.answer(pretty),
    }
}

fn not_found(id: TraceId) -> ApiError {
    let mut error = ApiError::new(StatusCode::NOT_FOUND, "trace not found");
    error.trace_id = Some(id.to_string());
    error
}

/// 1 to 32 hex digits of either case, padded with zeros on the left.
fn parse_id(text: &str) -> Result<TraceId, ApiError> {
    let id = if text.is_empty() || text.len() > 32 {
        None
    } else {
        TraceId::from_hex_any_case(format!("{text:0>32}").as_bytes())
    };
    id.ok_or_else(|| ApiError::bad_request("malformed trace id: it has to be 1 to 32 hex digits"))
}

/// A list of traces on its way to the client.
struct Answer {
    data: String,
    traces: usize,
    errors: Vec<ApiError>,
    cut: bool,
}

impl Answer {
    fn new() -> Self {
        Self {
            data: "[".to_owned(),
            traces: 0,
            errors: Vec::new(),
            cut: false,
        }
    }

    fn push(&mut self, trace: &Trace, raw: bool) {
        if self.traces > 0 {
            self.data.push(',');
        }
        let whole = jaeger::trace(trace, raw, ANSWER_LIMIT, &mut self.data);
        self.traces += 1;
        self.cut = !whole || self.data.len() > ANSWER_LIMIT;
    }

    fn finish(mut self, query: &Query, pretty: bool) -> Response {
        self.data.push(']');
        if self.cut {
            let text = format!("only {} traces are here: the answer became too long", self.traces);
            self.errors.push(ApiError::new(StatusCode::OK, text));
        }
        let mut body = envelope::envelope(&self.data, self.traces, &self.errors);
        drop(self.data);
        if pretty {
            body = pretty::pretty(&body);
        }
        let mut lease = query.answers.lease();
        if !lease.grow_to(body.capacity()) {
            return busy();
        }
        let mut response = envelope::json_body(leased::body(body, lease));
        if self.cut {
            response
                .headers_mut()
                .insert("x-partial-result", HeaderValue::from_static("answer too long"));
        }
        response
    }
}

fn busy() -> Response {
    let text = "too many long answers are being sent at this moment: ask again later";
    let mut response = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text).answer(false);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
