//! opentelemetry and opentelemetry_sdk, with the default batch processor.

use crate::subject::Subject;
use crate::work::{NAME, TRACEPARENT, TRACESTATE, Work, real, repeat};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Span, Status, Tracer, TracerProvider, mark_span_as_active};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Compression, Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, SpanData, SpanExporter};
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A provider, and a tracer of it.
pub(crate) struct Peer {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    work: Work,
    seen: Arc<AtomicU64>,
    headers: HashMap<String, String>,
    propagator: TraceContextPropagator,
    /// What its gRPC exporter runs on.
    _runtime: Option<tokio::runtime::Runtime>,
}

impl Peer {
    pub(crate) fn new(work: Work, variant: &str, endpoint: Option<&str>) -> Result<Self, String> {
        let runtime = match variant {
            "" | "gzip" | "zstd" => None,
            "grpc" => Some(runtime()?),
            other => return Err(format!("opentelemetry_sdk has no variant `{other}`")),
        };
        let seen = Arc::new(AtomicU64::new(0));
        let resource = Resource::builder_empty().with_service_name("bench").build();
        let mut builder = SdkTracerProvider::builder().with_resource(resource);
        builder = match endpoint {
            Some(endpoint) => builder.with_batch_exporter(match &runtime {
                Some(runtime) => grpc_exporter(runtime, endpoint)?,
                None => exporter(endpoint, variant)?,
            }),
            None => builder.with_batch_exporter(Discard(Arc::clone(&seen))),
        };
        if work == Work::Unsampled {
            let ratio = Sampler::TraceIdRatioBased(0.0);
            builder = builder.with_sampler(Sampler::ParentBased(Box::new(ratio)));
        }
        let provider = builder.build();
        Ok(Self {
            tracer: provider.tracer("spanline-benches"),
            provider,
            work,
            seen,
            headers: HashMap::from([
                ("traceparent".to_owned(), TRACEPARENT.to_owned()),
                ("tracestate".to_owned(), TRACESTATE.to_owned()),
            ]),
            propagator: TraceContextPropagator::new(),
            _runtime: runtime,
        })
    }

    #[inline(always)]
    fn typical(&self) {
        let span = self
            .tracer
            .span_builder(NAME)
            .with_attributes([
                KeyValue::new("http.request.method", real("GET")),
                KeyValue::new("url.path", real("/api/users/42")),
                KeyValue::new("http.response.status_code", real(200)),
            ])
            .start(&self.tracer);
        let _active = mark_span_as_active(span);
    }

    #[inline(always)]
    fn rich(&self) {
        let mut span = self
            .tracer
            .span_builder(NAME)
            .with_attributes([
                KeyValue::new("http.request.method", real("GET")),
                KeyValue::new("url.path", real("/api/users/42")),
                KeyValue::new("url.scheme", real("https")),
                KeyValue::new("server.address", real("api.example.com")),
                KeyValue::new("server.port", real(443)),
                KeyValue::new("http.response.status_code", real(200)),
                KeyValue::new("http.response.body.size", real(5_120)),
                KeyValue::new("app.cache.hit", real(true)),
                KeyValue::new("app.score", real(0.75)),
                KeyValue::new("app.share", real(0.25)),
            ])
            .start(&self.tracer);
        // Before it is current: through the current context each call would cost a lookup more.
        span.add_event(
            "cache.lookup",
            vec![
                KeyValue::new("key", real("user:42")),
                KeyValue::new("hit", real(true)),
            ],
        );
        span.set_status(Status::Ok);
        let _active = mark_span_as_active(span);
    }

    #[inline(always)]
    fn carry(&self) {
        let context = self
            .propagator
            .extract_with_context(&Context::new(), black_box(&self.headers));
        let mut headers: HashMap<String, String> = HashMap::new();
        self.propagator.inject_context(&context, &mut headers);
        black_box(&headers);
    }
}

impl Subject for Peer {
    fn block(&mut self, calls: u64) {
        match self.work {
            Work::Bare => repeat(calls, || {
                drop(mark_span_as_active(self.tracer.start(real("root"))));
            }),
            Work::Rich => {
                let _parent = mark_span_as_active(self.tracer.start("parent"));
                repeat(calls, || self.rich());
            }
            Work::Typical | Work::Unsampled | Work::Exported | Work::Burst => {
                let _parent = mark_span_as_active(self.tracer.start("parent"));
                repeat(calls, || self.typical());
            }
            Work::Carried => repeat(calls, || self.carry()),
        }
    }

    fn flush(&mut self) {
        if let Err(error) = self.provider.force_flush() {
            eprintln!("opentelemetry_sdk: {error}");
        }
    }

    fn seen(&self) -> Option<u64> {
        (!self.work.is_exported()).then(|| self.seen.load(Ordering::Acquire))
    }
}

/// The OTLP exporter of its own project over HTTP.
pub(super) fn exporter(
    endpoint: &str,
    compression: &str,
) -> Result<opentelemetry_otlp::SpanExporter, String> {
    let builder = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint);
    match compression {
        "gzip" => builder.with_compression(Compression::Gzip),
        "zstd" => builder.with_compression(Compression::Zstd),
        _ => builder,
    }
    .build()
    .map_err(|error| error.to_string())
}

/// The same over gRPC.
fn grpc_exporter(
    runtime: &tokio::runtime::Runtime,
    endpoint: &str,
) -> Result<opentelemetry_otlp::SpanExporter, String> {
    let _entered = runtime.enter();
    opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()
        .map_err(|error| error.to_string())
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
}

/// Takes batches, counts and drops them.
#[derive(Debug)]
struct Discard(Arc<AtomicU64>);

impl SpanExporter for Discard {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.fetch_add(black_box(&batch).len() as u64, Ordering::AcqRel);
        Ok(())
    }
}
