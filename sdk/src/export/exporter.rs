//! The exporter contract (OpenTelemetry SDK "Span exporter").

use crate::provider::Config;
use spanline_core::wire::otlp::SpanView;
use spanline_core::{InstrumentationScope, Resource};
use spanline_engine::Batch;
use std::time::Duration;

/// What became of one export.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ExportResult {
    /// The receiver has the batch.
    Success,
    /// The receiver has the batch but rejected this many of its spans. Never retried.
    PartialSuccess {
        /// Spans rejected.
        rejected: u64,
    },
    /// Not delivered, worth another attempt: the batch is handed in again after a pause.
    Retry {
        /// How long the receiver asked to wait.
        after: Option<Duration>,
        /// There is nobody: connection refused, no route, no such host. An exit does not wait for such an exporter.
        unreachable: bool,
    },
    /// Not delivered and lost. The reason is a short identifier, under which the spans are counted.
    Failure(String),
}

/// A batch of finished spans: immutable, shared with the other exporters.
#[derive(Clone, Copy, Debug)]
pub struct ExportBatch<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) config: &'a Config,
}

/// One span of a batch.
#[derive(Clone, Copy, Debug)]
pub struct ExportedSpan<'a> {
    /// The span's data.
    pub view: SpanView<'a>,
    /// The instrumentation scope that made it.
    pub scope: &'a InstrumentationScope,
    /// The resource.
    pub resource: &'a Resource,
}

impl<'a> ExportBatch<'a> {
    /// Spans in the batch.
    #[expect(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> u64 {
        self.batch.spans()
    }

    /// The whole batch as an encoded OTLP `ExportTraceServiceRequest`.
    pub fn otlp_request(&self) -> &'a [u8] {
        self.batch.body()
    }

    /// The spans, grouped by scope.
    pub fn spans(&self) -> impl Iterator<Item = ExportedSpan<'a>> + use<'a> {
        let Self { batch, config } = *self;
        batch.views().filter_map(move |(number, view)| {
            let scope = &config.scopes.get(number)?.scope;
            Some(ExportedSpan {
                view,
                scope,
                resource: &config.resource,
            })
        })
    }
}

/// Sends batches of spans somewhere.
///
/// Each exporter has a thread, a queue and a quota of its own: a slow one delays no other and never the program.
/// `export` is never called concurrently for one exporter. A panic is caught and counted as a failure of that batch.
pub trait SpanExporter: Send + Sync + std::fmt::Debug {
    /// Sends one batch; blocks for at most `timeout` (`None`: no limit).
    fn export(&self, batch: ExportBatch<'_>, timeout: Option<Duration>) -> ExportResult;

    /// Passes on what it holds itself, within this time. True when all was.
    fn flush(&self, timeout: Duration) -> bool {
        let _ = timeout;
        true
    }

    /// The provider shuts down: nothing more will be exported. Called once.
    fn shutdown(&self) {}

    /// Cuts a running `export` short, from another thread: time is over.
    fn interrupt(&self) {}
}
