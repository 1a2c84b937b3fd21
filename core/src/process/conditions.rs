//! Conditions on a span that has ended.

use crate::sample::{Pattern, head::HeadConditions, pattern};
use crate::wire::otlp::SpanView;
use crate::{SpanKind, StatusCode};
use alloc::boxed::Box;
use core::time::Duration;

/// Which spans are meant: all conditions must hold. Without conditions every span is.
///
/// ```
/// use core::time::Duration;
/// use spanline_core::SpanKind;
/// use spanline_core::process::SpanConditions;
/// use spanline_core::sample::Pattern;
/// let quick_checks = SpanConditions::new()
///     .kind(SpanKind::Server)
///     .attribute("http.route", Pattern::glob("/health*"))
///     .below(Duration::from_millis(5));
/// # let _ = quick_checks;
/// ```
#[derive(Clone, Debug, Default)]
pub struct SpanConditions {
    head: HeadConditions,
    /// One bit for each status; 0: any.
    statuses: u8,
    at_least: u64,
    below: Option<u64>,
}

impl SpanConditions {
    /// Every span.
    pub const fn new() -> Self {
        Self {
            head: HeadConditions::NONE,
            statuses: 0,
            at_least: 0,
            below: None,
        }
    }

    /// Only in services of such a name.
    #[must_use]
    pub fn service(mut self, pattern: Pattern) -> Self {
        self.head.set_service(pattern);
        self
    }

    /// Only spans of such a name.
    #[must_use]
    pub fn name(mut self, pattern: Pattern) -> Self {
        self.head.set_name(pattern);
        self
    }

    /// Only spans of this kind, or of another that is given like this.
    #[must_use]
    pub const fn kind(mut self, kind: SpanKind) -> Self {
        self.head.add_kind(kind);
        self
    }

    /// Only spans of this status, or of another that is given like this.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.statuses |= bit(status);
        self
    }

    /// Only spans that took this long or longer.
    #[must_use]
    pub fn at_least(mut self, duration: Duration) -> Self {
        self.at_least = nanos(duration);
        self
    }

    /// Only spans that took less.
    #[must_use]
    pub fn below(mut self, duration: Duration) -> Self {
        self.below = Some(nanos(duration));
        self
    }

    /// Only spans with such an attribute. Values that are not text are looked at in their text form; of an array any item
    /// may fit. Bytes and maps fit nothing.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<Box<str>>, value: Pattern) -> Self {
        self.head.add_attribute(key.into(), value);
        self
    }

    /// Whether they hold for this span of a service of this name.
    pub fn hold(&self, service_name: &str, span: SpanView<'_>) -> bool {
        let has_time = self.at_least > 0 || self.below.is_some();
        let of_time = !has_time || {
            let took = span.end_unix_nano().saturating_sub(span.start_unix_nano());
            took >= self.at_least && self.below.is_none_or(|below| took < below)
        };
        let of_status = || self.statuses == 0 || self.statuses & bit(span.status().0) != 0;
        let mut has = |key: &str, wanted: &Pattern| {
            let value = span.attribute(key);
            value.is_some_and(|value| pattern::view_fits(value, &mut |text| wanted.matches(text)))
        };
        of_time
            && self.head.fit_service(service_name)
            && self.head.fit_span(span.name(), span.kind(), &mut has)
            && of_status()
    }
}

const fn bit(status: StatusCode) -> u8 {
    1 << status as u8
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
