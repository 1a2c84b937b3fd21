//! Forks from within our own calls: a span that is being started or ended when its process forks is the parent's, which
//! sends it once; the child goes on with spans of its own.
#![allow(unsafe_code, reason = "forks and leaves processes; see each block")]

mod process;

use process::{Receiver, play};
use spanline::sample::{Decision, Sampler, SamplingRequest, SamplingResult};
use spanline::{
    Builder, Context, CurrentSpan, EndedSpan, ExportBatch, ExportResult, Provider, SpanExporter,
    SpanProcessor, Verdict, span,
};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

static ARMED: AtomicBool = AtomicBool::new(false);
/// The child's process id; 0 in the child, -1 before.
static CHILD: AtomicI32 = AtomicI32::new(-1);

/// Forks, the first time since it was armed.
fn fork_once() {
    if ARMED.swap(false, Ordering::SeqCst) {
        // SAFETY: the child runs only our code and leaves by exit, which is what these tests are about.
        CHILD.store(unsafe { libc::fork() }, Ordering::SeqCst);
        if is_child() {
            // The test harness is the parent's: a child that fails leaves at once.
            std::panic::set_hook(Box::new(|failed| {
                eprintln!("in the child: {failed}");
                // SAFETY: _exit has no preconditions.
                unsafe { libc::_exit(101) }
            }));
        }
    }
}

fn is_child() -> bool {
    CHILD.load(Ordering::SeqCst) == 0
}

fn wait_for_child() {
    let mut status = 0;
    let pid = CHILD.load(Ordering::SeqCst);
    assert!(pid > 0, "it forked");
    // SAFETY: waits for our child and writes to a local.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert!(
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
        "{status}"
    );
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    Ending,
    End,
}

#[derive(Debug)]
struct Forking(Place);

impl Forking {
    fn reached(&self, place: Place) {
        if self.0 == place {
            fork_once();
        }
    }
}

impl SpanProcessor for Forking {
    fn on_start(&self, _: &CurrentSpan, _: &Context) {
        self.reached(Place::Start);
    }

    fn on_ending(&self, _: &CurrentSpan) {
        self.reached(Place::Ending);
    }

    fn on_end(&self, _: EndedSpan<'_>) -> Verdict {
        self.reached(Place::End);
        Verdict::Keep
    }
}

#[derive(Debug)]
struct ForkingSampler;

impl Sampler for ForkingSampler {
    fn should_sample(&self, _: &SamplingRequest<'_>) -> SamplingResult {
        fork_once();
        SamplingResult::of(Decision::RecordAndSample)
    }

    fn description(&self) -> String {
        "Forking".to_owned()
    }
}

#[derive(Debug)]
struct ForkingExporter;

impl SpanExporter for ForkingExporter {
    fn export(&self, _: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        fork_once();
        ExportResult::success()
    }
}

/// Plays a scenario when it is run by another test; by itself it does nothing.
#[test]
fn child() {
    let Some((scenario, endpoint)) = process::scenario() else {
        return;
    };
    let builder = spanline::init().without_environment().delay_ms(3_600_000);
    let builder = builder.endpoint(endpoint);
    match scenario.as_str() {
        "start" => forks_within(builder.processor(Forking(Place::Start))),
        "ending" => forks_within(builder.processor(Forking(Place::Ending))),
        "end" => forks_within(builder.processor(Forking(Place::End))),
        "sampler" => forks_within(builder.custom_sampler(ForkingSampler)),
        "exporter" => {
            let builder = builder.exporter("otlp").add_exporter("forking", ForkingExporter);
            let provider = builder.start().unwrap();
            drop(span!("first"));
            ARMED.store(true, Ordering::SeqCst);
            drop(span!("outer"));
            assert!(provider.flush().complete);
            drop(span!("parent"));
            wait_for_child();
            check(&provider, 3);
        }
        other => panic!("no scenario {other}"),
    }
}

/// Somewhere in the life of the span `outer` the process forks.
fn forks_within(builder: Builder) {
    let provider = builder.start().unwrap();
    drop(span!("first"));
    ARMED.store(true, Ordering::SeqCst);
    let outer = span!("outer");
    let forked_in_start = is_child();
    drop(span!(if forked_in_start {
        "inner of child"
    } else {
        "inner"
    }));
    drop(outer);
    if is_child() {
        drop(span!("child"));
        check(&provider, if forked_in_start { 2 } else { 1 });
        // SAFETY: runs the exit hooks; the test harness has none that need its other threads.
        unsafe { libc::exit(0) }
    }
    wait_for_child();
    drop(span!("parent"));
    check(&provider, 4);
}

/// The account of this process: so many spans of its own.
#[track_caller]
fn check(provider: &Provider, accepted: u64) {
    let stats = provider.stats();
    assert!(stats.balances(), "{stats:?}");
    assert_eq!(
        (stats.accepted, stats.live, stats.caught_panics),
        (accepted, 0, 0),
        "{stats:?}"
    );
}

#[track_caller]
fn once(scenario: &str, expected: &[&str]) {
    let receiver = Receiver::start([]);
    let ended = play(scenario, &receiver.url());
    assert!(ended.status.success(), "{scenario}: {}", ended.output);
    let spans = receiver.spans();
    let mut names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, expected, "{scenario}");
    let ids: HashSet<_> = spans.iter().map(|span| (&span.trace_id, &span.span_id)).collect();
    assert_eq!(ids.len(), spans.len(), "{scenario}: each id once");
    let outer = spans.iter().find(|span| span.name == "outer").unwrap();
    for inner in spans.iter().filter(|span| span.name.starts_with("inner")) {
        assert_eq!(inner.parent_span_id, outer.span_id, "{scenario}");
        assert_eq!(inner.trace_id, outer.trace_id, "{scenario}");
    }
}

#[test]
fn a_fork_in_the_middle_of_a_start_gives_the_span_to_the_parent() {
    for scenario in ["start", "sampler"] {
        once(
            scenario,
            &["child", "first", "inner", "inner of child", "outer", "parent"],
        );
    }
}

#[test]
fn a_fork_in_the_middle_of_an_end_gives_the_span_to_the_parent() {
    for scenario in ["ending", "end"] {
        once(scenario, &["child", "first", "inner", "outer", "parent"]);
    }
}

#[test]
fn a_fork_in_an_exporter_sends_nothing_twice_and_leaves_no_thread() {
    once("exporter", &["first", "outer", "parent"]);
}
