//! The filter as a processor, and from its option.

use crate::processor::{EndedSpan, SpanProcessor, Verdict};
use crate::sampling;
use crate::{Error, ErrorKind};
use spanline_core::process::Filter;

impl SpanProcessor for Filter {
    fn on_end(&self, span: EndedSpan<'_>) -> Verdict {
        let service = span.resource().get("service.name").and_then(|name| name.as_str());
        match self.drops(service.unwrap_or_default(), span.view()) {
            true => Verdict::Drop,
            false => Verdict::Keep,
        }
    }
}

/// The filter of the option `filter.rules`; `None` without rules.
pub(crate) fn of_options(rules: &[String]) -> Result<Option<Filter>, Error> {
    let regex = |pattern: &str| {
        let made = sampling::regex::compile(pattern);
        made.map_err(|error| error.message().to_owned())
    };
    let mut filter = Filter::new();
    for (at, rule) in rules.iter().enumerate() {
        let option = format!("filter.rules[{at}]");
        filter = filter.text(rule, &regex).map_err(|wrong| {
            Error::new(ErrorKind::BadValue, format!("{option}: {wrong}")).with_option(option.clone())
        })?;
    }
    Ok(Some(filter).filter(|filter| !filter.is_empty()))
}
