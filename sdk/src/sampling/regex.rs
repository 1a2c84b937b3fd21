//! Regular expressions of rules.

use crate::Error;
use spanline_core::sample::TextMatch;
use std::sync::Arc;

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
pub(super) fn compile(pattern: &str) -> Result<Arc<dyn TextMatch>, Error> {
    match regex_lite::Regex::new(pattern) {
        Ok(regex) => Ok(Arc::new(cached::Cached::new(regex))),
        Err(error) => {
            let text = format!("it is not a regular expression: {error}");
            Err(Error::new(crate::ErrorKind::BadValue, text))
        }
    }
}

#[cfg(not(feature = "regex"))]
pub(super) fn compile(_: &str) -> Result<Arc<dyn TextMatch>, Error> {
    let text = "regular expressions need the feature `regex`, which this build does not have";
    Err(Error::new(crate::ErrorKind::Unsupported, text))
}

#[cfg(all(test, feature = "regex"))]
mod tests {
    use super::compile;

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
