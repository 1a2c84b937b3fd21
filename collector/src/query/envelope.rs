//! The frame around every answer of the query API.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

/// An error inside an envelope.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) code: StatusCode,
    pub(crate) message: String,
    pub(crate) trace_id: Option<String>,
}

impl ApiError {
    pub(crate) fn new(code: StatusCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            trace_id: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    fn json(&self) -> Value {
        let mut value = json!({"code": self.code.as_u16(), "msg": self.message});
        if let Some(id) = &self.trace_id {
            value["traceID"] = json!(id);
        }
        value
    }

    /// The answer: an envelope without data.
    pub(crate) fn answer(&self, pretty: bool) -> Response {
        let body = envelope("null", 0, std::slice::from_ref(self));
        let mut response = json_response(body, pretty);
        *response.status_mut() = self.code;
        response
    }
}

/// An answer whose data is one JSON text.
pub(crate) fn ok(data: &Value, total: usize, pretty: bool) -> Response {
    json_response(envelope(&data.to_string(), total, &[]), pretty)
}

/// The envelope around data that is JSON already.
pub(crate) fn envelope(data: &str, total: usize, errors: &[ApiError]) -> String {
    let errors = match errors {
        [] => Value::Null,
        some => some.iter().map(ApiError::json).collect(),
    };
    format!(r#"{{"data":{data},"total":{total},"limit":0,"offset":0,"errors":{errors}}}"#)
}

/// A JSON answer; what was asked prettily is indented.
pub(crate) fn json_response(body: String, pretty: bool) -> Response {
    json_body(Body::from(if pretty {
        super::pretty::pretty(&body)
    } else {
        body
    }))
}

/// An answer of this body, which is JSON.
pub(crate) fn json_body(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
