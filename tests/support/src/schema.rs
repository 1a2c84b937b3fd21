//! The part of JSON Schema (draft 2020-12) that `vectors.schema.json` uses. A keyword that is not known here is an
//! error, so that nothing in the schema is overlooked.

use regex_lite::Regex;
use serde_json::Value;

/// The schema of the vector files.
#[derive(Clone, Debug)]
pub struct Schema {
    root: Value,
}

impl Schema {
    /// Reads `tests/vectors/schema/vectors.schema.json`.
    ///
    /// # Errors
    /// When the file cannot be read or is not JSON.
    pub fn load() -> Result<Schema, String> {
        let path = crate::vectors_dir().join("schema/vectors.schema.json");
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let root = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Schema { root })
    }

    /// Checks one file.
    ///
    /// # Errors
    /// The first thing that does not fit, with its place.
    pub fn check(&self, file: &Value) -> Result<(), String> {
        self.node(&self.root, file, "")
    }

    fn node(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let Some(keywords) = schema.as_object() else {
            return if schema == &Value::Bool(true) {
                Ok(())
            } else {
                Err(format!("{at}: nothing is allowed here"))
            };
        };
        for (keyword, rule) in keywords {
            self.keyword(schema, keyword, rule, value, at)?;
        }
        Ok(())
    }

    fn keyword(
        &self,
        schema: &Value,
        keyword: &str,
        rule: &Value,
        value: &Value,
        at: &str,
    ) -> Result<(), String> {
        let fail = |what: String| Err(format!("{at}: {what}"));
        match keyword {
            "$schema" | "title" | "$defs" | "$comment" | "then" | "else" => Ok(()),
            "$ref" => self.node(self.referenced(rule)?, value, at),
            "type" => match fits_type(rule, value) {
                true => Ok(()),
                false => fail(format!("{value} is not of type {rule}")),
            },
            "const" | "enum" => {
                let fits = if keyword == "const" {
                    rule == value
                } else {
                    list(rule).contains(value)
                };
                if fits {
                    Ok(())
                } else {
                    fail(format!("{value} is not {rule}"))
                }
            }
            "required" => match list(rule).iter().find(|name| value.get(text(name)).is_none()) {
                Some(name) if value.is_object() => fail(format!("{name} is missing")),
                _ => Ok(()),
            },
            "properties" => members(value).try_for_each(|(name, member)| {
                rule.get(name)
                    .map_or(Ok(()), |rule| self.node(rule, member, &format!("{at}/{name}")))
            }),
            "patternProperties" => members(rule).try_for_each(|(pattern, rule)| {
                let pattern = regex(pattern)?;
                members(value)
                    .filter(|(name, _)| pattern.is_match(name))
                    .try_for_each(|(name, member)| self.node(rule, member, &format!("{at}/{name}")))
            }),
            "additionalProperties" => self.additional(schema, rule, value, at),
            "items" => {
                let fixed = schema.get("prefixItems").map_or(0, |fixed| list(fixed).len());
                list(value)
                    .iter()
                    .enumerate()
                    .skip(fixed)
                    .try_for_each(|(i, item)| {
                        let id = item.get("id").map_or(i.to_string(), |id| text(id).to_owned());
                        self.node(rule, item, &format!("{at}/{id}"))
                    })
            }
            "prefixItems" => list(rule)
                .iter()
                .zip(list(value))
                .enumerate()
                .try_for_each(|(i, (rule, item))| self.node(rule, item, &format!("{at}/{i}"))),
            "minItems" | "minLength" | "minimum" | "exclusiveMinimum" | "maximum" => {
                match in_bounds(keyword, rule, value) {
                    true => Ok(()),
                    false => fail(format!("{value} breaks {keyword} {rule}")),
                }
            }
            "pattern" => match value.as_str() {
                Some(string) if !regex(text(rule))?.is_match(string) => {
                    fail(format!("{value} does not match {rule}"))
                }
                _ => Ok(()),
            },
            "allOf" => list(rule).iter().try_for_each(|rule| self.node(rule, value, at)),
            "oneOf" => {
                let results: Vec<_> = list(rule).iter().map(|rule| self.node(rule, value, at)).collect();
                match results.iter().filter(|r| r.is_ok()).count() {
                    1 => Ok(()),
                    0 => {
                        let reasons: Vec<String> = results.into_iter().filter_map(Result::err).collect();
                        fail(format!("fits none of the forms: {}", reasons.join("; ")))
                    }
                    _ => fail("fits more than one form".to_owned()),
                }
            }
            "if" => {
                let branch = if self.node(rule, value, at).is_ok() {
                    "then"
                } else {
                    "else"
                };
                schema
                    .get(branch)
                    .map_or(Ok(()), |rule| self.node(rule, value, at))
            }
            _ => fail(format!("the schema uses {keyword}, which is not known here")),
        }
    }

    /// The members that neither `properties` nor `patternProperties` of the same schema names.
    fn additional(&self, schema: &Value, rule: &Value, value: &Value, at: &str) -> Result<(), String> {
        let patterns = schema.get("patternProperties").unwrap_or(&Value::Null);
        let patterns = members(patterns)
            .map(|(p, _)| regex(p))
            .collect::<Result<Vec<_>, _>>()?;
        for (name, member) in members(value) {
            let named = schema.get("properties").is_some_and(|p| p.get(name).is_some());
            if named || patterns.iter().any(|p| p.is_match(name)) {
                continue;
            }
            if rule == &Value::Bool(false) {
                return Err(format!("{at}: {name} is not a known member"));
            }
            self.node(rule, member, &format!("{at}/{name}"))?;
        }
        Ok(())
    }

    fn referenced(&self, rule: &Value) -> Result<&Value, String> {
        let pointer = text(rule).strip_prefix('#').unwrap_or_default();
        self.root
            .pointer(pointer)
            .ok_or_else(|| format!("the schema has no {rule}"))
    }
}

fn fits_type(rule: &Value, value: &Value) -> bool {
    if rule.is_array() {
        return list(rule).iter().any(|rule| fits_type(rule, value));
    }
    match text(rule) {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => false,
    }
}

/// Bounds of numbers, and of the number of items or characters; other kinds of values have none.
fn in_bounds(keyword: &str, rule: &Value, value: &Value) -> bool {
    let bound = rule.as_f64().unwrap_or(f64::NAN);
    let measured = match keyword {
        "minItems" => value.as_array().map(|items| items.len() as f64),
        "minLength" => value.as_str().map(|string| string.chars().count() as f64),
        _ => value.as_f64(),
    };
    measured.is_none_or(|measured| match keyword {
        "maximum" => measured <= bound,
        "exclusiveMinimum" => measured > bound,
        _ => measured >= bound,
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|e| format!("{pattern}: {e}"))
}
