//! The trace-id ratio sampler, frozen: what the names `traceidratio` and `parentbased_traceidratio` mean.

use super::{Decision, Plan, Quick, Sampler, SamplerReport, SamplingRequest, SamplingResult};
use crate::{Notice, TraceId, notice::Notices};
use alloc::{format, string::String};

/// Samples a share of all traces by their id: the right-most eight bytes, halved, are below `ratio * 2^63`.
///
/// Deprecated by the standard in favour of [`super::Probability`], and kept as it is: it writes no threshold. It
/// looks at the trace id alone, so use it as the root of [`super::ParentBased`]; it raises a [`Notice`] when it is
/// asked about a span with a parent.
#[derive(Debug)]
pub struct TraceIdRatioBased {
    ratio: f64,
    bound: u64,
    notices: Notices,
}

impl TraceIdRatioBased {
    /// A sampler of this ratio: from 1 on always, up to 0 (and for NaN) never.
    pub fn new(ratio: f64) -> Self {
        const ALL: u64 = 1 << 63;
        let bound = if ratio >= 1.0 {
            ALL
        } else if ratio > 0.0 {
            let exact = ratio * ALL as f64;
            let whole = exact as u64;
            // A number is below `exact` when it is below the next whole one.
            whole + u64::from((whole as f64) < exact)
        } else {
            0
        };
        Self {
            ratio,
            bound,
            notices: Notices::new(),
        }
    }

    /// Whether traces of this id are sampled.
    #[inline]
    pub const fn keeps(&self, trace_id: TraceId) -> bool {
        (u128::from_be_bytes(trace_id.to_bytes()) as u64) >> 1 < self.bound
    }
}

impl Sampler for TraceIdRatioBased {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        if request.parent.span_context().is_valid() {
            self.notices.raise(Notice::RatioWithParent);
        }
        SamplingResult::of(if self.keeps(request.trace_id) {
            Decision::RecordAndSample
        } else {
            Decision::Drop
        })
    }

    /// `TraceIdRatioBased{0.000100}`: six decimals, more if the ratio has more.
    fn description(&self) -> String {
        let mut ratio = format!("{}", self.ratio);
        if self.ratio.is_finite() {
            let decimals = ratio.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            ratio = format!("{:.*}", decimals.max(6), self.ratio);
        }
        format!("TraceIdRatioBased{{{ratio}}}")
    }

    fn plan(&self) -> Plan {
        Plan::all(match self.bound {
            0 => Quick::Drop,
            _ => Quick::Ask,
        })
    }

    fn report(&self) -> SamplerReport {
        let rate = if self.ratio > 0.0 {
            self.ratio.min(1.0)
        } else {
            0.0
        };
        SamplerReport::new(self.description()).with_rate(rate)
    }

    fn take_notice(&self) -> Option<Notice> {
        self.notices.take()
    }
}
