//! Why a request cannot be done.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::fmt::{self, Display};

/// An error that is answered: its status, and a text as the body.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    why: String,
}

impl Problem {
    /// A problem to be answered with this status.
    pub fn new(status: StatusCode, why: impl Display) -> Self {
        let why = why.to_string();
        Self { status, why }
    }

    /// The other service gave no answer that can be used.
    pub fn gateway(error: impl Display) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, error)
    }
}

impl std::error::Error for Problem {}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, self.why).into_response()
    }
}
