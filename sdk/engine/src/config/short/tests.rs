use super::*;
use crate::ErrorKind;
use crate::config::{Node, Problem, flat};
use alloc::string::ToString;

fn wrong(tree: &Node) -> Problem {
    dictionary(tree).unwrap_err()
}

fn exporter(members: impl IntoIterator<Item = (&'static str, Node)>) -> Node {
    Node::map([("exporters", Node::list([Node::map(members)]))])
}

#[test]
fn members_that_an_exporter_cannot_use_are_refused() {
    for name in ["console", "memory", "discard", "none", "file"] {
        let problem = wrong(&exporter([
            ("type", name.into()),
            ("endpoint", "http://c".into()),
        ]));
        assert_eq!(
            (problem.kind, problem.path.as_str()),
            (ErrorKind::UnknownKey, "exporters[0].endpoint")
        );
    }
    let problem = wrong(&exporter([
        ("type", "zipkin".into()),
        ("compression", "gzip".into()),
    ]));
    assert_eq!(problem.kind, ErrorKind::UnknownKey);
}

#[test]
fn a_rate_where_there_is_none_and_remote_samplers_are_refused() {
    let sampler = |name: &str| {
        Node::map([(
            "sampler",
            Node::map([("rate", Node::from(0.5)), ("type", name.into())]),
        )])
    };
    let problem = wrong(&sampler("always_on"));
    assert_eq!(
        (problem.kind, problem.path.as_str()),
        (ErrorKind::BadValue, "sampler.rate")
    );
    assert_eq!(wrong(&sampler("jaeger_remote")).kind, ErrorKind::Unsupported);
    let without = Node::map([("sampler", Node::map([("rate", Node::from(0.5))]))]);
    assert_eq!(
        (wrong(&without).kind, wrong(&without).path.as_str()),
        (ErrorKind::Missing, "sampler.type")
    );
}

#[test]
fn values_of_the_wrong_type_are_refused_everywhere() {
    for (key, path) in [
        ("service_name", "service_name"),
        ("sampler", "sampler"),
        ("propagation", "propagation"),
        ("exporters", "exporters"),
    ] {
        let problem = wrong(&Node::map([(key, Node::from(7))]));
        assert_eq!(
            (problem.kind, problem.path.as_str()),
            (ErrorKind::WrongType, path)
        );
    }
    assert_eq!(wrong(&Node::from("text")).kind, ErrorKind::WrongType);
    let problem = wrong(&Node::map([("exporters", Node::list([Node::default()]))]));
    assert_eq!(
        (problem.kind, problem.path.as_str()),
        (ErrorKind::WrongType, "exporters[0]")
    );
}

#[test]
fn the_message_has_path_problem_and_hint() {
    let problem = wrong(&Node::map([("samplr", Node::default())]));
    assert_eq!(
        problem.to_string(),
        "samplr: there is no such key here, only `service_name`, `sampler`, `propagation`, `exporters`; did you mean \
         `sampler`?"
    );
    let error = problem.into_error(Some("shop.yaml"));
    assert_eq!(
        (error.kind(), error.option(), error.hint()),
        (ErrorKind::UnknownKey, Some("samplr"), Some("sampler"))
    );
    assert!(error.message().starts_with("shop.yaml: samplr: "));
}

#[test]
fn form_b_sets_nothing_by_itself() {
    let empty = tracing(&Node::map([("tracing", Node::default())])).unwrap();
    assert!(empty.is_empty());
    let root_only = Node::map([(
        "tracing",
        Node::map([(
            "sdk",
            Node::map([("sampling", Node::map([] as [(&str, Node); 0]))]),
        )]),
    )]);
    let options = tracing(&root_only).unwrap();
    let expected = flat::sampler("parentbased_always_on", None);
    assert_eq!(options.get("sampler"), Some(&expected));
}
