//! Forks: the parent's spans are sent once, by the parent; the child's once, by the child; nobody waits for a lock that
//! another process holds. Each scenario is a process of its own, which forks.
#![allow(unsafe_code, reason = "forks and leaves processes; see each block")]

mod process;

use process::{Receiver, play};
use spanline::{Provider, span};
use std::sync::atomic::{AtomicBool, Ordering};

fn start(endpoint: &str) -> Provider {
    let builder = spanline::init().without_environment().delay_ms(3_600_000);
    builder.endpoint(endpoint).start().unwrap()
}

/// Runs `body` in a forked child, which then exits as a program does, and waits for that. A panic there is status 101.
fn forked(body: impl FnOnce()) {
    // SAFETY: the child runs only our code and leaves by exit, which is what these tests are about.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        let good = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).is_ok();
        // SAFETY: runs the exit hooks; the test harness has none that need its other threads.
        unsafe { libc::exit(if good { 0 } else { 101 }) }
    }
    wait(pid);
}

fn wait(pid: libc::pid_t) {
    let mut status = 0;
    // SAFETY: waits for our child and writes to a local.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert!(
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
        "{status}"
    );
}

/// Plays a scenario when it is run by another test; by itself it does nothing.
#[test]
fn child() {
    let Some((scenario, endpoint)) = process::scenario() else {
        return;
    };
    let provider = start(&endpoint);
    match scenario.as_str() {
        "simple" => simple(&provider),
        "second thread" => std::thread::scope(|scope| {
            scope.spawn(|| simple(&provider));
        }),
        "busy" => busy(),
        "nested" => {
            drop(span!("parent"));
            let root = span!("root");
            forked(|| {
                drop(span!("child"));
                forked(|| {
                    drop(span!("grandchild"));
                    forked(|| drop(span!("great-grandchild")));
                });
                drop(span!("child again"));
            });
            drop(root);
        }
        "silent child" => {
            drop(span!("parent"));
            forked(|| assert_eq!(threads(), 1));
        }
        "exec" => {
            drop(span!("parent"));
            let status = std::process::Command::new("/bin/true").status().unwrap();
            assert!(status.success());
        }
        "flush in child" => {
            drop(span!("parent"));
            forked(|| {
                drop(span!("child"));
                let report = provider.flush();
                assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
                assert_eq!((report.stats.started, report.stats.exporters[0].exported), (1, 1));
                assert!(provider.shutdown().unwrap().complete);
            });
            drop(span!("parent later"));
        }
        other => panic!("no scenario {other}"),
    }
}

fn simple(provider: &Provider) {
    drop(span!("ended before"));
    let root = span!("root");
    forked(|| {
        drop(span!("child"));
        root.set("from", "the child");
        root.end();
        root.end();
        let stats = provider.stats();
        assert!(stats.balances(), "{stats:?}");
        assert_eq!(
            (stats.dropped.forked, stats.accepted, stats.live),
            (1, 1, 0),
            "{stats:?}"
        );
    });
    root.set("from", "the parent");
    drop(root);
    let stats = provider.stats();
    assert!(stats.balances() && stats.dropped.forked == 0, "{stats:?}");
}

/// Forks while other threads make spans and come and go.
fn busy() {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let outer = span!("busy");
                    outer.set("key", "value");
                    drop(span!("busy"));
                }
            });
        }
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                std::thread::scope(|scope| {
                    scope.spawn(|| drop(span!("busy")));
                });
            }
        });
        for _ in 0..FORKS {
            forked(|| drop(span!("child")));
        }
        stop.store(true, Ordering::Relaxed);
    });
}

const FORKS: usize = 40;

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count)
}

#[track_caller]
fn names(scenario: &str) -> (Receiver, Vec<(String, usize)>) {
    let receiver = Receiver::start([]);
    let ended = play(scenario, &receiver.url());
    assert!(ended.status.success(), "{}", ended.output);
    let mut names: Vec<_> = receiver.names().into_iter().collect();
    names.sort();
    (receiver, names)
}

fn once(names: &[&str]) -> Vec<(String, usize)> {
    names.iter().map(|name| ((*name).to_owned(), 1)).collect()
}

#[track_caller]
fn check_simple(scenario: &str) {
    let (receiver, names) = names(scenario);
    assert_eq!(names, once(&["child", "ended before", "root"]));
    let spans = receiver.spans();
    let find = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (root, child) = (find("root"), find("child"));
    assert_eq!(child.parent_span_id, root.span_id);
    assert_eq!(child.trace_id, root.trace_id);
    let value = format!("{:?}", root.attributes);
    assert!(
        value.contains("the parent") && !value.contains("the child"),
        "{value}"
    );
}

#[test]
fn parent_and_child_send_their_own_spans_once() {
    check_simple("simple");
}

#[test]
fn a_fork_from_a_second_thread_is_as_good() {
    check_simple("second thread");
}

#[test]
fn a_fork_among_busy_threads_neither_hangs_nor_loses_the_childs_spans() {
    let (_, names) = names("busy");
    assert!(names.contains(&("child".to_owned(), FORKS)), "{names:?}");
}

#[test]
fn children_of_children_send_their_own() {
    let all = [
        "child",
        "child again",
        "grandchild",
        "great-grandchild",
        "parent",
        "root",
    ];
    assert_eq!(names("nested").1, once(&all));
}

#[test]
fn a_child_that_traces_nothing_has_no_thread_and_sends_nothing() {
    assert_eq!(names("silent child").1, once(&["parent"]));
}

#[test]
fn fork_and_exec_sends_nothing_twice() {
    assert_eq!(names("exec").1, once(&["parent"]));
}

#[test]
fn a_child_flushes_and_shuts_down_for_itself() {
    assert_eq!(
        names("flush in child").1,
        once(&["child", "parent", "parent later"])
    );
}
