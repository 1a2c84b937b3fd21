//! Reading one option after another from code and environment, with sources and notices.

use super::{
    DefaultValue, Exporter, Layers, LogLevel, Notice, OptionInfo, Source, TABLE,
    hint::closest,
    text::{integer, quoted},
};
use crate::{Error, ErrorKind};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

/// What a name turned out to be, in the spelling of the table.
pub(super) enum Name {
    /// Offered.
    Known(&'static str),
    /// Known, but it needs this feature, which this build does not have.
    Later(&'static str, &'static str),
    /// Not known.
    Unknown,
}

impl OptionInfo {
    /// Looks a name up, in any case.
    fn look_up(&self, name: &str, features: &[&str]) -> Name {
        let same = |known: &str| known.eq_ignore_ascii_case(name);
        if let Some(known) = self.values.iter().find(|known| same(known)) {
            return Name::Known(known);
        }
        if let Some(&(known, feature)) = self.needs.iter().find(|(known, _)| same(known)) {
            return match features.contains(&feature) {
                true => Name::Known(known),
                false => Name::Later(known, feature),
            };
        }
        match self.later.iter().find(|(known, _)| same(known)) {
            Some(&(known, feature)) => Name::Later(known, feature),
            None => Name::Unknown,
        }
    }

    /// The names to put into a message.
    fn list(&self, features: &[&str]) -> String {
        let needing = self
            .needs
            .iter()
            .filter(|(_, feature)| features.contains(feature));
        let names = self.values.iter().chain(needing.map(|(name, _)| name));
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        names.join(", ")
    }
}

/// The state of one resolution. Options are named by their index in [`TABLE`].
pub(super) struct Reader<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    /// Whether the environment counts: with a configuration file it does not.
    counts: bool,
    features: &'a [&'a str],
    /// For which kind of exporter options are read.
    pub(super) kind: Exporter,
    notices: &'a mut Vec<Notice>,
    pub(super) sources: Sources,
    /// Where the options that are given come from: code or file.
    pub(super) given: Sources,
}

/// A source for each option.
pub(super) type Sources = [Source; TABLE.len()];

impl<'a> Reader<'a> {
    pub(super) fn new(layers: &Layers<'a>, notices: &'a mut Vec<Notice>) -> Self {
        let marks = layers.code.marks();
        Self {
            env: layers.env,
            counts: layers.file.is_none(),
            features: layers.features,
            kind: Exporter::Otlp,
            notices,
            sources: [Source::Default; TABLE.len()],
            given: marks.map(|in_code| if in_code { Source::Code } else { Source::File }),
        }
    }

    /// The option as it is for the kind of exporter that it is read for.
    pub(super) fn info(&self, option: usize) -> OptionInfo {
        TABLE[option].of(self.kind)
    }

    /// What there is none of when the environment asks for what is not there.
    pub(super) fn exporter(&self) -> &'static str {
        match self.kind {
            Exporter::Zipkin => "Zipkin exporter",
            Exporter::Jaeger => "Jaeger exporter",
            _ => "OTLP exporter",
        }
    }

    /// The text of a variable; an empty one is not set.
    pub(super) fn raw(&self, variable: &str) -> Option<String> {
        if self.counts { self.system(variable) } else { None }
    }

    pub(super) fn environment_counts(&mut self, counts: bool) {
        self.counts = counts;
    }

    /// The text of a variable that also counts beside a configuration file.
    pub(super) fn system(&self, variable: &str) -> Option<String> {
        (self.env)(variable).filter(|text| !text.is_empty())
    }

    pub(super) fn set_environment(&mut self, option: usize, variable: &'static str) {
        self.sources[option] = Source::Environment(variable);
    }

    /// Notes that code or file gave the option.
    pub(super) fn set_given(&mut self, option: usize) {
        self.sources[option] = self.given[option];
    }

    /// Whether the build has this feature.
    pub(super) fn has(&self, feature: &str) -> bool {
        self.features.contains(&feature)
    }

    /// Looks a name of the option up, in any case.
    pub(super) fn look_up(&self, option: usize, name: &str) -> Name {
        self.info(option).look_up(name, self.features)
    }

    pub(super) fn notice(
        &mut self,
        level: LogLevel,
        option: usize,
        variable: Option<&'static str>,
        text: String,
    ) {
        let notice = Notice {
            level,
            option: TABLE[option].name,
            variable,
            text,
        };
        // What holds for several exporters is read for each of them.
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    pub(super) fn warn(&mut self, option: usize, variable: &'static str, text: String) {
        self.notice(LogLevel::Warn, option, Some(variable), text);
    }

    /// A whole number within the option's range, from code or from the first variable that has one. `None` when
    /// nobody sets it.
    fn set_integer(&mut self, option: usize, code: Option<u64>) -> Result<Option<u64>, Error> {
        let info = &self.info(option);
        let range = info.min..=info.max;
        if let Some(number) = code {
            if !range.contains(&number) {
                return Err(bad_value(
                    option,
                    format!("{number} is not {}", range_text(info)),
                    None,
                ));
            }
            self.set_given(option);
            return Ok(Some(number));
        }
        for variable in info.variables {
            let Some(text) = self.raw(variable) else { continue };
            match integer(&text).filter(|number| range.contains(number)) {
                Some(number) => {
                    self.set_environment(option, variable);
                    return Ok(Some(number));
                }
                None => {
                    let wrong = format!("{} is not {}; it is ignored", quoted(&text), range_text(info));
                    self.warn(option, variable, wrong);
                }
            }
        }
        Ok(None)
    }

    /// A number that may be absent: by default, or because 0 stands for no limit.
    pub(super) fn limit(&mut self, option: usize, code: Option<u64>) -> Result<Option<u64>, Error> {
        let info = &self.info(option);
        let number = self.set_integer(option, code)?.or(match info.default {
            DefaultValue::Integer(number) => Some(number),
            _ => None,
        });
        Ok(number.filter(|&number| number > 0 || !info.zero_is_none))
    }

    /// A number that the table has a default for.
    pub(super) fn number(&mut self, option: usize, code: Option<u64>) -> Result<u64, Error> {
        Ok(self.limit(option, code)?.unwrap_or_default())
    }

    /// A number that another option, already read, stands in for.
    pub(super) fn number_or<T: From<u64>>(
        &mut self,
        option: usize,
        code: Option<u64>,
        general: usize,
        value: T,
    ) -> Result<T, Error> {
        match self.set_integer(option, code)? {
            Some(number) => Ok(number.into()),
            None => {
                self.sources[option] = self.sources[general];
                Ok(value)
            }
        }
    }

    /// In the environment true only for `true` in any case; what is neither that nor `false` is false, with a notice.
    pub(super) fn boolean(&mut self, option: usize, code: Option<bool>) -> bool {
        if let Some(value) = code {
            self.set_given(option);
            return value;
        }
        let mut is_wrong = false;
        for variable in self.info(option).variables {
            let Some(text) = self.raw(variable) else { continue };
            let value = text.eq_ignore_ascii_case("true");
            if value || text.eq_ignore_ascii_case("false") {
                self.set_environment(option, variable);
                return value;
            }
            let wrong = format!(
                "{} is neither `true` nor `false`; it counts as false",
                quoted(&text)
            );
            self.warn(option, variable, wrong);
            is_wrong = true;
        }
        !is_wrong && matches!(TABLE[option].default, DefaultValue::Bool(true))
    }

    /// One of the names of the table. The second of the pair is the feature that the name would need, when the
    /// environment asks for one that this build does not offer.
    pub(super) fn name(
        &mut self,
        option: usize,
        code: Option<&str>,
    ) -> Result<(Option<&'static str>, Option<&'static str>), Error> {
        let info = &self.info(option);
        if let Some(text) = code {
            let name = self.known_name(option, text)?;
            self.set_given(option);
            return Ok((Some(name), None));
        }
        for variable in info.variables {
            let Some(text) = self.raw(variable) else { continue };
            let (name, feature) = match self.look_up(option, &text) {
                Name::Known(name) => (name, None),
                Name::Later(name, feature) => (name, Some(feature)),
                Name::Unknown => {
                    let (hint, names) = (meant_of(&text, info), info.list(self.features));
                    let wrong = format!("{} is not one of {names}{hint}; it is ignored", quoted(&text));
                    self.warn(option, variable, wrong);
                    continue;
                }
            };
            self.set_environment(option, variable);
            return Ok((Some(name), feature));
        }
        Ok((default_name(info), None))
    }

    /// A text or a path that is not empty. `None` when nobody sets it, or the environment does and the build does not
    /// have the feature that it needs.
    pub(super) fn text(&mut self, option: usize, code: Option<&str>) -> Result<Option<String>, Error> {
        let info = &self.info(option);
        let missing = info.feature.filter(|feature| !self.has(feature));
        if let Some(text) = code {
            if let Some(feature) = missing {
                return Err(unsupported(option, format!("it {}", needs(feature))));
            }
            if text.is_empty() {
                return Err(bad_value(option, "it is empty".to_owned(), None));
            }
            self.set_given(option);
            return Ok(Some(text.to_owned()));
        }
        for variable in info.variables {
            let Some(text) = self.raw(variable) else { continue };
            if let Some(feature) = missing {
                self.warn(option, variable, format!("it {}; it is ignored", needs(feature)));
                return Ok(None);
            }
            self.set_environment(option, variable);
            return Ok(Some(text));
        }
        Ok(default_name(info).map(str::to_owned))
    }

    /// The name of the table for a name given in code or file.
    pub(super) fn known_name(&self, option: usize, text: &str) -> Result<&'static str, Error> {
        let info = &self.info(option);
        match self.look_up(option, text) {
            Name::Known(name) => Ok(name),
            Name::Later(name, feature) => Err(unsupported(option, format!("`{name}` {}", needs(feature)))),
            Name::Unknown => {
                let hint = closest(text, info.known());
                let wrong = format!("{} is not one of {}", quoted(text), info.list(self.features));
                Err(bad_value(option, wrong, hint))
            }
        }
    }
}

/// The name that was probably meant, for the middle of a sentence; empty when there is none.
pub(super) fn meant(text: &str, option: usize) -> String {
    meant_of(text, &TABLE[option])
}

fn meant_of(text: &str, info: &OptionInfo) -> String {
    match closest(text, info.known()) {
        Some(hint) => format!(" (did you mean `{hint}`?)"),
        None => String::new(),
    }
}

/// An error about something known that this build does not have.
pub(super) fn unsupported(option: usize, wrong: String) -> Error {
    let name = TABLE[option].name;
    Error::new(ErrorKind::Unsupported, format!("{name}: {wrong}")).with_option(name)
}

/// The features that a build can have. What needs another is not there in this version.
const OFFERED: &[&str] = &[
    "config-file",
    "grpc",
    "http",
    "spool",
    "tls",
    "webpki-roots",
    "zstd",
];

/// The end of a sentence about something that needs a feature.
pub(super) fn needs(feature: &str) -> String {
    if !OFFERED.contains(&feature) {
        return "is known, but not part of this version".to_owned();
    }
    format!("needs the feature `{feature}`, which this build does not have")
}

/// An error about the value of an option.
pub(super) fn bad_value(option: usize, wrong: String, hint: Option<&str>) -> Error {
    let name = TABLE[option].name;
    let message = match hint {
        Some(hint) => format!("{name}: {wrong}; did you mean `{hint}`?"),
        None => format!("{name}: {wrong}"),
    };
    Error::new(ErrorKind::BadValue, message)
        .with_option(name)
        .with_hint(hint)
}

fn default_name(info: &OptionInfo) -> Option<&'static str> {
    match info.default {
        DefaultValue::Text(name) => Some(name),
        _ => None,
    }
}

fn range_text(info: &OptionInfo) -> String {
    let unit = if info.unit.is_empty() {
        String::new()
    } else {
        format!(" ({})", info.unit)
    };
    match (info.min, info.max) {
        (min, max) if max == i64::MAX as u64 => format!("a whole number from {min}{unit}"),
        (min, max) => format!("a whole number from {min} to {max}{unit}"),
    }
}
