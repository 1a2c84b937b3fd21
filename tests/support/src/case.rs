//! Files and cases.

use crate::Schema;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// One case of a vector file.
#[derive(Clone, Debug)]
pub struct Case {
    file: String,
    value: Value,
}

impl Case {
    /// The name of the file, `w3c_traceparent.json`.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The id, unique within its file.
    pub fn id(&self) -> &str {
        self.value["id"].as_str().expect("checked by the schema")
    }

    /// The operation.
    pub fn op(&self) -> &str {
        self.value["op"].as_str().expect("checked by the schema")
    }

    /// A member of the case, `Value::Null` when it is absent.
    pub fn get(&self, member: &str) -> &Value {
        &self.value[member]
    }

    /// Whether the case has this member.
    pub fn has(&self, member: &str) -> bool {
        self.value.get(member).is_some()
    }

    /// A member of `expect`, `Value::Null` when it is absent.
    pub fn expect(&self, member: &str) -> &Value {
        &self.value["expect"][member]
    }

    /// The whole case.
    pub fn value(&self) -> &Value {
        &self.value
    }
}

/// The files are our own and some nest deeper than the 128 levels that serde_json allows by itself.
fn parse(text: &str) -> serde_json::Result<Value> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let root = Value::deserialize(&mut reader)?;
    reader.end()?;
    Ok(root)
}

/// The folder `tests/vectors` of this project.
pub fn vectors_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

/// Reads one file of `tests/vectors` and checks it against the schema.
///
/// # Errors
/// A text that says what is wrong with the file and where.
pub fn load(file: &str) -> Result<Vec<Case>, String> {
    let path = vectors_dir().join(file);
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    load_text(file, &text, &Schema::load()?)
}

/// The same for a text that is at hand; `file` is the name that the cases carry.
///
/// # Errors
/// As [`load`].
pub fn load_text(file: &str, text: &str, schema: &Schema) -> Result<Vec<Case>, String> {
    let root = parse(text).map_err(|e| format!("{file}: {e}"))?;
    schema.check(&root).map_err(|e| format!("{file}: {e}"))?;
    let cases: Vec<Case> = root["cases"]
        .as_array()
        .expect("checked by the schema")
        .iter()
        .map(|value| Case {
            file: file.to_owned(),
            value: value.clone(),
        })
        .collect();
    let mut ids: Vec<&str> = cases.iter().map(Case::id).collect();
    ids.sort_unstable();
    if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("{file}: the id {} occurs twice", twice[0]));
    }
    Ok(cases)
}
