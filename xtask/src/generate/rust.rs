//! The Rust structs.

use super::table::{Default, Row};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

const HEAD: &str = "// Made by `cargo xtask generate` from options.toml: change that.

//! The structs and the table of options.

use super::{
    ClockSource, Compression, DefaultValue, Exporter, Headers, LogLevel, OptionInfo, OptionType, Protocol,
    SamplerConfig, SamplerOption, Source, show::Show,
};
use alloc::{string::String, vec::Vec};
use core::fmt;
use spanline_core::{KeyValue, Resource};
";

/// The whole file, not formatted.
pub(super) fn render(rows: &[Row]) -> String {
    let mut out = HEAD.to_owned();
    for group in groups(rows) {
        let title = title(group);
        let members = || rows.iter().filter(move |row| row.place().0 == group);
        let about = match group {
            None => {
                "What the code sets. What is `None` is left to the environment and the defaults.\n///\n/// \
                     Secrets are not shown by `Debug`."
                    .to_owned()
            }
            Some(group) => format!("The `{group}.*` part of [`Options`]."),
        };
        let name = if group.is_none() {
            "Options".to_owned()
        } else {
            format!("{title}Options")
        };
        let _ = writeln!(
            out,
            "\n/// {about}\n#[derive(Clone, Default, PartialEq)]\npub struct {name} {{"
        );
        for row in members() {
            let _ = writeln!(
                out,
                "{}    pub {}: Option<{}>,",
                doc(row),
                row.place().1,
                code_type(row)
            );
        }
        for nested in nested(rows, group) {
            let _ = writeln!(
                out,
                "    /// The options `{nested}.*`.\n    pub {nested}: {}Options,",
                self::title(Some(nested))
            );
        }
        out += "}\n";
        debug(&mut out, &name, members(), &nested(rows, group));

        let (name, about, derive) = match group {
            None => (
                "Effective".to_owned(),
                "The options that hold, each with its source; made by [`resolve`](super::resolve)."
                    .to_owned(),
                "#[derive(Clone, PartialEq)]\n#[non_exhaustive]",
            ),
            Some(group) => (
                title.clone(),
                format!("The `{group}.*` part of [`Effective`]."),
                "#[derive(Clone, Copy, PartialEq, Eq, Debug)]\n#[non_exhaustive]",
            ),
        };
        let _ = writeln!(out, "\n/// {about}\n{derive}\npub struct {name} {{");
        for row in members() {
            let _ = writeln!(
                out,
                "{}    pub {}: {},",
                doc(row),
                row.place().1,
                effective_type(row, rows)
            );
        }
        for nested in nested(rows, group) {
            let _ = writeln!(
                out,
                "    /// The options `{nested}.*`.\n    pub {nested}: {},",
                self::title(Some(nested))
            );
        }
        if group.is_none() {
            out += "    pub(super) sources: [Source; TABLE.len()],\n";
        }
        out += "}\n";
    }
    show(&mut out, rows);
    indices(&mut out, rows);
    table(&mut out, rows);
    out
}

/// The struct without a prefix first.
fn groups(rows: &[Row]) -> Vec<Option<&str>> {
    let mut groups = vec![None];
    for row in rows {
        if !groups.contains(&row.place().0) {
            groups.push(row.place().0);
        }
    }
    groups
}

fn nested<'a>(rows: &'a [Row], group: Option<&str>) -> Vec<&'a str> {
    match group {
        None => groups(rows).into_iter().flatten().collect(),
        Some(_) => Vec::new(),
    }
}

/// `attribute_limits` becomes `AttributeLimits`.
fn title(group: Option<&str>) -> String {
    let words = group.unwrap_or_default().split('_');
    words
        .map(|word| word[..word.len().min(1)].to_uppercase() + &word[word.len().min(1)..])
        .collect()
}

fn doc(row: &Row) -> String {
    let mut text = row.text.clone();
    if !row.values.is_empty() {
        let names: Vec<String> = row.values.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(text, " Names: {}.", names.join(", "));
    }
    if row.is_number() {
        let _ = write!(text, " Unit: {}.", row.unit);
        if row.min > 0 {
            let _ = write!(text, " At least {}.", row.min);
        }
    }
    if row.zero_is_none {
        text += " 0: no limit.";
    }
    let default = match (&row.default_text, &row.default) {
        (Some(text), _) => text.clone(),
        (None, Default::None) => match &row.fallback {
            Some(fallback) => format!("`{fallback}`"),
            None => "none".to_owned(),
        },
        (None, Default::Bool(value)) => value.to_string(),
        (None, Default::Integer(number)) => number.to_string(),
        (None, Default::Text(text)) => format!("`{text}`"),
        (None, Default::List(names)) => format!("`{}`", names.join(",")),
    };
    let _ = write!(text, " Default: {default}.");
    wrapped(&text)
}

/// Doc comment lines of at most 110 characters.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.len() + word.len() > 100 {
            let _ = writeln!(out, "    /// {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    let _ = writeln!(out, "    /// {line}");
    out
}

fn code_type(row: &Row) -> &'static str {
    match row.kind.as_str() {
        "bool" => "bool",
        "integer" | "duration_ms" | "bytes" => "u64",
        "list" => "Vec<String>",
        "headers" => "Headers",
        "attributes" => "Vec<KeyValue>",
        "sampler" => "SamplerOption",
        _ => "String",
    }
}

fn effective_type(row: &Row, rows: &[Row]) -> String {
    if let Some(fallback) = &row.fallback
        && let Some(general) = rows.iter().find(|row| &row.name == fallback)
    {
        return effective_type(general, rows);
    }
    let rust = row.rust.as_deref().unwrap_or("String");
    let no_value = row.zero_is_none || row.default == Default::None;
    match row.kind.as_str() {
        "string" if no_value => "Option<String>".to_owned(),
        "bool" => "bool".to_owned(),
        "integer" | "duration_ms" | "bytes" if no_value => "Option<u64>".to_owned(),
        "integer" | "duration_ms" | "bytes" => "u64".to_owned(),
        "enum" => rust.to_owned(),
        "list" => format!("Vec<{rust}>"),
        "headers" => "Headers".to_owned(),
        "attributes" => "Resource".to_owned(),
        "sampler" => "SamplerConfig".to_owned(),
        _ => "String".to_owned(),
    }
}

/// Only what is set, and URLs masked.
fn debug<'a>(out: &mut String, name: &str, rows: impl Iterator<Item = &'a Row>, nested: &[&str]) {
    let _ = writeln!(
        out,
        "\nimpl fmt::Debug for {name} {{\nfn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{\n\
         let mut debug = f.debug_struct(\"{name}\");"
    );
    for row in rows {
        let field = row.place().1;
        let shown = if row.kind == "url" {
            "&super::endpoint::masked(value)"
        } else {
            "value"
        };
        let _ = writeln!(
            out,
            "if let Some(value) = &self.{field} {{ debug.field(\"{field}\", {shown}); }}"
        );
    }
    for nested in nested {
        let _ = writeln!(out, "debug.field(\"{nested}\", &self.{nested});");
    }
    out.push_str("debug.finish_non_exhaustive()\n}\n}\n");
}

fn show(out: &mut String, rows: &[Row]) {
    out.push_str(
        "\nimpl Effective {\n/// The value of the option with this index as text.\n\
         pub(super) fn show(&self, index: usize) -> String {\nmatch index {\n",
    );
    for row in rows {
        let _ = writeln!(out, "index::{} => self.{}.show(),", constant(row), row.name);
    }
    out.push_str("_ => String::new(),\n}\n}\n}\n");
}

fn constant(row: &Row) -> String {
    row.name.replace('.', "_").to_uppercase()
}

fn indices(out: &mut String, rows: &[Row]) {
    out.push_str("\n/// Where each option stands in [`TABLE`].\npub(super) mod index {\n");
    for (index, row) in rows.iter().enumerate() {
        let _ = writeln!(
            out,
            "pub(in super::super) const {}: usize = {index};",
            constant(row)
        );
    }
    out.push_str("}\n");
}

fn table(out: &mut String, rows: &[Row]) {
    let _ = writeln!(
        out,
        "\n/// Every option.\npub static TABLE: [OptionInfo; {}] = [",
        rows.len()
    );
    for row in rows {
        let default = match &row.default {
            Default::None => "None".to_owned(),
            Default::Bool(value) => format!("Bool({value})"),
            Default::Integer(number) => format!("Integer({number})"),
            Default::Text(text) => format!("Text({text:?})"),
            Default::List(names) => format!("List(&{names:?})"),
        };
        let kind: String = title(Some(&row.kind));
        let _ = writeln!(
            out,
            "OptionInfo {{ name: {:?}, kind: OptionType::{kind}, unit: {:?}, default: DefaultValue::{default}, \
             min: {}, max: {}, zero_is_none: {}, values: &{:?}, later: &{:?}, fallback: {:?}, variables: &{:?}, \
             secret: {}, text: {:?} }},",
            row.name,
            row.unit,
            row.min,
            row.max,
            row.zero_is_none,
            row.values,
            row.later,
            row.fallback,
            row.env,
            row.secret,
            row.text,
        );
    }
    out.push_str("];\n");
}

/// The text as `cargo fmt` leaves it.
pub(super) fn formatted(text: &str) -> Result<String, String> {
    let rustfmt = |e: std::io::Error| format!("rustfmt: {e}");
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=110"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(rustfmt)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes()).map_err(rustfmt)?;
    }
    let output = child.wait_with_output().map_err(rustfmt)?;
    match output.status.success() {
        true => String::from_utf8(output.stdout).map_err(|e| format!("rustfmt: {e}")),
        false => Err("rustfmt refused the generated code".to_owned()),
    }
}
