//! Answers that count, until they are sent, towards what all answers may take together.

use crate::budget::Lease;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Bytes handed to the connection at one time.
const PIECE: usize = 64 * 1024;

struct Leased {
    rest: Bytes,
    _lease: Lease,
}

impl HttpBody for Leased {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let piece = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// A body that gives its lease back when it was sent or given up.
pub(crate) fn body(text: String, lease: Lease) -> Body {
    Body::new(Leased {
        rest: text.into(),
        _lease: lease,
    })
}
