//! What a resource is made of: references to its entities.

use alloc::{borrow::Cow, vec::Vec};

/// Which attributes of a [`Resource`](crate::Resource) identify and describe one entity, such as a service, a host or
/// a container. In development in OpenTelemetry.
///
/// ```
/// use spanline_core::{EntityRef, KeyValue, Resource};
/// let host = EntityRef {
///     entity_type: "host".into(),
///     id_keys: vec!["host.id".into()],
///     ..EntityRef::default()
/// };
/// let resource = Resource::new([KeyValue::new("host.id", "h1")], None).with_entity_refs([host.clone()]);
/// assert_eq!(resource.entity_refs(), [host]);
/// // With another id the attributes no longer say which host it was.
/// let other = resource.merge(&Resource::new([KeyValue::new("host.id", "h2")], None));
/// assert!(other.entity_refs().is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntityRef {
    /// The type, such as `host`. Not empty; a resource has one entity of a type.
    pub entity_type: Cow<'static, str>,
    /// The names of the attributes that identify it. At least one.
    pub id_keys: Vec<Cow<'static, str>>,
    /// The names of the attributes that describe it further.
    pub description_keys: Vec<Cow<'static, str>>,
    /// The schema that its attributes follow, when known.
    pub schema_url: Option<Cow<'static, str>>,
}

impl EntityRef {
    /// The same with those of the describing keys that hold; `None` when one that identifies does not.
    pub(crate) fn where_keys(&self, hold: impl Fn(&str) -> bool) -> Option<Self> {
        let identified = !self.id_keys.is_empty() && self.id_keys.iter().all(|key| hold(key));
        identified.then(|| {
            let mut kept = self.clone();
            kept.description_keys.retain(|key| hold(key));
            kept
        })
    }
}
