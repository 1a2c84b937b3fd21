mod pipeline;

use super::*;
use crate::ErrorKind;
use crate::config::Value;
use alloc::string::{String, ToString};
use alloc::vec;
use spanline_core::OwnedValue;

fn map<const N: usize>(members: [(&str, Node); N]) -> Node {
    Node::map(members.map(|(key, value)| (key.to_string(), value)))
}

fn nothing() -> Node {
    Node::default()
}

/// A file with these members beside its version.
fn file<const N: usize>(members: [(&str, Node); N]) -> Node {
    let mut tree = map([("file_format", "1.1".into())]);
    if let Value::Map(entries) = &mut tree.value {
        entries.extend_from_slice(map(members).entries());
    }
    tree
}

/// A file whose tracer provider has these members beside a processor.
fn with<const N: usize>(members: [(&str, Node); N]) -> Node {
    let exporter = map([("exporter", map([("memory", nothing())]))]);
    let mut provider = map([("processors", Node::list([map([("batch", exporter)])]))]);
    if let Value::Map(entries) = &mut provider.value {
        entries.extend_from_slice(map(members).entries());
    }
    file([("tracer_provider", provider)])
}

fn provider(processors: Node) -> Node {
    file([("tracer_provider", map([("processors", processors)]))])
}

fn wrong(tree: &Node) -> (ErrorKind, String, Option<String>) {
    let problem = declarative(tree).unwrap_err();
    (problem.kind, problem.path, problem.hint)
}

fn plan(tree: &Node) -> Plan {
    declarative(tree).unwrap_or_else(|problem| panic!("{problem}")).0
}

fn missing(path: &str) -> (ErrorKind, String, Option<String>) {
    (ErrorKind::Missing, path.to_string(), None)
}

#[test]
fn versions() {
    for version in ["1.0", "1.1"] {
        assert!(declarative(&map([("file_format", version.into())])).is_ok());
    }
    assert!(declarative(&map([("file_format", Node::from(1.0).written("1.0"))])).is_ok());
    for version in ["2.0", "0.4"] {
        assert_eq!(
            wrong(&map([("file_format", version.into())])).0,
            ErrorKind::BadValue
        );
    }
    for version in ["", "1", "1.", "1.x", "+1.0", "1.1.0"] {
        assert_eq!(
            wrong(&map([("file_format", version.into())])).0,
            ErrorKind::BadValue,
            "{version}"
        );
    }
    assert_eq!(
        wrong(&map([("file_format", true.into())])).0,
        ErrorKind::WrongType
    );
    let (_, remarks) = declarative(&map([("file_format", "1.2".into())])).unwrap();
    assert!(
        remarks
            .iter()
            .any(|remark| remark.path == "file_format" && remark.text.contains("newer"))
    );
    assert_eq!(wrong(&nothing()), missing("file_format"));
    assert_eq!(wrong(&map([("file_format", nothing())])), missing("file_format"));
}

#[test]
fn what_is_needed() {
    assert_eq!(
        wrong(&file([("tracer_provider", nothing())])),
        missing("tracer_provider.processors")
    );
    assert_eq!(wrong(&provider(nothing())), missing("tracer_provider.processors"));
    assert_eq!(
        wrong(&provider(Node::list([]))),
        missing("tracer_provider.processors")
    );
    for empty in [nothing(), map([])] {
        let processors = Node::list([map([("batch", empty)])]);
        assert_eq!(
            wrong(&provider(processors)),
            missing("tracer_provider.processors[0].batch.exporter")
        );
    }
    let exporterless = Node::list([map([("simple", map([("exporter", nothing())]))])]);
    assert_eq!(
        wrong(&provider(exporterless)),
        missing("tracer_provider.processors[0].simple.exporter")
    );
    assert_eq!(
        wrong(&with([("sampler", map([]))])),
        missing("tracer_provider.sampler")
    );
}

#[test]
fn null_is_the_default_where_that_is_allowed() {
    let console = map([("exporter", map([("console", nothing())]))]);
    let plan = plan(&provider(Node::list([map([("simple", console)])])));
    let console = vec![OwnedValue::Map(vec![("name".to_string(), "console".into())])];
    assert_eq!(plan.options.get("exporter"), Some(&OwnedValue::List(console)));
    assert_eq!(plan.options.get("delay_ms"), Some(&OwnedValue::I64(0)));
    for member in [
        "resource",
        "attribute_limits",
        "propagator",
        "log_level",
        "disabled",
        "distribution",
    ] {
        assert!(declarative(&file([(member, nothing())])).is_ok(), "{member}");
    }
    for member in ["sampler", "limits", "id_generator"] {
        assert!(declarative(&with([(member, nothing())])).is_ok(), "{member}");
    }
}

#[test]
fn unknown_keys_and_two_where_one_is_needed() {
    let typo = file([("tracer_provder", nothing())]);
    let hint = Some("tracer_provider".to_string());
    assert_eq!(
        wrong(&typo),
        (ErrorKind::UnknownKey, "tracer_provder".to_string(), hint)
    );
    let two = provider(Node::list([map([("batch", nothing()), ("simple", nothing())])]));
    assert_eq!(wrong(&two).0, ErrorKind::BadValue);
    let nested = with([("sampler", map([("parent_based", map([("rot", nothing())]))]))]);
    let path = "tracer_provider.sampler.parent_based.rot".to_string();
    assert_eq!(
        wrong(&nested),
        (ErrorKind::UnknownKey, path, Some("root".to_string()))
    );
}

#[test]
fn types_and_ranges() {
    for (tree, kind) in [
        (file([("disabled", "yes".into())]), ErrorKind::WrongType),
        (file([("log_level", "loud".into())]), ErrorKind::BadValue),
        (
            with([("limits", map([("event_count_limit", Node::from(-1))]))]),
            ErrorKind::BadValue,
        ),
        (
            with([("limits", map([("attribute_value_depth_limit", Node::from(0))]))]),
            ErrorKind::BadValue,
        ),
        (
            with([("limits", map([("link_count_limit", Node::from(1.5))]))]),
            ErrorKind::WrongType,
        ),
        (
            with([(
                "sampler",
                map([("trace_id_ratio_based", map([("ratio", Node::from(1.5))]))]),
            )]),
            ErrorKind::BadValue,
        ),
        (
            with([(
                "sampler",
                map([("trace_id_ratio_based", map([("ratio", f64::NAN.into())]))]),
            )]),
            ErrorKind::BadValue,
        ),
        (
            with([(
                "sampler",
                map([("probability/development", map([("ratio", Node::from(1e-30))]))]),
            )]),
            ErrorKind::BadValue,
        ),
        (
            file([("propagator", map([("composite", Node::list([nothing()]))]))]),
            ErrorKind::WrongType,
        ),
        (file([("resource", Node::list([]))]), ErrorKind::WrongType),
        (
            with([(
                "tracer_configurator/development",
                map([("default_config", map([("enabled", 0.into())]))]),
            )]),
            ErrorKind::WrongType,
        ),
        (
            with([(
                "tracer_configurator/development",
                map([("tracers", Node::list([map([("name", "a".into())])]))]),
            )]),
            ErrorKind::Missing,
        ),
    ] {
        assert_eq!(wrong(&tree).0, kind, "{tree:?}");
    }
}

#[test]
fn tracers_that_are_disabled() {
    let config = |enabled: bool| map([("enabled", enabled.into())]);
    let tracer = |name: &str, config: Node| map([("name", name.into()), ("config", config)]);
    let tracers = Node::list([
        tracer("a.loud", map([])),
        tracer("a.*", config(false)),
        tracer("b", config(true)),
    ]);
    let of = |default: Node, tracers: Node| {
        let members = map([("default_config", default), ("tracers", tracers)]);
        let (plan, remarks) = declarative(&with([("tracer_configurator/development", members)])).unwrap();
        let enabled = ["a.loud", "a.quiet", "b", "c"].map(|name| plan.tracers.is_enabled(name));
        let text =
            "tracer_provider.tracer_configurator/development: no tracer is enabled: no spans are recorded";
        (enabled, remarks.iter().any(|remark| remark.to_string() == text))
    };
    assert_eq!(of(nothing(), tracers.clone()), ([true, false, true, true], false));
    assert_eq!(of(config(false), tracers), ([true, false, true, false], false));
    assert_eq!(of(map([]), nothing()), ([true; 4], false));
    assert_eq!(of(config(false), nothing()), ([false; 4], true));
    let misspelt = with([(
        "tracer_configurator/development",
        map([(
            "tracers",
            Node::list([tracer("a", map([("enabeld", false.into())]))]),
        )]),
    )]);
    let (kind, path, hint) = wrong(&misspelt);
    assert_eq!(kind, ErrorKind::UnknownKey);
    assert!(path.ends_with("tracers[0].config.enabeld"), "{path}");
    assert_eq!(hint.as_deref(), Some("enabled"));
}

#[test]
fn attributes_of_the_resource() {
    let attribute = |name: &str, value: Node, kind: Option<&str>| {
        let kind = kind.map_or(nothing(), Node::from);
        map([("name", name.into()), ("value", value), ("type", kind)])
    };
    let resource = |attributes: Node| {
        file([(
            "resource",
            map([("attributes_list", "a=1,b=2".into()), ("attributes", attributes)]),
        )])
    };
    let tree = resource(Node::list([
        attribute("b", Node::from(1.1).written("1.10"), None),
        attribute("c", Node::list([Node::from(1), Node::from(2)]), Some("int_array")),
        attribute("d", Node::from(3), Some("double")),
        attribute("e", nothing(), None),
        attribute("f", true.into(), Some("bool")),
    ]));
    let expected = [
        ("a", OwnedValue::from("1")),
        ("b", OwnedValue::from("1.10")),
        (
            "c",
            OwnedValue::List(vec![OwnedValue::I64(1), OwnedValue::I64(2)]),
        ),
        ("d", OwnedValue::F64(3.0)),
        ("f", OwnedValue::Bool(true)),
    ];
    let expected = expected.map(|(key, value)| (key.to_string(), value)).to_vec();
    assert_eq!(
        plan(&tree).options.get("resource"),
        Some(&OwnedValue::Map(expected))
    );
    for (value, kind) in [
        (Node::from("5"), Some("int")),
        (Node::from(5), Some("bool")),
        (Node::list([Node::from(1)]), None),
        (Node::list([Node::from(true)]), Some("int_array")),
        (Node::from(5), Some("int_array")),
    ] {
        let (kind, path, _) = wrong(&resource(Node::list([attribute("x", value, kind)])));
        assert_eq!(
            (kind, path.as_str()),
            (ErrorKind::WrongType, "resource.attributes[0].value")
        );
    }
    let bad_list = file([("resource", map([("attributes_list", "a=1,b".into())]))]);
    let (plan, remarks) = declarative(&bad_list).unwrap();
    assert!(plan.options.get("resource").is_none());
    assert!(
        remarks
            .iter()
            .any(|remark| remark.path == "resource.attributes_list")
    );
}

#[test]
fn propagators_are_listed_once_and_absent_means_none() {
    let names = |names: &[&str]| Some(crate::config::flat::names(names.iter().copied()));
    assert_eq!(plan(&file([])).options.get("propagators").cloned(), names(&[]));
    let propagator = |list: &str| {
        let composite = Node::list([map([("baggage", nothing())])]);
        plan(&file([(
            "propagator",
            map([("composite", composite), ("composite_list", list.into())]),
        )]))
    };
    let plan = propagator("tracecontext, baggage");
    assert_eq!(
        plan.options.get("propagators").cloned(),
        names(&["baggage", "tracecontext"])
    );
    assert_eq!(propagator("none").options.get("propagators").cloned(), names(&[]));
    let formats = "b3,b3multi,jaeger,xtrace,messaging,grpc-trace-bin";
    let all = propagator(formats).options.get("propagators").cloned();
    let expected: vec::Vec<_> = ["baggage"].into_iter().chain(formats.split(',')).collect();
    assert_eq!(all, names(&expected));
    let own = propagator("b3,mine");
    assert!(own.options.get("propagators").is_none());
    let own: vec::Vec<_> = own
        .propagators
        .unwrap()
        .into_iter()
        .map(|c| (c.name, c.may_be_left_out))
        .collect();
    let expected = [("baggage", false), ("b3", true), ("mine", true)];
    assert_eq!(own, expected.map(|(name, out)| (name.to_string(), out)));
}

#[test]
fn plain_headers_have_settings() {
    let propagator = |properties: Node| {
        let composite = Node::list([map([("xtrace", properties)]), map([("jaeger", nothing())])]);
        file([("propagator", map([("composite", composite)]))])
    };
    let settings = [
        ("trace_header", "X-Request".into()),
        ("deferred_as_root", false.into()),
    ];
    let asked = plan(&propagator(map(settings))).propagators.unwrap();
    assert_eq!(
        asked[0].properties.get("trace_header").and_then(Node::as_str),
        Some("X-Request")
    );
    assert_eq!(asked[1].name, "jaeger");
    assert!(plan(&propagator(nothing())).propagators.is_none());
    let (kind, path, hint) = wrong(&propagator(map([("trace_heder", "x".into())])));
    assert_eq!(kind, ErrorKind::UnknownKey);
    assert_eq!(path, "propagator.composite[0].xtrace.trace_heder");
    assert_eq!(hint.as_deref(), Some("trace_header"));
    let (kind, ..) = wrong(&propagator(map([("deferred_as_root", "no".into())])));
    assert_eq!(kind, ErrorKind::WrongType);
}

#[test]
fn our_own_options() {
    let ours = |members: Node| {
        file([(
            "distribution",
            map([("other", Node::from(1)), ("spanline", members)]),
        )])
    };
    let tree = ours(map([
        ("exit_timeout_ms", Node::from(500)),
        ("max_open_spans", nothing()),
        ("capture", map([("statement", true.into())])),
    ]));
    let (plan, remarks) = declarative(&tree).unwrap();
    assert_eq!(plan.options.get("exit_timeout_ms"), Some(&OwnedValue::I64(500)));
    assert!(plan.options.get("max_open_spans").is_none() && plan.options.get("capture.statement").is_none());
    assert!(
        remarks
            .iter()
            .any(|remark| remark.path == "distribution.spanline.capture.statement")
    );
    let (kind, path, hint) = wrong(&ours(map([("exit_timeot_ms", Node::from(500))])));
    assert_eq!(kind, ErrorKind::UnknownKey);
    assert_eq!(
        (path.as_str(), hint.as_deref()),
        ("distribution.spanline.exit_timeot_ms", Some("exit_timeout_ms"))
    );
    let elsewhere = declarative(&ours(map([("delay_ms", Node::from(5))]))).unwrap_err();
    assert!(elsewhere.text.contains("schedule_delay"), "{elsewhere}");
    assert_eq!(wrong(&ours(Node::from(1))).0, ErrorKind::WrongType);
}

#[test]
fn without_a_tracer_provider_nothing_is_recorded() {
    let plan = plan(&file([("meter_provider", map([("x", Node::from(1))]))]));
    assert_eq!(plan.options.get("disabled"), Some(&OwnedValue::Bool(true)));
}
