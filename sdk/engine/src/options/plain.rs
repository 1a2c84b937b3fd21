//! Options from plain values: what a configuration file, or another language, says.

use super::{
    ExporterOption, Headers, Options, SamplerOption, Secret, TABLE, find, hint::closest, text::quoted,
};
use crate::config::{ComponentKind, SamplerPlan, TailPlan};
use crate::{Error, ErrorKind};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use spanline_core::{KeyValue, OwnedValue};

impl Options {
    /// Sets the option of this name from a plain value; the empty value sets nothing. Options whose names have a dot may
    /// also be given as a map: `limits.events` as `limits` with `{events: ...}`.
    ///
    /// | option | value |
    /// |---|---|
    /// | text, URL, path, name | text |
    /// | number | integer |
    /// | `propagators` | list of texts, or one text |
    /// | `exporter` | list of names and of maps with `name` and other members; or one of them |
    /// | `headers` | map of texts |
    /// | `resource` | map of any values |
    /// | `sampler` | number, name, map with `name` and `rate`, or a map as in a configuration file |
    /// | `tail.policies` | list of maps as in a configuration file |
    ///
    /// Whether a number is in its range and a name is known is not looked at here but when the options are resolved.
    ///
    /// # Errors
    /// `UnknownOption` with the name that was probably meant, `WrongType`, or `BadValue` for a negative number. The
    /// error's option is the path of what is wrong: `exporter[0].timeout_ms`.
    ///
    /// ```
    /// use spanline_core::OwnedValue;
    /// use spanline_engine::options::Options;
    /// let mut options = Options::default();
    /// options.set("limits.events", &OwnedValue::I64(4))?;
    /// assert_eq!(options.limits.events, Some(4));
    /// let error = options.set("timout_ms", &OwnedValue::I64(4)).unwrap_err();
    /// assert_eq!(error.hint(), Some("timeout_ms"));
    /// # Ok::<(), spanline_engine::Error>(())
    /// ```
    pub fn set(&mut self, name: &str, value: &OwnedValue) -> Result<(), Error> {
        if let Some(index) = TABLE.iter().position(|info| info.name == name)
            && let Some(result) = self.put(index, value)
        {
            return result;
        }
        if !is_group(name) {
            return find(name).map(|_| ());
        }
        match value {
            OwnedValue::Empty => Ok(()),
            OwnedValue::Map(members) => {
                for (member, value) in members {
                    let name = format!("{name}.{member}");
                    // A map within the map would otherwise be taken for a group again.
                    find(&name)?;
                    self.set(&name, value)?;
                }
                Ok(())
            }
            _ => Err(wrong_type(name, "a map")),
        }
    }
}

/// Whether options have this name and a dot in front of theirs.
fn is_group(name: &str) -> bool {
    let groups = TABLE.iter().filter_map(|info| info.name.split_once('.'));
    groups.into_iter().any(|(group, _)| group == name)
}

/// What can be made of a plain value. `at` is the path for errors.
pub(super) trait FromPlain: Sized {
    fn from_plain(value: &OwnedValue, at: &str) -> Result<Self, Error>;

    /// Sets a place, unless the value is the empty one.
    fn store(place: &mut Option<Self>, value: &OwnedValue, at: &str) -> Result<(), Error> {
        if *value != OwnedValue::Empty {
            *place = Some(Self::from_plain(value, at)?);
        }
        Ok(())
    }
}

fn wrong_type(at: &str, expected: &str) -> Error {
    Error::new(ErrorKind::WrongType, format!("{at}: it is not {expected}")).with_option(at)
}

impl FromPlain for String {
    fn from_plain(value: &OwnedValue, at: &str) -> Result<Self, Error> {
        let text = value.as_str().ok_or_else(|| wrong_type(at, "a text"))?;
        Ok(text.to_owned())
    }
}

impl FromPlain for Secret {
    fn from_plain(value: &OwnedValue, at: &str) -> Result<Self, Error> {
        String::from_plain(value, at).map(Self::from)
    }
}

impl FromPlain for bool {
    fn from_plain(value: &OwnedValue, at: &str) -> Result<Self, Error> {
        match value {
            OwnedValue::Bool(value) => Ok(*value),
            _ => Err(wrong_type(at, "`true` or `false`")),
        }
    }
}

impl FromPlain for u64 {
    fn from_plain(value: &OwnedValue, at: &str) -> Result<Self, Error> {
        match value {
            OwnedValue::I64(number) => Self::try_from(*number).map_err(|_| {
                Error::new(ErrorKind::BadValue, format!("{at}: {number} is negative")).with_option(at)
            }),
            _ => Err(wrong_type(at, "a whole number")),
        }
    }
}

impl FromPlain for Vec<String> {
    fn from_plain(value: &OwnedValue, at: &str) -> Result<Self, Error> {
        items(value, at, "a list of names", |item, at| {
            String::from_plain(item, at)
        })
    }
}

impl FromPlain for Vec<ExporterOption> {
    fn from_plain(value: &OwnedValue, at: &str) -> Result<Self, Error> {
        items(
            value,
            at,
            "a list of names and structures",
            ExporterOption::from_plain,
        )
    }
}

/// Each item of a list; what is not a list stands for one with itself in it.
fn items<T>(
    value: &OwnedValue,
    at: &str,
    expected: &str,
    item: fn(&OwnedValue, &str) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    match value {
        OwnedValue::List(list) => {
            let list = list.iter().enumerate();
            list.map(|(index, value)| item(value, &format!("{at}[{index}]")))
                .collect()
        }
        OwnedValue::Str(_) | OwnedValue::Map(_) => Ok(alloc::vec![item(value, at)?]),
        _ => Err(wrong_type(at, expected)),
    }
}

impl FromPlain for ExporterOption {
    fn from_plain(value: &OwnedValue, at: &str) -> Result<Self, Error> {
        let members = match value {
            OwnedValue::Str(name) => return Ok(Self::from(&**name)),
            OwnedValue::Map(members) => members,
            _ => return Err(wrong_type(at, "a name or a structure")),
        };
        let mut exporter = Self::default();
        let mut named = false;
        for (member, value) in members {
            if member == "name" {
                exporter.name = String::from_plain(value, &format!("{at}.name"))?;
                named = true;
                continue;
            }
            match exporter.put(member, value) {
                Some(result) => result.map_err(|error| error.within(&format!("{at}.")))?,
                None => return Err(unknown(&format!("{at}.{member}"), member, Self::MEMBERS)),
            }
        }
        match named {
            true => Ok(exporter),
            false => Err(Error::new(ErrorKind::Missing, format!("{at}: it has no `name`")).with_option(at)),
        }
    }
}

fn unknown(at: &str, member: &str, known: &'static [&'static str]) -> Error {
    let hint = closest(member, known.iter().copied());
    let message = match hint {
        Some(hint) => format!("{at}: there is no {}; did you mean `{hint}`?", quoted(member)),
        None => format!("{at}: there is no {}", quoted(member)),
    };
    Error::new(ErrorKind::UnknownOption, message)
        .with_option(at)
        .with_hint(hint)
}

impl FromPlain for Headers {
    fn from_plain(value: &OwnedValue, at: &str) -> Result<Self, Error> {
        let OwnedValue::Map(pairs) = value else {
            return Err(wrong_type(at, "a map of texts"));
        };
        let pairs = pairs.iter().map(|(name, value)| match value.as_str() {
            Some(value) => Ok((name.clone(), value.to_owned())),
            None => Err(wrong_type(&format!("{at}.{name}"), "a text")),
        });
        Ok(pairs.collect::<Result<Vec<_>, _>>()?.into_iter().collect())
    }
}

impl FromPlain for Vec<KeyValue> {
    fn from_plain(value: &OwnedValue, at: &str) -> Result<Self, Error> {
        let OwnedValue::Map(pairs) = value else {
            return Err(wrong_type(at, "a map"));
        };
        let set = pairs.iter().filter(|(_, value)| *value != OwnedValue::Empty);
        Ok(set
            .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
            .collect())
    }
}

impl FromPlain for SamplerOption {
    fn from_plain(value: &OwnedValue, at: &str) -> Result<Self, Error> {
        let members = match value {
            OwnedValue::Str(name) => return Ok(Self::from(&**name)),
            OwnedValue::I64(_) | OwnedValue::F64(_) => return rate(value, at).map(Self::Rate),
            OwnedValue::Map(members) => members,
            _ => return Err(wrong_type(at, "a name, a rate, or both")),
        };
        // As a configuration file describes it: `{rate_limited: {per_second: 100}}`.
        if let [(member, _)] = &members[..]
            && !["name", "rate"].contains(&member.as_str())
            && ComponentKind::Sampler.built_in().contains(&member.as_str())
        {
            let plan = SamplerPlan::from_value(value, at);
            return plan.map(Self::from).map_err(|problem| {
                let path = problem.path.clone();
                problem.into_error(None).with_option(path)
            });
        }
        let (mut name, mut given) = (None, None);
        for (member, value) in members {
            let at = format!("{at}.{member}");
            match member.as_str() {
                "name" => FromPlain::store(&mut name, value, &at)?,
                "rate" if *value == OwnedValue::Empty => {}
                "rate" => given = Some(rate(value, &at)?),
                _ => return Err(unknown(&at, member, &["name", "rate"])),
            }
        }
        match (name, given) {
            (Some(name), rate) => Ok(Self::Named { name, rate }),
            (None, Some(rate)) => Ok(Self::Rate(rate)),
            (None, None) => {
                let message = format!("{at}: it has neither `name` nor `rate`");
                Err(Error::new(ErrorKind::Missing, message).with_option(at))
            }
        }
    }
}

impl FromPlain for TailPlan {
    fn from_plain(value: &OwnedValue, at: &str) -> Result<Self, Error> {
        Self::from_value(value, at).map_err(|problem| {
            let path = problem.path.clone();
            problem.into_error(None).with_option(path)
        })
    }
}

fn rate(value: &OwnedValue, at: &str) -> Result<f64, Error> {
    match value {
        OwnedValue::F64(rate) => Ok(*rate),
        // A rate is 0 or 1 here; anything else is refused when it is resolved, rounded or not.
        #[allow(clippy::cast_precision_loss)]
        OwnedValue::I64(rate) => Ok(*rate as f64),
        _ => Err(wrong_type(at, "a number")),
    }
}
