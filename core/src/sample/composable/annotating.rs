//! Adding attributes to what another sampler keeps.

use super::{ComposableSampler, IntentRequest, SamplingIntent};
use crate::{KeyValue, sample::SamplerReport};
use alloc::{borrow::Cow, boxed::Box, format, string::String, vec::Vec};

/// Keeps what another sampler keeps, and adds attributes to it, after those of that sampler.
#[derive(Debug)]
pub struct Annotating {
    attributes: Vec<KeyValue>,
    delegate: Box<dyn ComposableSampler>,
}

impl Annotating {
    /// Adds these attributes to what `delegate` keeps.
    pub fn new(
        attributes: impl IntoIterator<Item = KeyValue>,
        delegate: impl ComposableSampler + 'static,
    ) -> Self {
        Self {
            attributes: attributes.into_iter().collect(),
            delegate: Box::new(delegate),
        }
    }
}

impl ComposableSampler for Annotating {
    fn sampling_intent<'a>(&'a self, request: &IntentRequest<'_>) -> SamplingIntent<'a> {
        let mut intent = self.delegate.sampling_intent(request);
        if intent.threshold.is_some() {
            intent.attributes.push(Cow::Borrowed(&self.attributes));
        }
        intent
    }

    fn description(&self) -> String {
        let keys: Vec<&str> = self.attributes.iter().map(|attribute| &*attribute.key).collect();
        let keys = keys.join(",");
        format!("ComposableAnnotating{{{keys};{}}}", self.delegate.description())
    }

    fn report(&self) -> SamplerReport {
        SamplerReport::new(self.description()).with_part("delegate", self.delegate.report())
    }
}
