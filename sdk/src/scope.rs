//! Making spans and contexts current on a thread.

use crate::frame::Attached;
use crate::local;
use crate::span::{CurrentSpan, Span};
use crate::start::Parent;
use std::ops::Deref;

/// A span that is current on this thread. Dropping the scope makes the span before current again and ends this one.
///
/// Not `Send`; in asynchronous code use [`crate::InSpan`].
#[derive(Debug)]
#[must_use = "the span is current until the scope is dropped"]
pub struct Scope {
    // Dropped in this order: first the frame is put back, then the span ends.
    _attached: Attached,
    span: Span,
}

#[inline]
fn attach(span: &CurrentSpan) -> Attached {
    local::with(|local| local.attach_span(span))
}

impl Scope {
    #[inline]
    pub(crate) fn of(attached: Attached, span: Span) -> Self {
        Self {
            _attached: attached,
            span,
        }
    }

    #[inline]
    pub(crate) fn enter(span: Span) -> Self {
        let attached = attach(&span);
        Self {
            _attached: attached,
            span,
        }
    }

    /// The scope of a span that was started below this parent: what a context carries that was given goes with it.
    pub(crate) fn below(parent: Parent<'_>, span: Span) -> Self {
        match parent {
            Parent::Of(context) => Self {
                _attached: local::with(|local| local.attach_below(context, &span)),
                span,
            },
            Parent::Current | Parent::Root => Self::enter(span),
        }
    }

    /// The span, which can be kept beyond the scope's end and does not end with it.
    pub fn leave(mut self) -> Span {
        std::mem::replace(&mut self.span, Span::none())
    }
}

/// A scope that a panic leaves marks its span as failed: the status `Error` and the `error.type` `panic`.
impl Drop for Scope {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() {
            left_by_panic(&self.span);
        }
    }
}

#[cold]
fn left_by_panic(span: &CurrentSpan) {
    span.fail_text("panic", "the scope was left by a panic");
}

impl Deref for Scope {
    type Target = CurrentSpan;

    #[inline]
    fn deref(&self) -> &CurrentSpan {
        &self.span
    }
}

/// A span, current while this is alive; its owner ends it.
#[derive(Debug)]
#[must_use = "the span is current until this is dropped"]
pub struct Entered<'a> {
    _attached: Attached,
    span: &'a CurrentSpan,
}

impl CurrentSpan {
    /// Makes the span current on this thread while the result is alive; does not end it.
    pub fn make_current(&self) -> Entered<'_> {
        Entered {
            _attached: attach(self),
            span: self,
        }
    }
}

impl Deref for Entered<'_> {
    type Target = CurrentSpan;

    fn deref(&self) -> &CurrentSpan {
        self.span
    }
}
