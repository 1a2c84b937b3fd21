//! fastrace with its fast kind of span. It knows attributes of one type, text, and no tracestate on spans; texts here
//! are static, so that it need not copy them.

use crate::subject::Subject;
use crate::work::{NAME, TRACEPARENT, TRACESTATE, Work, real, repeat};
use fastrace::Event;
use fastrace::collector::{Config, Reporter, SpanRecord, W3CTraceContext};
use fastrace::prelude::{LocalSpan, Span, SpanContext};
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The library, which is global.
pub(crate) struct Peer {
    work: Work,
    /// A bare span that is no root, which it makes more cheaply.
    local: bool,
    seen: Arc<AtomicU64>,
    headers: HashMap<String, String>,
}

impl Peer {
    pub(crate) fn new(work: Work, variant: &str, endpoint: Option<&str>) -> Result<Self, String> {
        let local = variant == "local" && work == Work::Bare;
        if !variant.is_empty() && !local {
            return Err(format!("fastrace has no variant `{variant}` of {}", work.name()));
        }
        let seen = Arc::new(AtomicU64::new(0));
        match endpoint {
            Some(endpoint) => {
                let resource = Resource::builder_empty().with_service_name("bench").build();
                let scope = InstrumentationScope::builder("spanline-benches").build();
                let exporter = super::opentelemetry::exporter(endpoint, "")?;
                let reporter = OpenTelemetryReporter::new(exporter, Cow::Owned(resource), scope);
                fastrace::set_reporter(reporter, Config::default());
            }
            None => fastrace::set_reporter(Discard(Arc::clone(&seen)), Config::default()),
        }
        Ok(Self {
            work,
            local,
            seen,
            headers: HashMap::from([
                ("traceparent".to_owned(), TRACEPARENT.to_owned()),
                ("tracestate".to_owned(), TRACESTATE.to_owned()),
            ]),
        })
    }

    #[inline(always)]
    fn carry(&self) {
        let headers = black_box(&self.headers);
        let mut out: HashMap<String, String> = HashMap::new();
        let parent = headers.get("traceparent").map_or("", String::as_str);
        let state = headers.get("tracestate").map(String::as_str);
        if let Some(context) = W3CTraceContext::decode(parent, state) {
            out.insert("traceparent".to_owned(), context.encode_traceparent());
            if let Some(state) = context.encode_tracestate() {
                out.insert("tracestate".to_owned(), state.to_owned());
            }
        }
        black_box(&out);
    }
}

#[inline(always)]
fn typical() {
    let _span = LocalSpan::enter_with_local_parent(NAME).with_properties(|| {
        [
            ("http.request.method", real("GET")),
            ("url.path", real("/api/users/42")),
            ("http.response.status_code", real("200")),
        ]
    });
}

#[inline(always)]
fn rich() {
    let _span = LocalSpan::enter_with_local_parent(NAME).with_properties(|| {
        [
            ("http.request.method", real("GET")),
            ("url.path", real("/api/users/42")),
            ("url.scheme", real("https")),
            ("server.address", real("api.example.com")),
            ("server.port", real("443")),
            ("http.response.status_code", real("200")),
            ("http.response.body.size", real("5120")),
            ("app.cache.hit", real("true")),
            ("app.score", real("0.75")),
            ("app.share", real("0.25")),
            ("span.status_code", real("ok")),
        ]
    });
    LocalSpan::add_event(
        Event::new("cache.lookup").with_properties(|| [("key", real("user:42")), ("hit", real("true"))]),
    );
}

impl Subject for Peer {
    fn block(&mut self, calls: u64) {
        if self.work == Work::Carried {
            return repeat(calls, || self.carry());
        }
        if self.work == Work::Bare && !self.local {
            return repeat(calls, || {
                let root = Span::root(real("root"), SpanContext::random());
                let _current = root.set_local_parent();
            });
        }
        let sampled = self.work != Work::Unsampled;
        let parent = Span::root("parent", SpanContext::random().sampled(sampled));
        let _current = parent.set_local_parent();
        match self.work {
            Work::Bare => repeat(calls, || {
                let _span = LocalSpan::enter_with_local_parent(real("local"));
            }),
            Work::Rich => repeat(calls, rich),
            _ => repeat(calls, typical),
        }
    }

    fn flush(&mut self) {
        fastrace::flush();
    }

    fn seen(&self) -> Option<u64> {
        (!self.work.is_exported()).then(|| self.seen.load(Ordering::Acquire))
    }
}

/// Takes spans, counts and drops them.
struct Discard(Arc<AtomicU64>);

impl Reporter for Discard {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        self.0.fetch_add(black_box(&spans).len() as u64, Ordering::AcqRel);
    }
}
