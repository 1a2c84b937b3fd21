//! Reading an open span and changing what it has, for processors.

use super::{Collection, OpenSpan};
use alloc::{vec, vec::Vec};
use spanline_core::{
    OwnedValue,
    wire::otlp::{FieldChange, SpanChanges, SpanView, change_fields},
};

impl OpenSpan {
    /// The message that the span would be if it ended now; without an end time, unless it is ending.
    pub(crate) fn copy(&mut self) -> Vec<u8> {
        if let Some(ending) = self.ending
            && let Some(place) = self.attributes.head_end()
        {
            *place = ending.end.to_le_bytes();
        }
        let message = self.message();
        let mut bytes = vec![0; message.encoded_len()];
        message.write_to(&mut bytes);
        bytes
    }

    pub(crate) fn attribute(&self, key: &str) -> Option<OwnedValue> {
        self.attributes.value(key)
    }

    pub(crate) fn remove(&mut self, key: &str) -> bool {
        self.attributes.remove(key)
    }

    /// Makes the changes that were decided on a copy. What has changed since that copy was made stays as it is.
    pub(crate) fn apply(&mut self, copy: SpanView<'_>, changes: &SpanChanges<'_>) {
        if let Some(name) = &changes.name
            && self.name() == copy.name()
        {
            self.update_name(name);
            if self.name() != name {
                // There is no room for it; the old one must not stay.
                self.update_name("");
            }
        }
        if let Some(message) = &changes.status_message
            && (self.status, self.status_message.as_str()) == copy.status()
        {
            self.status_message.clone_from(message);
        }
        self.attributes.apply(&changes.attributes);
        self.events.apply(&changes.events);
        self.links.apply(&changes.links);
    }

    fn name(&self) -> &str {
        SpanView::ours(self.attributes.head()).name()
    }
}

impl Collection {
    fn apply(&mut self, changes: &[FieldChange<'_>]) {
        if !changes.is_empty() {
            self.region = change_fields(&self.region, changes);
        }
    }
}
