//! Regular expressions of rules, of samplers and filters.

use crate::Error;
use spanline_core::process::TextFinder;
use spanline_core::sample::TextMatch;
use std::sync::Arc;

#[cfg(feature = "regex")]
mod find {
    use regex_lite::Regex;
    use spanline_core::process::TextFinder;
    use std::ops::Range;

    #[derive(Debug)]
    pub(super) struct Finder(pub(super) Regex);

    impl TextFinder for Finder {
        fn find(&self, text: &str, mut from: usize) -> Option<Range<usize>> {
            while from <= text.len() {
                let found = self.0.find_at(text, from)?;
                if !found.is_empty() {
                    return Some(found.range());
                }
                // Nothing is nowhere to be seen: on behind the next character.
                let next = text.get(found.end()..)?.chars().next()?;
                from = found.end() + next.len_utf8();
            }
            None
        }
    }
}

#[cfg(feature = "regex")]
mod cached {
    use regex_lite::Regex;
    use spanline_core::sample::TextMatch;
    use std::hash::{BuildHasher, RandomState};
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    /// Texts whose answer is remembered.
    const REMEMBERED: usize = 1024;

    /// An expression that looks at a text it has seen lately only once: names of spans repeat, and an expression costs
    /// far more than a look at a table. The key of the hash is random, so that nobody can make two texts meet.
    #[derive(Debug)]
    pub(super) struct Cached {
        regex: Regex,
        keys: RandomState,
        /// A hash, its last bit replaced by the answer; 0: free.
        seen: Box<[AtomicU64]>,
    }

    impl Cached {
        pub(super) fn new(regex: Regex) -> Self {
            Self {
                regex,
                keys: RandomState::new(),
                seen: (0..REMEMBERED).map(|_| AtomicU64::new(0)).collect(),
            }
        }
    }

    impl TextMatch for Cached {
        fn is_match(&self, text: &str) -> bool {
            let hash = self.keys.hash_one(text) | 2;
            let Some(place) = self.seen.get((hash >> 32) as usize % REMEMBERED) else {
                return self.regex.is_match(text);
            };
            let known = place.load(Relaxed);
            if known | 1 == hash | 1 {
                return known & 1 == 1;
            }
            let fits = self.regex.is_match(text);
            place.store(hash & !1 | u64::from(fits), Relaxed);
            fits
        }
    }
}

/// An expression that is looked for anywhere in a text. Case counts; classes such as `\w` are those of ASCII.
#[cfg(feature = "regex")]
pub(crate) fn compile(pattern: &str) -> Result<Arc<dyn TextMatch>, Error> {
    Ok(Arc::new(cached::Cached::new(regex(pattern)?)))
}

/// The same, for what is to be found in texts.
#[cfg(feature = "regex")]
pub(crate) fn finder(pattern: &str) -> Result<Arc<dyn TextFinder>, Error> {
    Ok(Arc::new(find::Finder(regex(pattern)?)))
}

/// The largest that an expression may become when it is compiled, in bytes: what it takes to look for it grows with that.
#[cfg(feature = "regex")]
const LARGEST: usize = 64 * 1024;

#[cfg(feature = "regex")]
fn regex(pattern: &str) -> Result<regex_lite::Regex, Error> {
    let mut builder = regex_lite::RegexBuilder::new(pattern);
    builder.size_limit(LARGEST).build().map_err(|error| {
        let text = format!("it is not a regular expression: {error}");
        Error::new(crate::ErrorKind::BadValue, text)
    })
}

#[cfg(not(feature = "regex"))]
pub(crate) fn compile(_: &str) -> Result<Arc<dyn TextMatch>, Error> {
    Err(unsupported())
}

#[cfg(not(feature = "regex"))]
pub(crate) fn finder(_: &str) -> Result<Arc<dyn TextFinder>, Error> {
    Err(unsupported())
}

#[cfg(not(feature = "regex"))]
fn unsupported() -> Error {
    let text = "regular expressions need the feature `regex`, which this build does not have";
    Error::new(crate::ErrorKind::Unsupported, text)
}

#[cfg(all(test, feature = "regex"))]
mod tests {
    use super::{compile, finder};
    use spanline_core::process::Redaction;

    #[test]
    fn expressions_find_all_there_is() {
        for (pattern, text, expected) in [
            ("s[0-9]+", "s1 and s22", Some("# and #")),
            ("[0-9]*", "\u{e9}1\u{e9}22", Some("\u{e9}#\u{e9}#")),
            ("x*", "\u{e9}\u{e9}", None),
            ("^a", "aa", Some("#a")),
            (r"\bid=\w+", "id=a xid=b id=c", Some("# xid=b #")),
        ] {
            let redaction = Redaction::new().mask("#").find(finder(pattern).unwrap());
            assert_eq!(redaction.text(text).as_deref(), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_found_too_often_is_hidden_as_a_whole() {
        let often = Redaction::new().mask("#").find(finder("(?s)x.*y|x").unwrap());
        assert_eq!(often.text(&"x".repeat(400)), Some("#".repeat(400)), "short");
        assert_eq!(often.text(&"x ".repeat(2_000)).as_deref(), Some("#"));
        let long = format!("{}{}{}", "x".repeat(20), "-".repeat(3_000), "x".repeat(20));
        let expected = format!("{}{}{}", "#".repeat(20), "-".repeat(3_000), "#".repeat(20));
        assert_eq!(often.text(&long), Some(expected));
    }

    #[test]
    fn an_expression_that_is_too_large_is_an_error() {
        assert!(finder("[A-Za-z0-9+/_-]{500}").is_ok());
        let error = finder(r"((\w{50}){50}){50}").unwrap_err();
        assert!(error.message().contains("size limit"), "{error}");
    }

    #[test]
    fn an_answer_is_the_same_the_second_time() {
        let digits = compile(r"^GET /\w+/\d+$").unwrap();
        for _ in 0..3 {
            for n in 0..5000 {
                assert!(digits.is_match(&format!("GET /users/{n}")));
                assert!(!digits.is_match(&format!("GET /users/{n}/x")));
            }
        }
        assert!(
            compile("(")
                .unwrap_err()
                .message()
                .contains("not a regular expression")
        );
    }
}
