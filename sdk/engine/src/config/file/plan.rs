//! What a declarative file asks for.

use super::{
    batches,
    component::{Component, ComponentKind},
    distribution, exporters, resource,
    sampler::SamplerPlan,
    walk::{Place, Walk},
};
use crate::TracerConfigurator;
use crate::config::{FlatOptions, Node, flat};
use crate::options::{LogLevel, text::items};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use spanline_core::OwnedValue;

/// What a declarative file asks for: options, and components that options cannot name.
#[derive(Clone, PartialEq, Debug, Default)]
#[non_exhaustive]
pub struct Plan {
    /// Everything that is an option, the built-in exporters among them.
    pub options: FlatOptions,
    /// The sampler, where the `sampler` option cannot say it.
    pub sampler: Option<SamplerPlan>,
    /// Processors that are not built in, in order.
    pub processors: Vec<Component>,
    /// Exporters that are not built in, in order.
    pub exporters: Vec<Component>,
    /// All propagators in order, where one of them is not built in or has settings.
    pub propagators: Option<Vec<Component>>,
    /// The id generator, where it is not the built-in one.
    pub id_generator: Option<Component>,
    /// The schema URL of the resource.
    pub schema_url: Option<String>,
    /// Who looks for attributes of the resource.
    pub detection: Detection,
    /// Which tracers are enabled.
    pub tracers: TracerConfigurator,
}

/// How attributes of the resource are found.
#[derive(Clone, PartialEq, Debug, Default)]
#[non_exhaustive]
pub struct Detection {
    /// The detectors, built in or not, in order.
    pub detectors: Vec<Component>,
    /// Which attributes are taken: patterns with `*` and `?`; `None`: all.
    pub included: Option<Vec<String>>,
    /// Which of them are not.
    pub excluded: Vec<String>,
}

/// Reads a tree that has been checked.
pub(super) fn plan(walk: &mut Walk, tree: &Node) -> Plan {
    let root = Place {
        node: tree,
        path: String::new(),
    };
    let mut plan = Plan::default();
    general(walk, &root);
    propagators(walk, &mut plan, root.get("propagator"));
    if let Some(place) = root.get("resource") {
        resource::attributes(walk, &place);
        plan.schema_url = place.text("schema_url").map(ToOwned::to_owned);
        if let Some(place) = place.get("detection/development") {
            detection(&mut plan.detection, &place);
        }
    }
    match root.get("tracer_provider") {
        Some(place) => tracer_provider(walk, &mut plan, &place),
        None => {
            let text = "there is no `tracer_provider`: no spans are recorded";
            walk.remark(LogLevel::Info, &root, text);
            walk.set("disabled", true, &root);
            walk.set("exporter", OwnedValue::List(Vec::new()), &root);
        }
    }
    if let Some(place) = root.get("distribution").and_then(|place| place.get("spanline")) {
        distribution::options(walk, &place);
    }
    plan.options = core::mem::take(&mut walk.options);
    plan
}

fn general(walk: &mut Walk, root: &Place<'_>) {
    if let Some(place) = root.get("disabled") {
        walk.set("disabled", place.node.as_bool().unwrap_or_default(), &place);
    }
    if let (Some(level), Some(place)) = (root.text("log_level"), root.get("log_level")) {
        // `fatal2` and its like are finer than what we say.
        let level = match level.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "fatal" => "error",
            level => level,
        };
        walk.set("log_level", level.to_owned(), &place);
    }
    if let Some(limits) = root.get("attribute_limits") {
        for (member, option) in [
            ("attribute_count_limit", "attribute_limits.count"),
            ("attribute_value_length_limit", "attribute_limits.value_length"),
            ("attribute_value_depth_limit", "attribute_limits.value_depth"),
        ] {
            walk.set_number(option, &limits, member);
        }
    }
    for other in ["meter_provider", "logger_provider"] {
        if let Some(place) = root.get(other) {
            walk.remark(
                LogLevel::Info,
                &place,
                "this is about another signal than traces and is ignored",
            );
        }
    }
}

fn propagators(walk: &mut Walk, plan: &mut Plan, place: Option<Place<'_>>) {
    const KIND: ComponentKind = ComponentKind::TextMapPropagator;
    let mut list: Vec<Component> = Vec::new();
    let composite = place.as_ref().and_then(|place| place.get("composite"));
    for component in composite
        .iter()
        .flat_map(Place::items)
        .filter_map(|item| item.component(KIND))
    {
        if !list.iter().any(|known| known.name == component.name) {
            list.push(component);
        }
    }
    if let Some(named) = place.as_ref().and_then(|place| place.get("composite_list")) {
        for name in items(named.node.as_str().unwrap_or_default()) {
            if !list.iter().any(|known| known.name == name) {
                list.push(Component {
                    kind: KIND,
                    name: name.to_owned(),
                    properties: Node::default(),
                    path: named.path.clone(),
                    at: named.node.at,
                    may_be_left_out: true,
                });
            }
        }
    }
    // Among the names of a list `none` means what it means in the environment.
    if list
        .iter()
        .any(|component| component.may_be_left_out && component.name == "none")
    {
        list.clear();
    }
    if list.iter().all(|component| is_plain(component, KIND)) {
        let root = Place {
            node: &Node::default(),
            path: "propagator".to_owned(),
        };
        let names = flat::names(list.into_iter().map(|component| component.name));
        walk.set("propagators", names, place.as_ref().unwrap_or(&root));
    } else {
        plan.propagators = Some(list);
    }
}

/// Whether a name says all of it.
fn is_plain(component: &Component, kind: ComponentKind) -> bool {
    kind.built_in().contains(&component.name.as_str()) && component.properties.entries().is_empty()
}

fn detection(detection: &mut Detection, place: &Place<'_>) {
    let texts = |place: Place<'_>| {
        let texts = place
            .items()
            .filter_map(|item| item.node.as_str().map(ToOwned::to_owned));
        texts.collect::<Vec<String>>()
    };
    if let Some(attributes) = place.get("attributes") {
        detection.included = attributes.get("included").map(texts);
        detection.excluded = attributes.get("excluded").map(texts).unwrap_or_default();
    }
    let detectors = place.get("detectors");
    detection.detectors = detectors
        .iter()
        .flat_map(Place::items)
        .filter_map(|item| item.component(ComponentKind::ResourceDetector))
        .collect();
}

fn tracer_provider(walk: &mut Walk, plan: &mut Plan, place: &Place<'_>) {
    if let Some(limits) = place.get("limits") {
        for (member, option) in [
            ("attribute_count_limit", "limits.attributes"),
            ("attribute_value_length_limit", "limits.value_length"),
            ("attribute_value_depth_limit", "limits.value_depth"),
            ("event_count_limit", "limits.events"),
            ("link_count_limit", "limits.links"),
            ("event_attribute_count_limit", "limits.event_attributes"),
            ("link_attribute_count_limit", "limits.link_attributes"),
        ] {
            walk.set_number(option, &limits, member);
        }
    }
    if let Some(place) = place.get("sampler") {
        plan.sampler = SamplerPlan::of(&place);
        if let Some((name, rate)) = plan.sampler.as_ref().and_then(SamplerPlan::as_option) {
            walk.set("sampler", flat::sampler(&name, rate), &place);
            plan.sampler = None;
        }
    }
    if let Some(place) = place.get("id_generator") {
        let generator = place.component(ComponentKind::IdGenerator);
        plan.id_generator = generator.filter(|component| component.name != "random");
    }
    if let Some(place) = place.get("tracer_configurator/development") {
        plan.tracers = configurator(walk, &place);
    }
    processors(walk, plan, place);
}

/// The tracers in their order, and the default behind them as a rule that fits all.
fn configurator(walk: &mut Walk, place: &Place<'_>) -> TracerConfigurator {
    let is_enabled = |config: Option<Place<'_>>| {
        let enabled = config.and_then(|config| config.node.get("enabled").and_then(Node::as_bool));
        enabled.unwrap_or(true)
    };
    let mut tracers = TracerConfigurator::default();
    for item in place.get("tracers").iter().flat_map(Place::items) {
        tracers.push(
            item.text("name").unwrap_or_default(),
            is_enabled(item.get("config")),
        );
    }
    if !is_enabled(place.get("default_config")) {
        tracers.push("*", false);
    }
    if tracers.disables_all() {
        walk.remark(
            LogLevel::Info,
            place,
            "no tracer is enabled: no spans are recorded",
        );
    }
    tracers
}

fn processors(walk: &mut Walk, plan: &mut Plan, place: &Place<'_>) {
    let Some(list) = place.get("processors") else {
        return;
    };
    let (mut built_in, mut places) = (Vec::new(), Vec::new());
    let mut pipelines = Vec::new();
    for item in list.items() {
        let Some((entry, processor)) = item.only() else {
            continue;
        };
        if !ComponentKind::SpanProcessor
            .built_in()
            .contains(&entry.key.as_str())
        {
            plan.processors
                .extend(item.component(ComponentKind::SpanProcessor));
            continue;
        }
        let Some(holder) = processor.get("exporter") else {
            continue;
        };
        let Some((exporter, below)) = holder.only() else {
            continue;
        };
        match exporters::exporter(walk, &exporter.key, &below) {
            Some(settings) => {
                built_in.push(settings.into_value());
                places.push((below.path, exporter.at));
            }
            None => plan
                .exporters
                .extend(holder.component(ComponentKind::SpanExporter)),
        }
        pipelines.push((entry.key == "simple", processor));
    }
    walk.set("exporter", OwnedValue::List(built_in), &list);
    walk.options.place_items("exporter", places);
    batches::settings(walk, &pipelines);
}
