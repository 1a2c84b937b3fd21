//! What the description of a sampler is made with.

use super::{JaegerRemote, ProcessLoad, regex};
use crate::config::{Registry, make_sampler};
use crate::options::RemoteSettings;
use crate::{Error, Sampler};
use spanline_core::sample::{LoadSource, TextMatch};
use spanline_engine::config::{Component, Problem, SamplerHost};
use std::sync::Arc;

/// This process, and what its user has registered.
#[derive(Debug)]
pub(crate) struct Host<'a> {
    pub(crate) service_name: &'a str,
    pub(crate) registry: &'a Registry,
    /// Nothing will be recorded, so nobody is asked how to sample.
    pub(crate) is_idle: bool,
}

impl SamplerHost for Host<'_> {
    fn service_name(&self) -> &str {
        self.service_name
    }

    fn remote(
        &self,
        settings: &RemoteSettings,
        initial: Arc<dyn Sampler>,
    ) -> Result<Arc<dyn Sampler>, Error> {
        let made = JaegerRemote::make(settings, self.service_name, Box::new(initial), self.is_idle)?;
        Ok(Arc::new(made))
    }

    fn regex(&self, pattern: &str) -> Result<Arc<dyn TextMatch>, Error> {
        regex::compile(pattern)
    }

    fn load(&self) -> Box<dyn LoadSource> {
        Box::new(ProcessLoad::new())
    }

    fn component(&self, asked: &Component) -> Result<Arc<dyn Sampler>, Problem> {
        make_sampler(asked, self.registry)
    }
}
