//! What follows from the effective options.

use super::{
    Effective, OptionType, SamplerConfig, Setting, Source, TABLE,
    generated::index::{HTTP_KNOWN_METHODS, MAX_BATCH_SPANS, SAMPLER},
};
use crate::config::SamplerPlan;
use alloc::boxed::Box;
use core::fmt;
use spanline_core::semconv::{Conventions, KnownMethods};
use spanline_core::{SpanLimits, ValueLimits};

/// Spans of a batch under backlog, unless a maximum is set.
const BACKLOG_SPANS: u64 = 4096;

impl Effective {
    /// Every option with its value as text and where that comes from, in the order of the table. Secrets are masked.
    pub fn iter(&self) -> impl Iterator<Item = Setting> {
        TABLE.iter().enumerate().map(|(index, info)| Setting {
            name: info.name,
            value: match self.show(index) {
                url if info.kind == OptionType::Url && url != "none" => super::endpoint::masked(&url),
                value => value,
            },
            source: self.sources[index],
        })
    }

    /// Where the value of this option comes from; `None` when there is no such option.
    pub fn source(&self, name: &str) -> Option<Source> {
        let index = TABLE.iter().position(|info| info.name == name)?;
        Some(self.sources[index])
    }

    /// Notes the sampler of a configuration file that the option's plain form cannot say.
    pub fn set_sampler_of_file(&mut self, plan: SamplerPlan) {
        self.sampler = SamplerConfig::Plan(Box::new(plan));
        self.sources[SAMPLER] = Source::File;
    }

    /// The limits in the form that spans are written with. Counts beyond 32 bits are cut to that.
    pub fn span_limits(&self) -> SpanLimits {
        let cut = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        SpanLimits {
            attributes: cut(self.limits.attributes),
            events: cut(self.limits.events),
            links: cut(self.limits.links),
            event_attributes: cut(self.limits.event_attributes),
            link_attributes: cut(self.limits.link_attributes),
            value: ValueLimits {
                length: self.limits.value_length.map(cut),
                depth: cut(self.limits.value_depth),
            },
        }
    }

    /// What instrumentations go by: `semconv_opt_in` and `http_known_methods`.
    pub fn conventions(&self) -> Conventions {
        let mut conventions = Conventions::opted_in(&self.semconv_opt_in);
        if self.sources[HTTP_KNOWN_METHODS] != Source::Default {
            conventions.methods = KnownMethods::new(&self.http_known_methods);
        }
        conventions
    }

    /// Most spans of a batch under backlog: 4,096 (not more than `max_queue_spans`), or `max_batch_spans` when that is
    /// set.
    pub fn backlog_batch_spans(&self) -> u64 {
        match self.sources[MAX_BATCH_SPANS] {
            Source::Default => BACKLOG_SPANS.min(self.max_queue_spans.unwrap_or(u64::MAX)),
            _ => self.max_batch_spans,
        }
    }
}

impl fmt::Debug for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|setting| (setting.name, setting.value)))
            .finish()
    }
}
