//! Several formats as one.

use super::{BaggagePropagator, Getter, Setter, TextMapPropagator, TraceContextPropagator};
use crate::{Context, Notice};
use alloc::{sync::Arc, vec::Vec};

/// Runs its members in order, in both directions. On extraction a later member that finds a valid context overrides
/// an earlier one; a member that fails changes nothing.
///
/// ```
/// use spanline_core::{Context, propagate::{CompositePropagator, TextMapPropagator}};
/// let carrier = [
///     ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
///     ("baggage", "user=7"),
/// ];
/// let context = CompositePropagator::w3c().extract(Context::EMPTY, &carrier);
/// assert!(context.span_context().is_remote());
/// assert_eq!(context.baggage().get("user"), Some("7"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct CompositePropagator {
    members: Vec<Arc<dyn TextMapPropagator>>,
    /// Whether one of them does.
    needs_parent_span_id: bool,
}

impl CompositePropagator {
    /// A propagator of these members, in this order; without members it does nothing.
    pub fn new(members: impl IntoIterator<Item = Arc<dyn TextMapPropagator>>) -> Self {
        let members: Vec<_> = members.into_iter().collect();
        let needs_parent_span_id = members.iter().any(|member| member.needs_parent_span_id());
        Self {
            members,
            needs_parent_span_id,
        }
    }

    /// The standard's default: W3C Trace Context, then W3C Baggage.
    pub fn w3c() -> Self {
        let members: [Arc<dyn TextMapPropagator>; 2] = [
            Arc::new(TraceContextPropagator::new()),
            Arc::new(BaggagePropagator::new()),
        ];
        Self::new(members)
    }

    /// The members, in order.
    pub fn members(&self) -> &[Arc<dyn TextMapPropagator>] {
        &self.members
    }
}

impl TextMapPropagator for CompositePropagator {
    fn inject(&self, context: &Context, carrier: &mut dyn Setter) {
        for member in &self.members {
            member.inject(context, carrier);
        }
    }

    fn extract(&self, context: Context, carrier: &dyn Getter) -> Context {
        self.members
            .iter()
            .fold(context, |context, member| member.extract(context, carrier))
    }

    fn fields(&self) -> Vec<&str> {
        let mut fields = Vec::new();
        for field in self.members.iter().flat_map(|member| member.fields()) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        fields
    }

    fn needs_parent_span_id(&self) -> bool {
        self.needs_parent_span_id
    }

    fn take_notice(&self) -> Option<Notice> {
        self.members.iter().find_map(|member| member.take_notice())
    }
}
