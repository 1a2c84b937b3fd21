//! Making spans and contexts current on a thread.

use crate::local::{self, Frame};
use crate::log;
use crate::span::{CurrentSpan, Span};
use crate::start;
use std::marker::PhantomData;
use std::ops::Deref;

/// Puts a frame back when it goes out of scope. Not `Send`: what it put aside belongs to one thread.
#[derive(Debug)]
pub(crate) struct Attached {
    before: Option<Frame>,
    depth: u32,
    _thread: PhantomData<*const ()>,
}

impl Attached {
    #[inline]
    pub(crate) fn new(frame: Frame) -> Self {
        let depth = frame.depth;
        let before = local::with(|local| local.swap_frame(frame));
        Self {
            before,
            depth,
            _thread: PhantomData,
        }
    }

    #[inline]
    fn with_span(span: &CurrentSpan) -> Self {
        let entered = local::with(|local| {
            let frame = local
                .frame(|before| start::frame_of(before, span))
                .unwrap_or_default();
            (frame.depth, local.swap_frame(frame))
        });
        match entered {
            Some((depth, before)) => Self {
                before: Some(before),
                depth,
                _thread: PhantomData,
            },
            None => Self {
                before: None,
                depth: 0,
                _thread: PhantomData,
            },
        }
    }
}

impl Drop for Attached {
    #[inline]
    fn drop(&mut self) {
        if let Some(before) = self.before.take()
            && let Some(after) = local::with(|local| local.swap_frame(before))
            && after.depth != self.depth
        {
            wrong_order();
        }
    }
}

#[cold]
fn wrong_order() {
    let text = "a context was detached while another one was attached over it; the one before is current now";
    log::report(log::Level::Warn, "detach_order", format_args!("{text}"));
}

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

impl Scope {
    #[inline]
    pub(crate) fn enter(span: Span) -> Self {
        let attached = Attached::with_span(&span);
        Self {
            _attached: attached,
            span,
        }
    }

    /// The span, which can be kept beyond the scope's end and does not end with it.
    pub fn leave(self) -> Span {
        self.span
    }
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
            _attached: Attached::with_span(self),
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
