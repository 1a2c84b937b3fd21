//! For tests: a host that has nothing.

use super::{Component, Problem, SamplerHost};
use crate::options::RemoteSettings;
use crate::{Error, ErrorKind};
use alloc::{boxed::Box, sync::Arc};
use spanline_core::sample::{Callback, LoadSource, Sampler, TextMatch};

/// Has nothing.
pub(crate) struct NoHost;

impl SamplerHost for NoHost {
    fn service_name(&self) -> &str {
        ""
    }

    fn remote(&self, settings: &RemoteSettings, _: Arc<dyn Sampler>) -> Result<Arc<dyn Sampler>, Error> {
        Err(Error::new(ErrorKind::Unsupported, settings.endpoint.clone()))
    }

    fn regex(&self, pattern: &str) -> Result<Arc<dyn TextMatch>, Error> {
        Err(Error::new(
            ErrorKind::Unsupported,
            alloc::format!("no regex for {pattern}"),
        ))
    }

    fn load(&self) -> Box<dyn LoadSource> {
        Box::new(Callback(|| None))
    }

    fn component(&self, asked: &Component) -> Result<Arc<dyn Sampler>, Problem> {
        Err(Problem::new(
            ErrorKind::UnknownKey,
            asked.path.clone(),
            asked.at,
            "no components",
        ))
    }
}
