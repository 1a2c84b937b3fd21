//! What `span!` expands to.

use crate::Span;
use crate::local::{self, Local};
use crate::provider;
use crate::scope::Scope;
use crate::start::{self, Parent, Start};
use crate::tracer::{known_scope, look_up_scope};
use spanline_core::{Context, InstrumentationScope, Link, SpanKind, Value};
use std::sync::atomic::AtomicU64;

/// A place in the code that makes spans; remembers the number of its crate's instrumentation scope.
#[derive(Debug)]
pub struct Callsite {
    name: &'static str,
    version: &'static str,
    known: AtomicU64,
}

impl Callsite {
    /// A place in this crate of this version.
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            known: AtomicU64::new(0),
        }
    }

    /// Starts a span.
    pub fn start(
        &self,
        name: &str,
        kind: SpanKind,
        parent: Option<&Context>,
        attributes: &[(&str, Value<'_>)],
        links: &[Link<'_>],
    ) -> Span {
        local::with(|local| {
            let (provider, scope) = self.target(local);
            let start = new_start(name, kind, parent, scope, attributes, links);
            start::start(local, provider, &start)
        })
    }

    /// Starts a span and makes it current.
    pub fn enter(
        &self,
        name: &str,
        kind: SpanKind,
        parent: Option<&Context>,
        attributes: &[(&str, Value<'_>)],
        links: &[Link<'_>],
    ) -> Scope {
        let (provider, scope) = local::with(|local| self.target(local));
        // Made anew where it is passed on by reference, so that the usual way keeps it in registers.
        let start = || new_start(name, kind, parent, scope, attributes, links);
        match local::with(|local| start::quick(local, provider, start())) {
            Some(head) => {
                let attached = local::with(|local| local.attach_head(head));
                Scope::of(attached, Span::of_head(&head))
            }
            None => start::enter(provider, &start()),
        }
    }

    /// Where a span of this place goes: the provider, and the number of its scope there.
    #[inline(always)]
    pub(crate) fn target(&self, local: &Local) -> (u32, u16) {
        let provider = provider::current_id_in(local);
        known_scope(&self.known, provider).unwrap_or_else(|| self.look_up(provider))
    }

    #[cold]
    fn look_up(&self, provider: u32) -> (u32, u16) {
        look_up_scope(&self.known, provider, || InstrumentationScope {
            name: self.name.into(),
            version: Some(self.version.into()),
            ..InstrumentationScope::default()
        })
    }
}

#[inline(always)]
fn new_start<'a>(
    name: &'a str,
    kind: SpanKind,
    parent: Option<&'a Context>,
    scope: u16,
    attributes: &'a [(&'a str, Value<'a>)],
    links: &'a [Link<'a>],
) -> Start<'a> {
    Start {
        name,
        kind,
        parent: parent.map_or(Parent::Current, Parent::Of),
        scope,
        attributes,
        links,
        start_time: None,
    }
}

/// Starts a span and makes it current until the returned [`Scope`] is dropped.
///
/// The span belongs to the provider of the current span, else to the one that [`crate::Provider::enter`] set for the
/// thread, else to the global one; its instrumentation scope is the calling crate. Values are whatever [`Value`] can be
/// made from.
///
/// ```
/// use spanline::{span, SpanKind};
/// let route = String::from("/users/{id}");
/// let scope = span!("GET /users/{id}", kind = SpanKind::Server, "http.route" = &route, "retries" = 2);
/// scope.set("http.response.status_code", 200);
/// ```
///
/// `parent = context` takes a parent from a [`Context`], as `extract` gives it. Within the scope all that the context
/// carries is current, its baggage too:
///
/// ```
/// # use spanline::{span, Baggage, Context, context};
/// let received = Context::EMPTY.with_baggage(Baggage::EMPTY.set("tenant", "a", None)?);
/// let scope = span!("handle", parent = &received);
/// assert_eq!(context::baggage().get("tenant"), Some("a"));
/// drop(scope);
/// assert_eq!(context::baggage().get("tenant"), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! span {
    ($name:expr $(, kind = $kind:expr)? $(, parent = $parent:expr)? $(, $key:literal = $value:expr)* $(,)?) => {{
        static CALLSITE: $crate::__private::Callsite = $crate::__private::Callsite::new(
            ::core::env!("CARGO_PKG_NAME"),
            ::core::env!("CARGO_PKG_VERSION"),
        );
        CALLSITE.enter(
            $name,
            $crate::__span_kind!($($kind)?),
            $crate::__span_parent!($($parent)?),
            &[$(($key, $crate::Value::from($value))),*],
            &[],
        )
    }};
}

/// Only for `span!`.
#[doc(hidden)]
#[macro_export]
macro_rules! __span_kind {
    () => {
        $crate::SpanKind::Internal
    };
    ($kind:expr) => {
        $kind
    };
}

/// Only for `span!`.
#[doc(hidden)]
#[macro_export]
macro_rules! __span_parent {
    () => {
        ::core::option::Option::None
    };
    ($parent:expr) => {
        ::core::option::Option::Some($parent)
    };
}
