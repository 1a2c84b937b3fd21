//! How propagators see a carrier.

use crate::{Context, Notice};
use alloc::{sync::Arc, vec::Vec};

/// Reads from a carrier. Names compare as the carrier's transport does: HTTP without case, message properties exactly.
///
/// Values are bytes, as the transport delivered them: nothing is trimmed or decoded.
pub trait Getter {
    /// The first value of this name (carriers whose last value is in force return the last).
    fn get(&self, name: &str) -> Option<&[u8]>;

    /// Calls `visit` with each value of this name, in order. By default with the one of [`Getter::get`].
    fn get_all<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        if let Some(value) = self.get(name) {
            visit(value);
        }
    }

    /// As [`Getter::get_all`], of the name in exactly this spelling. By default all values of the name, when
    /// [`Getter::keys`] has that spelling.
    fn get_all_exact<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        if self.keys().contains(&name) {
            self.get_all(name, visit);
        }
    }

    /// All names, in the carrier's order.
    fn keys(&self) -> Vec<&str>;
}

impl<G: Getter + ?Sized> Getter for &G {
    fn get(&self, name: &str) -> Option<&[u8]> {
        (**self).get(name)
    }

    #[inline]
    fn get_all<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        (**self).get_all(name, visit);
    }

    fn get_all_exact<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        (**self).get_all_exact(name, visit);
    }

    fn keys(&self) -> Vec<&str> {
        (**self).keys()
    }
}

/// Writes into a carrier.
pub trait Setter {
    /// Replaces the field of this name. The casing of the name is kept.
    fn set(&mut self, name: &str, value: &str);
}

impl<S: Setter + ?Sized> Setter for &mut S {
    fn set(&mut self, name: &str, value: &str) {
        (**self).set(name, value);
    }
}

/// A format that carries a context in text fields. Users may write their own.
///
/// Neither call ever fails or panics: what cannot be read or written is left out.
pub trait TextMapPropagator: Send + Sync + core::fmt::Debug {
    /// Writes what the context carries; nothing when the context suppresses tracing.
    fn inject(&self, context: &Context, carrier: &mut dyn Setter);

    /// The given context, changed by what the carrier holds; unchanged when that cannot be read.
    fn extract(&self, context: Context, carrier: &dyn Getter) -> Context;

    /// The names that [`TextMapPropagator::inject`] may write, as configured; not those that depend on the context.
    fn fields(&self) -> Vec<&str>;

    /// Whether [`TextMapPropagator::inject`] wants to know [`Context::parent_span_id`], which is looked up only then. By
    /// default it does not.
    fn needs_parent_span_id(&self) -> bool {
        false
    }

    /// Something to tell the user, each only once; see [`Notice`]. By default nothing.
    fn take_notice(&self) -> Option<Notice> {
        None
    }
}

/// A propagator that is shared: what [`by_name`](super::by_name) gives is as good as one by value.
impl<P: TextMapPropagator + ?Sized> TextMapPropagator for Arc<P> {
    fn inject(&self, context: &Context, carrier: &mut dyn Setter) {
        (**self).inject(context, carrier);
    }

    fn extract(&self, context: Context, carrier: &dyn Getter) -> Context {
        (**self).extract(context, carrier)
    }

    fn fields(&self) -> Vec<&str> {
        (**self).fields()
    }

    fn needs_parent_span_id(&self) -> bool {
        (**self).needs_parent_span_id()
    }

    fn take_notice(&self) -> Option<Notice> {
        (**self).take_notice()
    }
}
