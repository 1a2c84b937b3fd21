//! Resource and scope, encoded once by whoever makes requests.

use super::frame::{RESOURCE_ATTRIBUTES, SCOPE_ATTRIBUTES};
use super::keys::Occurrences;
use super::value::{UNLIMITED, push_attribute};
use crate::wire::proto::Sink;
use crate::{EntityRef, InstrumentationScope, KeyValue, Resource};
use alloc::vec::Vec;

/// The fields of a `ResourceSpans` around its scopes: what stands before them (the resource, also when empty, with
/// the references to entities that it has) and behind them (the schema URL, or nothing).
pub fn encode_resource(resource: &Resource) -> (Vec<u8>, Vec<u8>) {
    let mut body = Vec::new();
    push_attributes(RESOURCE_ATTRIBUTES, resource.attributes(), &mut body);
    for entity in resource.entity_refs() {
        body.framed(0x1a, &entity_ref(entity));
    }
    around(&body, resource.schema_url())
}

/// The fields of a `ScopeSpans` around its spans: what stands before them (the scope, also when empty) and behind
/// them (the schema URL, or nothing).
pub fn encode_scope(scope: &InstrumentationScope) -> (Vec<u8>, Vec<u8>) {
    let mut body = Vec::new();
    body.optional(0x0a, scope.name.as_bytes());
    body.optional(0x12, scope.version.as_deref().unwrap_or_default().as_bytes());
    push_attributes(SCOPE_ATTRIBUTES, &scope.attributes, &mut body);
    around(&body, scope.schema_url.as_deref())
}

fn entity_ref(entity: &EntityRef) -> Vec<u8> {
    let mut body = Vec::new();
    body.optional(0x0a, entity.schema_url.as_deref().unwrap_or_default().as_bytes());
    body.optional(0x12, entity.entity_type.as_bytes());
    for (tag, keys) in [(0x1a, &entity.id_keys), (0x22, &entity.description_keys)] {
        keys.iter().for_each(|key| body.framed(tag, key.as_bytes()));
    }
    body
}

fn push_attributes(tag: u8, attributes: &[KeyValue], out: &mut Vec<u8>) {
    for (key, value) in Occurrences::new(attributes)
        .unique()
        .filter(|(key, _)| !key.is_empty())
    {
        push_attribute(tag, key, value, &UNLIMITED, out);
    }
}

fn around(message: &[u8], schema_url: Option<&str>) -> (Vec<u8>, Vec<u8>) {
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    head.framed(0x0a, message);
    tail.optional(0x1a, schema_url.unwrap_or_default().as_bytes());
    (head, tail)
}
