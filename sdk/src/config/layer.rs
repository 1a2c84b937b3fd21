//! Which configuration holds for a provider, and what it comes to.

use super::components::Made;
use super::model::Model;
use super::registry::Registry;
use crate::log::{self, Level};
use crate::sampling::Host;
use crate::{Error, Sampler};
use spanline_engine::config::Remark;
use spanline_engine::options::{Effective, Layers, Options, Source, config_file};
use std::sync::Arc;

/// What a configuration file contributes to a provider.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    /// What it sets; `None`: there is no file.
    pub(crate) options: Option<Options>,
    pub(crate) made: Made,
    /// The environment named the file: what is wrong with it is reported and makes no call fail.
    pub(crate) of_environment: bool,
    /// Something was wrong with it: nothing is recorded.
    pub(crate) is_broken: bool,
    model: Option<Model>,
    remarks: Vec<Remark>,
}

impl Layer {
    /// The configuration that the code gives, else the file that code or environment name.
    pub(crate) fn find(
        given: Option<Model>,
        registry: &Registry,
        layers: &Layers<'_>,
    ) -> Result<Self, Error> {
        if let Some(model) = given {
            return Self::of(model, registry, layers);
        }
        let Some((path, source)) = config_file(layers)? else {
            return Ok(Self::default());
        };
        let of_environment = matches!(source, Source::Environment(_));
        let mut layer = match read(&path, layers.env).and_then(|model| Self::of(model, registry, layers)) {
            Ok(layer) => layer,
            Err(error) if of_environment => {
                let mut layer = Self {
                    options: Some(Options::default()),
                    ..Self::default()
                };
                layer.breaks(&error);
                layer
            }
            Err(error) => return Err(error),
        };
        layer.of_environment = of_environment;
        Ok(layer)
    }

    fn of(model: Model, registry: &Registry, layers: &Layers<'_>) -> Result<Self, Error> {
        let (options, remarks) = model.layer(layers.features)?;
        Ok(Self {
            options: Some(options),
            made: model.components(registry)?,
            model: Some(model),
            remarks,
            ..Self::default()
        })
    }

    /// Whether the file sets the option that the error is about.
    fn sets(&self, error: &Error, effective: &Effective) -> bool {
        let option = error.option().unwrap_or_default();
        let name = option.split_once('[').map_or(option, |(name, _)| name);
        matches!(effective.source(name), Some(Source::File) | None)
    }

    /// Whether an error is no matter of the program's: the environment named the file that sets what is wrong.
    pub(crate) fn excuses(&self, error: &Error, effective: &Effective) -> bool {
        self.of_environment && self.sets(error, effective)
    }

    /// An error about an option as one about its place in the file, where the file sets it.
    pub(crate) fn locate(&self, error: Error, effective: &Effective) -> Error {
        match &self.model {
            Some(model) if self.sets(&error, effective) => model.locate(error),
            _ => error,
        }
    }

    /// Makes the sampler that the file describes, where it has one that is no option.
    pub(crate) fn sampler(&self, host: &Host<'_>) -> Result<Option<Arc<dyn Sampler>>, Error> {
        let made = self
            .made
            .sampler
            .as_ref()
            .map(|plan| plan.build(host))
            .transpose();
        made.map_err(|problem| match &self.model {
            Some(model) => model.error(problem),
            None => problem.into_error(None),
        })
    }

    /// Reports what is wrong with the file that the environment names. Nothing is recorded then, but the program goes on.
    pub(crate) fn breaks(&mut self, error: &Error) {
        self.is_broken = true;
        self.made = Made::default();
        let why = error.message();
        let line = format_args!("OTEL_CONFIG_FILE: {why}; nothing is recorded");
        log::report(Level::Error, "config_file_broken", line);
    }

    /// One line for each level: of each kind of message only one a minute is let through.
    pub(crate) fn tell(&self) {
        if let Some(model) = &self.model {
            tell(model.name(), &self.remarks);
        }
    }
}

/// Logs remarks about the configuration of this name.
pub(crate) fn tell(name: &str, remarks: &[Remark]) {
    for (level, kind) in [(Level::Warn, "config_file"), (Level::Info, "config_file_note")] {
        let of_level = remarks
            .iter()
            .filter(|remark| remark.level.name() == level.name());
        // As in an error: a place that terminals and editors know, `shop.yaml:7:13`.
        let texts: Vec<String> = of_level
            .map(|remark| match remark.at {
                Some(_) => format!("{name}:{remark}"),
                None => format!("{name}: {remark}"),
            })
            .collect();
        if !texts.is_empty() {
            log::report(level, kind, format_args!("{}", texts.join("; ")));
        }
    }
}

#[cfg(feature = "config-file")]
fn read(path: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Model, Error> {
    super::model::parse_path(path.as_ref(), env)
}

/// Not reached: the options refuse a file that the build cannot read.
#[cfg(not(feature = "config-file"))]
fn read(_: &str, _: &dyn Fn(&str) -> Option<String>) -> Result<Model, Error> {
    let message = "configuration files need the feature `config-file`, which this build does not have";
    Err(Error::new(crate::ErrorKind::Unsupported, message).with_option("config_file"))
}
