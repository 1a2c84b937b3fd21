//! The diagnosis as text.

use super::{Diagnosis, ExporterCheck};
use crate::provider::Config;
use spanline_engine::options::{Setting, Source};
use std::fmt;

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let features = match self.features {
            [] => "no features".to_owned(),
            features => format!("features {}", features.join(", ")),
        };
        writeln!(f, "spanline {} ({features})", env!("CARGO_PKG_VERSION"))?;
        self.options(f)?;
        for check in self.exporters.iter().chain(&self.sampling).chain(&self.spool) {
            write_check(f, check)?;
        }
        if self.exporters.is_empty() && self.error.is_none() {
            writeln!(f, "\nNo exporter: spans go nowhere.")?;
        }
        writeln!(f)?;
        let mut fine = true;
        for trouble in self.troubles() {
            fine = false;
            writeln!(f, "TROUBLE {trouble}")?;
        }
        match &self.idle {
            _ if !fine => Ok(()),
            Some(idle) => writeln!(f, "Nothing is wrong, but {idle}."),
            None => writeln!(f, "Everything is fine."),
        }
    }
}

impl Diagnosis {
    /// What is set first, with its source; then what is as it is by itself, or how much that is.
    fn options(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.settings.is_empty() {
            return Ok(());
        }
        let is_set = |source| source != Source::Default;
        let width = self
            .settings
            .iter()
            .map(|setting| setting.name.len())
            .max()
            .unwrap_or(0);
        let mut any = false;
        for setting in self.settings.iter().filter(|setting| is_set(setting.source)) {
            if !any {
                writeln!(f, "\nSet:")?;
                any = true;
            }
            let source = source(setting.source, self.config_file.as_deref());
            writeln!(f, "  {:width$}  {}  ({source})", setting.name, setting.value)?;
        }
        let defaults = || self.settings.iter().filter(|setting| !is_set(setting.source));
        if !f.alternate() {
            return writeln!(
                f,
                "\n{} options at their defaults (--all shows them)",
                defaults().count()
            );
        }
        writeln!(f, "\nBy default:")?;
        for setting in defaults() {
            writeln!(f, "  {:width$}  {}", setting.name, setting.value)?;
        }
        Ok(())
    }
}

/// The options that hold; those that nobody set as the table of options describes them.
pub(super) fn settings(config: &Config) -> Vec<Setting> {
    let name = config.described.resource().get("service.name");
    let name = name.and_then(|name| name.as_str()).unwrap_or_default();
    let described = |mut setting: Setting| {
        let by_default = match setting.name {
            _ if setting.source != Source::Default => None,
            "service_name" if !name.is_empty() => Some(name),
            "certificate" => Some("the roots of the machine"),
            "proxy" => Some("what the environment says"),
            "file_max_bytes" => Some("no limit"),
            "max_batch_spans" if setting.value == "512" => Some("512, under backlog up to 4096"),
            _ => None,
        };
        if let Some(text) = by_default {
            setting.value = text.to_owned();
        }
        setting
    };
    config.effective.iter().map(described).collect()
}

/// Where a value comes from.
pub(super) fn source(source: Source, config_file: Option<&str>) -> String {
    match (source, config_file) {
        (Source::File, Some(path)) => path.to_owned(),
        (Source::File, None) => "the configuration".to_owned(),
        (source, _) => source.to_string(),
    }
}

fn write_check(f: &mut fmt::Formatter<'_>, check: &ExporterCheck) -> fmt::Result {
    writeln!(f, "\n{} to {}:", check.name, check.target)?;
    for step in &check.steps {
        writeln!(f, "  ok  {step}")?;
    }
    match &check.trouble {
        Some(trouble) => writeln!(f, "  --  {}", trouble.text),
        None if check.steps.is_empty() => writeln!(f, "  ok"),
        None => Ok(()),
    }
}
