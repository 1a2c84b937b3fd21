// Made by `cargo xtask generate` from options.toml: change that.

//! The structs and the table of options.

use super::{
    ClockSource, Compression, DefaultValue, Exporter, Headers, LogLevel, OptionInfo, OptionType, Protocol,
    SamplerConfig, SamplerOption, Source, show::Show,
};
use alloc::{string::String, vec::Vec};
use core::fmt;
use spanline_core::{KeyValue, Resource};

/// What the code sets. What is `None` is left to the environment and the defaults.
///
/// Secrets are not shown by `Debug`.
#[derive(Clone, Default, PartialEq)]
pub struct Options {
    /// Name of the service (`service.name`). Taken literally; it wins over the same attribute in `resource`
    /// and in `OTEL_RESOURCE_ATTRIBUTES`. Default: `unknown_service:` and the name of the executable.
    pub service_name: Option<String>,
    /// Version of the service (`service.version`). Default: none.
    pub service_version: Option<String>,
    /// Where the service runs, such as `production` (`deployment.environment.name`). Default: none.
    pub environment: Option<String>,
    /// Further attributes of the resource. Those set in code win, one by one, over those of the variable,
    /// whose form is `key=value,key=value` with percent-encoded keys and values; any mistake in it discards
    /// all of it. Default: none.
    pub resource: Option<Vec<KeyValue>>,
    /// URL that spans are sent to. Used as it is, in code and in `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`:
    /// without a path it is the root, not `/v1/traces`. `OTEL_EXPORTER_OTLP_ENDPOINT` is a base to which
    /// `v1/traces` is added. The scheme is `http` or `https`; without a port it is 80 or 443. Default:
    /// `http://localhost:4318/v1/traces`.
    pub endpoint: Option<String>,
    /// How the `otlp` exporter speaks. Names: `http/protobuf`. Default: `http/protobuf`.
    pub protocol: Option<String>,
    /// Headers of each request, for example an API key. Names are made lower case; values are printable
    /// ASCII. The variables have the form `name=value,name=value` with percent-encoded values. A more
    /// specific place replaces the whole list. Values are never shown or logged. Default: none.
    pub headers: Option<Headers>,
    /// Compression of requests. Off by default, because compressing costs the process more than the spans
    /// do. Names: `none`, `gzip`. Default: `none`.
    pub compression: Option<String>,
    /// Bound of one attempt to send a batch. Unit: ms. 0: no limit. Default: 10000.
    pub timeout_ms: Option<u64>,
    /// Where spans go: `otlp` to `endpoint`, `console` to the terminal as an indented tree, `memory` to a
    /// list that tests read, `discard` nowhere after real batching. Several may stand side by side, each
    /// with a queue of its own. `none` anywhere in the list means no exporter. Names: `otlp`, `console`,
    /// `memory`, `discard`, `none`. Default: `otlp`.
    pub exporter: Option<Vec<String>>,
    /// Which traces are recorded: a name, or a name with a rate from 0 to 1. A plain rate means
    /// `parentbased_probability`. In the environment the rate is `OTEL_TRACES_SAMPLER_ARG`, 1 when it is not
    /// set. Names: `always_on`, `always_off`, `traceidratio`, `probability`, `parentbased_always_on`,
    /// `parentbased_always_off`, `parentbased_traceidratio`, `parentbased_probability`. Default:
    /// `parentbased_always_on`.
    pub sampler: Option<SamplerOption>,
    /// The formats in which context is read from and written to requests, in this order. `none` anywhere in
    /// the list means none. They also work while `disabled` is set. Names: `tracecontext`, `baggage`,
    /// `none`. Default: `tracecontext,baggage`.
    pub propagators: Option<Vec<String>>,
    /// How long an ended span waits for company before it is sent. 0: not at all. Unit: ms. Default: 500; 0
    /// when `console` is the only exporter.
    pub delay_ms: Option<u64>,
    /// Bound of the spans that wait, kept to within one chunk per thread. Not set, bytes govern: see
    /// `buffer_bytes`. Unit: spans. At least 1. Default: none.
    pub max_queue_spans: Option<u64>,
    /// Most spans of one batch. A hard maximum when it is set. It never exceeds a `max_queue_spans` that is
    /// set. Unit: spans. At least 1. Default: 512, under backlog up to 4096.
    pub max_batch_spans: Option<u64>,
    /// Most bytes of one batch, uncompressed. A single larger span makes a batch of its own. It never
    /// exceeds `max_request_bytes`. Unit: bytes. At least 1. Default: 2097152.
    pub max_batch_bytes: Option<u64>,
    /// Most bytes of ended spans held in memory for the first exporter, those not yet batched included. What
    /// does not fit is dropped and counted. Unit: bytes. At least 65536. Default: 50331648.
    pub buffer_bytes: Option<u64>,
    /// The same for each further exporter. Unit: bytes. At least 65536. Default: 16777216.
    pub exporter_buffer_bytes: Option<u64>,
    /// Bound of a batch's whole stay at an exporter, retries and pauses included. Not set, only `max_age_ms`
    /// bounds it. Unit: ms. 0: no limit. Default: none.
    pub export_timeout_ms: Option<u64>,
    /// A batch that could not be delivered is tried again until this age, then dropped and counted. Also the
    /// longest pause between two attempts. Unit: ms. At least 1. Default: 300000.
    pub max_age_ms: Option<u64>,
    /// A larger request is never sent, measured before compression. A single span above it is dropped and
    /// counted. Unit: bytes. 0: no limit. Default: 67108864.
    pub max_request_bytes: Option<u64>,
    /// A larger answer is not read to its end and counts as a failure that is not retried. Unit: bytes. At
    /// least 1. Default: 4194304.
    pub max_response_bytes: Option<u64>,
    /// Spans open at the same time. Further ones are not recorded, and counted, until others end. Unit:
    /// spans. At least 1. Default: 100000.
    pub max_open_spans: Option<u64>,
    /// How long the end of the process may wait until what is queued is sent. It does not wait when nothing
    /// is queued or the endpoint is known to be dead. Unit: ms. Default: 2000.
    pub exit_timeout_ms: Option<u64>,
    /// Deadline of `flush` and `shutdown` when the call gives none. Unit: ms. Default: 30000.
    pub flush_timeout_ms: Option<u64>,
    /// Records nothing and exports nothing; propagators still work. Default: false.
    pub disabled: Option<bool>,
    /// What the library says about itself. `verbose` is another name of `trace`. Names: `none`, `error`,
    /// `warn`, `info`, `debug`, `trace`, `verbose`. Default: `info`.
    pub log_level: Option<String>,
    /// `auto` reads the processor's counter where that is invariant, and the system's monotonic clock
    /// elsewhere; `monotonic` always reads the latter. Names: `auto`, `monotonic`. Default: `auto`.
    pub clock: Option<String>,
    /// The options `attribute_limits.*`.
    pub attribute_limits: AttributeLimitsOptions,
    /// The options `limits.*`.
    pub limits: LimitsOptions,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Options");
        if let Some(value) = &self.service_name {
            debug.field("service_name", value);
        }
        if let Some(value) = &self.service_version {
            debug.field("service_version", value);
        }
        if let Some(value) = &self.environment {
            debug.field("environment", value);
        }
        if let Some(value) = &self.resource {
            debug.field("resource", value);
        }
        if let Some(value) = &self.endpoint {
            debug.field("endpoint", &super::endpoint::masked(value));
        }
        if let Some(value) = &self.protocol {
            debug.field("protocol", value);
        }
        if let Some(value) = &self.headers {
            debug.field("headers", value);
        }
        if let Some(value) = &self.compression {
            debug.field("compression", value);
        }
        if let Some(value) = &self.timeout_ms {
            debug.field("timeout_ms", value);
        }
        if let Some(value) = &self.exporter {
            debug.field("exporter", value);
        }
        if let Some(value) = &self.sampler {
            debug.field("sampler", value);
        }
        if let Some(value) = &self.propagators {
            debug.field("propagators", value);
        }
        if let Some(value) = &self.delay_ms {
            debug.field("delay_ms", value);
        }
        if let Some(value) = &self.max_queue_spans {
            debug.field("max_queue_spans", value);
        }
        if let Some(value) = &self.max_batch_spans {
            debug.field("max_batch_spans", value);
        }
        if let Some(value) = &self.max_batch_bytes {
            debug.field("max_batch_bytes", value);
        }
        if let Some(value) = &self.buffer_bytes {
            debug.field("buffer_bytes", value);
        }
        if let Some(value) = &self.exporter_buffer_bytes {
            debug.field("exporter_buffer_bytes", value);
        }
        if let Some(value) = &self.export_timeout_ms {
            debug.field("export_timeout_ms", value);
        }
        if let Some(value) = &self.max_age_ms {
            debug.field("max_age_ms", value);
        }
        if let Some(value) = &self.max_request_bytes {
            debug.field("max_request_bytes", value);
        }
        if let Some(value) = &self.max_response_bytes {
            debug.field("max_response_bytes", value);
        }
        if let Some(value) = &self.max_open_spans {
            debug.field("max_open_spans", value);
        }
        if let Some(value) = &self.exit_timeout_ms {
            debug.field("exit_timeout_ms", value);
        }
        if let Some(value) = &self.flush_timeout_ms {
            debug.field("flush_timeout_ms", value);
        }
        if let Some(value) = &self.disabled {
            debug.field("disabled", value);
        }
        if let Some(value) = &self.log_level {
            debug.field("log_level", value);
        }
        if let Some(value) = &self.clock {
            debug.field("clock", value);
        }
        debug.field("attribute_limits", &self.attribute_limits);
        debug.field("limits", &self.limits);
        debug.finish_non_exhaustive()
    }
}

/// The options that hold, each with its source; made by [`resolve`](super::resolve).
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Effective {
    /// Name of the service (`service.name`). Taken literally; it wins over the same attribute in `resource`
    /// and in `OTEL_RESOURCE_ATTRIBUTES`. Default: `unknown_service:` and the name of the executable.
    pub service_name: Option<String>,
    /// Version of the service (`service.version`). Default: none.
    pub service_version: Option<String>,
    /// Where the service runs, such as `production` (`deployment.environment.name`). Default: none.
    pub environment: Option<String>,
    /// Further attributes of the resource. Those set in code win, one by one, over those of the variable,
    /// whose form is `key=value,key=value` with percent-encoded keys and values; any mistake in it discards
    /// all of it. Default: none.
    pub resource: Resource,
    /// URL that spans are sent to. Used as it is, in code and in `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`:
    /// without a path it is the root, not `/v1/traces`. `OTEL_EXPORTER_OTLP_ENDPOINT` is a base to which
    /// `v1/traces` is added. The scheme is `http` or `https`; without a port it is 80 or 443. Default:
    /// `http://localhost:4318/v1/traces`.
    pub endpoint: String,
    /// How the `otlp` exporter speaks. Names: `http/protobuf`. Default: `http/protobuf`.
    pub protocol: Protocol,
    /// Headers of each request, for example an API key. Names are made lower case; values are printable
    /// ASCII. The variables have the form `name=value,name=value` with percent-encoded values. A more
    /// specific place replaces the whole list. Values are never shown or logged. Default: none.
    pub headers: Headers,
    /// Compression of requests. Off by default, because compressing costs the process more than the spans
    /// do. Names: `none`, `gzip`. Default: `none`.
    pub compression: Compression,
    /// Bound of one attempt to send a batch. Unit: ms. 0: no limit. Default: 10000.
    pub timeout_ms: Option<u64>,
    /// Where spans go: `otlp` to `endpoint`, `console` to the terminal as an indented tree, `memory` to a
    /// list that tests read, `discard` nowhere after real batching. Several may stand side by side, each
    /// with a queue of its own. `none` anywhere in the list means no exporter. Names: `otlp`, `console`,
    /// `memory`, `discard`, `none`. Default: `otlp`.
    pub exporter: Vec<Exporter>,
    /// Which traces are recorded: a name, or a name with a rate from 0 to 1. A plain rate means
    /// `parentbased_probability`. In the environment the rate is `OTEL_TRACES_SAMPLER_ARG`, 1 when it is not
    /// set. Names: `always_on`, `always_off`, `traceidratio`, `probability`, `parentbased_always_on`,
    /// `parentbased_always_off`, `parentbased_traceidratio`, `parentbased_probability`. Default:
    /// `parentbased_always_on`.
    pub sampler: SamplerConfig,
    /// The formats in which context is read from and written to requests, in this order. `none` anywhere in
    /// the list means none. They also work while `disabled` is set. Names: `tracecontext`, `baggage`,
    /// `none`. Default: `tracecontext,baggage`.
    pub propagators: Vec<&'static str>,
    /// How long an ended span waits for company before it is sent. 0: not at all. Unit: ms. Default: 500; 0
    /// when `console` is the only exporter.
    pub delay_ms: u64,
    /// Bound of the spans that wait, kept to within one chunk per thread. Not set, bytes govern: see
    /// `buffer_bytes`. Unit: spans. At least 1. Default: none.
    pub max_queue_spans: Option<u64>,
    /// Most spans of one batch. A hard maximum when it is set. It never exceeds a `max_queue_spans` that is
    /// set. Unit: spans. At least 1. Default: 512, under backlog up to 4096.
    pub max_batch_spans: u64,
    /// Most bytes of one batch, uncompressed. A single larger span makes a batch of its own. It never
    /// exceeds `max_request_bytes`. Unit: bytes. At least 1. Default: 2097152.
    pub max_batch_bytes: u64,
    /// Most bytes of ended spans held in memory for the first exporter, those not yet batched included. What
    /// does not fit is dropped and counted. Unit: bytes. At least 65536. Default: 50331648.
    pub buffer_bytes: u64,
    /// The same for each further exporter. Unit: bytes. At least 65536. Default: 16777216.
    pub exporter_buffer_bytes: u64,
    /// Bound of a batch's whole stay at an exporter, retries and pauses included. Not set, only `max_age_ms`
    /// bounds it. Unit: ms. 0: no limit. Default: none.
    pub export_timeout_ms: Option<u64>,
    /// A batch that could not be delivered is tried again until this age, then dropped and counted. Also the
    /// longest pause between two attempts. Unit: ms. At least 1. Default: 300000.
    pub max_age_ms: u64,
    /// A larger request is never sent, measured before compression. A single span above it is dropped and
    /// counted. Unit: bytes. 0: no limit. Default: 67108864.
    pub max_request_bytes: Option<u64>,
    /// A larger answer is not read to its end and counts as a failure that is not retried. Unit: bytes. At
    /// least 1. Default: 4194304.
    pub max_response_bytes: u64,
    /// Spans open at the same time. Further ones are not recorded, and counted, until others end. Unit:
    /// spans. At least 1. Default: 100000.
    pub max_open_spans: u64,
    /// How long the end of the process may wait until what is queued is sent. It does not wait when nothing
    /// is queued or the endpoint is known to be dead. Unit: ms. Default: 2000.
    pub exit_timeout_ms: u64,
    /// Deadline of `flush` and `shutdown` when the call gives none. Unit: ms. Default: 30000.
    pub flush_timeout_ms: u64,
    /// Records nothing and exports nothing; propagators still work. Default: false.
    pub disabled: bool,
    /// What the library says about itself. `verbose` is another name of `trace`. Names: `none`, `error`,
    /// `warn`, `info`, `debug`, `trace`, `verbose`. Default: `info`.
    pub log_level: LogLevel,
    /// `auto` reads the processor's counter where that is invariant, and the system's monotonic clock
    /// elsewhere; `monotonic` always reads the latter. Names: `auto`, `monotonic`. Default: `auto`.
    pub clock: ClockSource,
    /// The options `attribute_limits.*`.
    pub attribute_limits: AttributeLimits,
    /// The options `limits.*`.
    pub limits: Limits,
    pub(super) sources: [Source; TABLE.len()],
}

/// The `attribute_limits.*` part of [`Options`].
#[derive(Clone, Default, PartialEq)]
pub struct AttributeLimitsOptions {
    /// The value of `limits.attributes` when that is not set. Unit: attributes. Default: 128.
    pub count: Option<u64>,
    /// The value of `limits.value_length` when that is not set. Unit: characters. Default: none.
    pub value_length: Option<u64>,
    /// The value of `limits.value_depth` when that is not set. Unit: levels. At least 1. Default: 64.
    pub value_depth: Option<u64>,
}

impl fmt::Debug for AttributeLimitsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("AttributeLimitsOptions");
        if let Some(value) = &self.count {
            debug.field("count", value);
        }
        if let Some(value) = &self.value_length {
            debug.field("value_length", value);
        }
        if let Some(value) = &self.value_depth {
            debug.field("value_depth", value);
        }
        debug.finish_non_exhaustive()
    }
}

/// The `attribute_limits.*` part of [`Effective`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct AttributeLimits {
    /// The value of `limits.attributes` when that is not set. Unit: attributes. Default: 128.
    pub count: u64,
    /// The value of `limits.value_length` when that is not set. Unit: characters. Default: none.
    pub value_length: Option<u64>,
    /// The value of `limits.value_depth` when that is not set. Unit: levels. At least 1. Default: 64.
    pub value_depth: u64,
}

/// The `limits.*` part of [`Options`].
#[derive(Clone, Default, PartialEq)]
pub struct LimitsOptions {
    /// Attributes kept of one span; further ones are counted. Unit: attributes. Default:
    /// `attribute_limits.count`.
    pub attributes: Option<u64>,
    /// Events kept of one span; further ones are counted. Unit: events. Default: 128.
    pub events: Option<u64>,
    /// Links kept of one span; further ones are counted. Unit: links. Default: 128.
    pub links: Option<u64>,
    /// Attributes kept of one event; further ones are counted. Unit: attributes. Default: 128.
    pub event_attributes: Option<u64>,
    /// Attributes kept of one link; further ones are counted. Unit: attributes. Default: 128.
    pub link_attributes: Option<u64>,
    /// Longer text values, in Unicode characters, and longer byte values, in bytes, are cut to this length;
    /// also in events and links. Unit: characters. Default: `attribute_limits.value_length`.
    pub value_length: Option<u64>,
    /// Arrays and maps nested deeper than this become the empty value; also in events and links. Unit:
    /// levels. At least 1. Default: `attribute_limits.value_depth`.
    pub value_depth: Option<u64>,
}

impl fmt::Debug for LimitsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("LimitsOptions");
        if let Some(value) = &self.attributes {
            debug.field("attributes", value);
        }
        if let Some(value) = &self.events {
            debug.field("events", value);
        }
        if let Some(value) = &self.links {
            debug.field("links", value);
        }
        if let Some(value) = &self.event_attributes {
            debug.field("event_attributes", value);
        }
        if let Some(value) = &self.link_attributes {
            debug.field("link_attributes", value);
        }
        if let Some(value) = &self.value_length {
            debug.field("value_length", value);
        }
        if let Some(value) = &self.value_depth {
            debug.field("value_depth", value);
        }
        debug.finish_non_exhaustive()
    }
}

/// The `limits.*` part of [`Effective`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Attributes kept of one span; further ones are counted. Unit: attributes. Default:
    /// `attribute_limits.count`.
    pub attributes: u64,
    /// Events kept of one span; further ones are counted. Unit: events. Default: 128.
    pub events: u64,
    /// Links kept of one span; further ones are counted. Unit: links. Default: 128.
    pub links: u64,
    /// Attributes kept of one event; further ones are counted. Unit: attributes. Default: 128.
    pub event_attributes: u64,
    /// Attributes kept of one link; further ones are counted. Unit: attributes. Default: 128.
    pub link_attributes: u64,
    /// Longer text values, in Unicode characters, and longer byte values, in bytes, are cut to this length;
    /// also in events and links. Unit: characters. Default: `attribute_limits.value_length`.
    pub value_length: Option<u64>,
    /// Arrays and maps nested deeper than this become the empty value; also in events and links. Unit:
    /// levels. At least 1. Default: `attribute_limits.value_depth`.
    pub value_depth: u64,
}

impl Effective {
    /// The value of the option with this index as text.
    pub(super) fn show(&self, index: usize) -> String {
        match index {
            index::SERVICE_NAME => self.service_name.show(),
            index::SERVICE_VERSION => self.service_version.show(),
            index::ENVIRONMENT => self.environment.show(),
            index::RESOURCE => self.resource.show(),
            index::ENDPOINT => self.endpoint.show(),
            index::PROTOCOL => self.protocol.show(),
            index::HEADERS => self.headers.show(),
            index::COMPRESSION => self.compression.show(),
            index::TIMEOUT_MS => self.timeout_ms.show(),
            index::EXPORTER => self.exporter.show(),
            index::SAMPLER => self.sampler.show(),
            index::PROPAGATORS => self.propagators.show(),
            index::DELAY_MS => self.delay_ms.show(),
            index::MAX_QUEUE_SPANS => self.max_queue_spans.show(),
            index::MAX_BATCH_SPANS => self.max_batch_spans.show(),
            index::MAX_BATCH_BYTES => self.max_batch_bytes.show(),
            index::BUFFER_BYTES => self.buffer_bytes.show(),
            index::EXPORTER_BUFFER_BYTES => self.exporter_buffer_bytes.show(),
            index::EXPORT_TIMEOUT_MS => self.export_timeout_ms.show(),
            index::MAX_AGE_MS => self.max_age_ms.show(),
            index::MAX_REQUEST_BYTES => self.max_request_bytes.show(),
            index::MAX_RESPONSE_BYTES => self.max_response_bytes.show(),
            index::ATTRIBUTE_LIMITS_COUNT => self.attribute_limits.count.show(),
            index::ATTRIBUTE_LIMITS_VALUE_LENGTH => self.attribute_limits.value_length.show(),
            index::ATTRIBUTE_LIMITS_VALUE_DEPTH => self.attribute_limits.value_depth.show(),
            index::LIMITS_ATTRIBUTES => self.limits.attributes.show(),
            index::LIMITS_EVENTS => self.limits.events.show(),
            index::LIMITS_LINKS => self.limits.links.show(),
            index::LIMITS_EVENT_ATTRIBUTES => self.limits.event_attributes.show(),
            index::LIMITS_LINK_ATTRIBUTES => self.limits.link_attributes.show(),
            index::LIMITS_VALUE_LENGTH => self.limits.value_length.show(),
            index::LIMITS_VALUE_DEPTH => self.limits.value_depth.show(),
            index::MAX_OPEN_SPANS => self.max_open_spans.show(),
            index::EXIT_TIMEOUT_MS => self.exit_timeout_ms.show(),
            index::FLUSH_TIMEOUT_MS => self.flush_timeout_ms.show(),
            index::DISABLED => self.disabled.show(),
            index::LOG_LEVEL => self.log_level.show(),
            index::CLOCK => self.clock.show(),
            _ => String::new(),
        }
    }
}

/// Where each option stands in [`TABLE`].
pub(super) mod index {
    pub(in super::super) const SERVICE_NAME: usize = 0;
    pub(in super::super) const SERVICE_VERSION: usize = 1;
    pub(in super::super) const ENVIRONMENT: usize = 2;
    pub(in super::super) const RESOURCE: usize = 3;
    pub(in super::super) const ENDPOINT: usize = 4;
    pub(in super::super) const PROTOCOL: usize = 5;
    pub(in super::super) const HEADERS: usize = 6;
    pub(in super::super) const COMPRESSION: usize = 7;
    pub(in super::super) const TIMEOUT_MS: usize = 8;
    pub(in super::super) const EXPORTER: usize = 9;
    pub(in super::super) const SAMPLER: usize = 10;
    pub(in super::super) const PROPAGATORS: usize = 11;
    pub(in super::super) const DELAY_MS: usize = 12;
    pub(in super::super) const MAX_QUEUE_SPANS: usize = 13;
    pub(in super::super) const MAX_BATCH_SPANS: usize = 14;
    pub(in super::super) const MAX_BATCH_BYTES: usize = 15;
    pub(in super::super) const BUFFER_BYTES: usize = 16;
    pub(in super::super) const EXPORTER_BUFFER_BYTES: usize = 17;
    pub(in super::super) const EXPORT_TIMEOUT_MS: usize = 18;
    pub(in super::super) const MAX_AGE_MS: usize = 19;
    pub(in super::super) const MAX_REQUEST_BYTES: usize = 20;
    pub(in super::super) const MAX_RESPONSE_BYTES: usize = 21;
    pub(in super::super) const ATTRIBUTE_LIMITS_COUNT: usize = 22;
    pub(in super::super) const ATTRIBUTE_LIMITS_VALUE_LENGTH: usize = 23;
    pub(in super::super) const ATTRIBUTE_LIMITS_VALUE_DEPTH: usize = 24;
    pub(in super::super) const LIMITS_ATTRIBUTES: usize = 25;
    pub(in super::super) const LIMITS_EVENTS: usize = 26;
    pub(in super::super) const LIMITS_LINKS: usize = 27;
    pub(in super::super) const LIMITS_EVENT_ATTRIBUTES: usize = 28;
    pub(in super::super) const LIMITS_LINK_ATTRIBUTES: usize = 29;
    pub(in super::super) const LIMITS_VALUE_LENGTH: usize = 30;
    pub(in super::super) const LIMITS_VALUE_DEPTH: usize = 31;
    pub(in super::super) const MAX_OPEN_SPANS: usize = 32;
    pub(in super::super) const EXIT_TIMEOUT_MS: usize = 33;
    pub(in super::super) const FLUSH_TIMEOUT_MS: usize = 34;
    pub(in super::super) const DISABLED: usize = 35;
    pub(in super::super) const LOG_LEVEL: usize = 36;
    pub(in super::super) const CLOCK: usize = 37;
}

/// Every option.
pub static TABLE: [OptionInfo; 38] = [
    OptionInfo {
        name: "service_name",
        kind: OptionType::String,
        unit: "",
        default: DefaultValue::None,
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"],
        secret: false,
        text: "Name of the service (`service.name`). Taken literally; it wins over the same attribute in `resource` and in `OTEL_RESOURCE_ATTRIBUTES`.",
    },
    OptionInfo {
        name: "service_version",
        kind: OptionType::String,
        unit: "",
        default: DefaultValue::None,
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_RESOURCE_ATTRIBUTES"],
        secret: false,
        text: "Version of the service (`service.version`).",
    },
    OptionInfo {
        name: "environment",
        kind: OptionType::String,
        unit: "",
        default: DefaultValue::None,
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_RESOURCE_ATTRIBUTES"],
        secret: false,
        text: "Where the service runs, such as `production` (`deployment.environment.name`).",
    },
    OptionInfo {
        name: "resource",
        kind: OptionType::Attributes,
        unit: "",
        default: DefaultValue::None,
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_RESOURCE_ATTRIBUTES"],
        secret: false,
        text: "Further attributes of the resource. Those set in code win, one by one, over those of the variable, whose form is `key=value,key=value` with percent-encoded keys and values; any mistake in it discards all of it.",
    },
    OptionInfo {
        name: "endpoint",
        kind: OptionType::Url,
        unit: "",
        default: DefaultValue::Text("http://localhost:4318/v1/traces"),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &[
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ],
        secret: false,
        text: "URL that spans are sent to. Used as it is, in code and in `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`: without a path it is the root, not `/v1/traces`. `OTEL_EXPORTER_OTLP_ENDPOINT` is a base to which `v1/traces` is added. The scheme is `http` or `https`; without a port it is 80 or 443.",
    },
    OptionInfo {
        name: "protocol",
        kind: OptionType::Enum,
        unit: "",
        default: DefaultValue::Text("http/protobuf"),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &["http/protobuf"],
        later: &[("grpc", "grpc"), ("http/json", "http-json")],
        fallback: None,
        variables: &[
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            "OTEL_EXPORTER_OTLP_PROTOCOL",
        ],
        secret: false,
        text: "How the `otlp` exporter speaks.",
    },
    OptionInfo {
        name: "headers",
        kind: OptionType::Headers,
        unit: "",
        default: DefaultValue::None,
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"],
        secret: true,
        text: "Headers of each request, for example an API key. Names are made lower case; values are printable ASCII. The variables have the form `name=value,name=value` with percent-encoded values. A more specific place replaces the whole list. Values are never shown or logged.",
    },
    OptionInfo {
        name: "compression",
        kind: OptionType::Enum,
        unit: "",
        default: DefaultValue::Text("none"),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &["none", "gzip"],
        later: &[("zstd", "zstd")],
        fallback: None,
        variables: &[
            "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
            "OTEL_EXPORTER_OTLP_COMPRESSION",
        ],
        secret: false,
        text: "Compression of requests. Off by default, because compressing costs the process more than the spans do.",
    },
    OptionInfo {
        name: "timeout_ms",
        kind: OptionType::DurationMs,
        unit: "ms",
        default: DefaultValue::Integer(10000),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: true,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"],
        secret: false,
        text: "Bound of one attempt to send a batch.",
    },
    OptionInfo {
        name: "exporter",
        kind: OptionType::List,
        unit: "",
        default: DefaultValue::List(&["otlp"]),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &["otlp", "console", "memory", "discard", "none"],
        later: &[("zipkin", "zipkin"), ("jaeger", "jaeger"), ("file", "file")],
        fallback: None,
        variables: &["OTEL_TRACES_EXPORTER"],
        secret: false,
        text: "Where spans go: `otlp` to `endpoint`, `console` to the terminal as an indented tree, `memory` to a list that tests read, `discard` nowhere after real batching. Several may stand side by side, each with a queue of its own. `none` anywhere in the list means no exporter.",
    },
    OptionInfo {
        name: "sampler",
        kind: OptionType::Sampler,
        unit: "",
        default: DefaultValue::Text("parentbased_always_on"),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[
            "always_on",
            "always_off",
            "traceidratio",
            "probability",
            "parentbased_always_on",
            "parentbased_always_off",
            "parentbased_traceidratio",
            "parentbased_probability",
        ],
        later: &[
            ("jaeger_remote", "jaeger-remote"),
            ("parentbased_jaeger_remote", "jaeger-remote"),
        ],
        fallback: None,
        variables: &["OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"],
        secret: false,
        text: "Which traces are recorded: a name, or a name with a rate from 0 to 1. A plain rate means `parentbased_probability`. In the environment the rate is `OTEL_TRACES_SAMPLER_ARG`, 1 when it is not set.",
    },
    OptionInfo {
        name: "propagators",
        kind: OptionType::List,
        unit: "",
        default: DefaultValue::List(&["tracecontext", "baggage"]),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &["tracecontext", "baggage", "none"],
        later: &[
            ("b3", "b3"),
            ("b3multi", "b3"),
            ("jaeger", "jaeger"),
            ("xtrace", "xtrace"),
            ("messaging", "messaging"),
            ("grpc-trace-bin", "grpc-trace-bin"),
        ],
        fallback: None,
        variables: &["OTEL_PROPAGATORS"],
        secret: false,
        text: "The formats in which context is read from and written to requests, in this order. `none` anywhere in the list means none. They also work while `disabled` is set.",
    },
    OptionInfo {
        name: "delay_ms",
        kind: OptionType::DurationMs,
        unit: "ms",
        default: DefaultValue::Integer(500),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_BSP_SCHEDULE_DELAY"],
        secret: false,
        text: "How long an ended span waits for company before it is sent. 0: not at all.",
    },
    OptionInfo {
        name: "max_queue_spans",
        kind: OptionType::Integer,
        unit: "spans",
        default: DefaultValue::None,
        min: 1,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_BSP_MAX_QUEUE_SIZE"],
        secret: false,
        text: "Bound of the spans that wait, kept to within one chunk per thread. Not set, bytes govern: see `buffer_bytes`.",
    },
    OptionInfo {
        name: "max_batch_spans",
        kind: OptionType::Integer,
        unit: "spans",
        default: DefaultValue::Integer(512),
        min: 1,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"],
        secret: false,
        text: "Most spans of one batch. A hard maximum when it is set. It never exceeds a `max_queue_spans` that is set.",
    },
    OptionInfo {
        name: "max_batch_bytes",
        kind: OptionType::Bytes,
        unit: "bytes",
        default: DefaultValue::Integer(2097152),
        min: 1,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &[],
        secret: false,
        text: "Most bytes of one batch, uncompressed. A single larger span makes a batch of its own. It never exceeds `max_request_bytes`.",
    },
    OptionInfo {
        name: "buffer_bytes",
        kind: OptionType::Bytes,
        unit: "bytes",
        default: DefaultValue::Integer(50331648),
        min: 65536,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &[],
        secret: false,
        text: "Most bytes of ended spans held in memory for the first exporter, those not yet batched included. What does not fit is dropped and counted.",
    },
    OptionInfo {
        name: "exporter_buffer_bytes",
        kind: OptionType::Bytes,
        unit: "bytes",
        default: DefaultValue::Integer(16777216),
        min: 65536,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &[],
        secret: false,
        text: "The same for each further exporter.",
    },
    OptionInfo {
        name: "export_timeout_ms",
        kind: OptionType::DurationMs,
        unit: "ms",
        default: DefaultValue::None,
        min: 0,
        max: 9223372036854775807,
        zero_is_none: true,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_BSP_EXPORT_TIMEOUT"],
        secret: false,
        text: "Bound of a batch's whole stay at an exporter, retries and pauses included. Not set, only `max_age_ms` bounds it.",
    },
    OptionInfo {
        name: "max_age_ms",
        kind: OptionType::DurationMs,
        unit: "ms",
        default: DefaultValue::Integer(300000),
        min: 1,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &[],
        secret: false,
        text: "A batch that could not be delivered is tried again until this age, then dropped and counted. Also the longest pause between two attempts.",
    },
    OptionInfo {
        name: "max_request_bytes",
        kind: OptionType::Bytes,
        unit: "bytes",
        default: DefaultValue::Integer(67108864),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: true,
        values: &[],
        later: &[],
        fallback: None,
        variables: &[],
        secret: false,
        text: "A larger request is never sent, measured before compression. A single span above it is dropped and counted.",
    },
    OptionInfo {
        name: "max_response_bytes",
        kind: OptionType::Bytes,
        unit: "bytes",
        default: DefaultValue::Integer(4194304),
        min: 1,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &[],
        secret: false,
        text: "A larger answer is not read to its end and counts as a failure that is not retried.",
    },
    OptionInfo {
        name: "attribute_limits.count",
        kind: OptionType::Integer,
        unit: "attributes",
        default: DefaultValue::Integer(128),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_ATTRIBUTE_COUNT_LIMIT"],
        secret: false,
        text: "The value of `limits.attributes` when that is not set.",
    },
    OptionInfo {
        name: "attribute_limits.value_length",
        kind: OptionType::Integer,
        unit: "characters",
        default: DefaultValue::None,
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"],
        secret: false,
        text: "The value of `limits.value_length` when that is not set.",
    },
    OptionInfo {
        name: "attribute_limits.value_depth",
        kind: OptionType::Integer,
        unit: "levels",
        default: DefaultValue::Integer(64),
        min: 1,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &[],
        secret: false,
        text: "The value of `limits.value_depth` when that is not set.",
    },
    OptionInfo {
        name: "limits.attributes",
        kind: OptionType::Integer,
        unit: "attributes",
        default: DefaultValue::None,
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: Some("attribute_limits.count"),
        variables: &["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"],
        secret: false,
        text: "Attributes kept of one span; further ones are counted.",
    },
    OptionInfo {
        name: "limits.events",
        kind: OptionType::Integer,
        unit: "events",
        default: DefaultValue::Integer(128),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_SPAN_EVENT_COUNT_LIMIT"],
        secret: false,
        text: "Events kept of one span; further ones are counted.",
    },
    OptionInfo {
        name: "limits.links",
        kind: OptionType::Integer,
        unit: "links",
        default: DefaultValue::Integer(128),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_SPAN_LINK_COUNT_LIMIT"],
        secret: false,
        text: "Links kept of one span; further ones are counted.",
    },
    OptionInfo {
        name: "limits.event_attributes",
        kind: OptionType::Integer,
        unit: "attributes",
        default: DefaultValue::Integer(128),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"],
        secret: false,
        text: "Attributes kept of one event; further ones are counted.",
    },
    OptionInfo {
        name: "limits.link_attributes",
        kind: OptionType::Integer,
        unit: "attributes",
        default: DefaultValue::Integer(128),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"],
        secret: false,
        text: "Attributes kept of one link; further ones are counted.",
    },
    OptionInfo {
        name: "limits.value_length",
        kind: OptionType::Integer,
        unit: "characters",
        default: DefaultValue::None,
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: Some("attribute_limits.value_length"),
        variables: &["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"],
        secret: false,
        text: "Longer text values, in Unicode characters, and longer byte values, in bytes, are cut to this length; also in events and links.",
    },
    OptionInfo {
        name: "limits.value_depth",
        kind: OptionType::Integer,
        unit: "levels",
        default: DefaultValue::None,
        min: 1,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: Some("attribute_limits.value_depth"),
        variables: &[],
        secret: false,
        text: "Arrays and maps nested deeper than this become the empty value; also in events and links.",
    },
    OptionInfo {
        name: "max_open_spans",
        kind: OptionType::Integer,
        unit: "spans",
        default: DefaultValue::Integer(100000),
        min: 1,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &[],
        secret: false,
        text: "Spans open at the same time. Further ones are not recorded, and counted, until others end.",
    },
    OptionInfo {
        name: "exit_timeout_ms",
        kind: OptionType::DurationMs,
        unit: "ms",
        default: DefaultValue::Integer(2000),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &[],
        secret: false,
        text: "How long the end of the process may wait until what is queued is sent. It does not wait when nothing is queued or the endpoint is known to be dead.",
    },
    OptionInfo {
        name: "flush_timeout_ms",
        kind: OptionType::DurationMs,
        unit: "ms",
        default: DefaultValue::Integer(30000),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &[],
        secret: false,
        text: "Deadline of `flush` and `shutdown` when the call gives none.",
    },
    OptionInfo {
        name: "disabled",
        kind: OptionType::Bool,
        unit: "",
        default: DefaultValue::Bool(false),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &[],
        later: &[],
        fallback: None,
        variables: &["OTEL_SDK_DISABLED"],
        secret: false,
        text: "Records nothing and exports nothing; propagators still work.",
    },
    OptionInfo {
        name: "log_level",
        kind: OptionType::Enum,
        unit: "",
        default: DefaultValue::Text("info"),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &["none", "error", "warn", "info", "debug", "trace", "verbose"],
        later: &[],
        fallback: None,
        variables: &["OTEL_LOG_LEVEL"],
        secret: false,
        text: "What the library says about itself. `verbose` is another name of `trace`.",
    },
    OptionInfo {
        name: "clock",
        kind: OptionType::Enum,
        unit: "",
        default: DefaultValue::Text("auto"),
        min: 0,
        max: 9223372036854775807,
        zero_is_none: false,
        values: &["auto", "monotonic"],
        later: &[],
        fallback: None,
        variables: &[],
        secret: false,
        text: "`auto` reads the processor's counter where that is invariant, and the system's monotonic clock elsewhere; `monotonic` always reads the latter.",
    },
];
