//! Which names are written, and what the user said about methods.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Under which names attributes are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum Names {
    /// The present ones alone.
    #[default]
    Stable,
    /// The present ones and those that they had before.
    Both,
}

/// What the option `semconv_opt_in` (`OTEL_SEMCONV_STABILITY_OPT_IN`) accepts: a name alone means the present names,
/// which are written anyway, with `/dup` the old ones, too.
pub const OPT_IN: [&str; 10] = [
    "http",
    "http/dup",
    "database",
    "database/dup",
    "messaging",
    "messaging/dup",
    "rpc",
    "rpc/dup",
    "code",
    "code/dup",
];

/// What the user decides about semantic conventions; one of these goes into every rule.
///
/// ```
/// use spanline_core::semconv::{Conventions, Names};
/// let conventions = Conventions::opted_in(["http", "database/dup", "unheard-of"]);
/// assert_eq!((conventions.http, conventions.database), (Names::Stable, Names::Both));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conventions {
    /// Of HTTP clients and servers.
    pub http: Names,
    /// Of database clients.
    pub database: Names,
    /// Of messaging.
    pub messaging: Names,
    /// Of remote procedure calls.
    pub rpc: Names,
    /// Of places in the code.
    pub code: Names,
    /// The methods of HTTP that are known.
    pub methods: KnownMethods,
}

impl Conventions {
    /// With what [`OPT_IN`] lists, in any case; what it does not list is passed over. Where a name stands with and
    /// without `/dup`, the former holds.
    pub fn opted_in<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Self {
        let mut conventions = Self::default();
        for item in items {
            let item = item.as_ref().trim();
            let place = match OPT_IN.iter().find(|known| known.eq_ignore_ascii_case(item)) {
                Some(&"http/dup") => &mut conventions.http,
                Some(&"database/dup") => &mut conventions.database,
                Some(&"messaging/dup") => &mut conventions.messaging,
                Some(&"rpc/dup") => &mut conventions.rpc,
                Some(&"code/dup") => &mut conventions.code,
                _ => continue,
            };
            *place = Names::Both;
        }
        conventions
    }
}

/// The methods that are known unless the user says otherwise.
pub const KNOWN_METHODS: [&str; 10] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE",
];

/// Which methods of HTTP are known; others are `_OTHER` (`OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`).
///
/// ```
/// use spanline_core::semconv::KnownMethods;
/// let methods = KnownMethods::default();
/// assert_eq!(methods.known("get"), Some("GET"));
/// assert_eq!(methods.known("PROPFIND"), None);
/// assert_eq!(KnownMethods::new(["PROPFIND"]).known("GET"), None);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KnownMethods(Option<Arc<[Box<str>]>>);

impl KnownMethods {
    /// These instead of the default ones.
    pub fn new<T: AsRef<str>>(methods: impl IntoIterator<Item = T>) -> Self {
        let methods: Vec<Box<str>> = methods.into_iter().map(|method| method.as_ref().into()).collect();
        Self(Some(methods.into()))
    }

    /// The method in the spelling of the list: one that is equal, else one that differs in case alone.
    pub fn known(&self, method: &str) -> Option<&str> {
        match &self.0 {
            None => find(KNOWN_METHODS.iter().copied(), method),
            Some(methods) => find(methods.iter().map(|known| &**known), method),
        }
    }
}

fn find<'a>(known: impl Iterator<Item = &'a str> + Clone, method: &str) -> Option<&'a str> {
    let exact = known.clone().find(|known| *known == method);
    exact.or_else(|| known.into_iter().find(|known| known.eq_ignore_ascii_case(method)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_are_written_only_where_they_are_asked_for() {
        assert_eq!(
            Conventions::opted_in(["http", "database", "rpc"]),
            Conventions::default()
        );
        assert_eq!(Conventions::opted_in(["http/dup", "http"]).http, Names::Both);
        assert_eq!(Conventions::opted_in([" HTTP/Dup "]).http, Names::Both);
        let all = Conventions::opted_in(OPT_IN);
        let groups = [all.http, all.database, all.messaging, all.rpc, all.code];
        assert_eq!(groups, [Names::Both; 5]);
    }

    #[test]
    fn a_spelling_of_the_list_goes_first() {
        let methods = KnownMethods::new(["Get", "GET"]);
        assert_eq!(methods.known("GET"), Some("GET"));
        assert_eq!(methods.known("get"), Some("Get"));
        assert_eq!(methods.known(""), None);
    }
}
