//! Who does the work.

use crate::work::Work;

/// A library under measurement, set up for one piece of work. One per process: some of them are global.
pub(crate) trait Subject {
    /// So much of the work, below one parent where the work has a parent.
    fn block(&mut self, calls: u64);

    /// Waits until the exporter has everything.
    fn flush(&mut self);

    /// The spans that the exporter has seen; `None` when the receiver has to be asked.
    fn seen(&self) -> Option<u64>;
}

/// The name of our own library in results.
pub(crate) const OURS: &str = "spanline";
/// What the carrier costs by itself.
pub(crate) const MAPS: &str = "maps";
/// The reference implementation.
pub(crate) const OPENTELEMETRY: &str = "opentelemetry_sdk";
/// The fastest peer.
pub(crate) const FASTRACE: &str = "fastrace";

/// Sets a subject up. `endpoint` is where the work is exported to, if it is.
pub(crate) fn set_up(
    subject: &str,
    variant: &str,
    work: Work,
    endpoint: Option<&str>,
) -> Result<Box<dyn Subject>, String> {
    if work.is_exported() && endpoint.is_none() {
        return Err(format!("{} needs an endpoint", work.name()));
    }
    match subject {
        OURS => Ok(Box::new(crate::ours::Ours::new(work, variant, endpoint)?)),
        MAPS => Ok(Box::new(crate::maps::Maps::new())),
        #[cfg(feature = "peers")]
        OPENTELEMETRY => Ok(Box::new(crate::peers::opentelemetry::Peer::new(
            work, variant, endpoint,
        )?)),
        #[cfg(feature = "peers")]
        FASTRACE => Ok(Box::new(crate::peers::fastrace::Peer::new(
            work, variant, endpoint,
        )?)),
        _ => Err(format!(
            "`{subject}` is not known here; peers need `--features peers`"
        )),
    }
}
