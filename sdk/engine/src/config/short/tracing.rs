//! Form B: the tree below `tracing`.

use super::{
    exporters,
    read::{At, Form},
    sampler::{Given, PROBABILISTIC},
};
use crate::ErrorKind;
use crate::config::{
    Node, Problem, Value,
    flat::{self, FlatExporter, FlatOptions},
};
use alloc::{borrow::ToOwned, vec::Vec};
use spanline_core::OwnedValue;

const ROOT_SAMPLERS: &[&str] = &[PROBABILISTIC, "always_on", "always_off", "traceidratio"];
const STRATEGIES: &[&str] = &["parent_based", "always_on", "always_off"];

/// Reads a tree whose root is `tracing`, variables already replaced. `tracing.collector` belongs to another program and
/// is passed over. Paths in problems begin below `tracing.sdk`.
///
/// # Errors
/// The first unknown key; where there is none, the first thing that is wrong.
pub fn tracing(tree: &Node) -> Result<FlatOptions, Problem> {
    let mut form = Form::default();
    let root = At { path: "", node: tree };
    form.members(root, &["tracing"], |form, _, at| {
        form.members(at, &["sdk", "collector"], |form, key, at| {
            if key == "sdk" {
                sdk(form, At { path: "", ..at });
            }
        });
    });
    form.problems.first()?;
    Ok(form.options)
}

fn sdk(form: &mut Form, at: At<'_>) {
    let known = &["resource", "enabled", "sampling", "exporters", "instrumentation"];
    form.members(at, known, |form, key, at| match key {
        "resource" => form.members(at, &["attributes"], |form, _, at| attributes(form, at)),
        "enabled" => {
            if let Some(enabled) = form.boolean(at) {
                form.set("disabled", !enabled, at);
            }
        }
        "sampling" => sampling(form, at),
        "exporters" => exporter_map(form, at),
        _ => instrumentation(form, at),
    });
}

fn attributes(form: &mut Form, at: At<'_>) {
    let mut others = Vec::new();
    form.all_members(at, |form, key, _, at| {
        let Some(text) = at.node.text() else {
            if !at.node.is_null() {
                form.problems.wrong_type(at.path, at.node, "text");
            }
            return;
        };
        if key == "service.name" {
            form.set("service_name", text, at);
        } else {
            others.push((key.to_owned(), text.into()));
        }
    });
    if !others.is_empty() {
        form.set("resource", OwnedValue::Map(others), at);
    }
}

fn sampling(form: &mut Form, at: At<'_>) {
    let mut strategy = Some("parent_based");
    let mut root: Option<Given> = None;
    let mut bad = !matches!(at.node.value, Value::Map(_));
    form.members(at, &["strategy", "root_sampler"], |form, key, member| {
        if key == "strategy" {
            strategy = form.name(member, STRATEGIES);
        } else {
            bad |= !matches!(member.node.value, Value::Map(_));
            root = Some(form.given_sampler(member, ROOT_SAMPLERS, &[]));
        }
    });
    let Some(strategy) = strategy.filter(|_| !bad) else {
        return;
    };
    let beside = at.node.get("root_sampler").filter(|node| !node.is_null());
    match (strategy, root, beside) {
        ("parent_based", Some(root), Some(node)) => {
            let path = crate::config::problem::join(at.path, "root_sampler");
            form.set_sampler(&root, "parentbased_", At { path: &path, node });
        }
        ("parent_based", ..) => form.set("sampler", flat::sampler("parentbased_always_on", None), at),
        (_, Some(_), Some(node)) => {
            let path = crate::config::problem::join(at.path, "root_sampler");
            let text = alloc::format!("the strategy `{strategy}` has no root sampler");
            form.problems.at(ErrorKind::BadValue, &path, node, text);
        }
        _ => form.set("sampler", flat::sampler(strategy, None), at),
    }
}

fn exporter_map(form: &mut Form, at: At<'_>) {
    let (mut list, mut items) = (Vec::new(), Vec::new());
    form.all_members(at, |form, key, place, at| {
        if !exporters::NAMES.contains(&key) {
            let parent = at
                .path
                .strip_suffix(key)
                .unwrap_or_default()
                .trim_end_matches('.');
            let known = exporters::NAMES.iter().copied();
            form.problems.unknown_key(parent, key, place, known);
            return;
        }
        let mut exporter = FlatExporter::new(key);
        form.members(at, exporters::members(key), |form, member, at| {
            form.exporter_member(&mut exporter, key == "otlp", member, at);
        });
        list.push(exporter.into_value());
        items.push((at.path.to_owned(), place));
    });
    form.set("exporter", OwnedValue::List(list), at);
    form.options.place_items("exporter", items);
}

fn instrumentation(form: &mut Form, at: At<'_>) {
    const KINDS: &[(&str, &str, &[&str])] = &[
        (
            "http",
            "instrument.http",
            &["enabled", "capture_headers", "capture_body"],
        ),
        (
            "database",
            "instrument.database",
            &["enabled", "capture_statement", "sanitize_statement"],
        ),
        ("messaging", "instrument.messaging", &["enabled"]),
        ("cache", "instrument.cache", &["enabled"]),
    ];
    let names: Vec<&str> = KINDS.iter().map(|(name, ..)| *name).collect();
    form.members(at, &names, |form, name, at| {
        let Some((_, option, known)) = KINDS.iter().find(|(kind, ..)| *kind == name) else {
            return;
        };
        form.members(at, known, |form, key, at| match key {
            "enabled" => form.set_boolean(option, at),
            "capture_headers" => {
                form.set_boolean("capture.request_headers", at);
                if at.node.as_bool().is_some() {
                    form.set_boolean("capture.response_headers", at);
                }
            }
            "capture_statement" => form.set_boolean("capture.statement", at),
            "sanitize_statement" => form.set_boolean("capture.sanitize", at),
            _ => {
                if form.boolean(at) == Some(true) {
                    let text = "bodies are never recorded";
                    form.problems.at(ErrorKind::Unsupported, at.path, at.node, text);
                }
            }
        });
    });
}
