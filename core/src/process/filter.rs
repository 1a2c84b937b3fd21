//! Which finished spans go on to the exporters.

use super::{FilterError, RegexMaker, SpanConditions, filter_text};
use crate::wire::otlp::SpanView;
use alloc::vec::Vec;

/// What a rule of a [`Filter`] does with spans that its conditions hold for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FilterAction {
    /// They go on, whatever later rules say.
    Keep,
    /// They reach no exporter.
    Drop,
}

/// Drops finished spans by rules, of which the first decides whose conditions hold. A span that no rule is for goes on.
///
/// What is below a span that was dropped stays: it points at a parent that nobody has received.
///
/// ```
/// use spanline_core::StatusCode;
/// use spanline_core::process::{Filter, SpanConditions};
/// use spanline_core::sample::Pattern;
/// let filter = Filter::new()
///     .keep(SpanConditions::new().status(StatusCode::Error))
///     .drop(SpanConditions::new().name(Pattern::glob("GET /health*")));
/// # let _ = filter;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Filter {
    rules: Vec<(FilterAction, SpanConditions)>,
}

impl Filter {
    /// Without rules: everything goes on.
    pub const fn new() -> Self {
        Self { rules: Vec::new() }
    }

    /// Keeps these spans, unless an earlier rule drops them.
    #[must_use]
    pub fn keep(self, spans: SpanConditions) -> Self {
        self.rule(FilterAction::Keep, spans)
    }

    /// Drops these spans, unless an earlier rule keeps them.
    #[must_use]
    pub fn drop(self, spans: SpanConditions) -> Self {
        self.rule(FilterAction::Drop, spans)
    }

    /// The same, by what is done.
    #[must_use]
    pub fn rule(mut self, action: FilterAction, spans: SpanConditions) -> Self {
        self.rules.push((action, spans));
        self
    }

    /// Adds a rule that is given as text, as the option `filter.rules` takes it: `drop` or `keep`, then conditions joined
    /// by ` && `.
    ///
    /// | condition | holds for |
    /// |---|---|
    /// | `name=GET /health*` | a name that the glob fits: `*` any characters, also none, `?` one; case counts |
    /// | `name==GET /a*b` | exactly this name |
    /// | `name=~^GET /\w+$` | a name in which the regular expression matches |
    /// | `service=...` | the same for the name of the service |
    /// | `attributes.http.route=...` | the same for the attribute of that key |
    /// | `kind=server` | this kind; given again, either |
    /// | `status=error` | this status (`unset`, `ok`, `error`); given again, either |
    /// | `duration>=1s`, `duration<5ms` | durations, in `ns`, `us`, `ms` or `s` |
    ///
    /// # Errors
    /// What is not understood, in words. `regex` is asked for each regular expression.
    ///
    /// ```
    /// use spanline_core::process::Filter;
    /// let filter = Filter::new().text("drop attributes.http.route=/health* && duration<5ms", &|_| {
    ///     Err("no regular expressions here".into())
    /// });
    /// assert!(filter.is_ok());
    /// ```
    pub fn text(self, rule: &str, regex: RegexMaker<'_>) -> Result<Self, FilterError> {
        let (action, conditions) = filter_text::rule(rule, regex)?;
        Ok(self.rule(action, conditions))
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether this span, of a service of this name, is dropped.
    pub fn drops(&self, service_name: &str, span: SpanView<'_>) -> bool {
        let mut rules = self.rules.iter();
        let first = rules.find(|(_, conditions)| conditions.hold(service_name, span));
        first.is_some_and(|(action, _)| *action == FilterAction::Drop)
    }
}
