//! Remote sampling: asking a server now and then (Jaeger remote sampling over HTTP).

use super::strategy::Latest;
use crate::by_epoch::ByEpoch;
use crate::clock::monotonic_nanos;
use crate::log::{self, Level};
use crate::options::RemoteSettings;
use crate::transport::{
    Endpoint, FailKind, HttpSettings, HttpTransport, Interrupt, SendOutcome, TlsFiles, TlsMaterial, Transport,
};
use crate::{Error, ErrorKind, Sampler, fork, thread};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use spanline_core::Notice;
use spanline_core::sample::{
    RemoteStrategy, SamplerReport, SamplingRequest, SamplingResult, SpanOutcome, StrategySampler,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

/// An answer is shorter than this: 2,000 operations with long names.
const MAX_ANSWER: usize = 4 << 20;
const NO_CERTIFICATES: &str = "there are no certificates to check the server by";
/// How long one question may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What stands in a query as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Samples as a Jaeger agent or collector says, which is asked every minute or as often as is set.
///
/// Until there was an answer another sampler decides. After that the last good answer holds, whatever comes: no server,
/// an error, something that is no strategy. It is asked on a thread of its own, with `GET ENDPOINT/sampling?service=NAME`
/// (`/sampling` where the endpoint has no path); no span ever waits for it. Use it as the root of
/// [`sample::ParentBased`](crate::sample::ParentBased). What the strategies do:
/// [`sample::StrategySampler`](crate::sample::StrategySampler).
///
/// The environment can ask for it too: `OTEL_TRACES_SAMPLER=parentbased_jaeger_remote`.
///
/// ```no_run
/// use spanline::{JaegerRemote, options::RemoteSettings, sample::{ParentBased, Probability}};
/// let until_then = Probability::new(0.001).unwrap();
/// let remote = JaegerRemote::new(&RemoteSettings::default(), "shop", until_then)?;
/// let provider = spanline::init().service_name("shop").custom_sampler(ParentBased::new(remote)).start()?;
/// # Ok::<(), spanline::Error>(())
/// ```
#[derive(Debug)]
pub struct JaegerRemote(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: RemoteSettings,
    endpoint: Endpoint,
    initial: Box<dyn Sampler>,
    latest: Latest,
    polls: ByEpoch<Arc<Poll>>,
    /// The provider has shut down, or nobody has this sampler any more.
    is_over: AtomicBool,
}

/// The thread of one process.
#[derive(Debug, Default)]
struct Poll {
    begun: AtomicBool,
    ended: Mutex<bool>,
    end: Condvar,
    interrupt: OnceLock<Interrupt>,
}

impl Poll {
    fn ended(&self) -> MutexGuard<'_, bool> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        *self.ended() = true;
        self.end.notify_all();
        if let Some(interrupt) = self.interrupt.get() {
            interrupt.stop();
        }
    }

    /// Waits so long. True when it is over.
    fn wait(&self, pause: Duration) -> bool {
        let waited = self.end.wait_timeout_while(self.ended(), pause, |ended| !*ended);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl JaegerRemote {
    /// Asks at once, and then as often as is set, what to sample of the service of this name.
    ///
    /// # Errors
    /// [`ErrorKind::BadValue`]: the endpoint is no URL that can be used, or the interval is 0. Whether there is such a
    /// server, and certificates to check it by, is seen later, and told in the log.
    pub fn new(
        settings: &RemoteSettings,
        service_name: &str,
        initial: impl Sampler + 'static,
    ) -> Result<Self, Error> {
        Self::make(settings, service_name, Box::new(initial), false)
    }

    /// As [`Self::new`]; nobody is asked when it is idle.
    pub(crate) fn make(
        settings: &RemoteSettings,
        service_name: &str,
        initial: Box<dyn Sampler>,
        is_idle: bool,
    ) -> Result<Self, Error> {
        let bad = |error: &dyn std::fmt::Display| {
            let text = format!("endpoint of the sampling server: {error}");
            Error::new(ErrorKind::BadValue, text).with_option("sampler")
        };
        let endpoint =
            Endpoint::parse(&url(&settings.endpoint, service_name)).map_err(|error| bad(&error))?;
        if settings.interval_ms == 0 {
            let text = "interval of the sampling server: 0 is not a whole number above 0";
            return Err(Error::new(ErrorKind::BadValue, text).with_option("sampler"));
        }
        let sampler = Self(Arc::new(Inner {
            settings: settings.clone(),
            endpoint,
            initial,
            latest: Latest::new(),
            polls: ByEpoch::new(),
            is_over: AtomicBool::new(is_idle),
        }));
        sampler.begin();
        Ok(sampler)
    }

    /// Starts the thread where this process has none: the first time, and in a forked child.
    #[inline]
    fn begin(&self) {
        let poll = self.0.polls.get(fork::current_epoch(), Arc::default);
        if !poll.begun.load(Ordering::Relaxed) {
            self.start(poll);
        }
    }

    #[cold]
    fn start(&self, poll: &Arc<Poll>) {
        if self.0.is_over.load(Ordering::Relaxed) || poll.begun.swap(true, Ordering::AcqRel) {
            return;
        }
        let (inner, poll) = (Arc::downgrade(&self.0), poll.clone());
        // Without a thread what was known goes on to hold; that there is none has been said.
        thread::spawn(c"spanline-sampling", move || run(&inner, &poll));
    }

    fn end(&self) {
        self.0.is_over.store(true, Ordering::Relaxed);
        if let Some(poll) = self.0.polls.existing(fork::current_epoch()) {
            poll.stop();
        }
    }
}

impl Drop for JaegerRemote {
    fn drop(&mut self) {
        self.end();
    }
}

/// The URL with the question.
fn url(endpoint: &str, service_name: &str) -> String {
    let endpoint = endpoint.split('#').next().unwrap_or_default();
    let path = endpoint.split_once("://").map_or("", |(_, rest)| rest);
    let path = path.find(['/', '?']).map_or("", |at| &path[at..]);
    let (endpoint, own) = match path {
        "" | "/" => (endpoint.trim_end_matches('/'), "/sampling"),
        _ => (endpoint, ""),
    };
    let sign = if path.contains('?') { '&' } else { '?' };
    let service = utf8_percent_encode(service_name, PLAIN);
    format!("{endpoint}{own}{sign}service={service}")
}

/// The thread's life.
fn run(inner: &Weak<Inner>, poll: &Poll) {
    let mut transport = None;
    let mut was_well = None;
    loop {
        let Some(inner) = inner.upgrade() else { return };
        if transport.is_none() {
            transport = connect(&inner, poll);
        }
        let found = match &mut transport {
            Some(transport) => ask(transport, TIMEOUT).map_err(|why| why.to_string()),
            None => Err(NO_CERTIFICATES.to_owned()),
        };
        if *poll.ended() {
            return;
        }
        let applied = found.and_then(
            |strategy| match inner.latest.replace(strategy, monotonic_nanos()) {
                true => Ok(()),
                false => Err("the strategy before is still in use".to_owned()),
            },
        );
        tell(&inner.settings, applied.as_ref().err(), &mut was_well);
        let pause = pause(inner.settings.interval_ms);
        drop(inner);
        if poll.wait(pause) {
            return;
        }
    }
}

fn connect(inner: &Inner, poll: &Poll) -> Option<HttpTransport> {
    let transport = transport(inner.endpoint.clone())?;
    let _ = poll.interrupt.set(transport.interrupt());
    Some(transport)
}

fn transport(endpoint: Endpoint) -> Option<HttpTransport> {
    Some(HttpTransport::new(HttpSettings {
        endpoint,
        proxy: None,
        tls: TlsMaterial::load(&TlsFiles::default()).ok()?,
        user_agent: concat!("Spanline-Sampling-Rust/", env!("CARGO_PKG_VERSION")).to_owned(),
        max_response_bytes: MAX_ANSWER,
    }))
}

/// Why there is no strategy.
#[derive(Debug)]
pub(crate) enum NoStrategy {
    Failed(FailKind, String),
    Status(u16),
    Nonsense(String),
}

impl std::fmt::Display for NoStrategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(_, text) | Self::Nonsense(text) => f.write_str(text),
            Self::Status(status) => write!(f, "it answered with status {status}"),
        }
    }
}

/// One question.
fn ask(transport: &mut HttpTransport, timeout: Duration) -> Result<RemoteStrategy, NoStrategy> {
    let nonsense = |text: &dyn std::fmt::Display| NoStrategy::Nonsense(text.to_string());
    match transport.get(Some(timeout)) {
        SendOutcome::Response(response) if response.status == 200 && response.body_complete => {
            RemoteStrategy::from_json(&response.body).map_err(|error| nonsense(&error))
        }
        SendOutcome::Response(response) if response.status == 200 => {
            Err(nonsense(&"the answer is not complete"))
        }
        SendOutcome::Response(response) => Err(NoStrategy::Status(response.status)),
        SendOutcome::TooLarge => Err(nonsense(&format_args!(
            "its answer is longer than {MAX_ANSWER} bytes"
        ))),
        SendOutcome::Failed { kind, message } => Err(NoStrategy::Failed(kind, message)),
    }
}

/// Asks once, waiting so long at most, what to sample of the service of this name.
pub(crate) fn ask_once(
    settings: &RemoteSettings,
    service_name: &str,
    timeout: Duration,
) -> Result<StrategySampler, NoStrategy> {
    let endpoint = Endpoint::parse(&url(&settings.endpoint, service_name))
        .map_err(|error| NoStrategy::Failed(FailKind::BadUrl, error.to_string()))?;
    let mut transport =
        transport(endpoint).ok_or_else(|| NoStrategy::Failed(FailKind::Tls, NO_CERTIFICATES.to_owned()))?;
    let strategy = ask(&mut transport, timeout)?;
    Ok(StrategySampler::new(strategy))
}

/// One line when it begins to fail, one when it is well again.
fn tell(settings: &RemoteSettings, error: Option<&String>, was_well: &mut Option<bool>) {
    let server = settings.shown_endpoint();
    match (error, *was_well) {
        (Some(error), None | Some(true)) => {
            let line = format_args!(
                "the sampling server {server} gives no strategy: {error}; what was known before holds"
            );
            log::report(Level::Warn, "jaeger_remote", line);
        }
        (None, Some(false)) => {
            let line = format_args!("the sampling server {server} gives strategies again");
            log::report(Level::Info, "jaeger_remote_again", line);
        }
        _ => {}
    }
    *was_well = Some(error.is_none());
}

/// The interval, a tenth more or less, so that a fleet does not ask in step.
fn pause(interval_ms: u64) -> Duration {
    let mixed = (monotonic_nanos() ^ u64::from(std::process::id()) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let share = (mixed >> 32) as f64 / (1_u64 << 32) as f64;
    let millis = interval_ms as f64 * (0.9 + 0.2 * share);
    // A hundred years are as good as never.
    Duration::from_secs_f64((millis / 1000.0).min(3.2e9))
}

impl Sampler for JaegerRemote {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        self.begin();
        let inner = &self.0;
        let result = inner.latest.should_sample(request);
        result.unwrap_or_else(|| inner.initial.should_sample(request))
    }

    /// `JaegerRemoteSampler{endpoint=...,interval=60000ms,current=probabilistic{0.25}}`; until there was an answer
    /// `initial=` and that sampler instead.
    fn description(&self) -> String {
        let settings = &self.0.settings;
        let (endpoint, interval_ms) = (settings.shown_endpoint(), settings.interval_ms);
        let current = self.0.latest.look(|strategy| match strategy {
            Some(strategy) => format!("current={}", strategy.description()),
            None => format!("initial={}", self.0.initial.description()),
        });
        format!("JaegerRemoteSampler{{endpoint={endpoint},interval={interval_ms}ms,{current}}}")
    }

    fn take_notice(&self) -> Option<Notice> {
        let of_strategy = self
            .0
            .latest
            .look(|strategy| strategy.and_then(Sampler::take_notice));
        of_strategy.or_else(|| self.0.initial.take_notice())
    }

    fn report(&self) -> SamplerReport {
        let (part, current) = self.0.latest.look(|strategy| match strategy {
            Some(strategy) => ("current", strategy.report()),
            None => ("initial", self.0.initial.report()),
        });
        let mut report = SamplerReport::new(self.description());
        report.rate = current.rate;
        report.per_second = current.per_second;
        report.with_part(part, current)
    }

    fn learns(&self) -> bool {
        self.0.initial.learns()
    }

    fn observe(&self, outcome: &SpanOutcome<'_>) {
        self.0.initial.observe(outcome);
    }

    fn shutdown(&self) {
        self.end();
        self.0.initial.shutdown();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_part_of_the_url() {
        for (endpoint, service, expected) in [
            ("http://h:5778", "shop", "http://h:5778/sampling?service=shop"),
            (
                "http://h:5778/",
                "a b&c/\u{e9}",
                "http://h:5778/sampling?service=a%20b%26c%2F%C3%A9",
            ),
            (
                "http://h/api/sampling",
                "x-1.2_3~",
                "http://h/api/sampling?service=x-1.2_3~",
            ),
            ("http://h/s?a=1#part", "x", "http://h/s?a=1&service=x"),
        ] {
            assert_eq!(url(endpoint, service), expected);
        }
    }

    #[test]
    fn an_interval_of_nothing_is_refused() {
        let mut settings = RemoteSettings::default();
        settings.interval_ms = 0;
        let error = JaegerRemote::new(&settings, "shop", spanline_core::sample::AlwaysOff).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadValue);
    }

    #[test]
    fn pauses_differ_by_a_tenth() {
        for _ in 0..100 {
            let pause = pause(1000).as_millis();
            assert!((900..=1100).contains(&pause), "{pause}");
        }
        assert!(pause(u64::MAX) > Duration::from_secs(1 << 30));
    }
}
