//! What a provider was built with; never changes.

use super::{Described, Scopes};
use crate::by_epoch::Count;
use crate::clock::Clock;
#[cfg(feature = "grpc")]
use crate::export::GrpcExporter;
use crate::export::{
    ConsoleExporter, DiscardExporter, FileExporter, FileTarget, HttpExporter, MemoryExporter, SharedConsole,
    SpanExporter,
};
use crate::log;
use crate::processors::{ErrorCounter, OverheadWatch, TraceCorrelator};
use crate::sampling::TailSampling;
use crate::transport::{Endpoint, Proxy, TlsMaterial};
use spanline_core::SpanLimits;
use spanline_core::propagate::TextMapPropagator;
use spanline_core::sample::Sampler;
use spanline_core::semconv::Conventions;
#[cfg(feature = "grpc")]
use spanline_engine::options::Protocol;
use spanline_engine::options::{Effective, ExporterSettings};
use spanline_engine::{Cutting, TracerConfigurator};
use std::sync::Arc;
use std::time::Duration;

/// The configuration of one provider, shared by its engines.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) effective: Effective,
    pub(crate) described: Described,
    pub(crate) scopes: Scopes,
    /// Which scopes make spans.
    pub(crate) tracers: TracerConfigurator,
    pub(crate) sampler: Arc<dyn Sampler>,
    pub(crate) propagator: Arc<dyn TextMapPropagator>,
    pub(crate) clock: &'static Clock,
    pub(crate) limits: SpanLimits,
    pub(crate) conventions: Conventions,
    pub(crate) cutting: Cutting,
    /// What decides traces when their spans are there.
    pub(crate) tail: Option<TailSampling>,
    pub(crate) exporters: Vec<ExporterSpec>,
    /// What the memory exporter keeps, when it is one of the exporters.
    pub(crate) memory: Option<MemoryExporter>,
    pub(crate) buffer_bytes: usize,
    pub(crate) exporter_buffer_bytes: usize,
    pub(crate) max_queue_spans: Option<u64>,
    pub(crate) max_open_spans: usize,
    pub(crate) max_request_bytes: usize,
    /// Of one attempt; `None`: no limit.
    pub(crate) timeout: Option<Duration>,
    /// How long a batch is tried at most.
    pub(crate) max_age: Duration,
    pub(crate) flush_timeout: Duration,
    pub(crate) exit_timeout: Duration,
    pub(crate) built_in: BuiltIn,
    /// Panics of exporters.
    pub(crate) caught: Count,
    /// What was said while it was made that is not as it was meant.
    pub(crate) notices: Vec<String>,
}

/// The built-in processors that can be asked for what they know.
#[derive(Debug, Default)]
pub(crate) struct BuiltIn {
    pub(crate) errors: Option<Arc<ErrorCounter>>,
    pub(crate) traces: Option<Arc<TraceCorrelator>>,
    pub(crate) overhead: Option<OverheadWatch>,
}

impl Config {
    pub(crate) fn max_age_nanos(&self) -> u64 {
        u64::try_from(self.max_age.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// How to make an exporter: each process that a fork makes has exporters of its own.
#[derive(Clone, Debug)]
pub(crate) enum ExporterSpec {
    /// To a receiver, over HTTP or gRPC.
    Receiver(Arc<ReceiverSpec>),
    /// OTLP JSON lines.
    File {
        /// Under which it is accounted.
        name: String,
        /// Where they go.
        target: FileTarget,
    },
    /// A tree on standard output.
    Console,
    /// Takes and drops.
    Discard,
    /// One value for all processes: the memory exporter and the user's own.
    Given {
        /// Under which it is accounted.
        name: String,
        /// The exporter.
        exporter: Arc<dyn SpanExporter>,
    },
}

/// What an exporter needs that sends to a receiver.
#[derive(Clone, Debug)]
pub(crate) struct ReceiverSpec {
    /// Everything that holds for it.
    pub(crate) settings: ExporterSettings,
    /// Its `endpoint`, checked.
    pub(crate) endpoint: Endpoint,
    /// Its `proxy`.
    pub(crate) proxy: Option<Proxy>,
    /// Its certificates and key, read.
    pub(crate) tls: TlsMaterial,
    /// Its `headers`, credentials among them.
    pub(crate) headers: Vec<(String, String)>,
    /// Its `max_request_bytes`; `usize::MAX`: no limit.
    pub(crate) max_request_bytes: usize,
    /// Its `max_response_bytes`.
    pub(crate) max_response_bytes: usize,
}

impl ExporterSpec {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Receiver(spec) => &spec.settings.name,
            Self::Console => "console",
            Self::Discard => "discard",
            Self::Given { name, .. } | Self::File { name, .. } => name,
        }
    }

    /// Sends at once: one exporter is made for each.
    pub(crate) fn concurrent_sends(&self) -> usize {
        match self {
            Self::Receiver(spec) => usize::try_from(spec.settings.concurrent_sends)
                .unwrap_or(1)
                .max(1),
            _ => 1,
        }
    }

    /// Bound of one attempt; `None`: no limit.
    pub(crate) fn timeout(&self, config: &Config) -> Option<Duration> {
        match self {
            Self::Receiver(spec) => spec.settings.timeout_ms.map(Duration::from_millis),
            _ => config.timeout,
        }
    }

    pub(crate) fn make(&self, _: &Config) -> Arc<dyn SpanExporter> {
        match self {
            #[cfg(feature = "grpc")]
            Self::Receiver(spec) if spec.settings.protocol == Protocol::Grpc => {
                Arc::new(GrpcExporter::new(spec))
            }
            Self::Receiver(spec) => Arc::new(HttpExporter::new(spec)),
            Self::File { name, target } => Arc::new(FileExporter::new(name, target.clone())),
            Self::Console => match ConsoleExporter::stdout() {
                Ok(console) => Arc::new(SharedConsole::new(console)),
                Err(error) => {
                    log::report(
                        log::Level::Error,
                        "console",
                        format_args!("no standard output for spans: {error}"),
                    );
                    Arc::new(DiscardExporter)
                }
            },
            Self::Discard => Arc::new(DiscardExporter),
            Self::Given { exporter, .. } => exporter.clone(),
        }
    }
}
