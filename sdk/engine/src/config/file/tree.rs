//! The declarative file: its tree, as far as it is about tracing.

use super::component::ComponentKind;
use super::schema::{
    Field, Need, Shape,
    Shape::{Any, Bool, Integer, List, Map, Name, Number, OneOf, Probability, Ratio, Text, Version},
    may, must,
};

/// Every member of the file.
pub(super) static FILE: Shape = Map(&[
    must("file_format", &Version),
    may("disabled", &Bool),
    may("log_level", &Name(LOG_LEVELS)),
    may("attribute_limits", &ATTRIBUTE_LIMITS),
    may("propagator", &PROPAGATOR),
    may("resource", &RESOURCE),
    may("tracer_provider", &TRACER_PROVIDER),
    may("instrumentation/development", &Any),
    may("distribution", &Any),
    may("meter_provider", &Any),
    may("logger_provider", &Any),
]);

const LOG_LEVELS: &[&str] = &[
    "trace", "trace2", "trace3", "trace4", "debug", "debug2", "debug3", "debug4", "info", "info2", "info3",
    "info4", "warn", "warn2", "warn3", "warn4", "error", "error2", "error3", "error4", "fatal", "fatal2",
    "fatal3", "fatal4",
];

static COUNT: Shape = Integer(0);
static ONE: Shape = Integer(1);
static NOTHING: Shape = Map(&[]);
static TEXTS: Shape = List(&Text, 0);

static ATTRIBUTE_LIMITS: Shape = Map(&[
    may("attribute_value_length_limit", &COUNT),
    may("attribute_value_depth_limit", &ONE),
    may("attribute_count_limit", &COUNT),
]);

static PROPAGATOR: Shape = Map(&[
    may("composite", &List(&PROPAGATORS, 0)),
    may("composite_list", &Text),
]);

static PROPAGATORS: Shape = OneOf(
    &[
        may("tracecontext", &NOTHING),
        may("baggage", &NOTHING),
        may("b3", &NOTHING),
        may("b3multi", &NOTHING),
        may("jaeger", &NOTHING),
        may("xtrace", &XTRACE),
        may("messaging", &MESSAGING),
        may("grpc-trace-bin", &NOTHING),
    ],
    Some(ComponentKind::TextMapPropagator),
);

static XTRACE: Shape = Map(&[
    may("trace_header", &Text),
    may("span_header", &Text),
    may("parent_header", &Text),
    may("deferred_as_root", &Bool),
]);

static MESSAGING: Shape = Map(&[may("deferred_as_root", &Bool)]);

static RESOURCE: Shape = Map(&[
    may("attributes", &List(&ATTRIBUTE, 0)),
    may("attributes_list", &Text),
    may("schema_url", &Text),
    may("detection/development", &DETECTION),
]);

static ATTRIBUTE: Shape = Map(&[
    must("name", &Text),
    Field {
        name: "value",
        shape: &Any,
        need: Need::Present,
    },
    may(
        "type",
        &Name(&[
            "string",
            "bool",
            "int",
            "double",
            "string_array",
            "bool_array",
            "int_array",
            "double_array",
        ]),
    ),
]);

static DETECTION: Shape = Map(&[
    may(
        "attributes",
        &Map(&[may("included", &TEXTS), may("excluded", &TEXTS)]),
    ),
    may(
        "detectors",
        &List(
            &OneOf(
                &[
                    may("container", &NOTHING),
                    may("host", &NOTHING),
                    may("process", &NOTHING),
                    may("service", &NOTHING),
                ],
                Some(ComponentKind::ResourceDetector),
            ),
            0,
        ),
    ),
]);

static TRACER_PROVIDER: Shape = Map(&[
    must("processors", &List(&PROCESSOR, 1)),
    may("limits", &LIMITS),
    may("sampler", &SAMPLER),
    may(
        "id_generator",
        &OneOf(&[may("random", &NOTHING)], Some(ComponentKind::IdGenerator)),
    ),
    may("tracer_configurator/development", &CONFIGURATOR),
]);

static LIMITS: Shape = Map(&[
    may("attribute_value_length_limit", &COUNT),
    may("attribute_value_depth_limit", &ONE),
    may("attribute_count_limit", &COUNT),
    may("event_count_limit", &COUNT),
    may("link_count_limit", &COUNT),
    may("event_attribute_count_limit", &COUNT),
    may("link_attribute_count_limit", &COUNT),
]);

static PROCESSOR: Shape = OneOf(
    &[
        may(
            "batch",
            &Map(&[
                may("schedule_delay", &COUNT),
                may("export_timeout", &COUNT),
                may("max_queue_size", &ONE),
                may("max_export_batch_size", &ONE),
                must("exporter", &EXPORTER),
            ]),
        ),
        may("simple", &Map(&[must("exporter", &EXPORTER)])),
    ],
    Some(ComponentKind::SpanProcessor),
);

/// `zipkin`, `jaeger`, `file`, `memory` and `discard` are plugins that are always there.
static EXPORTER: Shape = OneOf(
    &[
        may("otlp_http", &OTLP_HTTP),
        may("otlp_grpc", &OTLP_GRPC),
        may("otlp_file/development", &Map(&[may("output_stream", &Text)])),
        may("console", &NOTHING),
        may("zipkin", &ZIPKIN),
        may("jaeger", &JAEGER),
        may(
            "file",
            &Map(&[
                must("path", &Text),
                may("max_bytes", &COUNT),
                may("max_files", &COUNT),
            ]),
        ),
        may("memory", &NOTHING),
        may("discard", &NOTHING),
    ],
    Some(ComponentKind::SpanExporter),
);

static OTLP_HTTP: Shape = Map(&[
    may("endpoint", &Text),
    may("tls", &TLS),
    may("headers", &HEADERS),
    may("headers_list", &Text),
    may("compression", &COMPRESSION),
    may("max_request_size", &COUNT),
    may("max_response_size", &ONE),
    may("timeout", &COUNT),
    may("encoding", &Name(&["protobuf", "json"])),
]);

static OTLP_GRPC: Shape = Map(&[
    may("endpoint", &Text),
    may("tls", &TLS_GRPC),
    may("headers", &HEADERS),
    may("headers_list", &Text),
    may("compression", &COMPRESSION),
    may("max_request_size", &COUNT),
    may("max_response_size", &ONE),
    may("timeout", &COUNT),
]);

static ZIPKIN: Shape = Map(&[
    may("endpoint", &Text),
    may("tls", &TLS),
    may("headers", &HEADERS),
    may("headers_list", &Text),
    may("compression", &GZIP),
    may("max_request_size", &COUNT),
    may("max_response_size", &ONE),
    may("timeout", &COUNT),
    may("encoding", &Name(&["json", "protobuf"])),
]);

static JAEGER: Shape = Map(&[
    may("endpoint", &Text),
    may("tls", &TLS_GRPC),
    may("headers", &HEADERS),
    may("headers_list", &Text),
    may("username", &Text),
    may("password", &Text),
    may("compression", &GZIP),
    may("max_request_size", &COUNT),
    may("max_response_size", &ONE),
    may("timeout", &COUNT),
    may("protocol", &Name(&["http/thrift.binary", "grpc"])),
]);

static TLS: Shape = Map(&[
    may("ca_file", &Text),
    may("key_file", &Text),
    may("cert_file", &Text),
]);

static TLS_GRPC: Shape = Map(&[
    may("ca_file", &Text),
    may("key_file", &Text),
    may("cert_file", &Text),
    may("insecure", &Bool),
]);

static GZIP: Shape = Name(&["none", "gzip"]);

static COMPRESSION: Shape = Name(&["none", "gzip", "zstd"]);

static HEADERS: Shape = List(
    &Map(&[
        must("name", &Text),
        Field {
            name: "value",
            shape: &Text,
            need: Need::Present,
        },
    ]),
    0,
);

/// Behind those of the file format stand ours, which are plugins that are always there.
pub(super) static SAMPLER: Shape = OneOf(
    &[
        may("always_on", &NOTHING),
        may("always_off", &NOTHING),
        may("always_record", &Map(&[must("root", &SAMPLER)])),
        may("parent_based", &PARENT_BASED),
        may("trace_id_ratio_based", &RATIO),
        may("probability/development", &PROBABILITY),
        may(
            "jaeger_remote/development",
            &Map(&[
                must("endpoint", &Text),
                must("initial_sampler", &SAMPLER),
                may("interval", &ONE),
            ]),
        ),
        may("composite/development", &COMPOSABLE),
        may("rate_limited", &Map(&[must("per_second", &Number)])),
        may(
            "adaptive_target",
            &Map(&[
                must("per_second", &Number),
                may("min", &Ratio),
                may("max", &Ratio),
            ]),
        ),
        may(
            "adaptive_load",
            &Map(&[
                may("min", &Ratio),
                may("max", &Ratio),
                may("low", &Number),
                may("high", &Number),
                may("up", &Number),
                may("down", &Number),
            ]),
        ),
        may(
            "rules",
            &Map(&[must("rules", &List(&OWN_RULE, 0)), may("otherwise", &SAMPLER)]),
        ),
        may("scored", &SCORED),
    ],
    Some(ComponentKind::Sampler),
);

static KINDS: Shape = List(
    &Name(&["internal", "server", "client", "producer", "consumer"]),
    0,
);

static OWN_RULE: Shape = Map(&[
    may("service", &PATTERN),
    may("name", &PATTERN),
    may("span_kinds", &KINDS),
    may(
        "attributes",
        &List(&Map(&[must("key", &Text), must("value", &PATTERN)]), 0),
    ),
    must(
        "sample",
        &OneOf(
            &[
                may("rate", &Probability),
                may("per_second", &Number),
                may("sampler", &SAMPLER),
            ],
            None,
        ),
    ),
]);

static PATTERN: Shape = OneOf(
    &[may("exact", &Text), may("glob", &Text), may("regex", &Text)],
    None,
);

static SCORED: Shape = Map(&[
    may("bias", &Number),
    may(
        "kind",
        &Map(&[
            may("internal", &Number),
            may("server", &Number),
            may("client", &Number),
            may("producer", &Number),
            may("consumer", &Number),
        ]),
    ),
    may(
        "class",
        &Map(&[
            may("http", &Number),
            may("database", &Number),
            may("messaging", &Number),
            may("rpc", &Number),
            may("other", &Number),
        ]),
    ),
    may("criticality_key", &Text),
    may("criticality", &Number),
    may("duration", &Number),
    may("duration_scale_ms", &Number),
    may("errors", &Number),
    may("min", &Ratio),
    may("max", &Ratio),
    may("max_operations", &ONE),
]);

static RATIO: Shape = Map(&[may("ratio", &Ratio)]);

static PROBABILITY: Shape = Map(&[may("ratio", &Probability)]);

static PARENT_BASED: Shape = Map(&[
    may("root", &SAMPLER),
    may("remote_parent_sampled", &SAMPLER),
    may("remote_parent_not_sampled", &SAMPLER),
    may("local_parent_sampled", &SAMPLER),
    may("local_parent_not_sampled", &SAMPLER),
]);

static COMPOSABLE: Shape = OneOf(
    &[
        may("always_on", &NOTHING),
        may("always_off", &NOTHING),
        may("parent_threshold", &Map(&[must("root", &COMPOSABLE)])),
        may("probability", &PROBABILITY),
        may("rule_based", &Map(&[may("rules", &List(&RULE, 0))])),
    ],
    None,
);

static RULE: Shape = Map(&[
    may(
        "attribute_values",
        &Map(&[must("key", &Text), must("values", &List(&Text, 1))]),
    ),
    may(
        "attribute_patterns",
        &Map(&[
            must("key", &Text),
            may("included", &TEXTS),
            may("excluded", &TEXTS),
        ]),
    ),
    may("span_kinds", &KINDS),
    may("parent", &List(&Name(&["none", "remote", "local"]), 0)),
    must("sampler", &COMPOSABLE),
]);

static CONFIGURATOR: Shape = Map(&[
    may("default_config", &TRACER_CONFIG),
    may(
        "tracers",
        &List(&Map(&[must("name", &Text), must("config", &TRACER_CONFIG)]), 0),
    ),
]);

static TRACER_CONFIG: Shape = Map(&[may("enabled", &Bool)]);
