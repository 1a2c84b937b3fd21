//! From what a file asks for to components.

use super::detectors::Filtered;
use super::registry::{Maker, PluginComponentProvider, Registry};
use crate::detect::{ContainerDetector, HostDetector, ProcessDetector, ResourceDetector, ServiceDetector};
use crate::export::SpanExporter;
use crate::log::{self, Level, UserText};
use crate::processor::SpanProcessor;
use crate::{Error, ErrorKind, IdGenerator, Sampler};
use spanline_core::propagate::{
    CompositePropagator, MessagingPropagator, TextMapPropagator, XTracePropagator, by_name,
};
use spanline_engine::TracerConfigurator;
use spanline_engine::config::{Component, ComponentKind, Node, Plan, Problem, SamplerPlan};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The components of a file that options cannot name.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// What describes it; it is made when the name of the service is known.
    pub(crate) sampler: Option<SamplerPlan>,
    pub(crate) id_generator: Option<Arc<dyn IdGenerator>>,
    pub(crate) processors: Vec<Arc<dyn SpanProcessor>>,
    pub(crate) exporters: Vec<(String, Arc<dyn SpanExporter>)>,
    pub(crate) propagator: Option<Arc<dyn TextMapPropagator>>,
    /// `None`: the file does not say, so the usual ones.
    pub(crate) detectors: Option<Vec<Arc<dyn ResourceDetector>>>,
    pub(crate) schema_url: Option<String>,
    /// Which tracers are enabled.
    pub(crate) tracers: TracerConfigurator,
}

/// Calls the user's code; what comes of it belongs to the place that asked for it.
macro_rules! make {
    ($registry:expr, $asked:expr, $variant:ident) => {{
        let asked: &Component = $asked;
        let provider = provider($registry, asked)?;
        match &provider.maker {
            Maker::$variant(make) => guarded(asked, || make(&asked.properties)),
            // A provider is found by its kind.
            _ => Err(unknown($registry, asked)),
        }
    }};
}

impl Made {
    /// Makes what the plan asks for.
    pub(super) fn of(plan: &Plan, registry: &Registry) -> Result<Self, Problem> {
        let exporters = plan.exporters.iter().map(|asked| {
            let exporter = make!(registry, asked, SpanExporter)?;
            Ok((asked.name.clone(), exporter))
        });
        let processors = plan.processors.iter();
        Ok(Self {
            sampler: plan.sampler.clone(),
            id_generator: plan
                .id_generator
                .as_ref()
                .map(|asked| make!(registry, asked, IdGenerator))
                .transpose()?,
            processors: processors
                .map(|asked| make!(registry, asked, SpanProcessor))
                .collect::<Result<_, _>>()?,
            exporters: exporters.collect::<Result<_, _>>()?,
            propagator: plan
                .propagators
                .as_ref()
                .map(|asked| propagator(asked, registry))
                .transpose()?,
            detectors: Some(detectors(plan, registry)?),
            schema_url: plan.schema_url.clone(),
            tracers: plan.tracers.clone(),
        })
    }
}

/// A sampler that the user has registered.
pub(crate) fn make_sampler(asked: &Component, registry: &Registry) -> Result<Arc<dyn Sampler>, Problem> {
    make!(registry, asked, Sampler)
}

fn propagator(list: &[Component], registry: &Registry) -> Result<Arc<dyn TextMapPropagator>, Problem> {
    let mut members = Vec::new();
    for asked in list {
        if let Some(known) = built_in_propagator(asked)? {
            members.push(known);
            continue;
        }
        if asked.may_be_left_out && registry.get(asked.kind, &asked.name).is_none() {
            let name = UserText(&asked.name);
            let line = format_args!("{}: there is no propagator {name}; it is left out", asked.path);
            log::report(Level::Warn, "config_propagator", line);
            continue;
        }
        members.push(make!(registry, asked, TextMapPropagator)?);
    }
    Ok(Arc::new(CompositePropagator::new(members)))
}

/// A propagator that is built in, with its settings, whose types have been checked.
fn built_in_propagator(asked: &Component) -> Result<Option<Arc<dyn TextMapPropagator>>, Problem> {
    let text = |name: &str, default: &'static str| {
        let given = asked.properties.get(name).and_then(Node::as_str);
        given.map_or(Cow::Borrowed(default), |name| Cow::Owned(name.to_owned()))
    };
    let deferred_as_root = asked.properties.get("deferred_as_root").and_then(Node::as_bool);
    let deferred_as_root = deferred_as_root.unwrap_or(true);
    Ok(Some(match asked.name.as_str() {
        "xtrace" => {
            let names = XTracePropagator::new().with_names(
                text("trace_header", XTracePropagator::TRACE_ID),
                text("span_header", XTracePropagator::SPAN_ID),
                text("parent_header", XTracePropagator::PARENT_ID),
            );
            let names = names.ok_or_else(|| {
                let text = "the three headers need names that headers can have, each another one";
                Problem::new(ErrorKind::BadValue, asked.path.clone(), asked.at, text)
            })?;
            Arc::new(names.deferred_as_root(deferred_as_root))
        }
        "messaging" => Arc::new(MessagingPropagator::new().deferred_as_root(deferred_as_root)),
        name => return Ok(by_name(name)),
    }))
}

fn detectors(plan: &Plan, registry: &Registry) -> Result<Vec<Arc<dyn ResourceDetector>>, Problem> {
    let detection = &plan.detection;
    let detectors = detection.detectors.iter().map(|asked| {
        let detector: Arc<dyn ResourceDetector> = match asked.name.as_str() {
            "container" => Arc::new(ContainerDetector::new()),
            "host" => Arc::new(HostDetector::new()),
            "process" => Arc::new(ProcessDetector::new()),
            "service" => Arc::new(ServiceDetector::new()),
            _ => make!(registry, asked, ResourceDetector)?,
        };
        let filtered = Filtered::new(detector, detection.included.clone(), detection.excluded.clone());
        Ok(Arc::new(filtered) as Arc<dyn ResourceDetector>)
    });
    detectors.collect()
}

fn provider<'a>(registry: &'a Registry, asked: &Component) -> Result<&'a PluginComponentProvider, Problem> {
    registry
        .get(asked.kind, &asked.name)
        .ok_or_else(|| unknown(registry, asked))
}

fn unknown(registry: &Registry, asked: &Component) -> Problem {
    let kind: ComponentKind = asked.kind;
    let text = format!("there is no {kind} of this name, and none is registered");
    let known: Vec<&str> = registry.names(kind).collect();
    Problem::new(ErrorKind::UnknownKey, asked.path.clone(), asked.at, text).with_hint(&asked.name, known)
}

/// Runs the user's code: an error and a panic are problems of the place that asked for it.
fn guarded<T>(asked: &Component, make: impl FnOnce() -> Result<T, Error>) -> Result<T, Problem> {
    let problem = |kind, text| Problem::new(kind, asked.path.clone(), asked.at, text);
    match catch_unwind(AssertUnwindSafe(make)) {
        Ok(made) => made.map_err(|error| problem(error.kind(), error.message().to_owned())),
        Err(payload) => {
            // Its drop is foreign code that may panic as well.
            std::mem::forget(payload);
            let text = format!("the provider of the {} `{}` panicked", asked.kind, asked.name);
            Err(problem(ErrorKind::UserPanic, text))
        }
    }
}
