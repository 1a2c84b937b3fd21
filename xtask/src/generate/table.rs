//! Reading the table of options.

use toml::{Table, Value};

/// The default of an option.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Default {
    None,
    Bool(bool),
    Integer(u64),
    Text(String),
    List(Vec<String>),
}

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) unit: String,
    pub(super) default: Default,
    pub(super) default_text: Option<String>,
    pub(super) min: u64,
    pub(super) max: u64,
    pub(super) zero_is_none: bool,
    pub(super) values: Vec<String>,
    pub(super) needs: Vec<(String, String)>,
    pub(super) later: Vec<(String, String)>,
    pub(super) feature: Option<String>,
    pub(super) member: Option<String>,
    pub(super) rust: Option<String>,
    pub(super) fallback: Option<String>,
    pub(super) env: Vec<String>,
    /// What is otherwise for exporters that are not `otlp`.
    pub(super) others: Vec<Other>,
    pub(super) yaml: String,
    pub(super) secret: bool,
    pub(super) text: String,
}

/// What is otherwise for one exporter.
#[derive(Clone, Debug)]
pub(super) struct Other {
    pub(super) exporter: &'static str,
    pub(super) default: Default,
    pub(super) values: Vec<String>,
    pub(super) needs: Vec<(String, String)>,
    pub(super) env: Vec<String>,
}

impl Row {
    /// The struct it belongs to and its name there.
    pub(super) fn place(&self) -> (Option<&str>, &str) {
        match self.name.split_once('.') {
            Some((group, field)) => (Some(group), field),
            None => (None, &self.name),
        }
    }

    /// A sentence about the names that it accepts, if it does; with a space in front.
    pub(super) fn names(&self) -> String {
        if self.values.is_empty() {
            return String::new();
        }
        let plain = self.values.iter().map(|name| format!("`{name}`"));
        let needing = self.needs.iter();
        let needing = needing.map(|(name, feature)| match name == feature {
            true => format!("`{name}` (the feature of that name)"),
            false => format!("`{name}` (feature `{feature}`)"),
        });
        let names: Vec<String> = plain.chain(needing).collect();
        format!(" Names: {}.", names.join(", "))
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self.kind.as_str(), "integer" | "duration_ms" | "bytes")
    }
}

const KINDS: [&str; 15] = [
    "string",
    "secret",
    "path",
    "url",
    "bool",
    "integer",
    "duration_ms",
    "bytes",
    "enum",
    "list",
    "exporters",
    "headers",
    "attributes",
    "sampler",
    "policies",
];

/// Reads and checks the table.
pub(super) fn parse(text: &str) -> Result<Vec<Row>, String> {
    let root: Table = text.parse().map_err(|e| format!("{e}"))?;
    let list = root.get("option").and_then(Value::as_array);
    let mut rows: Vec<Row> = Vec::new();
    for value in list.ok_or("no [[option]]")? {
        let row = value.as_table().ok_or("an option is not a table")?;
        let row = parse_row(row)?;
        if rows.iter().any(|known| known.name == row.name) {
            return Err(format!("{} occurs twice", row.name));
        }
        rows.push(row);
    }
    for row in &rows {
        if let Some(fallback) = &row.fallback {
            let known = rows.iter().take_while(|known| known.name != row.name);
            if !known.into_iter().any(|known| &known.name == fallback) {
                return Err(format!("{}: {fallback} does not stand before it", row.name));
            }
        }
    }
    Ok(rows)
}

fn parse_row(table: &Table) -> Result<Row, String> {
    let name = string(table, "name")?.ok_or("an option has no name")?;
    let at = |e: String| format!("{name}: {e}");
    let known = [
        "name",
        "type",
        "unit",
        "default",
        "default_text",
        "min",
        "max",
        "zero",
        "values",
        "needs",
        "later",
        "feature",
        "member",
        "rust",
        "fallback",
        "env",
        "zipkin",
        "jaeger",
        "yaml",
        "secret",
        "text",
    ];
    if let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(at(format!("unknown key {key}")));
    }
    let needed = |key: &str| string(table, key)?.ok_or(format!("no {key}"));
    let kind = needed("type").map_err(at)?;
    if !KINDS.contains(&kind.as_str()) {
        return Err(at(format!("unknown type {kind}")));
    }
    let unit = match kind.as_str() {
        "duration_ms" => "ms".to_owned(),
        "bytes" => "bytes".to_owned(),
        _ => string(table, "unit").map_err(at)?.unwrap_or_default(),
    };
    let mut row = Row {
        unit,
        default: default(table.get("default")).map_err(at)?,
        default_text: string(table, "default_text").map_err(at)?,
        min: integer(table, "min").map_err(at)?.unwrap_or(0),
        max: integer(table, "max").map_err(at)?.unwrap_or(i64::MAX as u64),
        zero_is_none: string(table, "zero").map_err(at)?.as_deref() == Some("none"),
        values: strings(table.get("values")).map_err(at)?,
        needs: names_with_features(table.get("needs")).map_err(at)?,
        later: names_with_features(table.get("later")).map_err(at)?,
        feature: string(table, "feature").map_err(at)?,
        member: string(table, "member").map_err(at)?,
        rust: string(table, "rust").map_err(at)?,
        fallback: string(table, "fallback").map_err(at)?,
        env: strings(table.get("env")).map_err(at)?,
        others: Vec::new(),
        yaml: needed("yaml").map_err(at)?,
        secret: table.get("secret").and_then(Value::as_bool).unwrap_or(false),
        text: needed("text").map_err(at)?,
        kind,
        name: name.clone(),
    };
    for exporter in ["zipkin", "jaeger"] {
        if let Some(table) = table.get(exporter) {
            let other = other(&row, exporter, table);
            row.others
                .push(other.map_err(|e| at(format!("{exporter}: {e}")))?);
        }
    }
    let others = row.others.iter().map(|other| (&other.default, &other.values));
    let allowed = others
        .chain([(&row.default, &row.values)])
        .all(|(default, values)| is_allowed(&row, default, values));
    match allowed {
        true => Ok(row),
        false => Err(at("the default is not an allowed value".to_owned())),
    }
}

fn is_allowed(row: &Row, default: &Default, values: &[String]) -> bool {
    match default {
        Default::Text(text) if !values.is_empty() => values.contains(text),
        Default::List(names) => names.iter().all(|name| values.contains(name)),
        Default::Integer(number) => row.is_number() && (row.min..=row.max).contains(number),
        _ => true,
    }
}

/// What does not stand there is as for `otlp`, but the variables.
fn other(row: &Row, exporter: &'static str, table: &Value) -> Result<Other, String> {
    let table = table.as_table().ok_or("not a table")?;
    let known = ["default", "values", "needs", "env"];
    if let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("unknown key {key}"));
    }
    if row.member.is_none() {
        return Err("only an option with a member can differ".to_owned());
    }
    Ok(Other {
        exporter,
        default: match table.get("default") {
            None => row.default.clone(),
            given => default(given)?,
        },
        values: match table.get("values") {
            None => row.values.clone(),
            given => strings(given)?,
        },
        needs: match table.get("needs") {
            None => row.needs.clone(),
            given => names_with_features(given)?,
        },
        env: strings(table.get("env"))?,
    })
}

fn string(table: &Table, key: &str) -> Result<Option<String>, String> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("{key} is not a text")),
    }
}

fn integer(table: &Table, key: &str) -> Result<Option<u64>, String> {
    let Some(value) = table.get(key) else {
        return Ok(None);
    };
    let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
    number.map(Some).ok_or(format!("{key} is not a number from 0"))
}

fn strings(value: Option<&Value>) -> Result<Vec<String>, String> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let list = value.as_array().ok_or("not a list")?.iter();
    list.map(|item| {
        item.as_str()
            .map(str::to_owned)
            .ok_or("not a list of texts".to_owned())
    })
    .collect()
}

fn names_with_features(value: Option<&Value>) -> Result<Vec<(String, String)>, String> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    let list = value.as_array().ok_or("needs or later is not a list")?.iter();
    list.map(|item| {
        text(item, "name")
            .zip(text(item, "feature"))
            .ok_or("a name or a feature is missing".to_owned())
    })
    .collect()
}

fn default(value: Option<&Value>) -> Result<Default, String> {
    Ok(match value {
        None => Default::None,
        Some(Value::Boolean(value)) => Default::Bool(*value),
        Some(Value::Integer(number)) => {
            Default::Integer(u64::try_from(*number).map_err(|_| "the default is negative")?)
        }
        Some(Value::String(text)) => Default::Text(text.clone()),
        Some(list @ Value::Array(_)) => Default::List(strings(Some(list))?),
        Some(_) => return Err("the default has a type that no option has".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "[[option]]\nname = \"a\"\ntype = \"integer\"\nyaml = \"y\"\ntext = \"t\"\n";

    #[test]
    fn mistakes_are_found() {
        assert_eq!(parse(ROW).unwrap().len(), 1);
        for (wrong, message) in [
            ("unknwon = 1", "a: unknown key unknwon"),
            ("min = -1", "a: min is not a number from 0"),
            ("min = 2\ndefault = 1", "a: the default is not an allowed value"),
            ("fallback = \"b\"", "a: b does not stand before it"),
            (
                "zipkin = { default = 1 }",
                "a: zipkin: only an option with a member can differ",
            ),
            (
                "member = \"a\"\njaeger = { defualt = 1 }",
                "a: jaeger: unknown key defualt",
            ),
            (
                "min = 2\nmember = \"a\"\njaeger = { default = 1 }",
                "a: the default is not an allowed value",
            ),
        ] {
            assert_eq!(parse(&format!("{ROW}{wrong}\n")).unwrap_err(), message);
        }
        assert_eq!(parse(&format!("{ROW}{ROW}")).unwrap_err(), "a occurs twice");
    }
}
