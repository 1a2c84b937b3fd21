//! The end of a process, and forks; each scenario is a process of its own.

use crate::process::{Receiver, forked, play, scenario};
use crate::{make, words};
use spanline::{Provider, span};

fn start(endpoint: &str) -> Provider {
    // Nothing is decided by time: what arrives was decided by the end.
    let builder = spanline::init().without_environment().delay_ms(3_600_000);
    builder
        .endpoint(endpoint)
        .tail_sampling(words(&["error"]))
        .start()
        .unwrap()
}

pub(crate) fn play_child() {
    let Some((scenario, endpoint)) = scenario() else {
        return;
    };
    let provider = start(&endpoint);
    match scenario.as_str() {
        "exit" => {
            make(&provider, "failed", true);
            make(&provider, "fine", false);
            // Its root does not end.
            let root = provider.tracer("t").span("open").start();
            let child = provider
                .tracer("t")
                .span("child of open")
                .parent(&root.in_context())
                .start();
            child.set_status(spanline::StatusCode::Error, "");
            child.end();
            std::mem::forget(root);
        }
        "fork" => {
            make(&provider, "parent failed", true);
            make(&provider, "parent fine", false);
            // What the pipeline's thread holds at the fork, and what it has not looked at.
            while provider.stats().tail.pending_spans == 0 {
                // Four full chunks wake it.
                make(&provider, &"parent fine".repeat(100), false);
            }
            forked(|| {
                make(&provider, "child failed", true);
                make(&provider, "child fine", false);
                let report = provider.flush();
                assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
                assert_eq!((report.stats.accepted, report.stats.tail_dropped), (2, 2));
                drop(span!("dropped at the exit"));
            });
            let stats = provider.flush().stats;
            assert!(stats.balances(), "{stats:?}");
            assert_eq!(stats.accepted, 2, "{stats:?}");
        }
        other => panic!("no scenario {other}"),
    }
}

#[test]
fn the_exit_decides_what_is_held() {
    let receiver = Receiver::start([]);
    let ended = play("exit", &receiver.url());
    assert!(ended.status.success(), "{ended:?}");
    let names = receiver.names();
    assert_eq!(names.len(), 3, "{names:?}");
    for name in ["failed", "child", "child of open"] {
        assert_eq!(names.get(name), Some(&1), "{names:?}");
    }
}

#[test]
fn a_forked_child_holds_nothing_of_its_parents() {
    let receiver = Receiver::start([]);
    let ended = play("fork", &receiver.url());
    assert!(ended.status.success(), "{ended:?}");
    let names = receiver.names();
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!(names.get("parent failed"), Some(&1), "{names:?}");
    assert_eq!(names.get("child failed"), Some(&1), "{names:?}");
    assert_eq!(names.get("child"), Some(&2), "{names:?}");
}
