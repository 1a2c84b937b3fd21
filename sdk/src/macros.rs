//! What `span!` expands to.

use crate::Span;
use crate::local::{self, Local};
use crate::provider;
use crate::scope::Scope;
use crate::start::{self, Parent, Start};
use crate::tracer::scope_number;
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
    #[inline]
    pub fn start(
        &self,
        name: &str,
        kind: SpanKind,
        parent: Option<&Context>,
        attributes: &[(&str, Value<'_>)],
        links: &[Link<'_>],
    ) -> Span {
        local::with(|local| self.start_in(local, name, kind, parent, attributes, links))
    }

    /// Starts a span and makes it current.
    #[inline]
    pub fn enter(
        &self,
        name: &str,
        kind: SpanKind,
        parent: Option<&Context>,
        attributes: &[(&str, Value<'_>)],
        links: &[Link<'_>],
    ) -> Scope {
        local::with(|local| {
            let span = self.start_in(local, name, kind, parent, attributes, links);
            Scope::of(local.attach_span(&span), span)
        })
    }

    #[inline(always)]
    fn start_in(
        &self,
        local: &Local,
        name: &str,
        kind: SpanKind,
        parent: Option<&Context>,
        attributes: &[(&str, Value<'_>)],
        links: &[Link<'_>],
    ) -> Span {
        let (provider, scope) = scope_number(&self.known, provider::current_id_in(local), || {
            InstrumentationScope {
                name: self.name.into(),
                version: Some(self.version.into()),
                ..InstrumentationScope::default()
            }
        });
        let parent = parent.map_or(Parent::Current, Parent::Of);
        let start = Start {
            name,
            kind,
            parent,
            scope,
            attributes,
            links,
            start_time: None,
        };
        start::start(local, provider, &start)
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
/// `parent = context` takes a parent from a [`Context`], as `extract` gives it:
///
/// ```
/// # use spanline::{span, Context};
/// let context = Context::EMPTY;
/// let _scope = span!("handle", parent = &context);
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
