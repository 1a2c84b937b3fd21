//! How a provider is built.

mod assemble;

use crate::config::{self, Model, Node, Registry};
use crate::detect::ResourceDetector;
use crate::export::SpanExporter;
use crate::log;
use crate::processor::SpanProcessor;
use crate::processors::Filter;
use crate::provider::{Provider, set_global};
use crate::{IdGenerator, Sampler};
use spanline_core::Resource;
use spanline_core::process::{AttributeRule, Redaction};
use spanline_core::propagate::TextMapPropagator;
use spanline_core::sample::tail::PolicyOptions;
use spanline_engine::options::{ExporterOption, Options, SamplerOption, Secret};
use spanline_engine::{Error, TracerConfigurator};
use std::sync::Arc;

/// What a provider is to be. What is not said here comes from the environment, else from the defaults.
///
/// ```no_run
/// let provider = spanline::init().service_name("orders").start()?;
/// # Ok::<(), spanline::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a provider begins with start() or build()"]
pub struct Builder {
    options: Options,
    sampler: Option<Arc<dyn Sampler>>,
    tail: Option<Vec<PolicyOptions>>,
    id_generator: Option<Arc<dyn IdGenerator>>,
    processors: Vec<Arc<dyn SpanProcessor>>,
    rules: Vec<AttributeRule>,
    redactions: Vec<Redaction>,
    exporters: Vec<(String, Arc<dyn SpanExporter>)>,
    propagator: Option<Arc<dyn TextMapPropagator>>,
    resource: Option<Resource>,
    detectors: Vec<Arc<dyn ResourceDetector>>,
    without_environment: bool,
    registry: Registry,
    model: Option<Model>,
    tracers: TracerConfigurator,
    /// What was said of the dictionary.
    notices: Vec<String>,
}

/// Begins to describe a provider; the environment alone is enough.
pub fn init() -> Builder {
    Builder::default()
}

/// One method for each option that takes a plain value.
macro_rules! plain {
    ($($(#[$doc:meta])* $name:ident: $type:ty => $($path:ident).+;)*) => {$(
        $(#[$doc])*
        pub fn $name(mut self, value: $type) -> Self {
            self.options.$($path).+ = Some(value.into());
            self
        }
    )*};
}

impl Builder {
    plain! {
        /// `service_name`: the name of the service.
        service_name: impl Into<String> => service_name;
        /// `service_version`.
        service_version: impl Into<String> => service_version;
        /// `environment`: where the service runs, such as `production`.
        environment: impl Into<String> => environment;
        /// `endpoint`: the full URL that spans are sent to.
        endpoint: impl Into<String> => endpoint;
        /// `protocol`: `http/protobuf`, `http/json` or `grpc`; `zipkin` and `jaeger` have others.
        protocol: impl Into<String> => protocol;
        /// `compression`: `none`, `gzip` or `zstd`.
        compression: impl Into<String> => compression;
        /// `bearer_token`: a token for the receiver.
        bearer_token: impl Into<Secret> => bearer_token;
        /// `certificate`: a PEM file of the authorities that the receiver's certificate may be signed by.
        certificate: impl Into<String> => certificate;
        /// `proxy`: the URL of an HTTP proxy, or `none`.
        proxy: impl Into<String> => proxy;
        /// `concurrent_sends`: requests on their way at the same time, from 1 to 8.
        concurrent_sends: u64 => concurrent_sends;
        /// `config_file`: a configuration file.
        config_file: impl Into<String> => config_file;
        /// `spool_dir`: a folder in which spans survive a crash.
        spool_dir: impl Into<String> => spool_dir;
        /// `timeout_ms` of one attempt to send; 0 for none.
        timeout_ms: u64 => timeout_ms;
        /// `sampler`: a rate from 0 to 1, or a name.
        sampler: impl Into<SamplerOption> => sampler;
        /// `delay_ms`: how long an ended span waits for company.
        delay_ms: u64 => delay_ms;
        /// `buffer_bytes`: memory for spans that wait.
        buffer_bytes: u64 => buffer_bytes;
        /// `exit_timeout_ms`: how long the end of the process may wait.
        exit_timeout_ms: u64 => exit_timeout_ms;
        /// `flush_on_signals`: whether SIGTERM and SIGINT flush before they do what they do.
        flush_on_signals: bool => flush_on_signals;
        /// `entity_refs`: whether OTLP says which attributes belong to which entity; experimental.
        entity_refs: bool => entity_refs;
        /// `disabled`: record nothing.
        disabled: bool => disabled;
        /// `log_level` of the library's own messages.
        log_level: impl Into<String> => log_level;
        /// `clock`: `auto` or `monotonic`.
        clock: impl Into<String> => clock;
    }

    /// Any option: changes the plain structure of all of them.
    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// `username` and `password` for the receiver.
    pub fn credentials(mut self, username: impl Into<Secret>, password: impl Into<Secret>) -> Self {
        self.options.username = Some(username.into());
        self.options.password = Some(password.into());
        self
    }

    /// `client_certificate` and `client_key`: two PEM files by which this process shows who it is.
    pub fn client_certificate(mut self, certificate: impl Into<String>, key: impl Into<String>) -> Self {
        self.options.client_certificate = Some(certificate.into());
        self.options.client_key = Some(key.into());
        self
    }

    /// `exporter`: where spans go, by name, or a structure with settings for this exporter alone. Called again, it adds
    /// a further one beside those before.
    ///
    /// ```
    /// use spanline::options::ExporterOption;
    /// let second = ExporterOption {
    ///     endpoint: Some("http://backup.example:4318/v1/traces".into()),
    ///     timeout_ms: Some(2_000),
    ///     ..ExporterOption::from("otlp")
    /// };
    /// let provider = spanline::init().exporter("otlp").exporter(second).build()?;
    /// let names: Vec<_> = provider.options().exporter.iter().map(|e| e.name.as_str()).collect();
    /// assert_eq!(names, ["otlp", "otlp_2"]);
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn exporter(mut self, exporter: impl Into<ExporterOption>) -> Self {
        self.options
            .exporter
            .get_or_insert_default()
            .push(exporter.into());
        self
    }

    /// `headers`: a header of each request.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let known = self.options.headers.take().unwrap_or_default();
        let pairs = known
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.options.headers = Some(pairs.chain([(name.into(), value.into())]).collect());
        self
    }

    /// `resource`: an attribute of the resource.
    pub fn resource_attribute(
        mut self,
        key: impl Into<std::borrow::Cow<'static, str>>,
        value: impl Into<crate::OwnedValue>,
    ) -> Self {
        self.options
            .resource
            .get_or_insert_default()
            .push(crate::KeyValue::new(key, value));
        self
    }

    /// `propagators`, by name and in this order.
    pub fn propagators(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.propagators = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// A sampler of your own, instead of the option.
    pub fn custom_sampler(mut self, sampler: impl Sampler + 'static) -> Self {
        self.sampler = Some(Arc::new(sampler));
        self
    }

    /// Tail sampling: the spans of each trace are held in this process until its local root has ended, and are kept when one
    /// of these policies says so. They stand in for the option `tail.policies`; how long and how much is held is said by the
    /// other options `tail.*`. What the sampler drops is not seen by it. An empty list is an error.
    ///
    /// ```
    /// use spanline::StatusCode;
    /// use spanline::sample::tail::{PolicyKind, PolicyOptions};
    ///
    /// let errors = PolicyKind::StatusCode { status_codes: vec![StatusCode::Error] };
    /// let slow = PolicyKind::Latency { threshold_ms: 5_000, upper_threshold_ms: 0 };
    /// let provider = spanline::init()
    ///     .tail_sampling([PolicyOptions::new("errors", errors), PolicyOptions::new("slow", slow)])
    ///     .exporter("memory")
    ///     .build()?;
    /// let tracer = provider.tracer("docs");
    /// tracer.span("fine").start().end();
    /// let mut failed = tracer.span("failed").start();
    /// failed.set_status(StatusCode::Error, "no answer");
    /// failed.end();
    /// let kept = provider.finished_spans().unwrap();
    /// assert_eq!((kept.len(), kept[0].name.as_str()), (1, "failed"));
    /// assert_eq!(provider.stats().tail_dropped, 1);
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn tail_sampling(mut self, policies: impl IntoIterator<Item = PolicyOptions>) -> Self {
        self.tail = Some(policies.into_iter().collect());
        self
    }

    /// A generator of ids of your own.
    pub fn id_generator(mut self, generator: impl IdGenerator + 'static) -> Self {
        self.id_generator = Some(Arc::new(generator));
        self
    }

    /// A processor; they are called in the order in which they were added, before the exporters.
    pub fn processor(mut self, processor: impl SpanProcessor + 'static) -> Self {
        self.processors.push(Arc::new(processor));
        self
    }

    /// A rule for attributes of spans, followed when they end, behind your own processors and the rules of the option
    /// `enrich.rules`.
    ///
    /// ```
    /// use spanline::processors::AttributeRule;
    /// use spanline::sample::Pattern;
    /// let provider = spanline::init()
    ///     .exporter("memory")
    ///     .enrich(AttributeRule::insert("deployment.ring", "canary"))
    ///     .enrich(AttributeRule::delete(Pattern::glob("debug.*")))
    ///     .build()?;
    /// provider.tracer("shop").span("order").start().set("debug.cache", true).end();
    /// let spans = provider.finished_spans().unwrap();
    /// assert_eq!(spans[0].attribute("deployment.ring"), Some(&"canary".into()));
    /// assert_eq!(spans[0].attributes.len(), 1);
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn enrich(mut self, rule: AttributeRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// What spans must not say: redacted when they end, after all processors have had their say and before anything is
    /// written down. Beside what the options `redact.*` say; may be called several times.
    ///
    /// ```
    /// use spanline::processors::Redaction;
    /// use spanline::sample::Pattern;
    /// let provider = spanline::init()
    ///     .exporter("memory")
    ///     .redact(Redaction::new().mask_key(Pattern::glob("*password*")))
    ///     .build()?;
    /// provider.tracer("shop").span("sign in").start().set("user.password", "s3cret").end();
    /// let spans = provider.finished_spans().unwrap();
    /// assert_eq!(spans[0].attribute("user.password"), Some(&"REDACTED".into()));
    /// assert_eq!(provider.stats().redacted.masked, 1);
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn redact(mut self, redaction: Redaction) -> Self {
        self.redactions.push(redaction);
        self
    }

    /// A filter of spans that have ended; a span is dropped when one of them drops it, or the option `filter.rules`.
    pub fn filter(self, filter: Filter) -> Self {
        self.processor(filter)
    }

    /// `errors.enabled`: counts what failed; see [`ErrorCounter`](crate::processors::ErrorCounter).
    pub fn count_errors(mut self) -> Self {
        self.options.errors.enabled = Some(true);
        self
    }

    /// `correlator.enabled`: keeps the latest traces; see [`TraceCorrelator`](crate::processors::TraceCorrelator).
    pub fn correlate_traces(mut self) -> Self {
        self.options.correlator.enabled = Some(true);
        self
    }

    /// `overhead.enabled`: watches what tracing costs; see [`Provider::overhead`].
    pub fn watch_overhead(mut self) -> Self {
        self.options.overhead.enabled = Some(true);
        self
    }

    /// An exporter of your own, beside those of the `exporter` option; alone when that option is not set in code.
    pub fn add_exporter(mut self, name: impl Into<String>, exporter: impl SpanExporter + 'static) -> Self {
        self.exporters.push((name.into(), Arc::new(exporter)));
        self
    }

    /// A propagator of your own, instead of the option.
    pub fn propagator(mut self, propagator: impl TextMapPropagator + 'static) -> Self {
        self.propagator = Some(Arc::new(propagator));
        self
    }

    /// This resource as it is, instead of the default one, what was detected and what the environment says.
    pub fn resource(mut self, resource: Resource) -> Self {
        self.resource = Some(resource);
        self
    }

    /// A further detector of resource attributes, after the built-in ones.
    pub fn detector(mut self, detector: impl ResourceDetector + 'static) -> Self {
        self.detectors.push(Arc::new(detector));
        self
    }

    /// A configuration that has been read already, instead of a file that `config_file` or the environment name. What
    /// is set in code wins over it; of the environment nothing counts then but the proxies.
    pub fn model(mut self, model: Model) -> Self {
        self.model = Some(model);
        self
    }

    /// Components of your own that a configuration file may name.
    pub fn components(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// What a dictionary says, as if it had been set here: `service_name`, `sampler`, `propagation` and `exporters`; or
    /// a tree whose root is `tracing`.
    ///
    /// # Errors
    ///
    /// The first unknown key, else the first thing that is wrong, with its path as the error's option and what was
    /// probably meant as its hint.
    ///
    /// ```
    /// use spanline::config::Node;
    /// let sampler = Node::map([("type", Node::from("probabilistic")), ("rate", Node::from(0.1))]);
    /// let tree = Node::map([("service_name", Node::from("orders")), ("sampler", sampler)]);
    /// let provider = spanline::init().configure(&tree)?.exporter("memory").build()?;
    /// assert_eq!(provider.options().sampler.to_string(), "ParentBased(root=Probability(0.1))");
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn configure(mut self, tree: &Node) -> Result<Self, Error> {
        let read = match tree.get("tracing") {
            Some(_) => spanline_engine::config::tracing(tree),
            None => spanline_engine::config::dictionary(tree),
        };
        let remarks = read.and_then(|flat| spanline_engine::config::apply(&flat, &mut self.options));
        let remarks = remarks.map_err(|problem| problem.into_error(None))?;
        let ((), said) = log::overhear(|| config::tell("the dictionary", &remarks));
        self.notices.extend(said);
        Ok(self)
    }

    /// Tracers whose instrumentation scope has a name that this pattern fits make no spans: what they start does nothing,
    /// and what is started below it is a child of the span around it. `*` stands for any characters, also none, `?` for one;
    /// case counts. The scope of [`span!`](crate::span!) and [`#[traced]`](crate::traced) is named as the crate that they stand in.
    ///
    /// Of all calls of this and of [`Self::enable_scope`] the first whose pattern fits decides, so that exceptions come
    /// first. The rules of a configuration file come after them.
    ///
    /// ```
    /// let provider = spanline::init()
    ///     .enable_scope("io.shop.orders")
    ///     .disable_scope("io.shop.*")
    ///     .exporter("memory")
    ///     .build()?;
    /// assert!(provider.tracer("io.shop.orders").enabled());
    /// assert!(!provider.tracer("io.shop.stock").enabled());
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn disable_scope(mut self, pattern: impl Into<String>) -> Self {
        self.tracers.push(pattern, false);
        self
    }

    /// An exception from what later calls of [`Self::disable_scope`] say, or from a configuration file.
    pub fn enable_scope(mut self, pattern: impl Into<String>) -> Self {
        self.tracers.push(pattern, true);
        self
    }

    /// Reads no environment variable.
    pub fn without_environment(mut self) -> Self {
        self.without_environment = true;
        self
    }

    /// Builds the provider and makes it the global one.
    ///
    /// # Errors
    ///
    /// Those of [`Self::build`]; [`ErrorKind::AlreadyStarted`](crate::ErrorKind::AlreadyStarted) while a global provider is running.
    pub fn start(self) -> Result<Provider, Error> {
        let provider = self.build()?;
        set_global(&provider)?;
        Ok(provider)
    }

    /// Builds the provider; it is not global.
    ///
    /// # Errors
    ///
    /// What the code sets wrongly, with a hint. The environment causes no errors, but messages.
    pub fn build(self) -> Result<Provider, Error> {
        let (parts, said) = log::overhear(|| self.parts());
        let mut parts = parts?;
        parts.config.notices.extend(said);
        Ok(Provider::new(parts))
    }
}
