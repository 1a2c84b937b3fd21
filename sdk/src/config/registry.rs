//! Components of the user that a configuration may name.

use crate::detect::ResourceDetector;
use crate::export::SpanExporter;
use crate::processor::SpanProcessor;
use crate::{Error, ErrorKind, IdGenerator, Sampler};
use spanline_core::propagate::TextMapPropagator;
use spanline_engine::config::{ComponentKind, Node};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

type Make<T> = Box<dyn Fn(&Node) -> Result<Arc<T>, Error> + Send + Sync>;

/// How a component is made.
pub(super) enum Maker {
    SpanExporter(Make<dyn SpanExporter>),
    SpanProcessor(Make<dyn SpanProcessor>),
    Sampler(Make<dyn Sampler>),
    IdGenerator(Make<dyn IdGenerator>),
    TextMapPropagator(Make<dyn TextMapPropagator>),
    ResourceDetector(Make<dyn ResourceDetector>),
}

/// Makes components of one kind and name from what stands below that name in a configuration.
///
/// ```
/// use spanline::config::{Node, PluginComponentProvider};
/// use spanline::{Error, ErrorKind, sample::TraceIdRatioBased};
///
/// let provider = PluginComponentProvider::sampler("percent", |properties: &Node| {
///     let percent = properties.get("value").and_then(Node::as_f64);
///     match percent {
///         Some(percent) => Ok(TraceIdRatioBased::new(percent / 100.0)),
///         None => Err(Error::new(ErrorKind::Missing, "a percent sampler needs a `value`")),
///     }
/// });
/// assert_eq!(provider.name(), "percent");
/// ```
pub struct PluginComponentProvider {
    name: String,
    pub(super) maker: Maker,
}

macro_rules! makers {
    ($($(#[$doc:meta])* $function:ident: $variant:ident, $contract:ident;)*) => {
        impl PluginComponentProvider {
            $($(#[$doc])*
            pub fn $function<C: $contract + 'static>(
                name: impl Into<String>,
                create: impl Fn(&Node) -> Result<C, Error> + Send + Sync + 'static,
            ) -> Self {
                let make: Make<dyn $contract> =
                    Box::new(move |properties| Ok(Arc::new(create(properties)?)));
                Self {
                    name: name.into(),
                    maker: Maker::$variant(make),
                }
            })*

            /// What kind of component it makes.
            pub fn kind(&self) -> ComponentKind {
                match &self.maker {
                    $(Maker::$variant(_) => ComponentKind::$variant,)*
                }
            }
        }
    };
}

makers! {
    /// Makes span exporters.
    span_exporter: SpanExporter, SpanExporter;
    /// Makes span processors.
    span_processor: SpanProcessor, SpanProcessor;
    /// Makes samplers.
    sampler: Sampler, Sampler;
    /// Makes id generators.
    id_generator: IdGenerator, IdGenerator;
    /// Makes propagators.
    text_map_propagator: TextMapPropagator, TextMapPropagator;
    /// Makes resource detectors.
    resource_detector: ResourceDetector, ResourceDetector;
}

impl PluginComponentProvider {
    /// The name that a configuration uses.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for PluginComponentProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PluginComponentProvider({} {:?})", self.kind(), self.name)
    }
}

/// The components that a configuration may name beside those that the file format has itself. Cheap to clone.
///
/// ```
/// use spanline::config::{PluginComponentProvider, Registry};
/// use spanline::sample::AlwaysOn;
/// let sampler = || PluginComponentProvider::sampler("all", |_| Ok(AlwaysOn));
/// let mut registry = Registry::new();
/// registry.register(sampler())?;
/// assert!(registry.register(sampler()).is_err());
/// # Ok::<(), spanline::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Registry {
    providers: BTreeMap<(ComponentKind, String), Arc<PluginComponentProvider>>,
}

impl Registry {
    /// A registry of what is built in.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a provider of components.
    ///
    /// # Errors
    /// `BadValue` when there is one of this kind and name already; those that are built in count.
    pub fn register(&mut self, provider: PluginComponentProvider) -> Result<(), Error> {
        let (kind, name) = (provider.kind(), provider.name.clone());
        let taken = kind.built_in().contains(&name.as_str());
        if taken || self.providers.contains_key(&(kind, name.clone())) {
            let message = format!("there is a {kind} called {name:?} already; give this one another name");
            return Err(Error::new(ErrorKind::BadValue, message).with_option(name));
        }
        self.providers.insert((kind, name), Arc::new(provider));
        Ok(())
    }

    pub(super) fn get(&self, kind: ComponentKind, name: &str) -> Option<&PluginComponentProvider> {
        // A look-up by a borrowed pair would need a type of its own; this happens at start-up only.
        self.providers
            .get(&(kind, name.to_owned()))
            .map(|provider| &**provider)
    }

    /// The names of a kind, built in or registered.
    pub(super) fn names(&self, kind: ComponentKind) -> impl Iterator<Item = &str> {
        let own = self.providers.keys().filter(move |(known, _)| *known == kind);
        kind.built_in()
            .iter()
            .copied()
            .chain(own.map(|(_, name)| name.as_str()))
    }
}
