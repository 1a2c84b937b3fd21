//! Helpers of the tests of `#[traced]`.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use spanline::{FinishedSpan, OwnedValue, Provider};
use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// The spans of what `run` does, in the order in which they ended.
pub(crate) fn spans(run: impl FnOnce()) -> Vec<FinishedSpan> {
    let provider = provider();
    {
        let _provider = provider.enter();
        run();
    }
    provider.finished_spans().expect("the exporter was asked for")
}

pub(crate) fn provider() -> Provider {
    spanline::init()
        .without_environment()
        .exporter("memory")
        .build()
        .expect("valid options")
}

/// The one span of what `run` does.
pub(crate) fn one(run: impl FnOnce()) -> FinishedSpan {
    let mut all = spans(run);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

pub(crate) struct Nothing;

impl Wake for Nothing {
    fn wake(self: Arc<Self>) {}
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Nothing));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
    }
}

/// Pending once.
pub(crate) async fn pause() {
    let mut first = true;
    std::future::poll_fn(|task| {
        if std::mem::take(&mut first) {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

pub(crate) fn text(span: &FinishedSpan, key: &str) -> String {
    match span.attribute(key) {
        Some(OwnedValue::Str(text)) => text.to_string(),
        other => panic!("{key} of {}: {other:?}", span.name),
    }
}

#[derive(Debug)]
pub(crate) struct Declined(pub(crate) u32);

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "declined with code {}", self.0)
    }
}

impl Error for Declined {}
