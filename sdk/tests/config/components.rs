//! Components of the user's own.

use crate::common::{finish, problems_during};
use crate::memory_file;
use spanline::config::{ComponentKind, Node, PluginComponentProvider, Registry, parse};
use spanline::propagate::{Getter, Setter, TextMapPropagator};
use spanline::sample::AlwaysOff;
use spanline::{
    Context, CurrentSpan, Error, ErrorKind, ExportBatch, ExportResult, IdGenerator, KeyValue, OwnedValue,
    Resource, ResourceDetector, SpanExporter, SpanId, SpanProcessor, TraceId,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Seen = Arc<Mutex<Vec<String>>>;

#[derive(Debug)]
struct Mine {
    label: String,
    seen: Seen,
}

impl Mine {
    fn say(&self, what: &str) {
        self.seen.lock().unwrap().push(format!("{} {what}", self.label));
    }
}

impl SpanExporter for Mine {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        self.say(&format!("exports {}", batch.len()));
        ExportResult::success()
    }
}

impl SpanProcessor for Mine {
    fn on_start(&self, _: &CurrentSpan, _: &Context) {
        self.say("starts");
    }
}

impl IdGenerator for Mine {
    fn trace_id(&self) -> TraceId {
        TraceId::from_bytes([7; 16])
    }

    fn span_id(&self) -> SpanId {
        SpanId::from_bytes([8; 8])
    }
}

impl TextMapPropagator for Mine {
    fn extract(&self, context: Context, _: &dyn Getter) -> Context {
        context
    }

    fn inject(&self, _: &Context, carrier: &mut dyn Setter) {
        carrier.set("mine", &self.label);
    }

    fn fields(&self) -> Vec<&str> {
        vec!["mine"]
    }
}

impl ResourceDetector for Mine {
    fn name(&self) -> &str {
        "mine"
    }

    fn detect(&self) -> Resource {
        Resource::new([KeyValue::new("mine.label", self.label.clone())], None)
    }
}

/// A registry with a `mine` of each kind; what they do is said to the list.
fn registry(seen: &Seen) -> Registry {
    let mut registry = Registry::new();
    let mine = || {
        let seen = seen.clone();
        move |properties: &Node| match properties.get("label").and_then(Node::as_str) {
            Some(label) => Ok(Mine {
                label: label.to_owned(),
                seen: seen.clone(),
            }),
            None => Err(Error::new(ErrorKind::Missing, "a label is needed")),
        }
    };
    for provider in [
        PluginComponentProvider::span_exporter("mine", mine()),
        PluginComponentProvider::span_processor("mine", mine()),
        PluginComponentProvider::id_generator("mine", mine()),
        PluginComponentProvider::text_map_propagator("mine", mine()),
        PluginComponentProvider::resource_detector("mine", mine()),
        PluginComponentProvider::sampler("off", |_| Ok(AlwaysOff)),
        PluginComponentProvider::sampler("panics", |_: &Node| -> Result<AlwaysOff, Error> {
            panic!("as asked")
        }),
    ] {
        registry.register(provider).unwrap();
    }
    registry
}

const ALL: &str = "
file_format: '1.1'
propagator: { composite: [ {tracecontext: }, {mine: {label: p}} ] }
resource: { detection/development: { detectors: [ {mine: {label: d}} ] } }
tracer_provider:
  processors:
    - mine: { label: s }
    - batch: { exporter: { mine: { label: e } } }
  id_generator: { mine: { label: i } }
  sampler: { parent_based: { remote_parent_sampled: { off: } } }
";

#[test]
fn components_are_made_of_their_properties() {
    let seen = Seen::default();
    let model = parse(ALL, |_| None).unwrap();
    let created = model.create(&registry(&seen)).unwrap();
    let provider = created.provider;
    let span = provider.tracer("t").span("work").start();
    assert_eq!(span.context().trace_id(), TraceId::from_bytes([7; 16]));
    span.end();
    finish(&provider);
    assert_eq!(*seen.lock().unwrap(), ["s starts", "e exports 1"]);
    let label = provider.resource().get("mine.label").and_then(OwnedValue::as_str);
    assert_eq!(label, Some("d"));
    assert_eq!(created.propagator.fields(), ["traceparent", "tracestate", "mine"]);
    assert!(
        provider
            .sampler_description()
            .contains("remoteParentSampled=AlwaysOffSampler")
    );
    // The model has them as they stand.
    let plan = model.plan();
    assert_eq!(
        plan.exporters[0].properties.get("label").and_then(Node::as_str),
        Some("e")
    );
    assert_eq!(plan.exporters[0].kind, ComponentKind::SpanExporter);
}

fn error(more: &str) -> Error {
    let model = parse(&memory_file(more), |_| None).unwrap();
    model.create(&registry(&Seen::default())).unwrap_err()
}

#[test]
fn a_component_that_is_not_there_is_an_error_with_a_hint() {
    let typo = error("  sampler: { always_onn: }\n");
    assert_eq!(
        (typo.kind(), typo.option(), typo.hint()),
        (
            ErrorKind::UnknownKey,
            Some("tracer_provider.sampler.always_onn"),
            Some("always_on")
        )
    );
    assert!(typo.message().starts_with("5:14: "), "{typo}");
    let own = error("  id_generator: { mien: {label: x} }\n");
    assert_eq!(own.hint(), Some("mine"));
    assert_eq!(error("  sampler: { whatever: }\n").hint(), None);
}

#[test]
fn a_name_in_a_list_of_propagators_that_is_not_known_is_left_out() {
    let text = memory_file("propagator: { composite_list: 'nobody,baggage' }\n");
    let model = parse(&text, |_| None).unwrap();
    let (created, said) = problems_during(|| model.create(&Registry::new()).unwrap());
    assert_eq!(created.propagator.fields(), ["baggage"]);
    assert!(said.iter().any(|said| format!("{said:?}").contains("nobody")));
}

#[test]
fn errors_and_panics_of_a_provider_belong_to_the_place_that_asked() {
    let missing = error("  id_generator: { mine: }\n");
    assert_eq!(
        (missing.kind(), missing.option()),
        (ErrorKind::Missing, Some("tracer_provider.id_generator.mine"))
    );
    assert!(missing.message().contains("a label is needed"));
    assert_eq!(error("  sampler: { panics: }\n").kind(), ErrorKind::UserPanic);
}

#[test]
fn a_name_is_registered_once_per_kind() {
    let mut registry = registry(&Seen::default());
    let again = registry.register(PluginComponentProvider::sampler("off", |_| Ok(AlwaysOff)));
    assert_eq!(again.unwrap_err().kind(), ErrorKind::BadValue);
    let built_in = registry.register(PluginComponentProvider::sampler("always_on", |_| Ok(AlwaysOff)));
    assert_eq!(built_in.unwrap_err().kind(), ErrorKind::BadValue);
    let other_name = PluginComponentProvider::sampler("mine", |_| Ok(AlwaysOff));
    assert_eq!(other_name.kind(), ComponentKind::Sampler);
    registry.register(other_name).unwrap();
}

#[test]
fn settings_of_a_built_in_propagator_are_heeded() {
    let list = "{xtrace: {trace_header: X-Request, deferred_as_root: false}}, {messaging: {deferred_as_root: false}}";
    let text = memory_file(&format!(
        "propagator: {{ composite: [ {list}, {{b3multi: }} ] }}\n"
    ));
    let created = parse(&text, |_| None).unwrap().create(&Registry::new()).unwrap();
    let fields = created.propagator.fields();
    assert_eq!(fields[..3], ["X-Request", "X-Span-ID", "X-Parent-ID"]);
    assert_eq!(fields[3..7], ["trace_id", "span_id", "parent_id", "x-b3-traceid"]);
    let ids = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
    for names in [["X-Request", "X-Span-ID"], ["trace_id", "span_id"]] {
        let carrier = [(names[0], ids[0]), (names[1], ids[1])];
        let found = created.propagator.extract(spanline::Context::EMPTY, &carrier);
        assert!(
            found.span_context().is_sampled() && !found.is_deferred(),
            "{names:?}"
        );
    }
}

#[test]
fn names_that_headers_cannot_have_are_errors() {
    for (names, good) in [
        ("trace_header: X-A, span_header: X-B, parent_header: X-C", true),
        ("trace_header: ''", false),
        ("trace_header: \"X\\r\\nEvil\"", false),
        ("trace_header: x-span-id", false),
    ] {
        let text = memory_file(&format!(
            "propagator: {{ composite: [ xtrace: {{ {names} }} ] }}\n"
        ));
        let created = parse(&text, |_| None).unwrap().create(&Registry::new());
        let kind = created.map(|_| ()).map_err(|error| error.kind());
        assert_eq!(
            kind,
            if good { Ok(()) } else { Err(ErrorKind::BadValue) },
            "{names}"
        );
    }
}
