//! Which sampler is configured.

use super::{
    DefaultValue, TABLE,
    generated::index::SAMPLER,
    reader::{Name, Reader, bad_value, meant, needs},
    text::{decimal, quoted},
};
use crate::{Error, ErrorKind};
use alloc::{boxed::Box, format, string::String, sync::Arc};
use core::fmt;
use spanline_core::sample::{AlwaysOff, AlwaysOn, ParentBased, Probability, Sampler, TraceIdRatioBased};

/// The `sampler` option as the code sets it: a plain rate, or a name.
///
/// ```
/// use spanline_engine::options::SamplerOption;
/// assert_eq!(SamplerOption::from(0.1), SamplerOption::Rate(0.1));
/// assert_eq!(SamplerOption::from("always_on"), SamplerOption::Named { name: "always_on".into(), rate: None });
/// ```
#[derive(Clone, PartialEq, Debug)]
pub enum SamplerOption {
    /// This share of all traces, from 0 to 1; spans with a parent do as the parent did.
    Rate(f64),
    /// A sampler of this name; those with a rate need it.
    Named {
        /// A name of `OTEL_TRACES_SAMPLER`.
        name: String,
        /// From 0 to 1.
        rate: Option<f64>,
    },
}

impl From<f64> for SamplerOption {
    fn from(rate: f64) -> Self {
        Self::Rate(rate)
    }
}

impl From<&str> for SamplerOption {
    fn from(name: &str) -> Self {
        Self::Named {
            name: name.into(),
            rate: None,
        }
    }
}

/// A sampler as configured. Its text is short and exact: `ParentBased(root=TraceIdRatioBased(0.25))`.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum SamplerConfig {
    /// Every span.
    AlwaysOn,
    /// No span.
    AlwaysOff,
    /// A share of all traces, by the frozen algorithm of that name.
    TraceIdRatioBased(f64),
    /// A share of all traces, consistently; the rate is at least 2^-56.
    Probability(f64),
    /// As the parent, and this one for roots.
    ParentBased(Box<SamplerConfig>),
}

impl SamplerConfig {
    /// The smallest share that a threshold can express.
    const SMALLEST: f64 = 1.0 / (1u64 << 56) as f64;

    /// The sampler itself.
    ///
    /// ```
    /// use spanline_engine::options::SamplerConfig;
    /// assert_eq!(SamplerConfig::TraceIdRatioBased(0.5).build().description(), "TraceIdRatioBased{0.500000}");
    /// ```
    pub fn build(&self) -> Arc<dyn Sampler> {
        match self {
            Self::AlwaysOn => Arc::new(AlwaysOn),
            Self::AlwaysOff => Arc::new(AlwaysOff),
            Self::TraceIdRatioBased(rate) => Arc::new(TraceIdRatioBased::new(*rate)),
            // A rate below the smallest is practically none, as is a value that no configuration leads to.
            Self::Probability(rate) => match Probability::new(*rate) {
                Some(sampler) => Arc::new(sampler),
                None => Arc::new(AlwaysOff),
            },
            Self::ParentBased(root) => Arc::new(ParentBased::new(root.build())),
        }
    }

    fn probability(rate: f64) -> Self {
        if rate < Self::SMALLEST {
            Self::AlwaysOff
        } else {
            Self::Probability(rate)
        }
    }

    fn parent_based(root: Self) -> Self {
        Self::ParentBased(Box::new(root))
    }

    /// The sampler of this name of the table; `rate` is asked only where the sampler has one.
    fn of<E>(name: &str, rate: impl FnOnce() -> Result<f64, E>) -> Result<Self, E> {
        let (root, parent_based) = match name.strip_prefix("parentbased_") {
            Some(root) => (root, true),
            None => (name, false),
        };
        let config = match root {
            "always_off" => Self::AlwaysOff,
            "traceidratio" => Self::TraceIdRatioBased(rate()?),
            "probability" => Self::probability(rate()?),
            _ => Self::AlwaysOn,
        };
        Ok(if parent_based {
            Self::parent_based(config)
        } else {
            config
        })
    }
}

impl fmt::Display for SamplerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlwaysOn => f.write_str("AlwaysOn"),
            Self::AlwaysOff => f.write_str("AlwaysOff"),
            Self::TraceIdRatioBased(rate) => write!(f, "TraceIdRatioBased({rate})"),
            Self::Probability(rate) => write!(f, "Probability({rate})"),
            Self::ParentBased(root) => write!(f, "ParentBased(root={root})"),
        }
    }
}

/// Resolves the option.
pub(super) fn resolve(reader: &mut Reader<'_>, code: Option<&SamplerOption>) -> Result<SamplerConfig, Error> {
    match code {
        Some(option) => {
            let config = of_code(reader, option)?;
            reader.set_given(SAMPLER);
            Ok(config)
        }
        None => Ok(of_environment(reader)),
    }
}

fn of_code(reader: &Reader<'_>, option: &SamplerOption) -> Result<SamplerConfig, Error> {
    match option {
        SamplerOption::Rate(rate) => Ok(SamplerConfig::parent_based(SamplerConfig::probability(checked(
            *rate,
        )?))),
        SamplerOption::Named { name, rate } => {
            let name = reader.known_name(SAMPLER, name)?;
            let mut asked = false;
            let config = SamplerConfig::of(name, || {
                asked = true;
                match rate {
                    Some(rate) => checked(*rate),
                    None => Err(Error::new(
                        ErrorKind::Missing,
                        format!("sampler: `{name}` needs a rate from 0 to 1"),
                    )
                    .with_option("sampler")),
                }
            })?;
            match rate {
                Some(_) if !asked => Err(bad_value(SAMPLER, format!("`{name}` has no rate"), None)),
                _ => Ok(config),
            }
        }
    }
}

fn checked(rate: f64) -> Result<f64, Error> {
    match (0.0..=1.0).contains(&rate) {
        // Also makes -0 a plain 0.
        true => Ok(rate.abs()),
        false => Err(bad_value(
            SAMPLER,
            format!("the rate {rate} is not between 0 and 1"),
            None,
        )),
    }
}

fn of_environment(reader: &mut Reader<'_>) -> SamplerConfig {
    let info = &TABLE[SAMPLER];
    let [variable, argument] = *info.variables else {
        return SamplerConfig::parent_based(SamplerConfig::AlwaysOn);
    };
    let default = match info.default {
        DefaultValue::Text(name) => name,
        _ => "",
    };
    let name = reader
        .raw(variable)
        .and_then(|text| match reader.look_up(SAMPLER, &text) {
            Name::Known(name) => {
                reader.set_environment(SAMPLER, variable);
                Some(name)
            }
            Name::Later(name, feature) => {
                let wrong = format!("`{name}` {}; `{default}` is used", needs(feature));
                reader.warn(SAMPLER, variable, wrong);
                None
            }
            Name::Unknown => {
                let hint = meant(&text, SAMPLER);
                let wrong = format!("{} is not a sampler{hint}; `{default}` is used", quoted(&text));
                reader.warn(SAMPLER, variable, wrong);
                None
            }
        });
    let rate = || {
        let Some(text) = reader.raw(argument) else {
            return Ok(1.0);
        };
        let rate = decimal(&text).filter(|rate| (0.0..=1.0).contains(rate));
        if rate.is_none() {
            let wrong = format!("{} is not a number from 0 to 1; 1 is used", quoted(&text));
            reader.warn(SAMPLER, argument, wrong);
        }
        Ok::<f64, core::convert::Infallible>(rate.unwrap_or(1.0))
    };
    let Ok(config) = SamplerConfig::of(name.unwrap_or(default), rate);
    config
}
