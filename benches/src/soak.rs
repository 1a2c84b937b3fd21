//! `soak SECONDS [RATE]`: a steady load for a long time, while the memory of this process is watched.
//!
//! Prints a line per second (second, resident KiB, KiB allocated and not freed, spans made, spans that arrived) and ends
//! with what came of it. Fails when memory grew, when a span was lost, or when the statistics do not add up.

use crate::sink::Receiver;
use crate::usage;
use spanline::{Provider, SpanKind, span};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Spans per second, all threads together.
const RATE: u64 = 100_000;
const THREADS: u64 = 4;
/// Spans of one piece of work: a request, a query and what it renders.
const PIECE: u64 = 3;
/// Resident memory may end this much above where it was after the first quarter: what the allocator keeps, for each thread
/// apart, after stalls of the machine, when more waited than before. A leak is seen by what is allocated.
const RESIDENT_SLACK_KIB: u64 = 8 << 10;
/// What is allocated may: the eight chunks that are kept for later. In ten minutes a byte leaked of every hundredth span
/// is as much.
const LIVE_SLACK_KIB: u64 = 512;

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("`{text}`: {error}"));
    let (seconds, rate) = match args {
        [seconds] => (number(seconds)?, RATE),
        [seconds, rate] => (number(seconds)?, number(rate)?),
        _ => return Err("soak SECONDS [RATE]".to_owned()),
    };
    let mut receiver = Receiver::start().map_err(|error| error.to_string())?;
    let builder = spanline::init().without_environment().service_name("soak");
    let builder = builder.endpoint(receiver.endpoint("")).processor(Redacting);
    let provider = builder.start().map_err(|error| error.to_string())?;
    let (stop, made) = (AtomicBool::new(false), AtomicU64::new(0));
    let cpu = usage::cpu();
    let (mut resident, mut live) = (Vec::new(), Vec::new());
    let mut arrived = 0;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| load(rate / THREADS, &stop, &made));
        }
        let began = Instant::now();
        let watched = (1..=seconds).try_for_each(|second| {
            thread::sleep((began + Duration::from_secs(second)).saturating_duration_since(Instant::now()));
            arrived += receiver.spans().map_err(|error| error.to_string())?;
            let now = (usage::resident_kib(), usage::live_kib());
            resident.push(now.0);
            live.push(now.1);
            let made = made.load(Ordering::Relaxed);
            println!("{second} {} {} {made} {arrived}", now.0, now.1);
            Ok::<(), String>(())
        });
        stop.store(true, Ordering::Relaxed);
        watched
    })?;
    let cpu = usage::cpu().saturating_sub(cpu);
    arrived += settle(&provider, &mut receiver)?;
    let made = made.load(Ordering::Relaxed);
    if arrived != made {
        return Err(format!("{arrived} of {made} spans arrived"));
    }
    let most = |eighth: &[u64]| eighth.iter().copied().max();
    let least = |eighth: &[u64]| eighth.iter().copied().min();
    let (resident, live) = (grown(&resident, most), grown(&live, least));
    println!(
        "{made} spans in {seconds} s, all arrived; allocated {} KiB after the first quarter, {} KiB at the end; resident \
         {} and {} KiB; {:.2} % of one processor",
        live.0,
        live.1,
        resident.0,
        resident.1,
        100.0 * cpu.as_secs_f64() / seconds.max(1) as f64
    );
    for (what, (early, late), slack) in [
        ("what is allocated", live, LIVE_SLACK_KIB),
        ("resident memory", resident, RESIDENT_SLACK_KIB),
    ] {
        if late > early + slack {
            return Err(format!("{what} grew from {early} to {late} KiB"));
        }
    }
    Ok(())
}

/// Flushes, and looks that the account is balanced and nothing was lost. Gives what arrived at last.
fn settle(provider: &Provider, receiver: &mut Receiver) -> Result<u64, String> {
    let report = provider.shutdown().map_err(|error| error.to_string())?;
    let stats = report.stats;
    let exported = stats
        .exporters
        .iter()
        .map(|exporter| exporter.exported)
        .sum::<u64>();
    if !report.complete || !stats.balances() || exported != stats.started {
        return Err(format!("not all were exported: {stats:?}"));
    }
    receiver.spans().map_err(|error| error.to_string())
}

/// A series after the first quarter and at the end, each as this of an eighth of the time there: the largest where every
/// byte counts, the smallest where what waits just then should not.
fn grown(series: &[u64], of: impl Fn(&[u64]) -> Option<u64>) -> (u64, u64) {
    let eighth = (series.len() / 8).max(1);
    let at = |from: usize| {
        let part = series.get(from..).unwrap_or_default();
        of(&part[..part.len().min(eighth)]).unwrap_or_default()
    };
    (at(2 * eighth), at(series.len().saturating_sub(eighth)))
}

/// Makes spans at this rate, in small bursts as requests come.
fn load(rate: u64, stop: &AtomicBool, made: &AtomicU64) {
    let began = Instant::now();
    let mut mine = 0;
    while !stop.load(Ordering::Relaxed) {
        let due = (began.elapsed().as_secs_f64() * rate as f64) as u64;
        let pieces = due.saturating_sub(mine) / PIECE;
        let first = mine / PIECE;
        (first..first + pieces).for_each(piece);
        mine += pieces * PIECE;
        made.fetch_add(pieces * PIECE, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(1));
    }
}

/// A request as a web service makes it, now and then one that fails or is longer than the others.
fn piece(number: u64) {
    let request = span!(
        "GET /orders/{id}",
        kind = SpanKind::Server,
        "http.request.method" = "GET",
        "http.route" = "/orders/{id}",
        "url.path" = "/orders/1234567",
        "user.id" = number as i64,
    );
    {
        let query = span!(
            "SELECT orders",
            kind = SpanKind::Client,
            "db.system.name" = "postgresql"
        );
        query.set("db.query.text", "SELECT * FROM orders WHERE id = $1");
    }
    {
        let render = span!("render");
        if number.is_multiple_of(64) {
            render.add_event("cache miss", &[("key", "orders/1234567".into())]);
            render.set("text", "long ".repeat((number % 512) as usize).as_str());
            render.fail_text("Timeout", "the cache did not answer");
        }
    }
    request.set("http.response.status_code", 200);
}

/// A processor as many have one: it takes something out before it leaves.
#[derive(Debug)]
struct Redacting;

impl spanline::SpanProcessor for Redacting {
    fn on_ending(&self, span: &spanline::CurrentSpan) {
        span.set("user.id", "redacted");
    }
}

#[cfg(test)]
mod tests {
    use super::grown;

    #[test]
    fn growth_is_seen_and_a_peak_at_the_start_is_not() {
        let most = |eighth: &[u64]| eighth.iter().copied().max();
        let least = |eighth: &[u64]| eighth.iter().copied().min();
        let flat: Vec<u64> = (0..80)
            .map(|second| if second < 10 { 900 } else { 100 })
            .collect();
        assert_eq!(grown(&flat, most), (100, 100));
        let leak: Vec<u64> = (0..80).map(|second| second * 10).collect();
        assert_eq!(grown(&leak, most), (290, 790));
        assert_eq!(grown(&leak, least), (200, 700));
        assert_eq!(grown(&[], most), (0, 0));
    }
}
