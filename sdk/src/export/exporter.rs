//! The exporter contract (OpenTelemetry SDK "Span exporter").

use crate::provider::Config;
use spanline_core::wire::otlp::SpanView;
use spanline_core::{InstrumentationScope, Resource};
use spanline_engine::{AnswerStatus, Batch, Outcome};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// What became of one export.
///
/// ```
/// use spanline::{AnswerStatus, ExportResult};
/// use std::time::Duration;
///
/// let busy = ExportResult::retry().after(Duration::from_secs(7)).status(AnswerStatus::Http(503));
/// let wrong = ExportResult::failure("400").status(AnswerStatus::Http(400));
/// let taken = ExportResult::success();
/// # let _ = (busy, wrong, taken);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct ExportResult {
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<AnswerStatus>,
}

impl ExportResult {
    const fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            status: None,
        }
    }

    /// The receiver has the batch.
    pub const fn success() -> Self {
        Self::partial_success(0)
    }

    /// The receiver has the batch but rejected this many of its spans. Never retried.
    pub const fn partial_success(rejected: u64) -> Self {
        Self::of(Outcome::Delivered { rejected })
    }

    /// Not delivered, worth another attempt: the batch is handed in again after a pause.
    pub const fn retry() -> Self {
        Self::of(Outcome::Retry {
            after_ms: None,
            unreachable: false,
        })
    }

    /// Not delivered and lost. The reason is a short identifier such as `400` or `tls`, under which the spans are
    /// counted.
    pub fn failure(reason: impl Into<String>) -> Self {
        Self::of(Outcome::Failed {
            reason: reason.into(),
        })
    }

    /// With [`Self::retry`]: how long the receiver asked to wait. Says nothing with another result.
    pub fn after(mut self, pause: Duration) -> Self {
        if let Outcome::Retry { after_ms, .. } = &mut self.outcome {
            *after_ms = Some(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        }
        self
    }

    /// With [`Self::retry`]: there is nobody (connection refused, no route, no such host). An exit does not wait for
    /// such an exporter. Says nothing with another result.
    pub const fn unreachable(mut self) -> Self {
        if let Outcome::Retry { unreachable, .. } = &mut self.outcome {
            *unreachable = true;
        }
        self
    }

    /// The status with which the receiver answered; shows in the provider's metrics.
    pub const fn status(mut self, status: AnswerStatus) -> Self {
        self.status = Some(status);
        self
    }
}

/// What an exporter says of itself; the provider's metrics carry it.
///
/// ```
/// use spanline::ExporterDescription;
/// let description = ExporterDescription::new("acme_span_exporter").server("traces.example.com", 443);
/// assert_eq!(description.component_type, "acme_span_exporter");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ExporterDescription {
    /// `otel.component.type`, such as `otlp_http_span_exporter`; for an exporter of one's own the name of its type.
    pub component_type: Cow<'static, str>,
    /// `server.address`: host name or address of the receiver, when there is one.
    pub server_address: Option<String>,
    /// `server.port`.
    pub server_port: Option<u16>,
}

impl ExporterDescription {
    /// An exporter of this component type that sends to no server.
    pub fn new(component_type: impl Into<Cow<'static, str>>) -> Self {
        Self {
            component_type: component_type.into(),
            server_address: None,
            server_port: None,
        }
    }

    /// Sends to this server.
    #[must_use]
    pub fn server(mut self, address: impl Into<String>, port: impl Into<Option<u16>>) -> Self {
        self.server_address = Some(address.into());
        self.server_port = port.into();
        self
    }

    /// Where it sends to: `collector:4318`, or what there is of that.
    pub(crate) fn place(&self) -> Option<String> {
        let address = self.server_address.as_deref()?;
        Some(match self.server_port {
            Some(port) if address.contains(':') => format!("[{address}]:{port}"),
            Some(port) => format!("{address}:{port}"),
            None => address.to_owned(),
        })
    }

    /// By the name of a Rust type, without its path.
    fn of_type<T: ?Sized>() -> Self {
        let full = std::any::type_name::<T>();
        let plain = full.split('<').next().unwrap_or(full);
        Self::new(plain.rsplit("::").next().unwrap_or(plain))
    }
}

/// A batch of finished spans: immutable, shared with the other exporters.
#[derive(Clone, Copy, Debug)]
pub struct ExportBatch<'a> {
    pub(crate) batch: &'a Arc<Batch>,
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
        let source = batch.source();
        batch.views().filter_map(move |(number, view)| {
            let (resource, scope) = match source {
                Some(source) => (source.resource(), source.instrumentation_scope(number)?),
                None => (config.described.resource(), &*config.scopes.get(number)?.scope),
            };
            Some(ExportedSpan {
                view,
                scope,
                resource,
            })
        })
    }
}

/// Sends batches of spans somewhere.
///
/// Each exporter has a thread, a queue and a quota of its own: a slow one delays no other and never the program.
/// `export` is never called concurrently for one exporter. A panic is caught and counted as a failure of that batch.
pub trait SpanExporter: Send + Sync + std::fmt::Debug {
    /// Sends one batch; blocks for at most `timeout` (`None`: no limit). That is `timeout_ms`, or less when the batch will
    /// be given up before (`max_age_ms`, `export_timeout_ms`).
    fn export(&self, batch: ExportBatch<'_>, timeout: Option<Duration>) -> ExportResult;

    /// What it is, for the provider's metrics: asked once, when it is first needed. The name of the type and no server,
    /// when not given.
    fn describe(&self) -> ExporterDescription {
        ExporterDescription::of_type::<Self>()
    }

    /// Passes on what it holds itself, within this time. True when all was. Called on the thread that flushes or ends the
    /// process, which an exporter that takes longer holds up.
    fn flush(&self, timeout: Duration) -> bool {
        let _ = timeout;
        true
    }

    /// The provider shuts down: nothing more will be exported. Called once, and not to wait in.
    fn shutdown(&self) {}

    /// Cuts a running `export` short, from another thread: time is over.
    fn interrupt(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Own<T>(T);

    impl SpanExporter for Own<Vec<u8>> {
        fn export(&self, _: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
            ExportResult::success()
        }
    }

    #[test]
    fn an_exporter_is_known_by_its_type_when_it_does_not_say() {
        let own: std::sync::Arc<dyn SpanExporter> = std::sync::Arc::new(Own(vec![1u8]));
        assert_eq!(own.describe(), ExporterDescription::new("Own"));
    }

    #[test]
    fn the_place_has_the_port() {
        let to =
            |address: &str, port: Option<u16>| ExporterDescription::new("e").server(address, port).place();
        assert_eq!(to("localhost", Some(4318)).as_deref(), Some("localhost:4318"));
        assert_eq!(to("::1", Some(4317)).as_deref(), Some("[::1]:4317"));
        assert_eq!(to("/run/agent.sock", None).as_deref(), Some("/run/agent.sock"));
        assert_eq!(ExporterDescription::new("e").place(), None);
    }

    #[test]
    fn a_pause_belongs_to_a_retry_alone() {
        let asked = ExportResult::retry().after(Duration::from_secs(2)).unreachable();
        assert_eq!(
            asked.outcome,
            Outcome::Retry {
                after_ms: Some(2000),
                unreachable: true
            }
        );
        let sent = ExportResult::success();
        assert_eq!(sent.clone().after(Duration::from_secs(2)).unreachable(), sent);
    }
}
