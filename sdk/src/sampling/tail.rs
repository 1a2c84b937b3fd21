//! Tail sampling as a provider is set up with it.

use super::foreign::guarded;
use crate::by_epoch::Count;
use crate::log::{self, Level};
use crate::{Error, ErrorKind};
use spanline_core::sample::tail::{PolicyOptions, TailError, TailPolicies};
use spanline_engine::config::SamplerHost;
use spanline_engine::options::Effective;
use spanline_engine::{EncodedPart, Judge, TailSettings};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What decides traces in this provider. Each process that a fork makes has policies of its own, with budgets of their own.
#[derive(Debug)]
pub(crate) struct TailSampling {
    pub(crate) settings: TailSettings,
    policies: Vec<PolicyOptions>,
    first_match: bool,
    remembered: usize,
    /// Panics of conditions and patterns of the user's.
    caught: Arc<Count>,
}

impl TailSampling {
    /// The policies of the code, else those of the options. `None`: there are none.
    ///
    /// # Errors
    ///
    /// What is wrong with a policy.
    pub(crate) fn of(
        own: Option<Vec<PolicyOptions>>,
        effective: &Effective,
        host: &dyn SamplerHost,
    ) -> Result<Option<Self>, Error> {
        let options = &effective.tail;
        let policies = match (own, &options.policies) {
            (Some(own), _) => own,
            (None, Some(plan)) => plan.build(host).map_err(|problem| problem.into_error(None))?,
            (None, None) => return Ok(None),
        };
        let caught = Arc::<Count>::default();
        let tail = Self {
            settings: options.settings(),
            policies: policies
                .into_iter()
                .map(|policy| guarded(policy, &caught))
                .collect(),
            caught,
            first_match: options.sample_on_first_match,
            remembered: usize::try_from(options.decision_cache).unwrap_or(usize::MAX),
        };
        for line in tail.make().map_err(|error| wrong(&error))?.advice() {
            log::report_case(
                Level::Warn,
                "tail_policies",
                line,
                format_args!("tail.policies: {line}"),
            );
        }
        Ok(Some(tail))
    }

    /// Panics of the user's code in policies.
    pub(crate) fn caught_panics(&self) -> u64 {
        self.caught.load(Ordering::Relaxed)
    }

    fn make(&self) -> Result<TailPolicies, TailError> {
        TailPolicies::new(self.policies.iter().cloned(), self.first_match)
    }

    /// The policies with nothing decided yet, for spans of this resource. They have been made before, so there is nothing
    /// wrong with them.
    pub(crate) fn judge(&self, resource: &EncodedPart) -> Option<Judge> {
        let seed = RandomState::new().hash_one(0);
        Some(Judge::new(self.make().ok()?, resource, self.remembered, seed))
    }
}

fn wrong(error: &TailError) -> Error {
    let option = format!("tail.{}", error.path);
    Error::new(
        ErrorKind::BadValue,
        format!("{option}: {}; {}", error.problem, error.hint),
    )
    .with_option(option)
}
