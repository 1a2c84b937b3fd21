//! Who produces the telemetry: resource and instrumentation scope.

use crate::{EntityRef, KeyValue, OwnedValue};
use alloc::{borrow::Cow, vec::Vec};

/// The entity that produces spans (OpenTelemetry resource SDK). Immutable; keys are unique.
///
/// ```
/// use spanline_core::{KeyValue, Resource};
/// let base = Resource::new([KeyValue::new("service.name", "a"), KeyValue::new("host.name", "h")], None);
/// let merged = base.merge(&Resource::new([KeyValue::new("service.name", "b")], None));
/// assert_eq!(merged.get("service.name").and_then(|v| v.as_str()), Some("b"));
/// assert_eq!(merged.attributes().len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    attributes: Vec<KeyValue>,
    schema_url: Option<Cow<'static, str>>,
    entity_refs: Vec<EntityRef>,
}

impl Resource {
    /// A resource of these attributes. Of equal keys the last wins, at the position of the first; empty keys are
    /// ignored.
    pub fn new(
        attributes: impl IntoIterator<Item = KeyValue>,
        schema_url: Option<Cow<'static, str>>,
    ) -> Self {
        let mut resource = Self {
            attributes: Vec::new(),
            schema_url: schema_url.filter(|url| !url.is_empty()),
            entity_refs: Vec::new(),
        };
        for attribute in attributes {
            resource.put(attribute);
        }
        resource
    }

    /// A resource without attributes.
    pub const fn empty() -> Self {
        Self {
            attributes: Vec::new(),
            schema_url: None,
            entity_refs: Vec::new(),
        }
    }

    fn put(&mut self, attribute: KeyValue) {
        if attribute.key.is_empty() {
            return;
        }
        match self
            .attributes
            .iter_mut()
            .find(|known| known.key == attribute.key)
        {
            Some(known) => known.value = attribute.value,
            None => self.attributes.push(attribute),
        }
    }

    /// The same with references to these entities instead of those it had. Of several of one type the last counts; one
    /// without a type or whose identifying attributes are not all there is left out, and so are describing keys that
    /// are not there.
    #[must_use]
    pub fn with_entity_refs(mut self, refs: impl IntoIterator<Item = EntityRef>) -> Self {
        self.entity_refs = Vec::new();
        for entity in refs {
            let kept = entity.where_keys(|key| self.get(key).is_some());
            if let Some(kept) = kept.filter(|kept| !kept.entity_type.is_empty()) {
                self.entity_refs
                    .retain(|known| known.entity_type != kept.entity_type);
                self.entity_refs.push(kept);
            }
        }
        self
    }

    /// The union of both; where both have a key, `updating` wins, also with an empty value. Of two different schema
    /// URLs neither is kept (the standard leaves the result open). Of two entities of one type that of `updating` is
    /// kept; an entity whose identifying attribute gets another value is no longer referred to, and a key that
    /// described one no longer does.
    #[must_use]
    pub fn merge(&self, updating: &Self) -> Self {
        let mut merged = self.clone();
        for attribute in &updating.attributes {
            merged.put(attribute.clone());
        }
        merged.schema_url = match (&self.schema_url, &updating.schema_url) {
            (Some(a), Some(b)) if a != b => None,
            (a, b) => b.clone().or_else(|| a.clone()),
        };
        let unchanged = |key: &str| self.get(key) == merged.get(key);
        let kept = self.entity_refs.iter();
        let kept = kept.filter_map(|entity| entity.where_keys(unchanged));
        let refs: Vec<EntityRef> = kept.chain(updating.entity_refs.iter().cloned()).collect();
        merged.with_entity_refs(refs)
    }

    /// Whether merging with `other` would meet two different schema URLs.
    pub fn schema_conflicts(&self, other: &Self) -> bool {
        matches!((&self.schema_url, &other.schema_url), (Some(a), Some(b)) if a != b)
    }

    /// The attributes, in order of first insertion.
    pub fn attributes(&self) -> &[KeyValue] {
        &self.attributes
    }

    /// The value of this key.
    pub fn get(&self, key: &str) -> Option<&OwnedValue> {
        self.attributes
            .iter()
            .find(|known| known.key == key)
            .map(|known| &known.value)
    }

    /// The entities that it is made of, as far as somebody said so.
    pub fn entity_refs(&self) -> &[EntityRef] {
        &self.entity_refs
    }

    /// The schema URL, when there is one.
    pub fn schema_url(&self) -> Option<&str> {
        self.schema_url.as_deref()
    }
}

/// The library that produces spans: name, version, schema URL and attributes together are its identity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InstrumentationScope {
    /// Name; may be empty.
    pub name: Cow<'static, str>,
    /// Version, when known.
    pub version: Option<Cow<'static, str>>,
    /// Schema URL, when known.
    pub schema_url: Option<Cow<'static, str>>,
    /// Attributes of the scope.
    pub attributes: Vec<KeyValue>,
}

impl InstrumentationScope {
    /// A scope with only a name.
    pub fn named(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}
