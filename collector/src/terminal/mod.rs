//! Finished traces, printed as they finish.

mod text;
mod waterfall;

pub(crate) use text::{count, grouped};

use crate::counters::Counters;
use crate::store::{SharedStore, Trace};
use anstream::AutoStream;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What may be printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) traces_per_second: usize,
    pub(crate) spans_per_trace: usize,
    pub(crate) quiet: bool,
}

/// Columns when the output is not a terminal.
const DEFAULT_COLUMNS: usize = 120;

/// Takes each finished trace from the store and prints it, until the store is stopped. Runs on a thread of its own
/// and holds no lock while it draws or writes: a terminal that stands still holds up nothing but this.
pub(crate) fn run(store: &SharedStore, counters: &Counters, bounds: Bounds, link: &str) {
    let mut pace = Pace::new(bounds.traces_per_second);
    loop {
        let finished = match pace.summary_due(Instant::now()) {
            // Some traces were only counted: say so when this second is over, also if no other trace comes.
            Some(wait) if !wait.is_zero() => match store.take_finished() {
                Some(trace) => trace,
                None => {
                    std::thread::sleep(wait.min(Duration::from_millis(50)));
                    if store.is_stopped() {
                        break;
                    }
                    continue;
                }
            },
            Some(_) => {
                let (traces, spans) = pace.take_skipped();
                print_summary(traces, spans, link);
                continue;
            }
            None => match store.wait_finished() {
                Some(trace) => trace,
                None => break,
            },
        };
        counters.traces_finished.add(1);
        if bounds.quiet {
            continue;
        }
        if pace.admit(Instant::now(), finished.spans.len()) {
            counters.traces_printed.add(1);
            print_trace(&finished, bounds.spans_per_trace);
        } else {
            counters.traces_not_printed.add(1);
        }
    }
    let (traces, spans) = pace.take_skipped();
    if traces > 0 {
        print_summary(traces, spans, link);
    }
}

/// How many traces were printed in this second.
#[derive(Debug)]
struct Pace {
    limit: usize,
    second: Option<Instant>,
    printed: usize,
    skipped: (usize, usize),
}

impl Pace {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            second: None,
            printed: 0,
            skipped: (0, 0),
        }
    }

    /// Whether a trace of so many spans may be printed now; if not, it is counted for the summary.
    fn admit(&mut self, now: Instant, spans: usize) -> bool {
        if self
            .second
            .is_none_or(|second| now.duration_since(second) >= Duration::from_secs(1))
        {
            self.second = Some(now);
            self.printed = 0;
        }
        if self.printed < self.limit {
            self.printed += 1;
            return true;
        }
        self.skipped.0 += 1;
        self.skipped.1 += spans;
        false
    }

    /// When there is something to sum up: how long until this second is over.
    fn summary_due(&self, now: Instant) -> Option<Duration> {
        let second = self.second.filter(|_| self.skipped.0 > 0)?;
        Some(Duration::from_secs(1).saturating_sub(now.duration_since(second)))
    }

    fn take_skipped(&mut self) -> (usize, usize) {
        std::mem::take(&mut self.skipped)
    }
}

fn print_trace(trace: &Trace, spans: usize) {
    let columns = terminal_size::terminal_size().map_or(DEFAULT_COLUMNS, |(width, _)| usize::from(width.0));
    print(&format!("{}\n", waterfall::draw(trace, columns, spans)));
}

fn print_summary(traces: usize, spans: usize, link: &str) {
    let style = anstyle::Style::new().dimmed();
    let text = format!(
        "{} with {} not printed; all are at {link}",
        count(traces, "more trace"),
        count(spans, "span")
    );
    print(&format!("{style}\u{2026} {text}{style:#}\n\n"));
}

/// Writes to the standard output, without colours where they are not wanted. A closed output is no reason to stop.
pub(crate) fn print(text: &str) {
    let mut out = AutoStream::auto(io::stdout());
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Starts [`run`] on its thread.
pub(crate) fn start(
    store: Arc<SharedStore>,
    counters: Arc<Counters>,
    bounds: Bounds,
    link: String,
) -> io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new()
        .name("finished-traces".to_owned())
        .spawn(move || run(&store, &counters, bounds, &link))
}
