//! Redaction: the last that happens to a span before it is written down.

use crate::by_epoch::Count;
use crate::sampling::regex;
use crate::span::CurrentSpan;
use crate::{Error, ErrorKind, Redacted, guard, local};
use spanline_core::process::{
    QueryParameters, Redaction, RedactionCounts, TextFinder, built_in_finder, built_in_finders, key_pattern,
};
use spanline_core::sample::Pattern;
use spanline_engine::options::{Effective, Source, closest};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Redacts spans that are ending, and counts what it took out of them.
#[derive(Debug)]
pub(crate) struct Redactor {
    redactions: Vec<Redaction>,
    masked: Count,
    removed: Count,
    failed: Count,
}

impl Redactor {
    pub(crate) fn new(redactions: impl IntoIterator<Item = Redaction>) -> Self {
        let redactions = redactions.into_iter().filter(|one| !one.is_empty());
        Self {
            redactions: redactions.collect(),
            masked: Count::new(),
            removed: Count::new(),
            failed: Count::new(),
        }
    }

    /// Whether there is nothing to redact.
    pub(crate) fn is_idle(&self) -> bool {
        self.redactions.is_empty()
    }

    /// What was redacted so far.
    pub(crate) fn counts(&self) -> Redacted {
        let mut counts = Redacted::default();
        counts.masked = self.masked.load(Relaxed);
        counts.removed = self.removed.load(Relaxed);
        counts.failed = self.failed.load(Relaxed);
        counts
    }

    /// Redacts a span that is ending on this thread. False: that was not possible, so nobody may see it.
    ///
    /// A pattern that panics hides what it was looking at as a whole.
    pub(crate) fn run(&self, span: &CurrentSpan, caught: &AtomicU64) -> bool {
        let (mut counts, mut failed) = (RedactionCounts::default(), 0);
        let done = self.redactions.iter().all(|redaction| {
            let rewritten = guard::own(caught, || {
                span.rewrite(|visited| {
                    let answer = local::changing_nothing(|| {
                        guard::foreign(caught, "redaction", || redaction.answer(visited, &mut counts))
                    });
                    answer.unwrap_or_else(|| {
                        failed += 1;
                        redaction.answer_blindly(&mut counts)
                    })
                })
            });
            rewritten.unwrap_or(false)
        });
        for (sum, more) in [
            (&self.masked, counts.masked),
            (&self.removed, counts.removed),
            (&self.failed, failed + counts.failed),
        ] {
            if more > 0 {
                sum.fetch_add(more, Relaxed);
            }
        }
        done
    }
}

/// What the options say.
///
/// # Errors
///
/// A pattern that is none, and the name of one that there is not.
pub(crate) fn redaction(effective: &Effective) -> Result<Redaction, Error> {
    let options = &effective.redact;
    let mut redaction = Redaction::new()
        .mask(options.mask.as_str())
        .case_sensitive(options.case_sensitive);
    let any_case = !options.case_sensitive;
    for pattern in patterns("redact.keys", &options.keys, any_case)? {
        redaction = redaction.mask_key(pattern);
    }
    for pattern in patterns("redact.remove_keys", &options.remove_keys, any_case)? {
        redaction = redaction.remove_key(pattern);
    }
    if effective.source("redact.allowed_keys") != Some(Source::Default) {
        redaction = redaction.allow_only_listed_keys();
    }
    for pattern in patterns("redact.allowed_keys", &options.allowed_keys, false)? {
        redaction = redaction.allow_key(pattern);
    }
    for (index, name) in options.patterns.iter().enumerate() {
        redaction = redaction.find(finder(name, &format!("redact.patterns[{index}]"))?);
    }
    if let Some(index) = options.query_parameters.iter().position(String::is_empty) {
        let at = format!("redact.query_parameters[{index}]");
        let text = format!("{at}: the name of a parameter is needed here");
        return Err(Error::new(ErrorKind::BadValue, text).with_option(at));
    }
    if !options.query_parameters.is_empty() {
        let names = options.query_parameters.iter().map(String::as_str);
        redaction = redaction.find(Arc::new(QueryParameters::new(names)));
    }
    Ok(redaction)
}

fn patterns(option: &str, texts: &[String], any_case: bool) -> Result<Vec<Pattern>, Error> {
    let regex = |expression: &str| {
        let made = match any_case {
            true => regex::compile(&format!("(?i){expression}")),
            false => regex::compile(expression),
        };
        made.map_err(|error| error.message().to_owned())
    };
    let patterns = texts.iter().enumerate().map(|(index, text)| {
        key_pattern(text, &regex).map_err(|why| {
            let at = format!("{option}[{index}]");
            Error::new(ErrorKind::BadValue, format!("{at}: {why}")).with_option(at)
        })
    });
    patterns.collect()
}

fn finder(name: &str, option: &str) -> Result<Arc<dyn TextFinder>, Error> {
    if let Some(expression) = name.strip_prefix('~') {
        let located = |error: Error| {
            let text = format!("{option}: {}", error.message());
            Error::new(error.kind(), text).with_option(option)
        };
        return regex::finder(expression).map_err(located);
    }
    built_in_finder(name).ok_or_else(|| {
        let hint = closest(name, built_in_finders());
        let text = match hint {
            Some(hint) => format!("{option}: there is no pattern {name:?}; did you mean `{hint}`?"),
            None => format!("{option}: there is no pattern {name:?}; a regular expression has `~` in front"),
        };
        Error::new(ErrorKind::BadValue, text)
            .with_option(option)
            .with_hint(hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_that_cannot_be_rewritten_may_be_seen_by_nobody() {
        let caught = AtomicU64::new(0);
        let gone = crate::Span::none();
        assert!(
            Redactor::new([Redaction::new()]).run(&gone, &caught),
            "nothing to redact"
        );
        let redactor = Redactor::new([Redaction::new().mask_key(Pattern::exact("k"))]);
        assert!(!redactor.run(&gone, &caught));
    }
}
