//! Which tracers make spans (OpenTelemetry SDK "TracerConfigurator").

use alloc::{string::String, vec::Vec};
use spanline_core::pattern_fits;

/// Which tracers are enabled, by the names of their instrumentation scopes: the first rule that fits a name decides, and a
/// tracer that none fits is enabled.
///
/// ```
/// use spanline_engine::TracerConfigurator;
/// let mut tracers = TracerConfigurator::default();
/// tracers.push("io.shop.orders", true);
/// tracers.push("io.shop.*", false);
/// assert!(tracers.is_enabled("io.shop.orders") && !tracers.is_enabled("io.shop.stock"));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TracerConfigurator {
    rules: Vec<Rule>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Rule {
    pattern: String,
    enabled: bool,
}

impl TracerConfigurator {
    /// A rule behind those that are there: tracers of the names that this [pattern](pattern_fits()) fits are enabled, or not.
    pub fn push(&mut self, pattern: impl Into<String>, enabled: bool) {
        let pattern = pattern.into();
        self.rules.push(Rule { pattern, enabled });
    }

    /// All rules of another one, behind those that are there.
    pub fn append(&mut self, mut other: Self) {
        self.rules.append(&mut other.rules);
    }

    /// Whether tracers of this name are enabled.
    pub fn is_enabled(&self, name: &str) -> bool {
        let rule = self.rules.iter().find(|rule| pattern_fits(&rule.pattern, name));
        rule.is_none_or(|rule| rule.enabled)
    }

    /// Whether a rule disables every tracer that the rules before it do not, and those enable none.
    pub fn disables_all(&self) -> bool {
        let mut disabling = self.rules.iter().take_while(|rule| !rule.enabled);
        disabling.any(|rule| !rule.pattern.is_empty() && rule.pattern.bytes().all(|byte| byte == b'*'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rules: &[(&str, bool)]) -> TracerConfigurator {
        let mut tracers = TracerConfigurator::default();
        for (pattern, enabled) in rules {
            tracers.push(*pattern, *enabled);
        }
        tracers
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        for (rules, name, enabled) in [
            (&[][..], "a", true),
            (&[("a", false)], "a", false),
            (&[("a", false)], "ab", true),
            (&[("a", false)], "A", true),
            (&[("a*", false)], "ab", false),
            (&[("a?", false)], "a", true),
            (&[("a?", false)], "ab", false),
            (&[("ab", true), ("a*", false)], "ab", true),
            (&[("ab", true), ("a*", false)], "ac", false),
            (&[("a*", false), ("ab", true)], "ab", false),
            (&[("ab", true), ("*", false)], "", false),
            (&[("", false)], "", false),
            (&[("", false)], "a", true),
        ] {
            assert_eq!(of(rules).is_enabled(name), enabled, "{rules:?} {name}");
        }
    }

    #[test]
    fn what_is_appended_comes_behind() {
        let mut tracers = of(&[("a", true)]);
        tracers.append(of(&[("*", false)]));
        assert_eq!(tracers, of(&[("a", true), ("*", false)]));
    }

    #[test]
    fn all_are_disabled_where_none_is_enabled_before() {
        for (rules, all) in [
            (&[][..], false),
            (&[("*", false)], true),
            (&[("a", false), ("**", false)], true),
            (&[("a", true), ("*", false)], false),
            (&[("*", false), ("a", true)], true),
            (&[("", false)], false),
            (&[("*", true)], false),
        ] {
            assert_eq!(of(rules).disables_all(), all, "{rules:?}");
        }
    }
}
