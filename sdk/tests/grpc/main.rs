//! Exporters over gRPC against servers that we did not write.

mod calls;
#[cfg(unix)]
mod forks;
mod formats;
#[cfg(unix)]
#[path = "../process/mod.rs"]
mod process;
mod receiver;
mod statuses;
mod ways;

use receiver::{Answer, Receiver, Setup};
use spanline::{Builder, ErrorHandler, Provider, Stats, set_error_handler};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);
const SPANS: u64 = 10;

/// A provider that sends when it is flushed.
fn build(url: &str, more: impl FnOnce(Builder) -> Builder) -> Provider {
    let builder = spanline::init().without_environment().delay_ms(3_600_000);
    more(builder.protocol("grpc").endpoint(url)).build().unwrap()
}

fn make_spans(provider: &Provider) {
    let tracer = provider.tracer("grpc");
    (0..SPANS).for_each(|_| tracer.span("call").start().end());
}

/// Makes spans and flushes; all of them must meet their fate within the limit.
#[track_caller]
fn flushed(provider: &Provider) -> Stats {
    make_spans(provider);
    let report = provider.flush_within(LIMIT);
    assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
    report.stats
}

/// Runs `f` and gives what the library complained of meanwhile: kind and text. One at a time, since the handler belongs
/// to the process; tests that run beside it must not complain.
fn said_during(f: impl FnOnce()) -> Vec<(String, String)> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = heard.clone();
    let handler: ErrorHandler = Arc::new(move |problem| {
        let mut heard = ear.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push((problem.kind.to_owned(), problem.message.to_owned()));
    });
    set_error_handler(Some(handler));
    f();
    set_error_handler(None);
    let said: MutexGuard<'_, Vec<(String, String)>> = heard.lock().unwrap_or_else(PoisonError::into_inner);
    said.clone()
}

/// One at a time: see [`said_during`].
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plays a scenario when it is run by another test; by itself it does nothing.
#[cfg(unix)]
#[test]
fn child() {
    if let Some((_, endpoint)) = process::scenario() {
        forks::scenario(&endpoint);
    }
}
