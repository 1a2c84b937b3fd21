//! The built-in processors.

use super::{
    Correlator, CorrelatorOptions, Errors, ErrorsOptions, Filter, FilterOptions, Overhead, OverheadOptions,
    generated::index::{
        CORRELATOR_ENABLED, CORRELATOR_MAX_AGE_MS, CORRELATOR_MAX_BYTES, CORRELATOR_MAX_SPANS_PER_TRACE,
        CORRELATOR_MAX_TRACES, ERRORS_ENABLED, ERRORS_ROOM, FILTER_RULES, OVERHEAD_ENABLED,
        OVERHEAD_THRESHOLD_PERCENT,
    },
    reader::Reader,
};
use crate::Error;

/// The rules as they were given: whether they can be understood is seen where regular expressions can be made.
pub(super) fn filter(r: &mut Reader<'_>, code: &FilterOptions) -> Filter {
    let rules = code.rules.clone();
    if rules.is_some() {
        r.set_given(FILTER_RULES);
    }
    Filter {
        rules: rules.unwrap_or_default(),
    }
}

pub(super) fn errors(r: &mut Reader<'_>, code: &ErrorsOptions) -> Result<Errors, Error> {
    Ok(Errors {
        enabled: r.boolean(ERRORS_ENABLED, code.enabled),
        room: r.number(ERRORS_ROOM, code.room)?,
    })
}

pub(super) fn correlator(r: &mut Reader<'_>, code: &CorrelatorOptions) -> Result<Correlator, Error> {
    Ok(Correlator {
        enabled: r.boolean(CORRELATOR_ENABLED, code.enabled),
        max_traces: r.number(CORRELATOR_MAX_TRACES, code.max_traces)?,
        max_spans_per_trace: r.number(CORRELATOR_MAX_SPANS_PER_TRACE, code.max_spans_per_trace)?,
        max_bytes: r.number(CORRELATOR_MAX_BYTES, code.max_bytes)?,
        max_age_ms: r.number(CORRELATOR_MAX_AGE_MS, code.max_age_ms)?,
    })
}

pub(super) fn overhead(r: &mut Reader<'_>, code: &OverheadOptions) -> Result<Overhead, Error> {
    Ok(Overhead {
        enabled: r.boolean(OVERHEAD_ENABLED, code.enabled),
        threshold_percent: r.number(OVERHEAD_THRESHOLD_PERCENT, code.threshold_percent)?,
    })
}
