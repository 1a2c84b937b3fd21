//! Traces that begin at random moments, and a clock that goes on only when one does.

use spanline_core::sample::{Decision, OtState, Sampler, SamplingRequest, SamplingResult};
use spanline_core::{Context, SpanContext, SpanId, SpanKind, TraceFlags, TraceId, Value, Xoshiro256};

pub(crate) const SECOND: u64 = 1_000_000_000;

/// A span that may begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begin<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: SpanKind,
    pub(crate) attributes: &'a [(&'a str, Value<'a>)],
}

pub(crate) const WORK: Begin<'_> = Begin {
    name: "work",
    kind: SpanKind::Server,
    attributes: &[],
};

#[derive(Debug)]
pub(crate) struct World {
    rng: Xoshiro256,
    pub(crate) now: u64,
}

impl World {
    pub(crate) fn new(seed: u8) -> Self {
        Self {
            rng: Xoshiro256::from_seed([seed; 32]),
            // As a machine that has been running for a while.
            now: 1000 * SECOND,
        }
    }

    pub(crate) fn trace_id(&mut self) -> TraceId {
        self.rng.trace_id()
    }

    /// 0 to 1, without 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Lets time pass until the next trace, of so many per second: as long as the mean at most twice, at random.
    pub(crate) fn wait(&mut self, per_second: f64) {
        let pause = 2.0 * self.unit() * SECOND as f64 / per_second;
        self.now += pause as u64;
    }

    /// Asks about the first span of a new trace.
    pub(crate) fn root(&mut self, sampler: &dyn Sampler, begin: Begin<'_>) -> SamplingResult {
        let trace_id = self.rng.trace_id();
        self.span(sampler, &Context::EMPTY, trace_id, begin)
    }

    pub(crate) fn span(
        &mut self,
        sampler: &dyn Sampler,
        parent: &Context,
        trace_id: TraceId,
        begin: Begin<'_>,
    ) -> SamplingResult {
        let source = &begin.attributes;
        let request = SamplingRequest::new(parent, trace_id, true, begin.name, begin.kind, source, &[]);
        let request = request.with_now(self.now).with_random(self.rng.next_u64());
        sampler.should_sample(&request)
    }
}

pub(crate) fn is_sampled(result: &SamplingResult) -> bool {
    result.decision == Decision::RecordAndSample
}

/// For how many traces a kept span says that it stands.
pub(crate) fn adjusted_count(result: &SamplingResult) -> Option<f64> {
    let ot = result.trace_state.as_ref()?.get("ot")?;
    OtState::parse(ot)
        .threshold()
        .map(|threshold| threshold.adjusted_count())
}

/// The context of a span of this trace that was decided so.
pub(crate) fn context(trace_id: TraceId, result: &SamplingResult, remote: bool) -> Context {
    let flags = TraceFlags::NONE
        .with_random(true)
        .with_sampled(is_sampled(result));
    let state = result.trace_state.clone().unwrap_or_default();
    let span = SpanContext::new(trace_id, SpanId::from_bytes([7; 8]), flags, remote, state);
    match remote {
        true => Context::EMPTY.with_remote_span_context(span),
        false => Context::EMPTY.with_span(span, None),
    }
}

/// Counts by second since a beginning.
#[derive(Debug)]
pub(crate) struct PerSecond {
    began: u64,
    pub(crate) counts: Vec<u64>,
}

impl PerSecond {
    pub(crate) fn from(began: u64) -> Self {
        Self {
            began,
            counts: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, now: u64) {
        let second = ((now - self.began) / SECOND) as usize;
        if self.counts.len() <= second {
            self.counts.resize(second + 1, 0);
        }
        self.counts[second] += 1;
    }

    /// The mean of these seconds.
    pub(crate) fn mean(&self, seconds: std::ops::Range<usize>) -> f64 {
        let length = seconds.len() as f64;
        self.counts[seconds].iter().sum::<u64>() as f64 / length
    }

    pub(crate) fn points(&self) -> Vec<(f64, f64)> {
        let counts = self.counts.iter().enumerate();
        counts
            .map(|(second, &count)| (second as f64, count as f64))
            .collect()
    }
}

/// Whether so many of `all` were kept as chance allows at this probability: five standard deviations.
#[track_caller]
pub(crate) fn assert_share(kept: u64, all: u64, probability: f64) {
    let expected = all as f64 * probability;
    let deviation = (expected * (1.0 - probability)).sqrt();
    let off = (kept as f64 - expected).abs();
    assert!(
        off <= 5.0 * deviation + 1.0,
        "{kept} of {all} instead of {expected:.0}, which is {:.1} standard deviations off",
        off / deviation
    );
}
