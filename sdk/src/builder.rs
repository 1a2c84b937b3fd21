//! How a provider is built.

use crate::clock::{Clock, ClockKind};
use crate::config::{self, Layer, Model, Node, Registry};
use crate::detect::{self, HostDetector, ProcessDetector, ResourceDetector};
use crate::export::{MemoryExporter, SpanExporter};
use crate::features::FEATURES;
use crate::learning::Learning;
use crate::log::{self, Level};
use crate::processor::SpanProcessor;
use crate::provider::{Config, Described, ExporterSpec, Parts, Provider, Scopes, set_global, specs};
use crate::sampling::Host;
use crate::{IdGenerator, Sampler};
use spanline_core::Resource;
use spanline_core::propagate::{CompositePropagator, TextMapPropagator, by_name};
use spanline_core::sample::AlwaysOff;
use spanline_engine::options::{
    ClockSource, Effective, ExporterOption, Layers, LogLevel, Notice, Options, SamplerOption, Secret, Source,
    misspelt, resolve,
};
use spanline_engine::{Cutting, Error, TracerConfigurator};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

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
    id_generator: Option<Arc<dyn IdGenerator>>,
    processors: Vec<Arc<dyn SpanProcessor>>,
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

    /// What a provider would be made of.
    pub(crate) fn parts(self) -> Result<Parts, Error> {
        let mut notices = Vec::new();
        let with_environment = !self.without_environment;
        let env = |name: &str| std::env::var(name).ok().filter(|_| with_environment);
        let layers = Layers {
            code: &self.options,
            file: None,
            env: &env,
            features: FEATURES,
        };
        let mut file = Layer::find(self.model, &self.registry, &layers)?;
        let layers = Layers {
            file: file.options.as_ref(),
            ..layers
        };
        let mut effective = resolve(&layers, &mut notices)?;
        log::set_level(level(effective.log_level));
        for notice in &notices {
            tell(notice);
        }
        if with_environment && layers.file.is_none() {
            tell_misspelt();
        }
        file.tell();
        let only_own = !self.exporters.is_empty() && self.options.exporter.is_none();
        let memory = MemoryExporter::new();
        let mut exporters = match specs(&effective, &memory).map_err(|error| file.locate(error)) {
            _ if only_own || file.is_broken => Vec::new(),
            Err(error) if file.of_environment => {
                file.breaks(&error);
                Vec::new()
            }
            specs => specs?,
        };
        let resource = self.resource.unwrap_or_else(|| {
            let (detectors, schema_url) = (file.made.detectors.take(), file.made.schema_url.take());
            describe(&effective, detectors, schema_url, &self.detectors)
        });
        let sampler = match self.sampler {
            Some(own) => own,
            None => {
                let service_name = resource.get("service.name").and_then(|name| name.as_str());
                let host = Host {
                    service_name: service_name.unwrap_or_default(),
                    registry: &self.registry,
                    is_idle: effective.disabled || file.is_broken,
                };
                configured_sampler(&mut file, &mut effective, self.options.sampler.is_some(), &host)?
            }
        };
        if file.is_broken {
            exporters.clear();
        }
        let made = file.made;
        let of_file = made
            .exporters
            .into_iter()
            .filter(|_| self.options.exporter.is_none() && !only_own);
        let own = self.exporters.into_iter().filter(|_| !file.is_broken);
        exporters.extend(
            of_file
                .chain(own)
                .map(|(name, exporter)| ExporterSpec::Given { name, exporter }),
        );
        effective.disabled |= file.is_broken;
        let has_memory = exporters.iter().any(|spec| spec.name() == "memory");
        let named = self.options.propagators.is_some();
        let of_file = made.propagator.filter(|_| !named);
        let propagator = self.propagator.or(of_file).unwrap_or_else(|| {
            let names = effective.propagators.iter().filter(|_| named || !file.is_broken);
            Arc::new(CompositePropagator::new(names.filter_map(|name| by_name(name))))
        });
        let mut tracers = self.tracers;
        tracers.append(made.tracers);
        let mut processors = made.processors;
        processors.extend(self.processors);
        if sampler.learns() {
            processors.push(Arc::new(Learning(sampler.clone())));
        }
        let config = Config {
            described: Described::new(resource, effective.entity_refs),
            scopes: Scopes::new(),
            tracers,
            sampler: sampler.clone(),
            propagator,
            clock: Clock::shared(match effective.clock {
                ClockSource::Auto => ClockKind::Counter,
                ClockSource::Monotonic => ClockKind::Monotonic,
            }),
            limits: effective.span_limits(),
            conventions: effective.conventions(),
            cutting: Cutting {
                delay_nanos: effective.delay_ms.saturating_mul(1_000_000),
                batch_spans: size(effective.max_batch_spans),
                backlog_spans: size(effective.backlog_batch_spans()),
                batch_bytes: size(effective.max_batch_bytes),
            },
            exporters,
            memory: has_memory.then_some(memory),
            buffer_bytes: size(effective.buffer_bytes),
            exporter_buffer_bytes: size(effective.exporter_buffer_bytes),
            max_queue_spans: effective.max_queue_spans,
            max_open_spans: size(effective.max_open_spans),
            max_request_bytes: effective.max_request_bytes.map_or(usize::MAX, size),
            timeout: effective.timeout_ms.map(Duration::from_millis),
            max_age: Duration::from_millis(
                effective
                    .export_timeout_ms
                    .map_or(effective.max_age_ms, |stay| stay.min(effective.max_age_ms)),
            ),
            flush_timeout: Duration::from_millis(effective.flush_timeout_ms),
            exit_timeout: Duration::from_millis(effective.exit_timeout_ms),
            caught: AtomicU64::new(0),
            notices: self.notices,
            effective,
        };
        let disabled = config.effective.disabled;
        Ok(Parts {
            config,
            sampler,
            id_generator: self.id_generator.or(made.id_generator),
            processors,
            disabled,
        })
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The sampler of code, file or environment. What is wrong with it in the environment is no error: until there is a server
/// that can be asked, its initial sampler holds.
fn configured_sampler(
    file: &mut Layer,
    effective: &mut Effective,
    in_code: bool,
    host: &Host<'_>,
) -> Result<Arc<dyn Sampler>, Error> {
    let of_file = if in_code { Ok(None) } else { file.sampler(host) };
    match of_file {
        Ok(None) => {}
        Ok(Some(sampler)) => {
            if let Some(plan) = &file.made.sampler {
                effective.set_sampler_of_file(plan.clone());
            }
            return Ok(sampler);
        }
        Err(error) if file.of_environment => {
            file.breaks(&error);
            return Ok(Arc::new(AlwaysOff));
        }
        Err(error) => return Err(error),
    }
    match (effective.sampler.build(host), effective.source("sampler")) {
        (Err(error), Some(Source::Environment(variable))) => {
            let line = format_args!("{variable}: {error}; no server is asked");
            log::report(Level::Error, "sampler", line);
            effective.sampler.without_remote().build(host)
        }
        (made, _) => made,
    }
}

/// The default resource, what the detectors find, and what is configured; a configuration file may name the detectors.
fn describe(
    effective: &Effective,
    of_file: Option<Vec<Arc<dyn ResourceDetector>>>,
    schema_url: Option<String>,
    own: &[Arc<dyn ResourceDetector>],
) -> Resource {
    let mut detectors = of_file.unwrap_or_else(|| {
        vec![
            Arc::new(ProcessDetector::new()) as Arc<dyn ResourceDetector>,
            Arc::new(HostDetector::new()),
        ]
    });
    detectors.extend_from_slice(own);
    let found = detect::default_resource()
        .merge(&detect::detect_all(detectors.iter().map(|detector| &**detector)))
        .merge(&effective.resource);
    match schema_url {
        Some(url) => Resource::new(found.attributes().iter().cloned(), Some(url.into()))
            .with_entity_refs(found.entity_refs().iter().cloned()),
        None => found,
    }
}

fn level(level: LogLevel) -> Level {
    Level::from_name(level.name()).unwrap_or(Level::Info)
}

fn tell(notice: &Notice) {
    log::report(
        level(notice.level),
        notice.variable.unwrap_or(notice.option),
        format_args!("{notice}"),
    );
}

/// Names the variables that nobody reads and that are nearly called like one that is read.
fn tell_misspelt() {
    let set = std::env::vars_os().filter(|(_, value)| !value.is_empty());
    let mut names: Vec<String> = set.filter_map(|(name, _)| name.into_string().ok()).collect();
    names.sort_unstable();
    for name in names {
        if let Some(meant) = misspelt(&name) {
            let line = format_args!("{name} is not known; did you mean {meant}?");
            log::report_case(Level::Warn, "environment_name", &name, line);
        }
    }
}
