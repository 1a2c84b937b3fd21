//! Forks: the parent's spans are sent once, by the parent; the child's once, by the child; nobody waits for a lock that
//! another process holds. Each scenario is a process of its own, which forks.
#![allow(unsafe_code, reason = "forks and leaves processes; see each block")]

#[path = "fork/built_in.rs"]
mod built_in;
mod process;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use process::{Receiver, forked, play, wait};
use prost::Message;
use spanline::{Provider, span};
use std::collections::HashSet;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

fn start(endpoint: &str) -> Provider {
    let builder = spanline::init().without_environment().delay_ms(3_600_000);
    builder.endpoint(endpoint).start().unwrap()
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
        "busy" => busy(&provider),
        "counts" => built_in::counts(),
        "built in" => built_in::scenario(&endpoint),
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
            let root = span!("root");
            // By posix_spawn, which shares the memory until the exec, and by fork and exec.
            let status = Command::new("/bin/true").status().unwrap();
            assert!(status.success());
            forked(|| panic!("{}", Command::new("/bin/true").exec()));
            drop(root);
        }
        "vfork" => {
            drop(span!("parent"));
            let root = span!("root");
            vforked();
            drop(root);
            let stats = provider.stats();
            assert!(stats.balances(), "{stats:?}");
            assert_eq!((stats.accepted, stats.live), (3, 0), "{stats:?}");
        }
        "daemon" => daemon(),
        "locks" => locks(),
        "shutdown" => shutdown(),
        "sampling server" => sampling_server(),
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

/// Hangs in the process that made it until it is let go.
#[derive(Debug)]
struct HangsAtHome(
    u32,
    std::sync::mpsc::SyncSender<()>,
    std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
);

impl spanline::SpanExporter for HangsAtHome {
    fn export(&self, _: spanline::ExportBatch<'_>, _: Option<std::time::Duration>) -> spanline::ExportResult {
        if std::process::id() == self.0 {
            let _ = self.1.send(());
            let _ = self.2.lock().unwrap().recv();
        }
        spanline::ExportResult::success()
    }
}

/// A fork while another thread shuts the provider down: that is the parent's end, not the child's. A fork after it is.
fn shutdown() {
    let (begun, hangs) = std::sync::mpsc::sync_channel(1);
    let (release, gate) = std::sync::mpsc::channel();
    let hanging = HangsAtHome(std::process::id(), begun, std::sync::Mutex::new(gate));
    let builder = spanline::init().without_environment().delay_ms(3_600_000);
    let provider = builder.add_exporter("hangs", hanging).build().unwrap();
    let tracer = provider.tracer("t");
    tracer.span("parent").start().end();
    std::thread::scope(|scope| {
        let ending = scope.spawn(|| provider.shutdown().unwrap());
        hangs.recv().unwrap();
        forked(|| {
            tracer.span("child").start().end();
            let report = provider.flush();
            assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
            assert_eq!((report.stats.started, report.stats.exporters[0].exported), (1, 1));
            assert!(provider.shutdown().unwrap().complete);
            assert!(provider.shutdown().is_err());
        });
        assert!(provider.shutdown().is_err(), "it is under way");
        release.send(()).unwrap();
        assert!(ending.join().unwrap().complete);
    });
    forked(|| {
        assert!(!tracer.span("late").start().is_recording());
        assert!(provider.shutdown().is_err());
    });
}

/// A child begins with what its parent was told, and asks the server itself.
fn sampling_server() {
    const ANSWER: &str = r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}}"#;
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = spanline::options::RemoteSettings::default();
    settings.endpoint = format!("http://{}", server.local_addr().unwrap());
    let (mut told, mut tell) = std::io::pipe().unwrap();
    std::thread::spawn(move || {
        for mut stream in server.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let length = ANSWER.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{ANSWER}"
            );
            let _ = tell.write_all(&[1]);
        }
    });
    let remote = spanline::JaegerRemote::new(&settings, "shop", spanline::sample::AlwaysOff).unwrap();
    let builder = spanline::init().without_environment().exporter("memory");
    let provider = builder.custom_sampler(remote).build().unwrap();
    let tracer = provider.tracer("t");
    told.read_exact(&mut [0]).unwrap();
    while !provider.sampler_description().contains("current=") {
        std::thread::yield_now();
    }
    forked(|| {
        assert!(
            tracer.span("child").start().is_recording(),
            "as its parent was told"
        );
        // Its first span has begun a thread that asks; the parent's server answers.
        told.read_exact(&mut [0]).unwrap();
        assert!(tracer.span("child").start().is_recording());
    });
    assert!(tracer.span("parent").start().is_recording());
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

/// Forks while other threads make spans and come and go. Says how many spans this process has made beside the forks.
fn busy(provider: &Provider) {
    let stop = AtomicBool::new(false);
    let made = AtomicU64::new(0);
    let busy = || {
        made.fetch_add(1, Ordering::Relaxed);
        span!("busy")
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let outer = busy();
                    outer.set("key", "value");
                    drop(busy());
                }
            });
        }
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                std::thread::scope(|scope| {
                    scope.spawn(|| drop(busy()));
                });
            }
        });
        for _ in 0..FORKS {
            forked(|| drop(span!("child")));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let stats = provider.flush().stats;
    assert!(stats.balances(), "{stats:?}");
    let made = made.load(Ordering::Relaxed);
    assert_eq!((stats.started, stats.dropped.forked), (made, 0), "{stats:?}");
    println!("made {}", stats.exporters[0].exported);
}

/// As a daemon starts: the child leaves at once, its own child goes on.
fn daemon() {
    drop(span!("parent"));
    let root = span!("root");
    let (mut ended, going_on) = std::io::pipe().unwrap();
    let mut going_on = Some(going_on);
    forked(|| {
        // SAFETY: as in `forked`.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0);
        if pid > 0 {
            return;
        }
        drop(span!("daemon"));
        drop(going_on.take());
        // SAFETY: runs the exit hooks.
        unsafe { libc::exit(0) }
    });
    drop(going_on);
    // The end of the pipe is closed before the daemon's spans leave; how long they take is the receiver's to wait.
    let _ = ended.read(&mut [0]);
    drop(root);
}

/// A child that shares the memory until it executes something, as vfork makes it.
fn vforked() {
    extern "C" fn in_child(_: *mut libc::c_void) -> libc::c_int {
        drop(span!("vforked"));
        // SAFETY: both strings end with a NUL, and the list of arguments with a null pointer.
        unsafe {
            libc::execl(
                c"/bin/true".as_ptr(),
                c"true".as_ptr(),
                std::ptr::null::<libc::c_char>(),
            )
        };
        // SAFETY: _exit has no preconditions.
        unsafe { libc::_exit(101) }
    }
    let mut stack = vec![0_u128; 16 << 10];
    let top = stack.as_mut_ptr_range().end.cast();
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the stack is large enough and outlives the child's use of it, since this thread sleeps until the exec.
    let pid = unsafe { libc::clone(in_child, top, flags, std::ptr::null_mut()) };
    assert!(pid > 0);
    wait(pid);
}

/// Forks while other threads hold whatever can be held: providers come and go, sinks are set, spans are read back.
fn locks() {
    let stop = AtomicBool::new(false);
    let kept = spanline::init()
        .without_environment()
        .exporter("memory")
        .build()
        .unwrap();
    let everything = |kept: &Provider| {
        let builder = spanline::init().without_environment().exporter("memory");
        let provider = builder.build().unwrap();
        provider.tracer("locks").span("short-lived").start().end();
        assert_eq!(provider.finished_spans().unwrap().len(), 1);
        let stats = provider.shutdown().unwrap().stats;
        assert!(stats.balances(), "{stats:?}");
        kept.tracer("locks").span("kept").start().end();
        let _ = (kept.finished_spans(), kept.stats());
        kept.reset_finished_spans();
        spanline::set_error_handler(Some(Arc::new(|_| ())));
        let _current = span!("global").in_context();
        let _ = spanline::global();
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    everything(&kept);
                }
            });
        }
        for _ in 0..FORKS {
            forked(|| {
                drop(span!("child"));
                everything(&kept);
                let stats = kept.stats();
                assert!(stats.balances() && stats.started == 1, "{stats:?}");
            });
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

/// The process that a request's resource names.
fn process_id(body: &[u8]) -> String {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let mut resources = request
        .resource_spans
        .into_iter()
        .filter_map(|group| group.resource);
    let attributes = resources.next().unwrap().attributes;
    let found = attributes.into_iter().find(|one| one.key == "process.pid");
    format!("{:?}", found.unwrap().value)
}

#[track_caller]
fn check_simple(scenario: &str) {
    let (receiver, names) = names(scenario);
    assert_eq!(names, once(&["child", "ended before", "root"]));
    let of = |name: &str| {
        let mut requests = receiver.requests().into_iter();
        let found = requests.find(|request| {
            process::spans_of(&request.body)
                .iter()
                .any(|span| span.name == name)
        });
        process_id(&found.unwrap().body)
    };
    assert_eq!(of("root"), of("ended before"));
    assert_ne!(of("child"), of("root"), "each names its own process");
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

/// All spans that arrived, each of which must have come once.
#[track_caller]
fn unique(receiver: &Receiver) -> usize {
    let spans = receiver.spans();
    let ids: HashSet<_> = spans.iter().map(|span| (&span.trace_id, &span.span_id)).collect();
    assert_eq!(ids.len(), spans.len(), "each once");
    spans.len()
}

#[test]
fn a_fork_among_busy_threads_neither_hangs_nor_loses_nor_repeats_a_span() {
    let receiver = Receiver::start([]);
    let ended = play("busy", &receiver.url());
    assert!(ended.status.success(), "{}", ended.output);
    let mut words = ended.output.split_whitespace();
    let made = words.find(|word| *word == "made").and(words.next());
    let made: usize = made.and_then(|made| made.parse().ok()).expect("what it made");
    assert_eq!(unique(&receiver), made + FORKS);
    assert_eq!(receiver.names()["child"], FORKS);
}

#[test]
fn a_child_waits_for_no_lock_that_a_thread_of_its_parent_held() {
    let receiver = Receiver::start([]);
    let ended = play("locks", &receiver.url());
    assert!(ended.status.success(), "{}", ended.output);
    unique(&receiver);
    let names = receiver.names();
    assert!(names["child"] == FORKS && names["global"] >= FORKS, "{names:?}");
}

#[test]
fn a_daemon_that_forks_twice_sends_its_spans_once() {
    let receiver = Receiver::start([]);
    let ended = play("daemon", &receiver.url());
    assert!(ended.status.success(), "{}", ended.output);
    // The parent and the daemon; the child between them has nothing to send.
    receiver.wait_for(2);
    let spans = receiver.spans();
    let find = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    assert_eq!((unique(&receiver), find("daemon").trace_id.len()), (3, 16));
    assert_eq!(find("daemon").parent_span_id, find("root").span_id);
}

#[test]
fn a_child_of_vfork_is_the_same_process_until_it_executes_something() {
    assert_eq!(names("vfork").1, once(&["parent", "root", "vforked"]));
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
    assert_eq!(names("exec").1, once(&["parent", "root"]));
}

#[test]
fn a_child_flushes_and_shuts_down_for_itself() {
    assert_eq!(
        names("flush in child").1,
        once(&["child", "parent", "parent later"])
    );
}

#[test]
fn a_fork_during_a_shutdown_does_not_shut_the_child_down() {
    let receiver = Receiver::start([]);
    let ended = play("shutdown", &receiver.url());
    assert!(ended.status.success(), "{}", ended.output);
}

#[test]
fn a_child_asks_the_sampling_server_itself() {
    let ended = play("sampling server", &Receiver::start([]).url());
    assert!(ended.status.success(), "{}", ended.output);
}
