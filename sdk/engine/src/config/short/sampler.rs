//! Samplers of the short forms.

use super::read::{At, Form};
use crate::ErrorKind;
use crate::config::{flat, problem::join};
use alloc::borrow::ToOwned;

/// The short forms' own name of the consistent probability sampler.
pub(super) const PROBABILISTIC: &str = "probabilistic";

/// `{type, rate}` with what was wrong left out.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) name: Option<&'static str>,
    rate: Option<f64>,
    /// A problem with one of the members has been told.
    bad: bool,
}

impl Form {
    /// Reads `{type, rate}`. Names of remote samplers are known, but not offered in this form.
    pub(super) fn given_sampler(
        &mut self,
        at: At<'_>,
        types: &'static [&'static str],
        remote: &[&str],
    ) -> Given {
        let mut given = Given::default();
        let mut has_type = false;
        self.members(at, &["type", "rate"], |form, key, member| {
            if key == "type" {
                has_type = true;
                given.name = match member.node.as_str() {
                    Some(name) if remote.contains(&name) => {
                        let text = "remote sampling cannot be set up in this form";
                        form.problems
                            .at(ErrorKind::Unsupported, member.path, member.node, text);
                        None
                    }
                    _ => form.name(member, types),
                };
                given.bad |= given.name.is_none();
            } else {
                given.rate = form.rate(member);
                given.bad |= given.rate.is_none();
            }
        });
        if !has_type && matches!(at.node.value, crate::config::Value::Map(_)) {
            let text = "a sampler needs a `type`";
            self.problems
                .at(ErrorKind::Missing, &join(at.path, "type"), at.node, text);
        }
        given
    }

    fn rate(&mut self, at: At<'_>) -> Option<f64> {
        let Some(rate) = at.node.as_f64() else {
            self.problems.wrong_type(at.path, at.node, "a number");
            return None;
        };
        if (0.0..=1.0).contains(&rate) {
            // Also makes -0 a plain 0.
            return Some(rate.abs());
        }
        let text = alloc::format!("the rate {rate} is not between 0 and 1");
        self.problems.at(ErrorKind::BadValue, at.path, at.node, text);
        None
    }

    /// Sets the option: `prefix` and the sampler's name, with its rate where it has one.
    pub(super) fn set_sampler(&mut self, given: &Given, prefix: &str, at: At<'_>) {
        let (Some(name), false) = (given.name, given.bad) else {
            return;
        };
        let has_rate = [PROBABILISTIC, "probability", "traceidratio"]
            .iter()
            .any(|root| name == *root || name.strip_prefix("parentbased_") == Some(root));
        let path = join(at.path, "rate");
        let (name, rate) = match (has_rate, given.rate) {
            (true, None) => {
                let text = alloc::format!("`{name}` needs a rate from 0 to 1");
                self.problems.at(ErrorKind::Missing, &path, at.node, text);
                return;
            }
            (false, Some(_)) => {
                let text = alloc::format!("`{name}` has no rate");
                let node = at.node.get("rate").unwrap_or(at.node);
                self.problems.at(ErrorKind::BadValue, &path, node, text);
                return;
            }
            (true, Some(0.0)) if name == PROBABILISTIC => ("parentbased_always_off".to_owned(), None),
            (_, rate) if name == PROBABILISTIC => ("parentbased_probability".to_owned(), rate),
            (_, rate) => (alloc::format!("{prefix}{name}"), rate),
        };
        self.set("sampler", flat::sampler(&name, rate), at);
    }
}
