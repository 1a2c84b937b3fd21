//! Processors: user code that sees spans start and end (OpenTelemetry SDK "Span processor").

use crate::span::CurrentSpan;
use spanline_core::wire::otlp::SpanView;
use spanline_core::{Context, InstrumentationScope, Resource};
use std::sync::Arc;
use std::time::Duration;

/// What becomes of a span that a processor has seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Verdict {
    /// It goes on to the exporters.
    #[default]
    Keep,
    /// It reaches no exporter; counted as `filtered`. Processors after this one still see it.
    Drop,
}

/// A span that has ended, as a processor sees it; immutable.
#[derive(Clone, Copy, Debug)]
pub struct EndedSpan<'a> {
    pub(crate) view: SpanView<'a>,
    pub(crate) resource: &'a Resource,
    pub(crate) scope: &'a Arc<InstrumentationScope>,
    pub(crate) sampled: bool,
}

impl<'a> EndedSpan<'a> {
    /// The span's data.
    pub fn view(&self) -> SpanView<'a> {
        self.view
    }

    /// The provider's resource.
    pub fn resource(&self) -> &'a Resource {
        self.resource
    }

    /// The instrumentation scope that made it.
    pub fn scope(&self) -> &'a InstrumentationScope {
        self.scope
    }

    /// Whether it is for exporters too, or for processors only.
    pub fn is_sampled(&self) -> bool {
        self.sampled
    }
}

/// Sees every recording span of its provider.
///
/// The callbacks run on the thread that starts or ends the span, in the order of registration, while no lock of the
/// span is held. They should not block. A panic is caught and counted; that callback counts as not made.
pub trait SpanProcessor: Send + Sync + std::fmt::Debug {
    /// A span has started. It may be changed, now and later.
    fn on_start(&self, span: &CurrentSpan, parent: &Context) {
        let _ = (span, parent);
    }

    /// A span is ending: its end time is fixed, and it may be changed for the last time, by these callbacks only.
    fn on_ending(&self, span: &CurrentSpan) {
        let _ = span;
    }

    /// A span has ended.
    fn on_end(&self, span: EndedSpan<'_>) -> Verdict {
        let _ = span;
        Verdict::Keep
    }

    /// Finishes what is pending, within this time. True when all was done.
    fn flush(&self, timeout: Duration) -> bool {
        let _ = timeout;
        true
    }

    /// As flush, for the last time. Called once.
    fn shutdown(&self, timeout: Duration) -> bool {
        self.flush(timeout)
    }
}
