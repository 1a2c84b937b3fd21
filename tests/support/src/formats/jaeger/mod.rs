//! Jaeger's formats, both read into one form:
//! `{service, process: TAGS, spans: [{trace_id, span_id, parent_id, name, flags, references: [[type, trace_id, span_id]],
//! start, duration, tags: TAGS, logs: [{time, fields: TAGS}]}]}`, where ids are hex digits, times are in nanoseconds, the
//! parent is no reference, and TAGS is `{key: {type: value}}`.

mod proto;
mod thrift;

pub use proto::read_post_spans;
pub use thrift::read_batch;

use serde_json::{Map, Value, json};

/// A tag: its key, and its value under the name of its type.
type Tag = (String, &'static str, Value);

/// Tags as an object. A key that occurs twice is a mistake.
fn tags(list: Vec<Tag>) -> Result<Value, String> {
    let mut out = Map::new();
    for (key, kind, value) in list {
        if out.insert(key.clone(), json!({ kind: value })).is_some() {
            return Err(format!("the tag {key} occurs twice"));
        }
    }
    Ok(out.into())
}
