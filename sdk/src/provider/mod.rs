//! Providers: what owns the configuration, the engine and the threads (OpenTelemetry SDK "TracerProvider").

mod built_in;
mod config;
mod current;
mod described;
mod engines;
mod finish;
mod on_signal;
pub(crate) mod registry;
mod sampling;
mod scopes;
mod shutdown;
mod specs;

pub(crate) use config::{BuiltIn, Config, ExporterSpec, ReceiverSpec};
pub use current::{Override, global};
pub(crate) use current::{conventions, current_id, current_id_in, global_of, set_global};
pub(crate) use described::Described;
pub(crate) use scopes::Scopes;
pub(crate) use specs::specs;

use crate::by_epoch::{ByEpoch, Count};
use crate::clock::Clock;
use crate::export::{FinishedSpan, Patience};
use crate::observe::{self, Metrics, Source};
use crate::processor::SpanProcessor;
use crate::processors::{Operation, Redactor, Timed};
use crate::tracer::Tracer;
use crate::{IdGenerator, fork, local};
use engines::EngineSet;
use spanline_core::propagate::TextMapPropagator;
use spanline_core::sample::{Plan, Sampler};
use spanline_core::semconv::Conventions;
use spanline_core::{InstrumentationScope, Resource};
use spanline_engine::options::Effective;
use spanline_engine::{Error, Stats};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

/// Bits of what starting a span takes beside the usual.
pub(crate) mod calls {
    /// It always calls foreign code, or nothing is recorded at all.
    pub(crate) const FOREIGN: u8 = 1;
    /// It is timed now and then.
    pub(crate) const TIMED: u8 = 2;
}

/// What every thread needs of a provider.
pub(crate) struct Shared {
    pub(crate) id: u32,
    pub(crate) config: Arc<Config>,
    pub(crate) sampler: Arc<dyn Sampler>,
    pub(crate) plan: Plan,
    pub(crate) id_generator: Option<Arc<dyn IdGenerator>>,
    pub(crate) clock: &'static Clock,
    pub(crate) processors: Vec<Arc<dyn SpanProcessor>>,
    pub(crate) redactor: Redactor,
    /// There are processors, there is something to redact, or ends are timed now and then.
    watches_ends: bool,
    /// What starting a span takes beside the usual: bits of [`calls`].
    pub(crate) calls: AtomicU8,
    pub(crate) disabled: bool,
    /// Panics of user code.
    pub(crate) caught: Count,
    /// It has shut down, also for the processes that are forked off later.
    shut_down: AtomicBool,
    /// The epoch of the process that is shutting it down; 0 before. A child that is forked off meanwhile is another
    /// process, in which it goes on.
    shutting_down: AtomicU32,
    /// The thread that is shutting it down.
    finisher: AtomicUsize,
    /// The epoch of the process whose signals it is flushed on; 0 for none.
    watching: AtomicU32,
    engines: ByEpoch<EngineSet>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// The engine of this process.
    #[inline]
    pub(crate) fn engine(&self, epoch: u32) -> &EngineSet {
        let set = self.engines.get(epoch, || {
            self.watch_signals();
            EngineSet::new(self.id, epoch, &self.config)
        });
        set.begin();
        set
    }

    /// Where spans of a scope go: the provider's number, and that of the scope in it. Of a disabled scope, what stands
    /// for those. Where there is a spool, the scope is in it before a span with it can be.
    pub(crate) fn target(&self, scope: &InstrumentationScope) -> (u32, u16) {
        if !self.config.tracers.is_enabled(&scope.name) {
            return (registry::disabled_scope_of(self.id), 0);
        }
        let number = self.config.scopes.number(scope);
        if self.config.effective.spool_dir.is_some()
            && let Some(spool) = self.engine(fork::current_epoch()).spool()
        {
            spool.note_scopes(&self.config.scopes);
        }
        (self.id, number)
    }

    /// Whether spans end without processors, redaction and timing. After the shutdown no processor is called any more.
    #[inline]
    pub(crate) fn ends_quickly(&self) -> bool {
        !self.watches_ends || self.redactor.is_idle() && self.is_shut_down()
    }

    /// Whether the shutdown has begun.
    #[inline]
    pub(crate) fn is_shut_down(&self) -> bool {
        let begun = self.shutting_down.load(Ordering::Relaxed);
        begun != 0 && (self.shut_down.load(Ordering::Relaxed) || begun == fork::current_epoch())
    }

    /// Has it flushed on signals in this process, where that is asked for.
    fn watch_signals(&self) {
        let epoch = fork::current_epoch();
        let wanted = self.config.effective.flush_on_signals && self.is_enabled();
        if wanted && self.watching.swap(epoch, Ordering::AcqRel) != epoch {
            on_signal::begin();
        }
    }

    /// Whether it is flushed on the signals of this process.
    fn is_watching(&self) -> bool {
        let watching = self.watching.load(Ordering::Acquire);
        watching != 0 && watching == fork::current_epoch()
    }

    /// Signals are no concern of it any more.
    fn leave_signals(&self) {
        if self.is_watching() {
            self.watching.store(0, Ordering::Release);
            on_signal::end();
        }
    }

    /// Whether operations are timed now and then.
    pub(crate) fn is_watched(&self) -> bool {
        self.config.built_in.overhead.is_some()
    }

    /// Times an operation until what this gives is dropped; `None` where nobody wants to know.
    pub(crate) fn time(&self, operation: Operation) -> Option<Timed<'_>> {
        let watch = self.config.built_in.overhead.as_ref()?;
        Some(Timed::begin(watch, self.clock, operation))
    }

    /// Whether spans that are started now may be recorded.
    pub(crate) fn is_enabled(&self) -> bool {
        let somebody = !self.processors.is_empty() || !self.config.exporters.is_empty();
        somebody && !self.disabled && !self.is_shut_down()
    }

    fn stats(&self) -> Stats {
        self.account().0
    }

    /// The accounting, and how many spans the exporters' queues have been given.
    fn account(&self) -> (Stats, u64) {
        let set = self.engine(fork::current_epoch());
        let exporters = set.worker().exporters().iter();
        let mut exporters: Vec<_> = exporters.map(|exporter| exporter.stats()).collect();
        let mut stats = local::busy(|| set.engine().stats());
        let delivered = set.worker().delivered();
        for exporter in &mut exporters {
            exporter.hold_undrained(stats.accepted);
        }
        stats.exporters = exporters;
        stats.redacted = self.redactor.counts();
        stats.caught_panics =
            self.caught.load(Ordering::Relaxed) + self.config.caught.load(Ordering::Relaxed);
        let in_policies = self.config.tail.as_ref().map_or(0, |tail| tail.caught_panics());
        stats.caught_panics += in_policies;
        (stats, delivered)
    }

    fn metrics(&self) -> Metrics {
        let (stats, delivered) = self.account();
        observe::collect(&Source {
            stats: &stats,
            delivered,
            capacity: self.config.max_queue_spans,
            has_tail: self.config.tail.is_some(),
            is_simple: self.config.cutting.delay_nanos == 0,
            exporters: self.engine(fork::current_epoch()).worker().components(),
            errors: self.config.built_in.errors.as_ref().map(|errors| errors.report()),
            overhead: self
                .config
                .built_in
                .overhead
                .as_ref()
                .map(|watch| watch.report(&stats)),
        })
    }
}

/// What flush or shutdown came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Whether everything that had ended before was handed over within the time. False also when it was called from
    /// one of the provider's own callbacks, which cannot wait for themselves.
    pub complete: bool,
    /// The accounting at the end.
    pub stats: Stats,
}

/// A provider of tracers. Cheap to clone; the last clone to be dropped shuts it down, within `exit_timeout_ms`.
///
/// ```
/// let provider = spanline::init().service_name("docs").exporter("memory").build()?;
/// let tracer = provider.tracer("docs");
/// tracer.span("work").start().end();
/// assert!(provider.flush().complete);
/// assert_eq!(provider.stats().accepted, 1);
/// # Ok::<(), spanline::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Provider(Arc<Owner>);

#[derive(Debug)]
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        finish::finish(&self.0);
    }
}

/// The parts of a provider that is being built.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) sampler: Arc<dyn Sampler>,
    pub(crate) id_generator: Option<Arc<dyn IdGenerator>>,
    pub(crate) processors: Vec<Arc<dyn SpanProcessor>>,
    pub(crate) redactor: Redactor,
    pub(crate) disabled: bool,
}

impl Provider {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts {
            config,
            sampler,
            id_generator,
            processors,
            redactor,
            disabled,
        } = parts;
        let mut calls = 0;
        if disabled || id_generator.is_some() || !processors.is_empty() {
            calls |= calls::FOREIGN;
        }
        if config.built_in.overhead.is_some() {
            calls |= calls::TIMED;
        }
        let shared = Arc::new(Shared {
            id: registry::next_id(),
            clock: config.clock,
            calls: AtomicU8::new(calls),
            plan: sampler.plan(),
            config: Arc::new(config),
            sampler,
            id_generator,
            watches_ends: !processors.is_empty() || !redactor.is_idle() || calls & calls::TIMED != 0,
            processors,
            redactor,
            disabled,
            caught: Count::new(),
            shut_down: AtomicBool::new(false),
            shutting_down: AtomicU32::new(0),
            finisher: AtomicUsize::new(0),
            watching: AtomicU32::new(0),
            engines: ByEpoch::new(),
        });
        registry::add(&shared);
        shared.watch_signals();
        if shared.config.effective.spool_dir.is_some() {
            // What others left is sent although nothing is recorded here yet.
            shared.engine(fork::current_epoch());
        }
        Self(Arc::new(Owner(shared)))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }

    /// A tracer for the instrumentation scope of this name. An empty name is allowed.
    pub fn tracer(&self, name: impl Into<std::borrow::Cow<'static, str>>) -> Tracer {
        self.tracer_of(InstrumentationScope::named(name))
    }

    /// A tracer for this instrumentation scope: name, version, schema URL and attributes together are its identity.
    pub fn tracer_of(&self, scope: InstrumentationScope) -> Tracer {
        Tracer::of(self.clone(), &scope)
    }

    /// Waits until all spans that have ended so far are handed over, at most `flush_timeout_ms` (30 s). Exporters that
    /// pause after a failure try at once and then go on with their pauses; one whose next attempt lies beyond the time is
    /// not waited for. Traces that tail sampling holds are decided by what is there.
    ///
    /// With nobody listening that takes up to 30 s: the attempts between the pauses of the retries. Where less time is left,
    /// give it: [`Self::flush_within`]. Hosts of containers commonly kill a program 30 s (some 10 s) after they asked it to
    /// end.
    pub fn flush(&self) -> Report {
        self.flush_within(self.shared().config.flush_timeout)
    }

    /// As [`Self::flush`], within this time.
    pub fn flush_within(&self, timeout: Duration) -> Report {
        let complete = self.shared().flush(timeout, Patience::Full);
        Report {
            complete,
            stats: self.stats(),
        }
    }

    /// Flushes and ends everything, within `flush_timeout_ms` (30 s). Spans that end later are dropped and counted;
    /// tracers go on to work and record nothing. What could not be handed over in time is lost and counted.
    ///
    /// It waits for a slow or busy receiver up to that time. An exporter whose first attempt in this call finds nobody
    /// (refused, no way, no such name) is tried for 5 s more, and then not waited for. Hosts of containers commonly kill a
    /// program 30 s (some 10 s) after they asked it to end: with something else to do in that time, use
    /// [`Self::shutdown_within`], or set `flush_timeout_ms`. A provider that is only dropped, or a program that just returns,
    /// waits `exit_timeout_ms` at most, and not at all for an address where nobody is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ShutDown`](crate::ErrorKind::ShutDown) the second time.
    pub fn shutdown(&self) -> Result<Report, Error> {
        self.shutdown_within(self.shared().config.flush_timeout)
    }

    /// As [`Self::shutdown`], within this time.
    pub fn shutdown_within(&self, timeout: Duration) -> Result<Report, Error> {
        finish::shut_down(self.shared(), timeout)
    }

    /// What became of all spans so far; exact after a flush.
    pub fn stats(&self) -> Stats {
        self.shared().stats()
    }

    /// The accounting as metrics under the names of the semantic conventions (`otel.sdk.*`), and as Prometheus text. Asking
    /// costs what [`Self::stats`] costs; making spans costs nothing for it.
    ///
    /// ```
    /// let provider = spanline::init().exporter("memory").build()?;
    /// provider.tracer("docs").span("work").start().end();
    /// provider.flush();
    /// let metrics = provider.metrics();
    /// let exported = metrics.get("otel.sdk.exporter.span.exported").unwrap();
    /// assert_eq!(exported.points[0].value.count(), 1);
    /// let name = exported.points[0].attribute("otel.component.name");
    /// assert_eq!(name.as_deref(), Some("memory_span_exporter/0"));
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn metrics(&self) -> Metrics {
        self.shared().metrics()
    }

    /// The resource that all its spans share. In a forked child its `process.pid` is the child's, where it was detected.
    pub fn resource(&self) -> &Resource {
        self.shared().config.described.resource()
    }

    /// The options that hold, each with its value and where that comes from; see [`Effective::iter`].
    ///
    /// ```
    /// let provider = spanline::init().delay_ms(100).exporter("none").build()?;
    /// let delay = provider.options().iter().find(|setting| setting.name == "delay_ms").unwrap();
    /// assert_eq!((delay.value.as_str(), delay.source.to_string().as_str()), ("100", "code"));
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn options(&self) -> &Effective {
        &self.shared().config.effective
    }

    /// What instrumentations go by: which names are written (`semconv_opt_in`), which methods are known
    /// (`http_known_methods`). It goes into the rules of [`semconv`](crate::semconv).
    ///
    /// ```
    /// use spanline::semconv::Names;
    /// let options = |options: &mut spanline::options::Options| {
    ///     options.semconv_opt_in = Some(vec!["http/dup".to_owned()]);
    /// };
    /// let provider = spanline::init().without_environment().options(options).exporter("none").build()?;
    /// assert_eq!(provider.conventions().http, Names::Both);
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn conventions(&self) -> &Conventions {
        &self.shared().config.conventions
    }

    /// The propagator that it was configured with.
    pub fn propagator(&self) -> Arc<dyn TextMapPropagator> {
        self.shared().config.propagator.clone()
    }

    /// What the exporter named `memory` keeps; flushes first, so that every span that has ended is there. `None` when
    /// there is no such exporter.
    ///
    /// ```
    /// use spanline::span;
    /// let provider = spanline::init().exporter("memory").build()?;
    /// let _provider = provider.enter();
    /// drop(span!("work"));
    /// assert_eq!(provider.finished_spans().unwrap()[0].name, "work");
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn finished_spans(&self) -> Option<Vec<FinishedSpan>> {
        let memory = self.shared().config.memory.as_ref()?;
        self.flush();
        Some(memory.get())
    }

    /// Forgets what the exporter named `memory` keeps, after a flush.
    pub fn reset_finished_spans(&self) {
        if let Some(memory) = &self.shared().config.memory {
            self.flush();
            memory.reset();
        }
    }

    /// Makes this the global provider: that of `span!` and of global tracers on every thread, for good.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AlreadyStarted`](crate::ErrorKind::AlreadyStarted) while a global provider is running.
    pub fn set_global(&self) -> Result<(), Error> {
        set_global(self)
    }

    /// Makes this the provider of `span!` and of global tracers on this thread while the result is alive.
    pub fn enter(&self) -> Override {
        Override::new(self.clone())
    }
}
