//! Code of the user's in policies of tail sampling: a panic skips that part.

use crate::by_epoch::Count;
use crate::guard;
use spanline_core::sample::tail::{ConditionError, PolicyKind, PolicyOptions, SpanCondition};
use spanline_core::sample::{Pattern, TextMatch};
use spanline_core::wire::otlp::SpanView;
use std::sync::Arc;

#[derive(Debug)]
struct Guarded<T: ?Sized> {
    caught: Arc<Count>,
    inner: Arc<T>,
}

impl SpanCondition for Guarded<dyn SpanCondition> {
    fn is_met(&self, span: SpanView<'_>) -> Result<bool, ConditionError> {
        let met = guard::foreign(&self.caught, "condition of tail sampling", || {
            self.inner.is_met(span)
        });
        met.unwrap_or(Err(ConditionError))
    }
}

impl TextMatch for Guarded<dyn TextMatch> {
    fn is_match(&self, text: &str) -> bool {
        guard::foreign(&self.caught, "pattern of tail sampling", || {
            self.inner.is_match(text)
        })
        .unwrap_or(false)
    }
}

/// The same policy, whose code of the user's panics no further.
pub(super) fn guarded(mut policy: PolicyOptions, caught: &Arc<Count>) -> PolicyOptions {
    let all = |list: Vec<PolicyOptions>| list.into_iter().map(|one| guarded(one, caught)).collect();
    let (caught_here, inner) = (caught.clone(), policy.kind);
    policy.kind = match inner {
        PolicyKind::Condition(inner) => PolicyKind::Condition(Arc::new(Guarded {
            caught: caught_here,
            inner,
        })),
        PolicyKind::StringAttribute {
            key,
            values,
            invert_match,
        } => PolicyKind::StringAttribute {
            key,
            values: values.into_iter().map(|value| pattern(value, caught)).collect(),
            invert_match,
        },
        PolicyKind::And { and_sub_policy } => PolicyKind::And {
            and_sub_policy: all(and_sub_policy),
        },
        PolicyKind::Not { not_sub_policy } => PolicyKind::Not {
            not_sub_policy: Box::new(guarded(*not_sub_policy, caught)),
        },
        PolicyKind::Drop { drop_sub_policy } => PolicyKind::Drop {
            drop_sub_policy: all(drop_sub_policy),
        },
        PolicyKind::Composite {
            max_total_spans_per_second,
            policy_order,
            composite_sub_policy,
            rate_allocation,
        } => PolicyKind::Composite {
            max_total_spans_per_second,
            policy_order,
            composite_sub_policy: all(composite_sub_policy),
            rate_allocation,
        },
        other => other,
    };
    policy
}

fn pattern(pattern: Pattern, caught: &Arc<Count>) -> Pattern {
    match pattern {
        Pattern::Custom(inner) => Pattern::Custom(Arc::new(Guarded {
            caught: caught.clone(),
            inner,
        })),
        other => other,
    }
}
