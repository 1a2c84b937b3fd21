//! Enrichment: rules for the attributes of spans that are ending.

use crate::log::{self, Level, UserText};
use crate::processor::SpanProcessor;
use crate::sampling::regex;
use crate::span::CurrentSpan;
use crate::{Error, ErrorKind};
use spanline_core::process::{AttributeChange, AttributeRule, Enrichment, ParsedRule};
use spanline_engine::options::{Effective, Secret};

/// Follows the rules.
#[derive(Debug)]
pub(crate) struct Enriching {
    enrichment: Enrichment,
    service_name: String,
}

impl Enriching {
    /// What the options say, and behind it the rules of the code. `None`: there is no rule. `env` is asked here, once.
    ///
    /// # Errors
    ///
    /// A rule that is none.
    pub(crate) fn new(
        effective: &Effective,
        own: Vec<AttributeRule>,
        service_name: &str,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, Error> {
        let options = &effective.enrich;
        let salt = options.hash_salt.as_ref().map_or("", Secret::expose);
        let mut enrichment = Enrichment::new().salt(salt);
        let regex = |expression: &str| {
            let made = regex::compile(expression);
            made.map_err(|error| error.message().to_owned())
        };
        for (index, text) in options.rules.iter().enumerate() {
            let at = || format!("enrich.rules[{index}]");
            match AttributeRule::parse(text, &regex, env) {
                Ok(ParsedRule::NoVariable(name)) => {
                    let line = format_args!("{}: {} is not set; the rule is left out", at(), UserText(&name));
                    log::report_case(Level::Warn, "enrich", &name, line);
                }
                Ok(ParsedRule::Rule(rule)) => enrichment = enrichment.rule(rule),
                Ok(_) => {}
                Err(error) => {
                    let text = format!("{}: {error}", at());
                    return Err(Error::new(ErrorKind::BadValue, text).with_option(at()));
                }
            }
        }
        let enrichment = own.into_iter().fold(enrichment, Enrichment::rule);
        Ok((!enrichment.is_empty()).then(|| Self {
            enrichment,
            service_name: service_name.to_owned(),
        }))
    }
}

impl SpanProcessor for Enriching {
    fn on_ending(&self, span: &CurrentSpan) {
        let changes = span.read(|view| self.enrichment.changes(&self.service_name, view));
        for AttributeChange { key, value } in changes.unwrap_or_default() {
            match &value {
                Some(value) => drop(span.set(&key, value)),
                None => drop(span.remove(&key)),
            }
        }
    }
}
