//! Spans around futures.

use crate::context;
use crate::span::{CurrentSpan, Span};
use spanline_core::Context;
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

    /// Runs this future in the context, with the baggage that it carries: current at each poll, on whichever thread
    /// that is. For a span within a received context, the span goes inside: `work.in_span(span).in_context(parent)`.
    ///
    /// ```
    /// use spanline::{Baggage, Context, InSpan, context};
    /// let received = Context::EMPTY.with_baggage(Baggage::default().set("tenant", "a", None)?);
    /// let work = async { context::baggage() }.in_context(received);
    /// # let mut work = std::pin::pin!(work);
    /// # let mut task = std::task::Context::from_waker(std::task::Waker::noop());
    /// # let done = std::future::Future::poll(work.as_mut(), &mut task);
    /// # assert!(matches!(done, std::task::Poll::Ready(baggage) if baggage.get("tenant") == Some("a")));
    /// # assert!(context::baggage().get("tenant").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn in_context(self, context: Context) -> InContextFuture<Self> {
        InContextFuture {
            future: self,
            context,
        }
    }
}

impl<F: Future> InSpan for F {}

pin_project_lite::pin_project! {
    /// A future whose context is current whenever it is polled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct InContextFuture<F> {
        #[pin]
        future: F,
        context: Context,
    }
}

impl<F: Future> Future for InContextFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _current = context::attach(this.context.clone());
        this.future.poll(task)
    }
}

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
