//! Reading a span while it is open, and taking back what was said of it: for processors.

use super::CurrentSpan;
use spanline_core::OwnedValue;
use spanline_core::wire::otlp::{Rewrite, SpanChanges, SpanView, Visited};
use std::cell::Cell;

impl CurrentSpan {
    /// The value of an attribute, while the span is open.
    ///
    /// ```
    /// let provider = spanline::init().exporter("memory").build()?;
    /// let span = provider.tracer("shop").span("order").start();
    /// span.set("items", 3);
    /// assert_eq!(span.attribute("items"), Some(3_i64.into()));
    /// assert!(span.remove("items") && span.attribute("items").is_none());
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn attribute(&self, key: &str) -> Option<OwnedValue> {
        let found = Cell::new(None);
        self.change(|engine, span, _| {
            found.set(engine.attribute(span, key));
            true
        });
        found.take()
    }

    /// Removes an attribute. The others keep their order, its place is free for another, and it does not count as
    /// dropped. False when there is none, or nothing can be changed.
    pub fn remove(&self, key: &str) -> bool {
        self.change(|engine, span, by| engine.remove(span, by, key))
    }

    /// Runs `f` on the span as it stands: a copy of its data, as it would be if it ended now. `None` when the span is not
    /// recording, or has ended.
    ///
    /// The copy is made first, so `f` may take its time and may use the span. The end time is 0 until the span is ending.
    ///
    /// ```
    /// let provider = spanline::init().exporter("memory").build()?;
    /// let span = provider.tracer("shop").span("order").start();
    /// span.add_event("paid", &[]);
    /// assert_eq!(span.read(|view| (view.name().to_owned(), view.events().count())), Some(("order".to_owned(), 1)));
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn read<R>(&self, f: impl FnOnce(SpanView<'_>) -> R) -> Option<R> {
        let copied = Cell::new(None);
        self.change(|engine, span, _| {
            copied.set(engine.copy(span));
            true
        });
        copied.take().map(|copy| f(SpanView::ours(&copy)))
    }

    /// Shows `visit` the span's name, each attribute of the span, of its events and of its links, the names of its events
    /// and the message of its status, and changes each as the answer says. Empty texts are not shown. False when nothing
    /// can be changed: the span is not recording, has ended, or is ending on another thread.
    ///
    /// Values that take the place of others are kept within the limits. What is removed or replaced is gone: it reaches no
    /// exporter and no spool.
    ///
    /// `visit` sees a copy and is called while nothing is locked; its answers are applied at once when it is done. In
    /// [`on_ending`](crate::SpanProcessor::on_ending) nobody else can change the span meanwhile. Elsewhere another thread
    /// may: what it changed since the copy was made stays as that thread left it, and has not been visited. When
    /// `visit` panics nothing changes.
    ///
    /// ```
    /// use spanline::otlp::{Place, Rewrite};
    /// use spanline::{CurrentSpan, SpanProcessor};
    ///
    /// /// Cuts the stacks of exceptions to their first line.
    /// #[derive(Debug)]
    /// struct ShortStacks;
    ///
    /// impl SpanProcessor for ShortStacks {
    ///     fn on_ending(&self, span: &CurrentSpan) {
    ///         span.rewrite(|visited| match (visited.place, visited.key, visited.value.as_str()) {
    ///             (Place::EventAttribute(_), "exception.stacktrace", Some(stack)) => {
    ///                 Rewrite::Replace(stack.lines().next().unwrap_or_default().into())
    ///             }
    ///             _ => Rewrite::Keep,
    ///         });
    ///     }
    /// }
    ///
    /// let provider = spanline::init().exporter("memory").processor(ShortStacks).build()?;
    /// let span = provider.tracer("shop").span("order").start();
    /// span.add_exception("Refused", "no funds", "at pay\nat order", None, &[]);
    /// span.end();
    /// let spans = provider.finished_spans().unwrap();
    /// assert_eq!(spans[0].events[0].attribute("exception.stacktrace"), Some(&"at pay".into()));
    /// # Ok::<(), spanline::Error>(())
    /// ```
    pub fn rewrite(&self, mut visit: impl FnMut(Visited<'_>) -> Rewrite) -> bool {
        let copied = Cell::new(None);
        let may_change = self.change(|engine, span, by| {
            copied.set(engine.copy(span).map(|copy| (copy, *engine.value_limits())));
            engine.is_recording(span, by)
        });
        let Some((copy, limits)) = copied.take().filter(|_| may_change) else {
            return false;
        };
        let copy = SpanView::ours(&copy);
        let changes = SpanChanges::visit(copy, &limits, &mut visit);
        if changes.is_empty() {
            return true;
        }
        let changes = &changes;
        self.change(|engine, span, by| engine.apply(span, by, copy, changes))
    }
}
