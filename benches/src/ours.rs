//! Spanline as its users write it.

use crate::subject::Subject;
use crate::work::{NAME, TRACEPARENT, TRACESTATE, Work, real, repeat};
use spanline::{Provider, StatusCode, span};
use std::collections::HashMap;
use std::hint::black_box;

/// Our library, started globally.
pub(crate) struct Ours {
    provider: Provider,
    work: Work,
    headers: HashMap<String, String>,
}

impl Ours {
    pub(crate) fn new(work: Work, variant: &str, endpoint: Option<&str>) -> Result<Self, String> {
        let mut builder = spanline::init().without_environment().service_name("bench");
        builder = match endpoint {
            Some(endpoint) => builder.exporter("otlp").endpoint(endpoint),
            None => builder.exporter("discard"),
        };
        match variant {
            "" => {}
            "monotonic" => builder = builder.clock("monotonic"),
            "gzip" | "zstd" => builder = builder.compression(variant),
            "grpc" => builder = builder.options(|options| options.protocol = Some("grpc".to_owned())),
            other => return Err(format!("spanline has no variant `{other}`")),
        }
        if work == Work::Unsampled {
            builder = builder.sampler(0.0);
        }
        if work == Work::Carried {
            // The peers carry no baggage in this work either.
            builder = builder.propagators(["tracecontext"]);
        }
        let headers = HashMap::from([
            ("traceparent".to_owned(), TRACEPARENT.to_owned()),
            ("tracestate".to_owned(), TRACESTATE.to_owned()),
        ]);
        Ok(Self {
            provider: builder.start().map_err(|error| error.to_string())?,
            work,
            headers,
        })
    }
}

#[inline(always)]
fn typical() {
    let _span = span!(
        NAME,
        "http.request.method" = real("GET"),
        "url.path" = real("/api/users/42"),
        "http.response.status_code" = real(200),
    );
}

#[inline(always)]
fn rich() {
    let span = span!(
        NAME,
        "http.request.method" = real("GET"),
        "url.path" = real("/api/users/42"),
        "url.scheme" = real("https"),
        "server.address" = real("api.example.com"),
        "server.port" = real(443),
        "http.response.status_code" = real(200),
        "http.response.body.size" = real(5_120),
        "app.cache.hit" = real(true),
        "app.score" = real(0.75),
        "app.share" = real(0.25),
    );
    span.add_event(
        "cache.lookup",
        &[("key", real("user:42").into()), ("hit", real(true).into())],
    );
    span.set_status(StatusCode::Ok, "");
}

impl Subject for Ours {
    fn block(&mut self, calls: u64) {
        match self.work {
            Work::Bare => repeat(calls, || drop(span!(real("root")))),
            Work::Rich => {
                let _parent = span!("parent");
                repeat(calls, rich);
            }
            Work::Typical | Work::Unsampled | Work::Exported | Work::Burst => {
                let _parent = span!("parent");
                repeat(calls, typical);
            }
            Work::Carried => repeat(calls, || {
                let context = spanline::extract(black_box(&self.headers));
                let mut headers: HashMap<String, String> = HashMap::new();
                spanline::inject_context(&context, &mut headers);
                black_box(&headers);
            }),
        }
    }

    fn flush(&mut self) {
        self.provider.flush();
    }

    fn seen(&self) -> Option<u64> {
        if self.work.is_exported() {
            return None;
        }
        let stats = self.provider.stats();
        Some(stats.exporters.iter().map(|exporter| exporter.exported).sum())
    }
}
