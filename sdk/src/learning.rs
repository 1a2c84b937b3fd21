//! Telling a sampler that learns what became of the spans.

use crate::Sampler;
use crate::processor::{EndedSpan, SpanProcessor, Verdict};
use spanline_core::sample::SpanOutcome;
use spanline_core::{SpanKind, StatusCode};
use std::sync::Arc;

/// Looks at every recorded span for a sampler.
#[derive(Debug)]
pub(crate) struct Learning(pub(crate) Arc<dyn Sampler>);

impl SpanProcessor for Learning {
    fn on_end(&self, span: EndedSpan<'_>) -> Verdict {
        let view = span.view();
        let outcome = SpanOutcome::new(
            view.name(),
            view.kind().unwrap_or(SpanKind::Internal),
            view.end_unix_nano().saturating_sub(view.start_unix_nano()),
            view.status().0 == StatusCode::Error,
        );
        self.0.observe(&outcome);
        Verdict::Keep
    }
}
