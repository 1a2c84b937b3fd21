use super::*;
use std::sync::Mutex;

/// The log is the process's: tests that change it take turns.
static TURN: Mutex<()> = Mutex::new(());

fn collecting() -> (LogSink, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&lines);
    let sink = move |level: Level, text: &str| into.lock().unwrap().push(format!("{}: {text}", level.name()));
    (Arc::new(sink), lines)
}

fn in_turn(body: impl FnOnce()) {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    body();
    set_log_sink(None);
    set_error_handler(None);
    set_level(Level::Info);
}

#[test]
fn levels_have_names_and_an_order() {
    assert_eq!(Level::from_name("WARN"), Some(Level::Warn));
    assert_eq!(Level::from_name("Verbose"), Some(Level::Trace));
    assert_eq!(Level::from_name("none"), Some(Level::None));
    assert_eq!(Level::from_name("warning"), None);
    assert_eq!(Level::from_name(""), None);
    assert!(Level::Error < Level::Trace);
}

#[test]
fn a_sink_gets_what_the_level_lets_through_once_per_kind() {
    in_turn(|| {
        let (sink, lines) = collecting();
        set_log_sink(Some(sink));
        for round in 0..3 {
            report(Level::Warn, "tests_once", format_args!("round {round}"));
        }
        report(Level::Debug, "tests_debug", format_args!("not shown"));
        set_level(Level::Trace);
        report(Level::Debug, "tests_debug", format_args!("shown"));
        set_level(Level::None);
        report(Level::Error, "tests_none", format_args!("not shown"));
        assert_eq!(*lines.lock().unwrap(), ["warn: round 0", "debug: shown"]);
    });
}

#[test]
fn exporters_and_reasons_have_a_minute_each() {
    in_turn(|| {
        let (sink, lines) = collecting();
        set_log_sink(Some(sink));
        let two: [Arc<str>; 2] = ["otlp to a:1".into(), "otlp_2 to b:2".into()];
        for _ in 0..3 {
            for who in &two {
                speaking_for(who, || {
                    for code in ["401", "503"] {
                        report_case(
                            Level::Error,
                            "tests_refused",
                            code,
                            format_args!("answered {code}"),
                        );
                    }
                });
            }
        }
        report(
            Level::Error,
            "tests_refused",
            format_args!("nobody speaks any more"),
        );
        let expected = [
            "error: otlp to a:1: answered 401",
            "error: otlp to a:1: answered 503",
            "error: otlp_2 to b:2: answered 401",
            "error: otlp_2 to b:2: answered 503",
            "error: nobody speaks any more",
        ];
        assert_eq!(*lines.lock().unwrap(), expected);
    });
}

#[test]
fn the_handler_gets_every_problem_whatever_the_level() {
    in_turn(|| {
        let (sink, lines) = collecting();
        set_log_sink(Some(sink));
        set_level(Level::Error);
        let problems = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&problems);
        set_error_handler(Some(Arc::new(move |problem: &Problem<'_>| {
            into.lock()
                .unwrap()
                .push((problem.kind, problem.level, problem.message.to_owned()));
        })));
        for _ in 0..2 {
            report(Level::Warn, "tests_handler", format_args!("w"));
        }
        report(Level::Info, "tests_handler_info", format_args!("no problem"));
        report(Level::Error, "tests_handler_error", format_args!("e"));
        let got = problems.lock().unwrap();
        assert_eq!(got.len(), 3);
        assert_eq!(got[2], ("tests_handler_error", Level::Error, "e".to_owned()));
        assert_eq!(*lines.lock().unwrap(), ["error: e"]);
    });
}

#[test]
fn a_sink_that_reports_or_panics_does_no_harm() {
    in_turn(|| {
        let before = unheard();
        let called = Arc::new(AtomicU64::new(0));
        let calls = Arc::clone(&called);
        set_log_sink(Some(Arc::new(move |_, _| {
            calls.fetch_add(1, Ordering::Relaxed);
            report(Level::Error, "tests_inner", format_args!("from the sink"));
            std::panic::resume_unwind(Box::new(()));
        })));
        report(Level::Error, "tests_outer", format_args!("x"));
        assert_eq!(unheard(), before + 2, "the inner report and the panic");
        assert_eq!(called.load(Ordering::Relaxed), 1);
        let (sink, lines) = collecting();
        set_log_sink(Some(sink));
        report(Level::Error, "tests_after", format_args!("still there"));
        assert_eq!(*lines.lock().unwrap(), ["error: still there"]);
    });
}

#[test]
fn a_handler_that_panics_does_not_keep_the_log_from_the_message() {
    in_turn(|| {
        let (sink, lines) = collecting();
        set_log_sink(Some(sink));
        set_error_handler(Some(Arc::new(|_| std::panic::resume_unwind(Box::new(())))));
        report(Level::Error, "tests_bad_handler", format_args!("x"));
        assert_eq!(*lines.lock().unwrap(), ["error: x"]);
    });
}

#[test]
fn a_value_that_is_not_wanted_is_not_formatted() {
    struct Loud;
    impl fmt::Display for Loud {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("was formatted");
        }
    }
    in_turn(|| {
        let before = unheard();
        report(Level::Debug, "tests_unwanted", format_args!("{Loud}"));
        assert_eq!(unheard(), before);
    });
}

#[cfg(unix)]
#[test]
fn a_child_may_report_while_its_parent_holds_standard_error() {
    use crate::fork::tests::in_child;
    in_turn(|| {
        let held = std::io::stderr().lock();
        let code = std::thread::spawn(|| {
            in_child(|| {
                report(
                    Level::Error,
                    "tests_fork",
                    format_args!("(a line of a test, from a forked child)"),
                );
                0
            })
        });
        assert_eq!(code.join().unwrap(), 0);
        drop(held);
    });
}
