//! What the built-in processors of a provider know.

use super::Provider;
use crate::processors::{ErrorCounter, Overhead, TraceCorrelator};

impl Provider {
    /// The counter of errors; `None` unless [`Builder::count_errors`](crate::Builder::count_errors) or the option
    /// `errors.enabled` asks for one.
    pub fn errors(&self) -> Option<&ErrorCounter> {
        self.shared().config.built_in.errors.as_deref()
    }

    /// The traces that are kept in this process; `None` unless
    /// [`Builder::correlate_traces`](crate::Builder::correlate_traces) or the option `correlator.enabled` asks for that.
    pub fn traces(&self) -> Option<&TraceCorrelator> {
        self.shared().config.built_in.traces.as_deref()
    }

    /// What tracing has cost so far; `None` unless [`Builder::watch_overhead`](crate::Builder::watch_overhead) or the
    /// option `overhead.enabled` asks for it.
    ///
    /// ```
    /// use spanline::span;
    /// let provider = spanline::init().watch_overhead().exporter("discard").build()?;
    /// let entered = provider.enter();
    /// for _ in 0..5000 {
    ///     span!("work");
    /// }
    /// provider.flush();
    /// let overhead = provider.overhead().unwrap();
    /// // About one in 1,024.
    /// assert!((1..50).contains(&overhead.starts.samples));
    /// # drop(entered);
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn overhead(&self) -> Option<Overhead> {
        let shared = self.shared();
        let watch = shared.config.built_in.overhead.as_ref()?;
        Some(watch.report(&shared.stats()))
    }
}
