//! The processors as options, in code and in a file.

use crate::common::{finish, memory};
use spanline::ErrorKind;
use spanline::options::Options;

fn refused(change: impl FnOnce(&mut Options)) -> spanline::Error {
    memory().options(change).build().unwrap_err()
}

#[test]
fn what_is_wrong_is_said_at_once_with_its_place() {
    let error = refused(|options| {
        options.filter.rules = Some(vec!["drop".into(), "drop nmae=x".into()]);
    });
    assert_eq!(
        (error.kind(), error.option()),
        (ErrorKind::BadValue, Some("filter.rules[1]"))
    );
    assert!(error.message().contains("there is no `nmae`"), "{error}");
    let error = refused(|options| options.errors.room = Some(0));
    assert_eq!(
        (error.kind(), error.option()),
        (ErrorKind::BadValue, Some("errors.room"))
    );
    let error = refused(|options| options.overhead.threshold_percent = Some(101));
    assert_eq!(error.option(), Some("overhead.threshold_percent"));
    let error = refused(|options| options.correlator.max_bytes = Some(1));
    assert_eq!(error.option(), Some("correlator.max_bytes"));
}

#[test]
fn a_regular_expression_needs_its_feature() {
    let rules = |rule: &str| {
        let rules = vec![rule.to_owned()];
        memory()
            .options(|options| options.filter.rules = Some(rules))
            .build()
    };
    match cfg!(feature = "regex") {
        true => {
            let provider = rules(r"drop name=~^GET /\d+$").unwrap();
            provider.tracer("t").span("GET /7").start().end();
            provider.tracer("t").span("GET /x").start().end();
            assert_eq!(finish(&provider).filtered, 1);
            let error = rules("drop name=~(").unwrap_err();
            assert!(error.message().contains("not a regular expression"), "{error}");
        }
        false => {
            let error = rules("drop name=~x").unwrap_err();
            assert!(error.message().contains("`regex`"), "{error}");
        }
    }
}

#[cfg(feature = "config-file")]
const FILE: &str = "file_format: '1.1'
tracer_provider:
  processors: [ {batch: {exporter: {memory: }}} ]
distribution:
  spanline:
    filter: { rules: [ RULE ] }
    errors: { enabled: true, room: 2 }
    correlator: { enabled: true, max_traces: 7 }
    overhead: { enabled: true }
";

#[cfg(feature = "config-file")]
#[test]
fn a_file_asks_for_all_of_them() {
    let path = std::env::temp_dir().join(format!("spanline-processors-{}.yaml", std::process::id()));
    std::fs::write(&path, FILE.replace("RULE", "'drop name=dr*'")).unwrap();
    let named = path.to_str().unwrap();
    let provider = spanline::init().config_file(named).build().unwrap();
    for name in ["drop", "keep"] {
        provider.tracer("t").span(name).start().set("error.type", "x");
    }
    assert_eq!(provider.options().correlator.max_traces, 7);
    assert_eq!(provider.errors().unwrap().report().errors.len(), 2);
    assert_eq!(provider.traces().unwrap().recent(9).len(), 2);
    assert!(provider.overhead().is_some());
    assert_eq!(finish(&provider).filtered, 1);

    std::fs::write(&path, FILE.replace("RULE", "nonsense")).unwrap();
    let error = spanline::init().config_file(named).build().unwrap_err();
    assert_eq!(error.option(), Some("distribution.spanline.filter.rules[0]"));
    std::fs::remove_file(&path).unwrap();
}
