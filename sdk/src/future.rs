//! Spans around futures.

use crate::span::{CurrentSpan, Span};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

pin_project_lite::pin_project! {
    /// A future whose span is current whenever it is polled, and ends when it is done or dropped.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct InSpanFuture<F> {
        #[pin]
        future: F,
        span: Option<Span>,
    }
}

/// Gives futures a span.
pub trait InSpan: Future + Sized {
    /// Runs this future in the span: current at each poll, on whichever thread that is; ended when the future is done.
    ///
    /// ```
    /// use spanline::InSpan;
    /// # async fn fetch() -> u32 { 7 }
    /// # let tracer = spanline::tracer("docs");
    /// let work = async { fetch().await }.in_span(tracer.span("fetch").start());
    /// # drop(work);
    /// ```
    fn in_span(self, span: Span) -> InSpanFuture<Self> {
        InSpanFuture {
            future: self,
            span: Some(span),
        }
    }
}

impl<F: Future> InSpan for F {}

impl<F: Future> Future for InSpanFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<F::Output> {
        let this = self.project();
        let current = this.span.as_deref().map(CurrentSpan::make_current);
        let polled = this.future.poll(task);
        drop(current);
        if polled.is_ready() {
            *this.span = None;
        }
        polled
    }
}
