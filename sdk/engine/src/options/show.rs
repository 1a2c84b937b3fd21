//! Values as text, for the list of effective options.

use super::{ClockSource, Compression, ExporterSettings, Headers, LogLevel, Protocol, SamplerConfig, Secret};
use crate::config::TailPlan;
use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec::Vec,
};
use spanline_core::{OwnedValue, Resource};

/// A value as text without secrets; what is absent or empty is `none`.
pub(super) trait Show {
    fn show(&self) -> String;
}

macro_rules! show_display {
    ($($type:ty),*) => {$(
        impl Show for $type {
            fn show(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

show_display!(
    bool,
    u64,
    String,
    &'static str,
    Protocol,
    Compression,
    Secret,
    LogLevel,
    ClockSource,
    SamplerConfig,
    TailPlan
);

impl<T: Show> Show for Option<T> {
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), Show::show)
    }
}

impl<T: Show> Show for Vec<T> {
    fn show(&self) -> String {
        let items: Vec<String> = self.iter().map(Show::show).collect();
        or_none(items.join(","))
    }
}

/// The names only: what holds for each is an option of its own.
impl Show for ExporterSettings {
    fn show(&self) -> String {
        self.name.clone()
    }
}

impl Show for Headers {
    fn show(&self) -> String {
        or_none(self.to_string())
    }
}

impl Show for Resource {
    fn show(&self) -> String {
        let attributes: Vec<String> = self
            .attributes()
            .iter()
            .map(|attribute| match &attribute.value {
                OwnedValue::Str(text) => alloc::format!("{}={text}", attribute.key),
                value => alloc::format!("{}={value:?}", attribute.key),
            })
            .collect();
        or_none(attributes.join(","))
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}
