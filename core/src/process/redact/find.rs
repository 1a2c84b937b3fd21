//! What is looked for in texts.

use super::{card, email, ip, secrets, url};
use alloc::{boxed::Box, sync::Arc};
use core::{fmt, ops::Range};

/// Finds in a text what must not be seen.
pub trait TextFinder: Send + Sync + fmt::Debug {
    /// The first place at or behind `from`, in bytes, that must not be seen. Of a range that is empty, goes beyond the text
    /// or cuts a character, everything from `from` on counts as found.
    fn find(&self, text: &str, from: usize) -> Option<Range<usize>>;

    /// Whether finding all that there is in a text takes about as long as one look through it, since a search never looks
    /// far beyond what it finds. Where that is not so, and by default, a text in which too much is found is masked as a
    /// whole: searches of one text may go over 64 times its length, to which 1,024 bytes are added for this, each counted
    /// from where it begins to the end of the text.
    fn looks_once(&self) -> bool {
        false
    }
}

type Find = fn(&str, usize) -> Option<Range<usize>>;

/// One that is built in.
struct BuiltIn(&'static str, Find);

impl fmt::Debug for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl TextFinder for BuiltIn {
    fn find(&self, text: &str, from: usize) -> Option<Range<usize>> {
        (self.1)(text, from)
    }

    fn looks_once(&self) -> bool {
        true
    }
}

const BUILT_IN: [BuiltIn; 9] = [
    BuiltIn("credit_card", card::find),
    BuiltIn("email", email::find),
    BuiltIn("ipv4", ip::find_v4),
    BuiltIn("ipv6", ip::find_v6),
    BuiltIn("bearer", secrets::find_bearer),
    BuiltIn("jwt", secrets::find_jwt),
    BuiltIn("aws_access_key_id", secrets::find_aws_id),
    BuiltIn("aws_secret_access_key", secrets::find_aws_secret),
    BuiltIn("url_credentials", url::find_credentials),
];

/// Finders that are built in, by name:
///
/// | name | finds |
/// |---|---|
/// | `credit_card` | 12 to 19 digits, also in groups with single blanks or dashes between, that begin with 2 to 6 and have a right check digit (Luhn) |
/// | `email` | e-mail addresses |
/// | `ipv4`, `ipv6` | IP addresses |
/// | `bearer` | the token behind the word `Bearer`, in any case, of at least 8 characters |
/// | `jwt` | JSON Web Tokens |
/// | `aws_access_key_id` | ids of access keys of AWS |
/// | `aws_secret_access_key` | the 40 characters of secret access keys of AWS, where a name with `secret` stands in front |
/// | `url_credentials` | user and password in URLs: what stands between `://` and `@`, also where a password has `/`, `?` or `#` in it |
///
/// ```
/// use spanline_core::process::built_in_finder;
/// let finder = built_in_finder("email").unwrap();
/// assert_eq!(finder.find("from me@example.com", 0), Some(5..19));
/// assert!(built_in_finder("mail").is_none());
/// ```
pub fn built_in_finder(name: &str) -> Option<Arc<dyn TextFinder>> {
    let known = BUILT_IN.iter().find(|known| known.0 == name)?;
    Some(Arc::new(BuiltIn(known.0, known.1)))
}

/// The names that [`built_in_finder`] knows.
pub fn built_in_finders() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|known| known.0)
}

/// Finds the values of parameters of these names in URLs, in their queries and fragments, and in queries: in
/// `?token=...&user=...` what stands behind the `=`. Names are compared without regard to case, as they are once
/// percent-encoding is undone; of a name with brackets, such as `token[]`, `token[a]` or `user[token]`, what stands in front
/// of the first or within the last is compared, too. Without a `?`, `&`, `;` or `#` in front the parameter has to begin the
/// text. What was encoded twice, or as a whole together with its `?` and `=`, is not found.
///
/// ```
/// use spanline_core::process::{QueryParameters, TextFinder};
/// let tokens = QueryParameters::new(["token"]);
/// assert_eq!(tokens.find("/a?id=1&Token=s3cret#top", 0), Some(14..20));
/// ```
#[derive(Clone, Debug, Default)]
pub struct QueryParameters {
    names: Box<[Box<str>]>,
}

impl QueryParameters {
    /// Parameters of these names.
    pub fn new(names: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        Self {
            names: names.into_iter().map(Into::into).collect(),
        }
    }
}

impl TextFinder for QueryParameters {
    fn find(&self, text: &str, from: usize) -> Option<Range<usize>> {
        url::find_parameter(text, from, &|name| {
            self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
        })
    }

    fn looks_once(&self) -> bool {
        true
    }
}

/// The byte in front of a place.
pub(super) fn before(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at.checked_sub(1)?).copied()
}

/// How many bytes from `from` on fit.
pub(super) fn run(text: &str, from: usize, fits: impl Fn(u8) -> bool) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    rest.iter().take_while(|byte| fits(**byte)).count()
}

/// The next place at or behind `from` with a byte that fits.
pub(super) fn next(text: &str, from: usize, fits: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    rest.iter().position(|byte| fits(*byte)).map(|at| from + at)
}

/// The next place at or behind `from` of an ASCII word, in lower case, in any case.
pub(super) fn next_word(text: &str, from: usize, word: &str) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    let found = rest
        .windows(word.len())
        .position(|bytes| bytes.eq_ignore_ascii_case(word.as_bytes()));
    found.map(|at| from + at)
}
