//! What the options are resolved from.

use super::{
    LogLevel, Options, Source, TABLE, exporters,
    generated::index::CONFIG_FILE,
    reader::{Reader, bad_value, needs},
};
use crate::Error;
use alloc::{format, string::String, vec::Vec};
use core::fmt;

/// What the options are resolved from, the one that wins first; and what the build can do.
#[derive(Clone, Copy)]
pub struct Layers<'a> {
    /// What the code sets.
    pub code: &'a Options,
    /// What the configuration file says, where there is one. Of the environment only proxies count then.
    pub file: Option<&'a Options>,
    /// The value of an environment variable.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The features of the build, by the names that the table uses.
    pub features: &'a [&'a str],
}

impl Layers<'_> {
    /// Code and file in one.
    pub(super) fn given(&self) -> Options {
        let mut given = self.code.clone();
        let Some(file) = self.file else {
            return given;
        };
        // Attributes win one by one, and the three with options of their own are attributes too.
        let in_code = |key: &str| {
            let attributes = self.code.resource.as_deref().unwrap_or_default();
            attributes.iter().any(|attribute| attribute.key == key)
        };
        let mut lower = file.clone();
        for (place, key) in [
            (&mut lower.service_name, "service.name"),
            (&mut lower.service_version, "service.version"),
            (&mut lower.environment, "deployment.environment.name"),
        ] {
            if in_code(key) {
                *place = None;
            }
        }
        if let (Some(upper), Some(lower)) = (&mut given.resource, lower.resource.take()) {
            upper.splice(0..0, lower);
        } else {
            given.resource = given.resource.or_else(|| file.resource.clone());
        }
        // Nor are those of the exporter: what the code says for all wins over what the file says for one.
        if let Some(list) = &mut lower.exporter {
            exporters::yield_to(list, self.code.marks());
        }
        // A token in the code is not to meet a user in the file.
        if given.bearer_token.is_some() || given.username.is_some() {
            (lower.bearer_token, lower.username, lower.password) = (None, None, None);
        }
        given.fill(&lower);
        given
    }

    /// The variable that asks for a file which this build cannot read; with a notice.
    pub(super) fn unreadable(reader: &mut Reader<'_>) -> bool {
        let mut variables = TABLE[CONFIG_FILE].variables.iter();
        let variable = variables.find(|variable| reader.system(variable).is_some());
        let Some(variable) = variable.filter(|_| !reader.has("config-file")) else {
            return false;
        };
        let wrong = format!("it {}; there is no exporter", needs("config-file"));
        reader.notice(LogLevel::Error, CONFIG_FILE, Some(variable), wrong);
        true
    }

    /// The path of the file. The variables that name it count beside it.
    pub(super) fn config_file(&self, reader: &mut Reader<'_>) -> Result<Option<String>, Error> {
        if self.file.is_some_and(|file| file.config_file.is_some()) {
            let wrong = "a configuration file cannot name another";
            return Err(bad_value(CONFIG_FILE, wrong.into(), None));
        }
        if !reader.has("config-file") && self.code.config_file.is_none() {
            return Ok(None);
        }
        reader.environment_counts(true);
        let path = reader.text(CONFIG_FILE, self.code.config_file.as_deref());
        reader.environment_counts(self.file.is_none());
        let path = path?;
        if reader.sources[CONFIG_FILE] == Source::Environment("OTEL_EXPERIMENTAL_CONFIG_FILE") {
            let text = "the variable is called OTEL_CONFIG_FILE now";
            reader.warn(CONFIG_FILE, "OTEL_EXPERIMENTAL_CONFIG_FILE", text.into());
        }
        Ok(path)
    }
}

/// Which file to read before the options are resolved, and who says so: the code, else the environment. `None`: none, or
/// the environment asks for one and the build cannot read it, which [`resolve`](super::resolve()) says.
///
/// # Errors
/// `BadValue` for an empty path in the code, `Unsupported` when the build cannot read files.
pub fn config_file(layers: &Layers<'_>) -> Result<Option<(String, Source)>, Error> {
    let mut notices = Vec::new();
    let mut reader = Reader::new(layers, &mut notices);
    let path = layers.config_file(&mut reader)?;
    Ok(path.map(|path| (path, reader.sources[CONFIG_FILE])))
}

impl fmt::Debug for Layers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layers")
            .field("code", self.code)
            .field("file", &self.file)
            .field("features", &self.features)
            .finish_non_exhaustive()
    }
}
