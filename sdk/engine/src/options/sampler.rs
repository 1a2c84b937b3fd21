//! Which sampler is configured.

use super::{
    DefaultValue, TABLE,
    generated::index::SAMPLER,
    reader::{Name, Reader, bad_value, meant, needs},
    text::{decimal, integer, items, quoted},
};
use crate::config::{SamplerHost, SamplerPlan};
use crate::{Error, ErrorKind};
use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};
use core::{fmt, iter::once};
use spanline_core::sample::{
    AlwaysOff, AlwaysOn, ParentBased, Probability, Sampler, Threshold, TraceIdRatioBased,
};

/// The `sampler` option as the code sets it: a plain rate, or a name.
///
/// ```
/// use spanline_engine::options::SamplerOption;
/// assert_eq!(SamplerOption::from(0.1), SamplerOption::Rate(0.1));
/// assert_eq!(SamplerOption::from("always_on"), SamplerOption::Named { name: "always_on".into(), rate: None });
/// ```
#[derive(Clone, PartialEq, Debug)]
pub enum SamplerOption {
    /// This share of all traces, 0 or from 2^-56 to 1; spans with a parent do as the parent did.
    Rate(f64),
    /// A sampler of this name; those with a rate need it.
    Named {
        /// A name of `OTEL_TRACES_SAMPLER`.
        name: String,
        /// From 0 to 1; of consistent sampling 0 or from 2^-56 to 1.
        rate: Option<f64>,
    },
    /// A sampler as a configuration file describes it.
    Plan(Box<SamplerPlan>),
}

impl From<SamplerPlan> for SamplerOption {
    fn from(plan: SamplerPlan) -> Self {
        Self::Plan(Box::new(plan))
    }
}

/// Which server is asked how to sample.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct RemoteSettings {
    /// Its URL. One without a path is a base, to which `/sampling` is added. Default: `http://localhost:5778`.
    pub endpoint: String,
    /// Milliseconds between two questions, at least 1. Default: 60,000.
    pub interval_ms: u64,
}

impl RemoteSettings {
    pub(crate) const INTERVAL_MS: u64 = 60_000;
    /// What is sampled until there is an answer.
    const INITIAL_RATE: f64 = 0.001;

    /// The endpoint without user and password, if it has them.
    pub fn shown_endpoint(&self) -> String {
        let Some((scheme, rest)) = self.endpoint.split_once("://") else {
            return self.endpoint.clone();
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => format!("{scheme}://...@{host}{path}"),
            None => self.endpoint.clone(),
        }
    }

    pub(crate) fn show(&self, f: &mut fmt::Formatter<'_>, initial: &dyn fmt::Display) -> fmt::Result {
        let (endpoint, interval) = (self.shown_endpoint(), self.interval_ms);
        write!(
            f,
            "JaegerRemote(endpoint={endpoint},interval={interval}ms,initial={initial})"
        )
    }
}

impl Default for RemoteSettings {
    fn default() -> Self {
        Self {
            endpoint: "http://localhost:5778".into(),
            interval_ms: Self::INTERVAL_MS,
        }
    }
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
    /// As a server says that is asked now and then; until it has answered, this one.
    JaegerRemote(RemoteSettings, Box<SamplerConfig>),
    /// As a configuration file describes it.
    Plan(Box<SamplerPlan>),
}

/// The shares that consistent sampling has: none, or what a threshold can express.
pub(crate) const PROBABILITIES: &str = "0 and not from 2^-56 to 1";

pub(crate) fn is_probability(rate: f64) -> bool {
    rate == 0.0 || Threshold::from_probability(rate).is_some()
}

/// Whether the sampler of this name samples consistently.
fn is_consistent(name: &str) -> bool {
    name.strip_prefix("parentbased_").unwrap_or(name) == "probability"
}

impl SamplerConfig {
    /// The sampler itself.
    ///
    /// # Errors
    /// What the host says of its parts.
    pub fn build(&self, host: &dyn SamplerHost) -> Result<Arc<dyn Sampler>, Error> {
        Ok(match self {
            Self::AlwaysOn => Arc::new(AlwaysOn),
            Self::AlwaysOff => Arc::new(AlwaysOff),
            Self::TraceIdRatioBased(rate) => Self::of_ratio(*rate),
            Self::Probability(rate) => Self::of_probability(*rate),
            Self::ParentBased(root) => Arc::new(ParentBased::new(root.build(host)?)),
            Self::JaegerRemote(settings, initial) => host.remote(settings, initial.build(host)?)?,
            Self::Plan(plan) => plan.build(host).map_err(|problem| problem.into_error(None))?,
        })
    }

    /// The same where no server can be asked: what would hold until it has answered.
    #[must_use]
    pub fn without_remote(&self) -> Self {
        match self {
            Self::JaegerRemote(_, initial) => initial.without_remote(),
            Self::ParentBased(root) => Self::parent_based(root.without_remote()),
            other => other.clone(),
        }
    }

    /// The sampling servers that are asked.
    pub fn remotes(&self) -> Vec<&RemoteSettings> {
        match self {
            Self::JaegerRemote(settings, initial) => once(settings).chain(initial.remotes()).collect(),
            Self::ParentBased(root) => root.remotes(),
            Self::Plan(plan) => plan.remotes(),
            Self::AlwaysOn | Self::AlwaysOff | Self::TraceIdRatioBased(_) | Self::Probability(_) => {
                Vec::new()
            }
        }
    }

    pub(crate) fn of_ratio(rate: f64) -> Arc<dyn Sampler> {
        Arc::new(TraceIdRatioBased::new(rate))
    }

    /// 0 is none, as is a value that no configuration leads to.
    pub(crate) fn of_probability(rate: f64) -> Arc<dyn Sampler> {
        match Probability::new(rate) {
            Some(sampler) => Arc::new(sampler),
            None => Arc::new(AlwaysOff),
        }
    }

    fn probability(rate: f64) -> Self {
        if rate == 0.0 {
            Self::AlwaysOff
        } else {
            Self::Probability(rate)
        }
    }

    fn parent_based(root: Self) -> Self {
        Self::ParentBased(Box::new(root))
    }

    /// The sampler of this name of the table; `rate` and `remote` are asked only where the sampler has one.
    fn of<E>(
        name: &str,
        rate: impl FnOnce() -> Result<f64, E>,
        remote: impl FnOnce() -> (RemoteSettings, f64),
    ) -> Result<Self, E> {
        let (root, parent_based) = match name.strip_prefix("parentbased_") {
            Some(root) => (root, true),
            None => (name, false),
        };
        let config = match root {
            "always_off" => Self::AlwaysOff,
            "traceidratio" => Self::TraceIdRatioBased(rate()?),
            "probability" => Self::probability(rate()?),
            "jaeger_remote" => {
                let (settings, initial) = remote();
                Self::JaegerRemote(settings, Box::new(Self::TraceIdRatioBased(initial)))
            }
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
            Self::JaegerRemote(settings, initial) => settings.show(f, initial),
            Self::Plan(plan) => plan.fmt(f),
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
        SamplerOption::Plan(plan) => Ok(SamplerConfig::Plan(plan.clone())),
        SamplerOption::Rate(rate) => {
            let rate = checked(*rate, true)?;
            Ok(SamplerConfig::parent_based(SamplerConfig::probability(rate)))
        }
        SamplerOption::Named { name, rate } => {
            let name = reader.known_name(SAMPLER, name)?;
            let mut asked = false;
            let remote = || (RemoteSettings::default(), RemoteSettings::INITIAL_RATE);
            let rate_of = || {
                asked = true;
                match rate {
                    Some(rate) => checked(*rate, is_consistent(name)),
                    None => Err(Error::new(
                        ErrorKind::Missing,
                        format!("sampler: `{name}` needs a rate from 0 to 1"),
                    )
                    .with_option("sampler")),
                }
            };
            let config = SamplerConfig::of(name, rate_of, remote)?;
            match rate {
                Some(_) if !asked => Err(bad_value(SAMPLER, format!("`{name}` has no rate"), None)),
                _ => Ok(config),
            }
        }
    }
}

fn checked(rate: f64, is_consistent: bool) -> Result<f64, Error> {
    let wrong = match (0.0..=1.0).contains(&rate) {
        true if is_consistent && !is_probability(rate) => PROBABILITIES,
        // Also makes -0 a plain 0.
        true => return Ok(rate.abs()),
        false => "between 0 and 1",
    };
    Err(bad_value(
        SAMPLER,
        format!("the rate {rate} is not {wrong}"),
        None,
    ))
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
    let name = name.unwrap_or(default);
    let config = match reader.raw(argument) {
        Some(text) if name.ends_with("jaeger_remote") => {
            let (settings, initial, wrong) = remote(&text);
            for wrong in wrong {
                reader.warn(SAMPLER, argument, wrong);
            }
            SamplerConfig::of(name, || Ok(1.0), || (settings, initial))
        }
        text => {
            let rate = || {
                let Some(text) = text else { return Ok(1.0) };
                let rate = decimal(&text).filter(|rate| (0.0..=1.0).contains(rate));
                let wrong = match rate {
                    None => "a number from 0 to 1",
                    Some(rate) if is_consistent(name) && !is_probability(rate) => PROBABILITIES,
                    Some(_) => "",
                };
                let rate = rate.filter(|_| wrong.is_empty());
                if rate.is_none() {
                    let wrong = format!("{} is not {wrong}; 1 is used", quoted(&text));
                    reader.warn(SAMPLER, argument, wrong);
                }
                Ok::<f64, core::convert::Infallible>(rate.unwrap_or(1.0))
            };
            let remote = || (RemoteSettings::default(), RemoteSettings::INITIAL_RATE);
            SamplerConfig::of(name, rate, remote)
        }
    };
    let Ok(config) = config;
    config
}

/// `endpoint=http://host:port,pollingIntervalMs=5000,initialSamplingRate=0.25`; what is wrong with a part of it is told,
/// and that part is left out.
fn remote(text: &str) -> (RemoteSettings, f64, Vec<String>) {
    let mut settings = RemoteSettings::default();
    let mut initial = RemoteSettings::INITIAL_RATE;
    let mut wrong = Vec::new();
    for item in items(text) {
        let Some((key, value)) = item.split_once('=') else {
            wrong.push(format!(
                "{} is not of the form key=value and is left out",
                quoted(item)
            ));
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        let mut bad =
            |what: &str| wrong.push(format!("{key}: {} is not {what} and is left out", quoted(value)));
        match key {
            "endpoint" => {
                let scheme = value.split_once("://").map(|(scheme, _)| scheme);
                let known = |scheme: &str| {
                    ["http", "https"]
                        .iter()
                        .any(|known| known.eq_ignore_ascii_case(scheme))
                };
                if scheme.is_some_and(known) {
                    settings.endpoint = value.into();
                } else {
                    bad("a URL with http:// or https://");
                }
            }
            "pollingIntervalMs" => match integer(value).filter(|number| *number > 0) {
                Some(number) => settings.interval_ms = number,
                None => bad("a whole number above 0"),
            },
            "initialSamplingRate" => match decimal(value).filter(|rate| (0.0..=1.0).contains(rate)) {
                Some(rate) => initial = rate,
                None => bad("a number from 0 to 1"),
            },
            _ => wrong.push(format!("{} is not known and is left out", quoted(key))),
        }
    }
    (settings, initial, wrong)
}
