//! What Spanline says about itself: short lines about its own troubles, never about the spans.
//!
//! A message has a *kind*, a fixed key; of each kind one message a minute is let through, the rest are counted and
//! the count is added to the next one. Kinds that have several reasons are told apart by those, and so are the exporters
//! that a thread speaks for: none keeps another from being heard. Messages hold no text of the user's, except through
//! [`UserText`], which cuts and cleans it.
//!
//! Nothing here locks, waits or panics: the state is atomics, so a forked child inherits nothing that is held; a sink
//! that panics is caught; a sink or handler that makes us report something again (because it traces, say) loses that
//! second report, which is counted.

mod limiter;
mod message;
#[cfg(test)]
mod tests;

use crate::clock::monotonic_nanos;
use crate::latest::Latest;
use limiter::Limiter;
pub(crate) use message::{Said, UserText};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// How much Spanline says about itself (`OTEL_LOG_LEVEL`, default `info`). A level includes those above it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
#[repr(u8)]
pub enum Level {
    /// Nothing at all.
    None = 0,
    /// Something is lost or does not work.
    Error = 1,
    /// Something is not as it was meant, and Spanline goes on.
    Warn = 2,
    /// Something worth knowing, once.
    #[default]
    Info = 3,
    /// For finding faults.
    Debug = 4,
    /// Everything.
    Trace = 5,
}

impl Level {
    /// The level's name, lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// The level of this name, in any case; `verbose` is another name of `trace`. Anything else is `None`.
    pub fn from_name(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("verbose") {
            return Some(Self::Trace);
        }
        let all = [
            Self::None,
            Self::Error,
            Self::Warn,
            Self::Info,
            Self::Debug,
            Self::Trace,
        ];
        all.into_iter()
            .find(|level| level.name().eq_ignore_ascii_case(name))
    }
}

/// Takes the lines of the log: the level and the text, without line end.
pub type LogSink = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// Takes each problem: its kind (a fixed key such as `export_failed`), its level and its text. See
/// [`set_error_handler`].
pub type ErrorHandler = Arc<dyn Fn(&Problem<'_>) + Send + Sync>;

/// Something that went wrong inside Spanline and that no call could return.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Problem<'a> {
    /// A fixed key, the same for all problems of a kind.
    pub kind: &'static str,
    /// [`Level::Error`] or [`Level::Warn`].
    pub level: Level,
    /// What happened, in one line.
    pub message: &'a str,
}

static LEVEL: AtomicU8 = AtomicU8::new(Level::Info as u8);
static SINK: Latest<Option<LogSink>> = Latest::new();
static HANDLER: Latest<Option<ErrorHandler>> = Latest::new();
static LIMITER: Limiter = Limiter::new();
static UNHEARD: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Whether this thread is inside a sink or handler. Without a destructor, so it can be used at any time.
    static TALKING: Cell<bool> = const { Cell::new(false) };
}

thread_local! {
    /// Who listens to what this thread reports.
    static CAPTURED: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

thread_local! {
    /// Whom this thread speaks for: stands in front of what it reports.
    static SPEAKER: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

/// Runs `work`; what it reports on this thread begins with `speaker`, and is limited apart from what others report.
pub(crate) fn speaking_for<T>(speaker: &Arc<str>, work: impl FnOnce() -> T) -> T {
    /// Also when the work panics.
    struct Silence;
    impl Drop for Silence {
        fn drop(&mut self) {
            let _ = SPEAKER.try_with(RefCell::take);
        }
    }
    let _ = SPEAKER.try_with(|known| known.replace(Some(speaker.clone())));
    let _silence = Silence;
    work()
}

/// Whom this thread speaks for now.
fn speaker() -> Option<Arc<str>> {
    let known = SPEAKER.try_with(|known| known.try_borrow().ok()?.clone());
    known.ok().flatten()
}

struct Listener {
    lines: Vec<(Level, String)>,
    /// The messages are said all the same.
    aloud: bool,
}

/// Runs `work`; what it reports on this thread, at whatever level, comes back instead of being said.
pub(crate) fn capture<T>(work: impl FnOnce() -> T) -> (T, Vec<(Level, String)>) {
    listen(false, work)
}

/// Runs `work`; the problems (levels error and warn) that it reports on this thread are said, and come back too.
pub(crate) fn overhear<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    let (result, lines) = listen(true, work);
    (result, problems(lines))
}

/// The lines that are problems.
pub(crate) fn problems(lines: Vec<(Level, String)>) -> Vec<String> {
    let lines = lines
        .into_iter()
        .filter(|(level, _)| matches!(level, Level::Error | Level::Warn));
    lines.map(|(_, line)| line).collect()
}

fn listen<T>(aloud: bool, work: impl FnOnce() -> T) -> (T, Vec<(Level, String)>) {
    let capture = Capture::begin(aloud);
    let result = work();
    (result, capture.lines())
}

/// Ends the capture, also when the work panics.
struct Capture;

impl Capture {
    fn begin(aloud: bool) -> Self {
        let lines = Vec::new();
        let _ = CAPTURED.try_with(|captured| captured.replace(Some(Listener { lines, aloud })));
        Self
    }

    fn lines(self) -> Vec<(Level, String)> {
        let lines = CAPTURED.try_with(RefCell::take);
        lines.ok().flatten().map_or(Vec::new(), |listener| listener.lines)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = CAPTURED.try_with(RefCell::take);
    }
}

/// Keeps a message if somebody listens; whether that is all that is wanted of it.
fn is_captured(level: Level, message: fmt::Arguments<'_>) -> bool {
    let kept = CAPTURED.try_with(|captured| {
        let mut captured = captured.try_borrow_mut().ok()?;
        let listener = captured.as_mut()?;
        listener.lines.push((level, message::one_line(message)));
        Some(!listener.aloud)
    });
    matches!(kept, Ok(Some(true)))
}

/// Sets how much is said.
pub(crate) fn set_level(level: Level) {
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// Whether messages of this level are said now.
pub(crate) fn enabled(level: Level) -> bool {
    level != Level::None && level as u8 <= LEVEL.load(Ordering::Relaxed)
}

/// Sends the log to `sink` instead of standard error; `None` goes back to that. The sink is called on whatever thread
/// has something to say, must not block, and may panic. A sink that was replaced is kept until the process ends.
pub fn set_log_sink(sink: Option<LogSink>) {
    SINK.set(sink);
}

/// Has `handler` called for every problem (levels error and warn), whatever the log level is and however many there
/// are of its kind, in addition to the log. The same rules as for a sink hold.
pub fn set_error_handler(handler: Option<ErrorHandler>) {
    HANDLER.set(handler);
}

/// How many reports nobody heard: made by a sink or handler itself, or while one panicked.
pub fn unheard() -> u64 {
    UNHEARD.load(Ordering::Relaxed)
}

/// Says something, if this level is on and this kind has not spoken for a minute. `kind` is a fixed key; the message is
/// only made when it is wanted. Must not be called while a span's slot is locked: sinks are foreign code.
pub(crate) fn report(level: Level, kind: &'static str, message: fmt::Arguments<'_>) {
    report_case(level, kind, "", message);
}

/// The same of a kind that has several cases, such as one for each status of an answer: each has its own minute.
pub(crate) fn report_case(level: Level, kind: &'static str, case: &str, message: fmt::Arguments<'_>) {
    match speaker() {
        Some(speaker) => limited(
            level,
            kind,
            [case, &speaker],
            format_args!("{speaker}: {message}"),
        ),
        None => limited(level, kind, [case, ""], message),
    }
}

fn limited(level: Level, kind: &'static str, [case, speaker]: [&str; 2], message: fmt::Arguments<'_>) {
    if is_captured(level, message) {
        return;
    }
    let handler = if matches!(level, Level::Error | Level::Warn) {
        HANDLER.get().and_then(Option::as_ref)
    } else {
        None
    };
    let admitted = if enabled(level) {
        LIMITER.admit(&[kind, case, speaker], monotonic_nanos())
    } else {
        None
    };
    if handler.is_none() && admitted.is_none() {
        return;
    }
    let entered = TALKING
        .try_with(|talking| !talking.replace(true))
        .unwrap_or(false);
    if !entered {
        UNHEARD.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let said = catch_unwind(AssertUnwindSafe(|| say(level, kind, message, handler, admitted)));
    if let Err(payload) = said {
        // Dropping a payload runs foreign code once more, which may panic too.
        std::mem::forget(payload);
        UNHEARD.fetch_add(1, Ordering::Relaxed);
    }
    let _ = TALKING.try_with(|talking| talking.set(false));
}

fn say(
    level: Level,
    kind: &'static str,
    message: fmt::Arguments<'_>,
    handler: Option<&ErrorHandler>,
    admitted: Option<u32>,
) {
    let mut text = message::one_line(message);
    let handled = handler.map(|handler| {
        let problem = Problem {
            kind,
            level,
            message: &text,
        };
        catch_unwind(AssertUnwindSafe(|| handler(&problem)))
    });
    if let Some(suppressed) = admitted {
        if suppressed > 0 {
            text.push_str(&format!(" ({suppressed} more of this kind were not shown)"));
        }
        match SINK.get().and_then(Option::as_ref) {
            Some(sink) => sink(level, &text),
            None => write_stderr(&format!("spanline {}: {text}\n", level.name())),
        }
    }
    if let Some(Err(payload)) = handled {
        std::mem::forget(payload);
        UNHEARD.fetch_add(1, Ordering::Relaxed);
    }
}

/// Writes the line in one piece to the standard error of the process, past the lock of std's handle: another thread
/// may have held that while this process was forked off. A closed standard error is no reason to stop.
fn write_stderr(line: &str) {
    #[cfg(unix)]
    let own = std::os::fd::AsFd::as_fd(&std::io::stderr()).try_clone_to_owned();
    #[cfg(windows)]
    let own = std::os::windows::io::AsHandle::as_handle(&std::io::stderr()).try_clone_to_owned();
    #[cfg(any(unix, windows))]
    if let Ok(own) = own {
        let _ = std::fs::File::from(own).write_all(line.as_bytes());
    }
    #[cfg(not(any(unix, windows)))]
    let _ = std::io::stderr().write_all(line.as_bytes());
}
