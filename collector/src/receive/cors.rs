//! Cross-origin requests: spans sent by web pages.

use crate::config::Cors;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

const PRIVATE_REQUEST: HeaderName = HeaderName::from_static("access-control-request-private-network");
const PRIVATE_ALLOW: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// Adds what a browser needs to let the page at `Origin` send here. Cookies are never asked for.
pub(crate) fn apply(cors: &Cors, request: &HeaderMap, response: &mut HeaderMap) {
    let Some(origin) = request.get(header::ORIGIN) else {
        return;
    };
    let allowed = match cors {
        Cors::Off => return,
        Cors::Any => HeaderValue::from_static("*"),
        Cors::Origins(known) => {
            response.insert(header::VARY, HeaderValue::from_static("Origin"));
            if !known.iter().any(|known| known.as_bytes() == origin.as_bytes()) {
                return;
            }
            origin.clone()
        }
    };
    response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    response.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Retry-After"),
    );
    if request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        response.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST"),
        );
        // A wildcard does not cover Authorization in browsers, so what is asked for is repeated.
        let headers = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        let headers = headers.unwrap_or(HeaderValue::from_static("content-type, content-encoding"));
        response.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers);
        response.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
        if request.contains_key(PRIVATE_REQUEST) {
            response.insert(PRIVATE_ALLOW, HeaderValue::from_static("true"));
        }
    }
}
