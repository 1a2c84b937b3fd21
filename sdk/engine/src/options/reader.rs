//! Reading one option after another from code and environment, with sources and notices.

use super::{
    DefaultValue, LogLevel, Notice, OptionInfo, Source, TABLE,
    hint::closest,
    text::{integer, quoted},
};
use crate::{Error, ErrorKind};
use alloc::{format, string::String, vec::Vec};

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
    pub(super) fn look_up(&self, name: &str) -> Name {
        let same = |known: &str| known.eq_ignore_ascii_case(name);
        if let Some(known) = self.values.iter().find(|known| same(known)) {
            return Name::Known(known);
        }
        match self.later.iter().find(|(known, _)| same(known)) {
            Some(&(known, feature)) => Name::Later(known, feature),
            None => Name::Unknown,
        }
    }

    /// The names to put into a message.
    fn list(&self) -> String {
        let names: Vec<String> = self.values.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    }
}

/// The state of one resolution. Options are named by their index in [`TABLE`].
pub(super) struct Reader<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    notices: &'a mut Vec<Notice>,
    pub(super) sources: [Source; TABLE.len()],
}

impl<'a> Reader<'a> {
    pub(super) fn new(env: &'a dyn Fn(&str) -> Option<String>, notices: &'a mut Vec<Notice>) -> Self {
        Self {
            env,
            notices,
            sources: [Source::Default; TABLE.len()],
        }
    }

    /// The text of a variable; an empty one is not set.
    pub(super) fn raw(&self, variable: &str) -> Option<String> {
        (self.env)(variable).filter(|text| !text.is_empty())
    }

    pub(super) fn set(&mut self, option: usize, source: Source) {
        self.sources[option] = source;
    }

    pub(super) fn notice(
        &mut self,
        level: LogLevel,
        option: usize,
        variable: Option<&'static str>,
        text: String,
    ) {
        self.notices.push(Notice {
            level,
            option: TABLE[option].name,
            variable,
            text,
        });
    }

    pub(super) fn warn(&mut self, option: usize, variable: &'static str, text: String) {
        self.notice(LogLevel::Warn, option, Some(variable), text);
    }

    /// A whole number within the option's range, from code or from the first variable that has one. `None` when
    /// nobody sets it.
    fn set_integer(&mut self, option: usize, code: Option<u64>) -> Result<Option<u64>, Error> {
        let info = &TABLE[option];
        let range = info.min..=info.max;
        if let Some(number) = code {
            if !range.contains(&number) {
                return Err(bad_value(
                    option,
                    format!("{number} is not {}", range_text(info)),
                    None,
                ));
            }
            self.set(option, Source::Code);
            return Ok(Some(number));
        }
        for variable in info.variables {
            let Some(text) = self.raw(variable) else { continue };
            match integer(&text).filter(|number| range.contains(number)) {
                Some(number) => {
                    self.set(option, Source::Environment(variable));
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
        let info = &TABLE[option];
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
                self.set(option, self.sources[general]);
                Ok(value)
            }
        }
    }

    /// True only for `true` in any case; what is neither that nor `false` is false, with a notice.
    pub(super) fn boolean(&mut self, option: usize, code: Option<bool>) -> bool {
        if let Some(value) = code {
            self.set(option, Source::Code);
            return value;
        }
        for variable in TABLE[option].variables {
            let Some(text) = self.raw(variable) else { continue };
            let value = text.eq_ignore_ascii_case("true");
            if value || text.eq_ignore_ascii_case("false") {
                self.set(option, Source::Environment(variable));
                return value;
            }
            let wrong = format!(
                "{} is neither `true` nor `false`; it counts as false",
                quoted(&text)
            );
            self.warn(option, variable, wrong);
        }
        false
    }

    /// One of the names of the table. The second of the pair is the feature that the name would need, when the
    /// environment asks for one that this build does not offer.
    pub(super) fn name(
        &mut self,
        option: usize,
        code: Option<&str>,
    ) -> Result<(Option<&'static str>, Option<&'static str>), Error> {
        let info = &TABLE[option];
        if let Some(text) = code {
            let name = known_name(option, text)?;
            self.set(option, Source::Code);
            return Ok((Some(name), None));
        }
        for variable in info.variables {
            let Some(text) = self.raw(variable) else { continue };
            let (name, feature) = match info.look_up(&text) {
                Name::Known(name) => (name, None),
                Name::Later(name, feature) => (name, Some(feature)),
                Name::Unknown => {
                    let wrong = format!("{} is not one of {}; it is ignored", quoted(&text), info.list());
                    self.warn(option, variable, wrong);
                    continue;
                }
            };
            self.set(option, Source::Environment(variable));
            return Ok((Some(name), feature));
        }
        Ok((default_name(info), None))
    }
}

/// The name of the table for a name given in code.
pub(super) fn known_name(option: usize, text: &str) -> Result<&'static str, Error> {
    let info = &TABLE[option];
    match info.look_up(text) {
        Name::Known(name) => Ok(name),
        Name::Later(name, feature) => Err(Error::new(
            ErrorKind::Unsupported,
            format!("{}: `{name}` {}", info.name, needs(feature)),
        )
        .with_option(info.name)),
        Name::Unknown => {
            let hint = closest(text, info.known());
            let wrong = format!("{} is not one of {}", quoted(text), info.list());
            Err(bad_value(option, wrong, hint))
        }
    }
}

/// The end of a sentence about something that needs a feature.
pub(super) fn needs(feature: &str) -> String {
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
