//! Form A: a dictionary.

use super::{
    exporters,
    read::{At, Form},
    sampler::PROBABILISTIC,
};
use crate::ErrorKind;
use crate::config::{
    Node, Problem, Value,
    flat::{FlatExporter, FlatOptions, names},
    problem::join,
};
use alloc::{borrow::ToOwned, format, vec::Vec};
use spanline_core::OwnedValue;

const SAMPLERS: &[&str] = &[
    PROBABILISTIC,
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
    "probability",
    "parentbased_probability",
];
const REMOTE: &[&str] = &["jaeger_remote", "parentbased_jaeger_remote"];

/// Reads a dictionary: `service_name`, `sampler`, `propagation` and `exporters`. It may come from any language; nothing
/// is substituted in it.
///
/// # Errors
/// The first unknown key; where there is none, the first thing that is wrong.
///
/// ```
/// use spanline_engine::config::{dictionary, Node};
/// let wrong = dictionary(&Node::map([("samplr", Node::default())])).unwrap_err();
/// assert_eq!((wrong.path.as_str(), wrong.hint.as_deref()), ("samplr", Some("sampler")));
/// ```
pub fn dictionary(tree: &Node) -> Result<FlatOptions, Problem> {
    let mut form = Form::default();
    let root = At { path: "", node: tree };
    let known = &["service_name", "sampler", "propagation", "exporters"];
    form.members(root, known, |form, key, at| match key {
        "service_name" => {
            if let Some(name) = form.text(at) {
                form.set(key, name.to_owned(), at);
            }
        }
        "sampler" => {
            let given = form.given_sampler(at, SAMPLERS, REMOTE);
            form.set_sampler(&given, "", at);
        }
        "propagation" => propagation(form, at),
        _ => exporter_list(form, at),
    });
    form.problems.first()?;
    Ok(form.options)
}

fn propagation(form: &mut Form, at: At<'_>) {
    let (mut requests, mut messaging) = ([true; 2], true);
    let mut bad = !matches!(at.node.value, Value::Map(_));
    form.members(
        at,
        &["http", "grpc", "messaging", "database"],
        |form, key, member| {
            let Some(value) = form.boolean(member) else {
                bad = true;
                return;
            };
            match key {
                "http" => requests[0] = value,
                "grpc" => requests[1] = value,
                "messaging" => messaging = value,
                _ => {}
            }
            form.set(&join("propagate", key), value, member);
        },
    );
    if bad {
        return;
    }
    let formats: &[&str] = match (messaging, requests.contains(&true)) {
        (true, _) => &["messaging", "tracecontext", "baggage"],
        (false, true) => &["tracecontext", "baggage"],
        (false, false) => &[],
    };
    form.set("propagators", names(formats.iter().copied()), at);
}

fn exporter_list(form: &mut Form, at: At<'_>) {
    if !matches!(at.node.value, Value::List(_)) {
        form.problems.wrong_type(at.path, at.node, "a list");
        return;
    }
    let items = at.node.items().iter().enumerate();
    let exporters = items.filter_map(|(index, node)| {
        let path = format!("{}[{index}]", at.path);
        exporter(form, At { path: &path, node })
    });
    let exporters = OwnedValue::List(exporters.collect());
    form.set("exporter", exporters, at);
    let items = at.node.items().iter().enumerate();
    let items = items.map(|(index, node)| (format!("{}[{index}]", at.path), node.at));
    form.options.place_items("exporter", items.collect());
}

fn exporter(form: &mut Form, at: At<'_>) -> Option<OwnedValue> {
    if !matches!(at.node.value, Value::Map(_)) {
        form.problems.wrong_type(at.path, at.node, "a map");
        return None;
    }
    let given = at.node.get("type").filter(|name| !name.is_null());
    let name = given
        .and_then(Node::as_str)
        .and_then(|text| exporters::NAMES.iter().find(|&&name| name == text));
    // What an exporter may say depends on which it is; one that is not known may say anything an exporter can.
    let members = exporters::members(name.unwrap_or(&"otlp"));
    let known: Vec<&str> = ["type"].into_iter().chain(members.iter().copied()).collect();
    let mut exporter = FlatExporter::new(name.unwrap_or(&""));
    form.members(at, &known, |form, key, member| {
        if key == "type" {
            form.name(member, exporters::NAMES);
        } else {
            form.exporter_member(&mut exporter, name == Some(&"otlp"), key, member);
        }
    });
    if given.is_none() {
        let text = "an exporter needs a `type`";
        form.problems
            .at(ErrorKind::Missing, &join(at.path, "type"), at.node, text);
    }
    name.map(|_| exporter.into_value())
}
