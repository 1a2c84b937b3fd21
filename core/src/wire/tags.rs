//! What formats of spans with tags have in common: which tags a span has there, and in which order.

use super::otlp::keys::Occurrences;
use super::otlp::{Attributes, ResourceView, ScopeView, SpanView, ValueView};
use alloc::vec::Vec;

/// The name of a service that has none.
const UNKNOWN_SERVICE: &str = "unknown_service";
/// The attribute of a resource that is its service's name.
const SERVICE_NAME: &str = "service.name";

/// The name of the service that a resource describes.
pub(super) fn service_name(resource: ResourceView<'_>) -> &str {
    let name = resource.attribute(SERVICE_NAME).and_then(ValueView::as_str);
    name.filter(|name| !name.is_empty()).unwrap_or(UNKNOWN_SERVICE)
}

/// Nanoseconds as whole microseconds.
pub(super) const fn micros(nanos: u64) -> u64 {
    nanos / 1_000
}

/// The tags of one span or process. Of equal keys the last counts.
#[derive(Debug, Default)]
pub(super) struct Tags<'a>(Vec<(&'a str, ValueView<'a>)>);

impl<'a> Tags<'a> {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn push(&mut self, key: &'a str, value: ValueView<'a>) {
        self.0.push((key, value));
    }

    /// A text, unless it is empty.
    pub(super) fn text(&mut self, key: &'a str, text: &'a str) {
        if !text.is_empty() {
            self.push(key, ValueView::Str(text));
        }
    }

    /// A count, unless it is zero.
    fn count(&mut self, key: &'a str, count: u32) {
        if count > 0 {
            self.push(key, ValueView::I64(count.into()));
        }
    }

    /// Attributes; those without a key are none.
    pub(super) fn attributes(&mut self, attributes: Attributes<'a>) {
        self.0.extend(attributes.filter(|(key, _)| !key.is_empty()));
    }

    /// The attributes of a resource but for the name of the service, which has a place of its own.
    pub(super) fn resource(&mut self, resource: ResourceView<'a>) {
        let others = resource
            .attributes()
            .filter(|(key, _)| !key.is_empty() && *key != SERVICE_NAME);
        self.0.extend(others);
    }

    /// The scope, under the names of today and those before.
    pub(super) fn scope(&mut self, scope: ScopeView<'a>) {
        for [name, version] in [
            ["otel.scope.name", "otel.scope.version"],
            ["otel.library.name", "otel.library.version"],
        ] {
            self.text(name, scope.name());
            self.text(version, scope.version());
        }
        self.attributes(scope.attributes());
    }

    /// What the limits dropped.
    pub(super) fn dropped(&mut self, span: SpanView<'_>) {
        self.count("otel.dropped_attributes_count", span.dropped_attributes());
        self.count("otel.dropped_events_count", span.dropped_events());
        self.count("otel.dropped_links_count", span.dropped_links());
    }

    /// What the limits dropped of an event.
    pub(super) fn dropped_attributes(&mut self, dropped: u32) {
        self.count("otel.dropped_attributes_count", dropped);
    }

    /// The value that counts of this key.
    pub(super) fn get(&self, key: &str) -> Option<ValueView<'a>> {
        let found = self.0.iter().rev().find(|(known, _)| *known == key);
        found.map(|(_, value)| *value)
    }

    /// Takes a tag away.
    pub(super) fn remove(&mut self, key: &str) {
        self.0.retain(|(known, _)| *known != key);
    }

    /// Each key once, at the place of its last value.
    pub(super) fn unique(&self) -> impl Iterator<Item = (&'a str, ValueView<'a>)> {
        let occurrences = Occurrences::new(&*self.0);
        let all = self.0.iter().copied().enumerate();
        all.filter(move |(at, _)| occurrences.last(*at) == *at)
            .map(|(_, tag)| tag)
    }
}
