//! Errors of any type: the most that the type can tell is recorded.
//!
//! The methods are chosen by autoref: a call on `&&&&&Failed` finds the implementation with the most references whose
//! bounds hold, so that a type without a bound falls to the next one instead of being refused.

use crate::span::CurrentSpan;
use std::any::type_name;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::ops::Deref;

/// An error that left a traced function.
#[derive(Debug)]
pub struct Failed<'a, E: ?Sized>(pub &'a E);

/// The error implements `Error`.
pub trait ByError {
    /// Tells the span.
    fn report(&self, span: &CurrentSpan);
}

impl<E: Error + ?Sized> ByError for &&&&Failed<'_, E> {
    fn report(&self, span: &CurrentSpan) {
        span.fail(self.0);
    }
}

/// The error holds one: `Box<dyn Error>` and its like.
pub trait ByDeref {
    /// Tells the span.
    fn report(&self, span: &CurrentSpan);
}

impl<E: Deref<Target: Error> + ?Sized> ByDeref for &&&Failed<'_, E> {
    fn report(&self, span: &CurrentSpan) {
        span.fail::<E::Target>(self.0);
    }
}

/// The error is text.
pub trait ByDisplay {
    /// Tells the span.
    fn report(&self, span: &CurrentSpan);
}

impl<E: Display + ?Sized> ByDisplay for &&Failed<'_, E> {
    fn report(&self, span: &CurrentSpan) {
        span.fail_text(type_name::<E>(), self.0);
    }
}

/// The error has a text for developers.
pub trait ByDebug {
    /// Tells the span.
    fn report(&self, span: &CurrentSpan);
}

impl<E: Debug + ?Sized> ByDebug for &Failed<'_, E> {
    fn report(&self, span: &CurrentSpan) {
        span.fail_text(type_name::<E>(), format_args!("{:?}", self.0));
    }
}

/// Nothing but the name of the type is known.
pub trait ByName {
    /// Tells the span.
    fn report(&self, span: &CurrentSpan);
}

impl<E: ?Sized> ByName for Failed<'_, E> {
    fn report(&self, span: &CurrentSpan) {
        span.fail_text(type_name::<E>(), "");
    }
}
