//! Conditions on what is known of a span from its start on; shared by sampling rules and filters.

use super::Pattern;
use crate::SpanKind;
use alloc::{boxed::Box, vec::Vec};

/// All that are given must hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadConditions {
    service: Option<Pattern>,
    name: Option<Pattern>,
    /// One bit for each kind; 0: any.
    kinds: u8,
    attributes: Vec<(Box<str>, Pattern)>,
}

impl HeadConditions {
    pub(crate) const NONE: Self = Self {
        service: None,
        name: None,
        kinds: 0,
        attributes: Vec::new(),
    };

    pub(crate) fn set_service(&mut self, pattern: Pattern) {
        self.service = Some(pattern);
    }

    pub(crate) fn set_name(&mut self, pattern: Pattern) {
        self.name = Some(pattern);
    }

    /// This kind, or another that is added.
    pub(crate) const fn add_kind(&mut self, kind: SpanKind) {
        self.kinds |= bit(kind);
    }

    pub(crate) fn add_attribute(&mut self, key: Box<str>, value: Pattern) {
        self.attributes.push((key, value));
    }

    /// Whether the condition on the service holds.
    pub(crate) fn fit_service(&self, name: &str) -> bool {
        self.service.as_ref().is_none_or(|service| service.matches(name))
    }

    /// Whether all others hold; `has` says whether there is such an attribute.
    pub(crate) fn fit_span(
        &self,
        name: &str,
        kind: Option<SpanKind>,
        has: &mut dyn FnMut(&str, &Pattern) -> bool,
    ) -> bool {
        let of_kind = self.kinds == 0 || kind.is_some_and(|kind| self.kinds & bit(kind) != 0);
        of_kind
            && self.name.as_ref().is_none_or(|pattern| pattern.matches(name))
            && self.attributes.iter().all(|(key, value)| has(key, value))
    }
}

const fn bit(kind: SpanKind) -> u8 {
    1 << kind as u8
}
