//! However a process ends and whatever is wrong with the receiver: it ends within the bound, and one line says what was
//! lost and which option would have kept it.
#![allow(unsafe_code, reason = "leaves processes and reads the clock; see each block")]

mod process;

use process::{Ended, Receiver, Reply, advice, dead_url, play, play_as};
use spanline::{
    Context, CurrentSpan, EndedSpan, ExportBatch, ExportResult, Provider, SpanExporter, SpanProcessor,
    Verdict, span,
};
use spanline_test_vectors::skip;
use std::net::UdpSocket;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Of `exit_timeout_ms`; what is asserted is twice this.
const BOUND: Duration = Duration::from_secs(1);
const SPANS: u64 = 100;

const PROTOCOL: &str = "see the options endpoint and protocol";

/// Nanoseconds of a clock that all processes share.
fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes to a local; the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// Writes a line to standard output, past the locks of std: others may be held when the process exits.
fn say(line: &str) {
    let line = format!("\n{line}\n");
    // SAFETY: writes the bytes of a local.
    unsafe { libc::write(1, line.as_ptr().cast(), line.len()) };
}

/// The program is about to end.
fn leaving() {
    say(&format!("leaving {}", now()));
}

fn exit() -> ! {
    leaving();
    std::process::exit(0)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    End,
}

/// Ends the process from a callback.
#[derive(Debug)]
struct Exiting(Place);

impl Exiting {
    fn reached(&self, place: Place) {
        if self.0 == place {
            exit();
        }
    }
}

impl SpanProcessor for Exiting {
    fn on_start(&self, _: &CurrentSpan, _: &Context) {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        if STARTED.fetch_add(1, Ordering::Relaxed) == SPANS {
            self.reached(Place::Start);
        }
    }

    fn on_end(&self, span: EndedSpan<'_>) -> Verdict {
        if span.view().name() == "last" {
            self.reached(Place::End);
        }
        Verdict::Keep
    }
}

#[derive(Debug)]
struct ExitingSampler;

impl spanline::Sampler for ExitingSampler {
    fn should_sample(
        &self,
        request: &spanline::sample::SamplingRequest<'_>,
    ) -> spanline::sample::SamplingResult {
        if request.name == "last" {
            exit();
        }
        spanline::sample::SamplingResult::of(spanline::sample::Decision::RecordAndSample)
    }

    fn description(&self) -> String {
        "Exiting".to_owned()
    }
}

#[derive(Debug)]
struct ExitingExporter;

impl SpanExporter for ExitingExporter {
    fn export(&self, _: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        exit();
    }
}

fn builder(endpoint: &str) -> spanline::Builder {
    spanline::set_log_sink(Some(Arc::new(|level, text| {
        say(&format!("{}: {text}", level.name()))
    })));
    let builder = spanline::init().without_environment().delay_ms(3_600_000);
    builder
        .endpoint(endpoint)
        .exit_timeout_ms(BOUND.as_millis() as u64)
}

fn make_spans() {
    for _ in 0..SPANS {
        drop(span!("queued"));
    }
}

fn start(endpoint: &str) -> Provider {
    let provider = builder(endpoint).start().unwrap();
    make_spans();
    provider
}

/// Plays a scenario when it is run by another test; by itself it does nothing.
#[test]
fn child() {
    let Some((scenario, endpoint)) = process::scenario() else {
        return;
    };
    match scenario.as_str() {
        "return" => {
            start(&endpoint);
            leaving();
        }
        "back-off" => {
            let provider = start(&endpoint);
            assert!(!provider.flush_within(Duration::from_millis(100)).complete);
            leaving();
        }
        "small batches" => {
            let builder = builder(&endpoint).options(|options| options.max_batch_spans = Some(5));
            builder.start().unwrap();
            make_spans();
            leaving();
        }
        #[cfg(all(target_os = "linux", feature = "spool"))]
        "no spool" => {
            builder(&endpoint).spool_dir("/proc/spool").start().unwrap();
            make_spans();
            leaving();
        }
        "another thread" => {
            start(&endpoint);
            std::thread::spawn(|| exit());
            loop {
                drop(span!("busy"));
            }
        }
        "two threads" => {
            start(&endpoint);
            std::thread::spawn(|| std::process::exit(0));
            exit();
        }
        "runtime of one thread" => {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(in_runtime(&endpoint))
        }
        "runtime of several threads" => {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            runtime
                .worker_threads(2)
                .build()
                .unwrap()
                .block_on(in_runtime(&endpoint))
        }
        "processor" => {
            builder(&endpoint).processor(Exiting(Place::End)).start().unwrap();
            make_spans();
            drop(span!("last"));
        }
        "on_start" => {
            builder(&endpoint)
                .processor(Exiting(Place::Start))
                .start()
                .unwrap();
            make_spans();
            drop(span!("last"));
        }
        "twice" => {
            start(&endpoint);
            extern "C" fn again() {
                // SAFETY: goes on with the hooks that were registered before this one.
                unsafe { libc::exit(0) }
            }
            // SAFETY: the hook does not unwind.
            assert_eq!(unsafe { libc::atexit(again) }, 0);
            exit();
        }
        "sampler" => {
            builder(&endpoint).custom_sampler(ExitingSampler).start().unwrap();
            make_spans();
            drop(span!("last"));
        }
        "exporter" => {
            let builder = builder(&endpoint)
                .exporter("otlp")
                .add_exporter("exiting", ExitingExporter);
            let provider = builder.start().unwrap();
            make_spans();
            provider.flush();
        }
        other => panic!("no scenario {other}"),
    }
}

async fn in_runtime(endpoint: &str) {
    let endpoint = endpoint.to_owned();
    let task = tokio::spawn(async move {
        start(&endpoint);
        exit();
    });
    task.await.unwrap();
}

/// How long the end took.
#[track_caller]
fn within_the_bound(scenario: &str, ended: &Ended) -> Duration {
    let output = &ended.output;
    assert!(ended.status.success(), "{scenario}: {:?} {output}", ended.status);
    let mut left = output.lines().filter_map(|line| line.strip_prefix("leaving "));
    let left: u64 = left.next().and_then(|left| left.parse().ok()).expect(output);
    let took = Duration::from_nanos(now().saturating_sub(left));
    assert!(took < 2 * BOUND, "{scenario}: {took:?} {output}");
    took
}

/// The one line that says what was lost: how many spans, and what to change.
#[track_caller]
fn said(scenario: &str, ended: &Ended, lost: u64, option: &str) {
    let lines: Vec<_> = ended
        .output
        .lines()
        .filter(|line| line.contains("lost at exit"))
        .collect();
    assert_eq!(lines.len(), 1, "{scenario}: {}", ended.output);
    assert!(
        lines[0].contains(&format!("{lost} spans")),
        "{scenario}: {}",
        lines[0]
    );
    assert!(lines[0].contains(option), "{scenario}: {}", lines[0]);
}

#[track_caller]
fn silent(scenario: &str, lost: u64) {
    let receiver = Receiver::start(std::iter::repeat_n(Reply::Silence, 100));
    let ended = play(scenario, &receiver.url());
    within_the_bound(scenario, &ended);
    let words = format!("never got an answer{}", advice(PROTOCOL));
    said(scenario, &ended, lost, &words);
}

#[track_caller]
fn answering(scenario: &str, spans: u64) {
    let receiver = Receiver::start([]);
    let ended = play(scenario, &receiver.url());
    within_the_bound(scenario, &ended);
    let found = receiver.spans().len() as u64;
    assert!(found >= spans, "{scenario}: {found} of {spans}, {}", ended.output);
    // A thread that goes on while the process ends may end a span too late; that one is counted and said.
    let lost = |line: &&str| line.contains("lost") && !line.contains("ended after the shutdown");
    assert_eq!(
        ended.output.lines().find(lost),
        None,
        "{scenario}: {}",
        ended.output
    );
}

#[test]
fn an_exit_with_the_collector_down_says_what_to_look_at() {
    let ended = play("return", &dead_url());
    let took = within_the_bound("return", &ended);
    assert!(took < BOUND, "nobody is waited for: {took:?}");
    let words = format!("reached nobody{}", advice("see the option endpoint"));
    said("return", &ended, SPANS, &words);
}

#[test]
fn an_exit_with_a_collector_that_never_answers_ends_in_time() {
    silent("return", SPANS);
}

fn busy(headers: &str) -> Receiver {
    let busy = Reply::Answer("503 Service Unavailable", headers.to_owned(), Vec::new());
    Receiver::start(std::iter::repeat_n(busy, 1000))
}

#[test]
fn an_exit_during_a_pause_ends_in_time() {
    let receiver = busy("Retry-After: 60\r\n");
    let ended = play("back-off", &receiver.url());
    within_the_bound("back-off", &ended);
    let words = format!("asked to be tried again later{}", advice(""));
    said("back-off", &ended, SPANS, &words);
    assert!(receiver.requests().len() >= 2, "tried once more");
}

/// More time would have helped neither, as nobody knows for how much longer it will be like this.
#[test]
fn an_exit_with_a_busy_receiver_advises_no_longer_wait() {
    for headers in ["", "Retry-After: 3600\r\n"] {
        let ended = play("return", &busy(headers).url());
        within_the_bound("return", &ended);
        let words = format!("asked to be tried again later{}", advice(""));
        said("return", &ended, SPANS, &words);
    }
}

/// It answers, and is too slow for all of them: here more time helps.
#[test]
fn an_exit_with_a_slow_receiver_advises_a_longer_wait() {
    let late = Reply::Late(Duration::from_millis(250));
    let receiver = Receiver::start(std::iter::repeat_n(late, 1000));
    let ended = play("small batches", &receiver.url());
    within_the_bound("small batches", &ended);
    let words = format!(
        "did not deliver them in time{}",
        advice("see the option exit_timeout_ms")
    );
    let lost = ended.output.lines().find(|line| line.contains("lost at exit"));
    assert!(lost.is_some_and(|line| line.contains(&words)), "{}", ended.output);
}

/// Not the option is missing then, but what it asks for.
#[test]
#[cfg(all(target_os = "linux", feature = "spool"))]
fn an_exit_with_a_spool_that_could_not_be_made_says_so() {
    let ended = play("no spool", &dead_url());
    within_the_bound("no spool", &ended);
    let words = "the spool in spool_dir could not be used: see the warning at the start";
    said("no spool", &ended, SPANS, words);
    assert!(ended.output.contains("warn: no spool in"), "{}", ended.output);
}

#[test]
fn an_exit_from_any_thread_and_from_two_ends_in_time() {
    silent("two threads", SPANS);
    answering("two threads", SPANS);
    answering("another thread", SPANS);
}

#[test]
fn an_exit_inside_an_asynchronous_runtime_ends_in_time() {
    for scenario in ["runtime of one thread", "runtime of several threads"] {
        silent(scenario, SPANS);
        answering(scenario, SPANS);
    }
}

#[test]
fn an_exit_from_our_own_callbacks_ends_in_time() {
    for scenario in ["processor", "sampler", "on_start"] {
        silent(scenario, SPANS);
        answering(scenario, SPANS);
    }
}

#[test]
fn an_exit_within_an_exit_ends_in_time() {
    silent("twice", SPANS);
    answering("twice", SPANS);
}

#[test]
fn an_exit_from_an_exporter_does_not_wait_for_itself() {
    let receiver = Receiver::start(std::iter::repeat_n(Reply::Silence, 100));
    let ended = play("exporter", &receiver.url());
    within_the_bound("exporter", &ended);
    assert!(ended.output.contains("lost at exit"), "{}", ended.output);
}

/// Name look-ups that nobody answers: a resolver of our own, seen by the child alone.
#[test]
fn an_exit_while_a_name_is_looked_up_ends_in_time() {
    let folder = std::env::temp_dir().join(format!("spanline-exit-{}", std::process::id()));
    let Ok(silent) = UdpSocket::bind(("127.0.77.53", 53)) else {
        return skip("port 53 of the loopback is not to be had");
    };
    std::fs::create_dir_all(&folder).unwrap();
    let (resolver, switch) = (folder.join("resolv.conf"), folder.join("nsswitch.conf"));
    std::fs::write(&resolver, "nameserver 127.0.77.53\noptions timeout:30\n").unwrap();
    std::fs::write(&switch, "hosts: files dns\n").unwrap();
    let script = "mount --bind \"$1\" /etc/resolv.conf && mount --bind \"$2\" /etc/nsswitch.conf && shift 2 && exec \"$@\"";
    let inside = |program: &std::path::Path| {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", script, "sh"])
            .arg(&resolver)
            .arg(&switch)
            .arg(program);
        command
    };
    if !inside("/bin/true".as_ref())
        .output()
        .is_ok_and(|ended| ended.status.success())
    {
        return skip("mounts of its own are not permitted to this process");
    }
    let program = std::env::current_exe().unwrap();
    let ended = play_as(
        inside(&program),
        "return",
        "http://collector.example:4318/v1/traces",
    );
    let _ = std::fs::remove_dir_all(&folder);
    within_the_bound("return", &ended);
    let words = format!("never got an answer{}", advice(PROTOCOL));
    said("return", &ended, SPANS, &words);
    silent.set_nonblocking(true).unwrap();
    assert!(silent.recv(&mut [0; 512]).is_ok(), "it was asked");
}
