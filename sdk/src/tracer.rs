//! Tracers and how spans are asked for (OpenTelemetry trace API "Tracer", "Span creation").

use crate::local;
use crate::provider::{self, Provider, registry};
use crate::scope::Scope;
use crate::span::{Span, unix_nano};
use crate::start::{self, Parent, Start};
use spanline_core::{Context, InstrumentationScope, Link, SpanContext, SpanKind, Value};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// Makes spans for one instrumentation scope. Cheap to clone; may be used from many threads at once.
///
/// A tracer taken from the global functions before a provider is there starts to work once there is one.
#[derive(Clone, Debug)]
pub struct Tracer {
    inner: Inner,
}

#[derive(Clone, Debug)]
enum Inner {
    Of { _alive: Provider, target: (u32, u16) },
    Global(std::sync::Arc<Late>),
}

/// A scope of whatever provider is global when a span starts.
#[derive(Debug)]
struct Late {
    scope: InstrumentationScope,
    /// `provider << 16 | scope`; 0 when not known.
    known: AtomicU64,
}

impl Tracer {
    pub(crate) fn of(provider: Provider, scope: &InstrumentationScope) -> Self {
        let target = provider.shared().target(scope);
        Self {
            inner: Inner::Of {
                _alive: provider,
                target,
            },
        }
    }

    pub(crate) fn global(scope: InstrumentationScope) -> Self {
        Self {
            inner: Inner::Global(std::sync::Arc::new(Late {
                scope,
                known: AtomicU64::new(0),
            })),
        }
    }

    /// Where its spans go, as [`Shared::target`](provider::Shared::target) says; `(0, 0)` without a provider.
    fn target(&self) -> (u32, u16) {
        match &self.inner {
            Inner::Of { target, .. } => *target,
            Inner::Global(late) => {
                let provider = provider::current_id();
                known_scope(&late.known, provider)
                    .unwrap_or_else(|| look_up_scope(&late.known, provider, || late.scope.clone()))
            }
        }
    }

    /// Whether a span that is started now may be recorded. To be asked before each span whose attributes are dear.
    pub fn enabled(&self) -> bool {
        let (id, _) = self.target();
        registry::find(id).is_some_and(|shared| shared.is_enabled())
    }

    /// Asks for a span of this name. Nothing happens before [`SpanBuilder::start`] or [`SpanBuilder::enter`].
    pub fn span<'a>(&self, name: &'a str) -> SpanBuilder<'a> {
        let (provider, scope) = self.target();
        SpanBuilder {
            provider,
            start: Start {
                name,
                kind: SpanKind::Internal,
                parent: Parent::Current,
                scope,
                attributes: &[],
                links: &[],
                start_time: None,
            },
            attributes: Vec::new(),
            links: Vec::new(),
        }
    }
}

/// The number of a scope in a provider, when `known` remembers it.
#[inline]
pub(crate) fn known_scope(known: &AtomicU64, provider: u32) -> Option<(u32, u16)> {
    let word = known.load(Ordering::Relaxed);
    (word >> 16 == u64::from(provider) && provider != 0).then_some((provider, word as u16))
}

/// Where spans of a scope go in a provider, remembered in `known` from now on.
#[cold]
pub(crate) fn look_up_scope(
    known: &AtomicU64,
    provider: u32,
    scope: impl FnOnce() -> InstrumentationScope,
) -> (u32, u16) {
    // Remembered under another number than the provider's, so that an enabled scope is not asked about.
    if let Some(disabled) = known_scope(known, registry::disabled_scope_of(provider)) {
        return disabled;
    }
    let Some(shared) = registry::find(provider) else {
        return (0, 0);
    };
    let (target, number) = shared.target(&scope());
    known.store(u64::from(target) << 16 | u64::from(number), Ordering::Relaxed);
    (target, number)
}

/// What a new span is to be.
///
/// Attributes and links given here are better than those set later: samplers see only these.
#[derive(Debug)]
#[must_use = "a span begins with start() or enter()"]
pub struct SpanBuilder<'a> {
    provider: u32,
    start: Start<'a>,
    attributes: Vec<(&'a str, Value<'a>)>,
    links: Vec<Link<'a>>,
}

impl<'a> SpanBuilder<'a> {
    /// The kind; internal when not given.
    pub fn kind(mut self, kind: SpanKind) -> Self {
        self.start.kind = kind;
        self
    }

    /// The parent's context; the current context when not given. A context without a valid span makes a root.
    pub fn parent(mut self, parent: &'a Context) -> Self {
        self.start.parent = Parent::Of(parent);
        self
    }

    /// Begins a new trace, whatever is current.
    pub fn root(mut self) -> Self {
        self.start.parent = Parent::Root;
        self
    }

    /// An attribute.
    pub fn attribute(mut self, key: &'a str, value: impl Into<Value<'a>>) -> Self {
        self.attributes.push((key, value.into()));
        self
    }

    /// Attributes, after those given one by one.
    pub fn attributes(mut self, attributes: &'a [(&'a str, Value<'a>)]) -> Self {
        if self.attributes.is_empty() && self.start.attributes.is_empty() {
            self.start.attributes = attributes;
        } else {
            self.attributes.extend_from_slice(attributes);
        }
        self
    }

    /// A link.
    pub fn link(mut self, context: &'a SpanContext, attributes: &'a [(&'a str, Value<'a>)]) -> Self {
        self.links.push(Link { context, attributes });
        self
    }

    /// The start time, when it lies in the past; now when not given.
    pub fn start_time(mut self, time: SystemTime) -> Self {
        self.start.start_time = Some(unix_nano(time));
        self
    }

    /// Starts the span. It is not current; see [`Self::enter`] and [`Span::enter`].
    pub fn start(mut self) -> Span {
        if !self.attributes.is_empty() && !self.start.attributes.is_empty() {
            self.attributes
                .splice(0..0, self.start.attributes.iter().copied());
            self.start.attributes = &[];
        }
        let attributes = if self.attributes.is_empty() {
            self.start.attributes
        } else {
            &self.attributes
        };
        let start = Start {
            attributes,
            links: &self.links,
            ..self.start
        };
        start_span(self.provider, &start)
    }

    /// Starts the span and makes it current on this thread until the scope is dropped. With [`Self::parent`] all that
    /// the parent's context carries is current too: its baggage, values and marks, instead of those current before.
    pub fn enter(self) -> Scope {
        let parent = self.start.parent;
        Scope::below(parent, self.start())
    }
}

/// Starts a span of this provider on this thread.
#[inline]
pub(crate) fn start_span(provider: u32, start: &Start<'_>) -> Span {
    local::with(|local| start::start(local, provider, start))
}
