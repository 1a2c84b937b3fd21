//! Components that a file names.

use crate::config::{Node, Position};
use alloc::string::String;
use core::fmt;

/// What kind of component it is. Names are unique within a kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[non_exhaustive]
pub enum ComponentKind {
    /// Sends spans somewhere.
    SpanExporter,
    /// Sees spans start and end.
    SpanProcessor,
    /// Decides what is recorded.
    Sampler,
    /// Makes ids.
    IdGenerator,
    /// Carries context over process boundaries.
    TextMapPropagator,
    /// Finds attributes of the resource.
    ResourceDetector,
}

impl ComponentKind {
    /// The names of this kind that the file format has itself, and those that are always registered.
    pub const fn built_in(self) -> &'static [&'static str] {
        match self {
            Self::SpanExporter => &[
                "otlp_http",
                "otlp_grpc",
                "otlp_file/development",
                "console",
                "zipkin",
                "jaeger",
                "file",
                "memory",
                "discard",
            ],
            Self::SpanProcessor => &["batch", "simple"],
            Self::Sampler => &[
                "always_on",
                "always_off",
                "always_record",
                "parent_based",
                "trace_id_ratio_based",
                "probability/development",
                "jaeger_remote/development",
                "composite/development",
                "rate_limited",
                "adaptive_target",
                "adaptive_load",
                "rules",
                "scored",
            ],
            Self::IdGenerator => &["random"],
            Self::TextMapPropagator => &[
                "tracecontext",
                "baggage",
                "b3",
                "b3multi",
                "jaeger",
                "xtrace",
                "messaging",
                "grpc-trace-bin",
            ],
            Self::ResourceDetector => &["container", "host", "process", "service"],
        }
    }
}

impl fmt::Display for ComponentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SpanExporter => "span exporter",
            Self::SpanProcessor => "span processor",
            Self::Sampler => "sampler",
            Self::IdGenerator => "id generator",
            Self::TextMapPropagator => "propagator",
            Self::ResourceDetector => "resource detector",
        })
    }
}

/// A component that a configuration asks for.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Component {
    /// Its kind.
    pub kind: ComponentKind,
    /// Its name, `/development` included where the file format has that.
    pub name: String,
    /// What stands below its name.
    pub properties: Node,
    /// Where the configuration names it.
    pub path: String,
    /// Where that stands in the text.
    pub at: Option<Position>,
    /// It stands in a list of names, where one that is not known is left out with a warning.
    pub may_be_left_out: bool,
}
