//! What `#[traced]` expands to.

mod failure;
mod record;

pub use failure::Failed;
pub use record::{Recorded, Text};

use crate::macros::Callsite;
use crate::scope::Scope;
use crate::span::{CurrentSpan, Span};
use crate::{local, provider};
use spanline_core::sample::Quick;
use spanline_core::{SpanKind, Value};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

/// The traits whose methods the type of a value or of an error chooses from.
pub mod by_type {
    pub use super::failure::{ByDebug as _, ByDeref as _, ByDisplay as _, ByError as _, ByName as _};
    pub use super::record::{Copied as _, Number as _, Referenced as _, Shown as _};
}

/// What takes the attributes.
type Take<'a> = &'a mut dyn FnMut(&[(&str, Value<'_>)]);

impl Callsite {
    /// Starts a span whose attributes are made only when somebody looks at them: it is recorded, or a sampler or
    /// processor has to be asked first.
    pub fn traced(&self, name: &str, kind: SpanKind, attributes: impl FnOnce(Take<'_>)) -> Span {
        if anybody_asks() && !self.is_disabled() {
            let mut span = None;
            attributes(&mut |all| span = Some(self.start(name, kind, None, all, &[])));
            return span.unwrap_or_else(Span::none);
        }
        let span = self.start(name, kind, None, &[], &[]);
        if span.slot().is_some() {
            attributes(&mut |all| {
                span.set_many(all);
            });
        }
        span
    }

    fn is_disabled(&self) -> bool {
        let (target, _) = local::with(|local| self.target(local));
        provider::registry::with_disabled_scope(target).is_some()
    }
}

/// Whether a sampler or a processor wants to see the attributes of a new span.
fn anybody_asks() -> bool {
    let asks = |quick: Quick| matches!(quick, Quick::Ask);
    let known = local::lane(provider::current_id(), |lane, _| {
        let (shared, plan) = (&lane.shared, &lane.shared.plan);
        !shared.disabled
            && (shared.calls.load(std::sync::atomic::Ordering::Relaxed) & provider::calls::FOREIGN != 0
                || asks(plan.root)
                || asks(plan.local_sampled)
                || asks(plan.local_not_sampled)
                || asks(plan.remote_sampled)
                || asks(plan.remote_not_sampled))
    });
    known.unwrap_or(false)
}

/// The path of a function, told by the path of a function `__spanline_here` inside it.
pub fn function_name<T>(_: &T) -> &'static str {
    let inner = std::any::type_name::<T>();
    let mut path = inner.strip_suffix("::__spanline_here").unwrap_or(inner);
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    path
}

/// Calls a body once. A closure that is called where it stands would not be allowed to give away what it borrows.
#[inline(always)]
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// Says that the span failed when a panic goes through it.
struct Unwinding<'a> {
    span: &'a CurrentSpan,
    before: bool,
}

impl<'a> Unwinding<'a> {
    fn watch(span: &'a CurrentSpan) -> Self {
        let before = thread::panicking();
        Self { span, before }
    }
}

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        if thread::panicking() && !self.before {
            panicked(self.span);
        }
    }
}

#[cold]
fn panicked(span: &CurrentSpan) {
    span.fail_text("panic", "the function panicked");
}

/// The span of a function while it runs.
#[derive(Debug)]
#[must_use = "the span is current until this is dropped"]
pub struct Entered {
    scope: Scope,
    panicking: bool,
}

impl Entered {
    /// Makes the span current.
    #[inline]
    pub fn new(span: Span) -> Self {
        Self {
            scope: span.enter(),
            panicking: thread::panicking(),
        }
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        if thread::panicking() && !self.panicking {
            panicked(&self.scope);
        }
    }
}

impl std::ops::Deref for Entered {
    type Target = CurrentSpan;

    fn deref(&self) -> &CurrentSpan {
        &self.scope
    }
}

pin_project_lite::pin_project! {
    /// The future of an asynchronous function in its span, which is told of the result.
    #[must_use = "futures do nothing unless polled"]
    pub struct TracedFuture<F, R> {
        #[pin]
        future: F,
        span: Option<Span>,
        report: Option<R>,
    }
}

impl<F, R> std::fmt::Debug for TracedFuture<F, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TracedFuture")
            .field("span", &self.span)
            .finish_non_exhaustive()
    }
}

impl<F: Future, R: FnOnce(&F::Output, &CurrentSpan)> TracedFuture<F, R> {
    /// Runs the future in the span; `report` is called with what it gives.
    pub fn new(span: Span, future: F, report: R) -> Self {
        Self {
            future,
            span: Some(span),
            report: Some(report),
        }
    }
}

impl<F: Future, R: FnOnce(&F::Output, &CurrentSpan)> Future for TracedFuture<F, R> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(span) = this.span else {
            return this.future.poll(task);
        };
        let polled = {
            let _current = span.make_current();
            let _unwinding = Unwinding::watch(span);
            this.future.poll(task)
        };
        if let Poll::Ready(result) = &polled {
            if let Some(report) = this.report.take() {
                report(result, span);
            }
            *this.span = None;
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::function_name;

    #[test]
    fn closures_do_not_count_as_part_of_a_path() {
        let name = super::call(|| {
            fn __spanline_here() {}
            function_name(&__spanline_here)
        });
        assert_eq!(
            name,
            "spanline::traced::tests::closures_do_not_count_as_part_of_a_path"
        );
    }
}
