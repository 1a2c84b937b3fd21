//! References to entities, read in place.

use super::view::{ResourceView, messages, text};
use core::str;

/// Those of a resource, in order.
pub(super) fn entity_refs(resource: ResourceView<'_>) -> impl Iterator<Item = EntityRefView<'_>> + Clone {
    messages(resource.as_bytes(), 3).map(EntityRefView)
}

/// An encoded `EntityRef`, read in place; unchecked.
#[derive(Clone, Copy)]
pub(super) struct EntityRefView<'a>(&'a [u8]);

impl<'a> EntityRefView<'a> {
    pub(super) fn schema_url(self) -> &'a str {
        text(self.0, 1)
    }

    pub(super) fn entity_type(self) -> &'a str {
        text(self.0, 2)
    }

    pub(super) fn id_keys(self) -> impl Iterator<Item = &'a str> + Clone {
        texts(self.0, 3)
    }

    pub(super) fn description_keys(self) -> impl Iterator<Item = &'a str> + Clone {
        texts(self.0, 4)
    }
}

/// Those of a repeated string that are UTF-8.
fn texts(message: &[u8], number: u32) -> impl Iterator<Item = &str> + Clone {
    messages(message, number).filter_map(|bytes| str::from_utf8(bytes).ok())
}
