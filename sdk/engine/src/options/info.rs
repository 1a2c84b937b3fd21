//! What is known about an option.

use super::{Exporter, TABLE, hint::closest};
use crate::{Error, ErrorKind};
use alloc::format;

/// The type of an option's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum OptionType {
    /// Text.
    String,
    /// Text that is never shown.
    Secret,
    /// A path of a file or folder.
    Path,
    /// Text that is an `http` or `https` URL.
    Url,
    /// True or false.
    Bool,
    /// A whole number.
    Integer,
    /// A whole number of milliseconds.
    DurationMs,
    /// A whole number of bytes.
    Bytes,
    /// One of the known names.
    Enum,
    /// A list of known names.
    List,
    /// A list of names of exporters and structures about exporters.
    Exporters,
    /// Pairs of names and texts.
    Headers,
    /// Pairs of names and attribute values.
    Attributes,
    /// A name of a sampler, a rate, or both.
    Sampler,
    /// A list of policies of tail sampling.
    Policies,
}

/// The default of an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DefaultValue {
    /// No value.
    None,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(u64),
    /// Text, or a name.
    Text(&'static str),
    /// A list of names.
    List(&'static [&'static str]),
}

/// One row of the table of options.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct OptionInfo {
    /// The name, in dotted snake case.
    pub name: &'static str,
    /// The type of its value.
    pub kind: OptionType,
    /// The unit of a number; empty when there is none.
    pub unit: &'static str,
    /// The value when nobody sets one.
    pub default: DefaultValue,
    /// The smallest number allowed.
    pub min: u64,
    /// The largest number allowed.
    pub max: u64,
    /// Whether 0 means that there is no limit.
    pub zero_is_none: bool,
    /// The names that are accepted.
    pub values: &'static [&'static str],
    /// Further names that are accepted, each with the feature of the build that it needs.
    pub needs: &'static [(&'static str, &'static str)],
    /// The names that are known but that no build offers yet, each with the feature that it will need.
    pub later: &'static [(&'static str, &'static str)],
    /// The feature of the build that the option itself needs.
    pub feature: Option<&'static str>,
    /// Its name in the structure of one exporter; `None` where it cannot be set for one alone.
    pub member: Option<&'static str>,
    /// The option whose value stands in when this one is not set.
    pub fallback: Option<&'static str>,
    /// The environment variables, the one that wins first.
    pub variables: &'static [&'static str],
    /// What is otherwise for exporters that are not `otlp`.
    pub others: &'static [OtherExporter],
    /// Where it stands in the configuration file.
    pub yaml: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
    /// What it does, in Markdown.
    pub text: &'static str,
}

/// What is otherwise with an option for an exporter that is not `otlp`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct OtherExporter {
    /// The name of the exporter.
    pub exporter: &'static str,
    /// The value when nobody sets one.
    pub default: DefaultValue,
    /// The names that are accepted.
    pub values: &'static [&'static str],
    /// Further names that are accepted, each with the feature of the build that it needs.
    pub needs: &'static [(&'static str, &'static str)],
    /// The environment variables.
    pub variables: &'static [&'static str],
}

impl OptionInfo {
    /// The option as it is for exporters of this kind. The variables of OTLP are for OTLP alone: they may hold the key of
    /// somebody else.
    pub(crate) fn of(&'static self, kind: Exporter) -> Self {
        if self.member.is_none() || !matches!(kind, Exporter::Zipkin | Exporter::Jaeger) {
            return *self;
        }
        match self.others.iter().find(|other| other.exporter == kind.name()) {
            Some(other) => Self {
                default: other.default,
                values: other.values,
                needs: other.needs,
                variables: other.variables,
                ..*self
            },
            None => Self {
                variables: &[],
                ..*self
            },
        }
    }

    /// The variables of all exporters.
    pub(crate) fn all_variables(&self) -> impl Iterator<Item = &'static str> {
        let others = self.others.iter().flat_map(|other| other.variables);
        self.variables.iter().chain(others).copied()
    }

    /// All names that are known, offered or not.
    pub(crate) fn known(&self) -> impl Iterator<Item = &'static str> {
        let others = self.needs.iter().chain(self.later).map(|&(name, _)| name);
        self.values.iter().copied().chain(others)
    }
}

/// The option of this name.
///
/// # Errors
/// [`ErrorKind::UnknownOption`] when there is none, with the name that was probably meant.
///
/// ```
/// use spanline_engine::options::find;
/// assert_eq!(find("timeout_ms")?.variables[0], "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT");
/// assert_eq!(find("servicename").unwrap_err().hint(), Some("service_name"));
/// # Ok::<(), spanline_engine::Error>(())
/// ```
pub fn find(name: &str) -> Result<&'static OptionInfo, Error> {
    if let Some(info) = TABLE.iter().find(|info| info.name == name) {
        return Ok(info);
    }
    let hint = closest(name, TABLE.iter().map(|info| info.name));
    let message = match hint {
        Some(hint) => format!("there is no option {name:?}; did you mean `{hint}`?"),
        None => format!("there is no option {name:?}"),
    };
    Err(Error::new(ErrorKind::UnknownOption, message)
        .with_option(name)
        .with_hint(hint))
}
