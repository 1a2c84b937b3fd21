//! The reference page.

use super::table::{Default, Row};
use std::fmt::Write;

const HEAD: &str = "<!-- Made by `cargo xtask generate` from sdk/engine/options.toml: change that. -->

# Options

Every option has the same name everywhere. What the code sets wins over the environment, which wins over the default.
An empty variable counts as not set. Where several variables are given, the first one that is set and valid counts.

A wrong value in code is an error at once. A wrong value in the environment is reported as a warning and passed over.
Numbers are plain digits; only `true`, in any case, is true; names are accepted in any case.

| option | type | default | environment | |
|---|---|---|---|---|
";

/// The whole page.
pub(super) fn render(rows: &[Row]) -> String {
    let mut page = HEAD.to_owned();
    for row in rows {
        let env: Vec<String> = row.env.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} |",
            row.name,
            kind(row),
            default(row),
            env.join(", "),
            text(row)
        );
    }
    page
}

fn kind(row: &Row) -> String {
    let plain = match row.kind.as_str() {
        "string" => "text",
        "url" => "URL",
        "bool" => "true or false",
        "integer" => return format!("number of {}", row.unit),
        "duration_ms" => "milliseconds",
        "bytes" => "bytes",
        "enum" => "name",
        "list" => "list of names",
        "headers" | "attributes" => "names and values",
        _ => "name, rate, or both",
    };
    plain.to_owned()
}

fn default(row: &Row) -> String {
    if let Some(text) = &row.default_text {
        return text.clone();
    }
    match (&row.default, &row.fallback) {
        (Default::None, Some(fallback)) => format!("`{fallback}`"),
        (Default::None, None) => "none".to_owned(),
        (Default::Bool(value), _) => value.to_string(),
        (Default::Integer(number), _) if row.kind == "bytes" && *number >= 1 << 20 => {
            format!("{number} ({} MiB)", number >> 20)
        }
        (Default::Integer(number), _) => number.to_string(),
        (Default::Text(text), _) => format!("`{text}`"),
        (Default::List(names), _) => format!("`{}`", names.join(",")),
    }
}

fn text(row: &Row) -> String {
    let mut text = row.text.replace('|', "\\|");
    if !row.values.is_empty() {
        let names: Vec<String> = row.values.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(text, " Names: {}.", names.join(", "));
    }
    if row.zero_is_none {
        text += " 0: no limit.";
    }
    if row.min > 0 {
        let _ = write!(text, " At least {}.", row.min);
    }
    if row.max < i64::MAX as u64 {
        let _ = write!(text, " At most {}.", row.max);
    }
    text
}
