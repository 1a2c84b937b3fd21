//! How long and how much is held.

/// When traces are decided, and how much is held until then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TailSettings {
    /// From the arrival of a trace's first span to its decision. Default 30 s.
    pub decision_wait_nanos: u64,
    /// From the arrival of its local root, if that is earlier. Default 500 ms; `None`: the root does not matter.
    pub after_root_nanos: Option<u64>,
    /// Traces that wait at once; one more decides the oldest early. Default 50,000.
    pub max_traces: usize,
    /// What the traces that wait may take in memory; more decides the oldest early. Default 24 MiB.
    pub max_bytes: usize,
    /// A trace whose spans take more is dropped whole. Default: none is.
    pub max_trace_bytes: Option<usize>,
    /// Whether the shutdown drops what has no local root yet, instead of deciding it. Default: no.
    pub drop_pending: bool,
}

impl Default for TailSettings {
    fn default() -> Self {
        Self {
            decision_wait_nanos: 30_000_000_000,
            after_root_nanos: Some(500_000_000),
            max_traces: 50_000,
            max_bytes: 24 << 20,
            max_trace_bytes: None,
            drop_pending: false,
        }
    }
}
