//! The options: what the code sets, what the environment says, and what comes of both.
//!
//! `options.toml` in this crate is the table of them all; [`Options`], [`Effective`] and [`TABLE`] are generated from
//! it. Precedence: code, then configuration file, then environment, then default; with a file the environment counts only
//! through what the file refers to.
//!
//! * What code or file set wrongly is an error at once, with a hint where a name was not known.
//! * What the environment sets wrongly is a [`Notice`], and the next source counts: after a variable for traces the
//!   general one, at last the default.
//! * Something known that this build does not offer is an error when code or file ask for it. When the environment does,
//!   it is a notice and nothing takes its place: no other exporter, no other protocol.
//!
//! ```
//! use spanline_engine::options::{resolve, Layers, Options, Source};
//! let options = Options { service_name: Some("shop".into()), ..Options::default() };
//! let env = |name: &str| (name == "OTEL_EXPORTER_OTLP_TIMEOUT").then(|| "2500".to_string());
//! let layers = Layers { code: &options, file: None, env: &env, features: &["tls"] };
//! let effective = resolve(&layers, &mut Vec::new())?;
//! assert_eq!(effective.timeout_ms, Some(2500));
//! assert_eq!(effective.source("timeout_ms"), Some(Source::Environment("OTEL_EXPORTER_OTLP_TIMEOUT")));
//! let delay = effective.iter().find(|setting| setting.name == "delay_ms").unwrap();
//! assert_eq!((delay.value.as_str(), delay.source), ("500", Source::Default));
//! # Ok::<(), spanline_engine::Error>(())
//! ```

mod credentials;
mod derived;
pub(crate) mod endpoint;
mod entities;
mod exporters;
mod generated;
mod headers;
mod hint;
mod info;
mod layers;
mod misspelt;
mod names;
mod notice;
mod one;
mod plain;
mod processors;
mod propagators;
mod proxy;
mod reader;
mod resolve;
pub(crate) mod resource;
mod sampler;
mod secret;
mod semconv;
mod settings;
mod show;
mod source;
mod tail;
pub(crate) mod text;

pub use {
    generated::{
        AttributeLimits, AttributeLimitsOptions, Correlator, CorrelatorOptions, Effective, Enrich,
        EnrichOptions, Errors, ErrorsOptions, ExporterOption, Filter, FilterOptions, Limits, LimitsOptions,
        Options, Overhead, OverheadOptions, Propagate, PropagateOptions, Redact, RedactOptions, TABLE, Tail,
        TailOptions,
    },
    headers::Headers,
    hint::closest,
    info::{DefaultValue, OptionInfo, OptionType, OtherExporter, find},
    layers::{Layers, config_file},
    misspelt::misspelt,
    names::{ClockSource, Compression, Exporter, LogLevel, Protocol},
    notice::Notice,
    resolve::resolve,
    sampler::{RemoteSettings, SamplerConfig, SamplerOption},
    secret::Secret,
    settings::ExporterSettings,
    source::{Setting, Source},
};

pub(crate) use sampler::{PROBABILITIES, is_probability};

#[cfg(test)]
mod tests;
