//! What a provider says of its sampling, at the head and at the tail.

use super::Provider;
use crate::{fork, guard, local};
use spanline_core::sample::tail::TailReport;
use spanline_core::sample::{SamplerCounts, SamplerReport};

impl Provider {
    /// What the sampler says of itself.
    pub fn sampler_description(&self) -> String {
        self.shared().sampler.description()
    }

    /// What the sampler does now: description, current rate and statistics, with those of the samplers that it asks. Where
    /// it counts nothing itself the counts are the provider's: all spans started, and those sampled.
    ///
    /// ```
    /// use spanline::sample::{ParentBased, RateLimiting};
    /// let sampler = ParentBased::new(RateLimiting::new(2.0).unwrap());
    /// let provider = spanline::init().custom_sampler(sampler).exporter("memory").build()?;
    /// for _ in 0..5 {
    ///     provider.tracer("docs").span("work").start().end();
    /// }
    /// let report = provider.sampler_report();
    /// assert_eq!(report.counts.unwrap().sampled, 2);
    /// assert_eq!((&*report.parts[0].part, report.parts[0].per_second), ("root", Some(2.0)));
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn sampler_report(&self) -> SamplerReport {
        let shared = self.shared();
        let report = guard::foreign(&shared.caught, "sampler", || shared.sampler.report());
        let mut report = report.unwrap_or_default();
        report.counts.get_or_insert_with(|| {
            let stats = shared.stats();
            let by = stats.started_by;
            let sampled = by.none.sampled + by.local.sampled + by.remote.sampled;
            SamplerCounts::new(stats.started, sampled)
        });
        report
    }

    /// What the policies of tail sampling have decided, each with its name, type and counts. `None` when there is none.
    ///
    /// ```
    /// use spanline::sample::tail::PolicyOptions;
    /// let provider = spanline::init()
    ///     .tail_sampling([PolicyOptions::short("error").unwrap(), PolicyOptions::short("default=100").unwrap()])
    ///     .exporter("memory")
    ///     .build()?;
    /// provider.tracer("docs").span("work").start().end();
    /// provider.flush();
    /// let report = provider.tail_report().unwrap();
    /// assert_eq!((report.policies[0].sampled, report.policies[1].sampled), (0, 1));
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn tail_report(&self) -> Option<TailReport> {
        let shared = self.shared();
        shared.config.tail.as_ref()?;
        let set = shared.engine(fork::current_epoch());
        Some(local::busy(|| set.engine().tail_report()))
    }
}
