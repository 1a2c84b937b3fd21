//! Comments on SQL statements (sqlcommenter).

use super::{TraceContextPropagator, percent, sql_pairs};
use crate::Context;
use alloc::{borrow::Cow, string::String, vec::Vec};

/// A comment that tells the database where a statement comes from: pairs of a key and a value.
///
/// It ends in the logs and statistics of the database. A statement with ids in it is a new one each time: **never**
/// comment statements that are prepared or cached by their text.
///
/// ```
/// use spanline_core::propagate::SqlComment;
/// let comment = SqlComment::new().pair("controller", "songs").pair("route", "/songs");
/// assert_eq!(
///     comment.append_to("SELECT * FROM songs;"),
///     "SELECT * FROM songs /*controller='songs',route='%2Fsongs'*/;",
/// );
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SqlComment {
    /// As they are written: encoded, with quotes.
    pairs: Vec<String>,
    double_percent: bool,
}

impl SqlComment {
    /// A comment without pairs, which is not written.
    pub const fn new() -> Self {
        Self {
            pairs: Vec::new(),
            double_percent: false,
        }
    }

    /// The same with this pair. One with an empty key or an empty value is left out.
    #[must_use]
    pub fn pair(mut self, key: &str, value: &str) -> Self {
        if key.is_empty() || value.is_empty() {
            return self;
        }
        let mut pair = String::with_capacity(key.len() + value.len() + 3);
        // A comment that begins with `!` is executed by some databases.
        percent::encode(key, |c| is_kept(c) && c != b'!', &mut pair);
        pair.push_str("='");
        percent::encode(value, is_kept, &mut pair);
        pair.push('\'');
        self.pairs.push(pair);
        self
    }

    /// The same with `traceparent`, and `tracestate` where there is one, of this context; nothing of a context that is
    /// suppressed or has no span.
    #[must_use]
    pub fn context(mut self, context: &Context) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        TraceContextPropagator::inject_into(context, &mut fields);
        for (key, value) in &fields {
            self = self.pair(key, value);
        }
        self
    }

    /// Whether each `%` is written twice, for drivers that take a single one for the place of a parameter. Default:
    /// false.
    #[must_use]
    pub const fn double_percent(mut self, on: bool) -> Self {
        self.double_percent = on;
        self
    }

    /// The comment itself, its pairs sorted; empty when there are none.
    pub fn text(&self) -> String {
        if self.pairs.is_empty() {
            return String::new();
        }
        let mut sorted: Vec<&str> = self.pairs.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        let pairs = sorted.join(",");
        let pairs = match self.double_percent {
            true => pairs.replace('%', "%%"),
            false => pairs,
        };
        ["/*", &pairs, "*/"].concat()
    }

    /// The statement with the comment behind it, before a semicolon that ends it.
    ///
    /// A statement stays as it is when it is blank, when there are no pairs, and when `--` or `/*` is anywhere in it, be
    /// it in a text: it may have a comment already.
    pub fn append_to<'a>(&self, sql: &'a str) -> Cow<'a, str> {
        let has_comment = sql.contains("--") || sql.contains("/*");
        let whole = sql.trim_end();
        let (statement, end) = match whole.strip_suffix(';') {
            Some(statement) => (statement.trim_end(), ";"),
            None => (whole, ""),
        };
        if self.pairs.is_empty() || has_comment || statement.is_empty() {
            return Cow::Borrowed(sql);
        }
        [statement, " ", &self.text(), end].concat().into()
    }

    /// Takes the last comment of a statement for one of these.
    ///
    /// ```
    /// use spanline_core::propagate::SqlComment;
    /// let parsed = SqlComment::parse("SELECT 1 /*a='x%20y'*/;");
    /// assert_eq!(parsed.sql, "SELECT 1;");
    /// assert_eq!(parsed.attributes, Some(vec![("a".to_string(), "x y".to_string())]));
    /// assert_eq!(SqlComment::parse("SELECT 1 /* all */").attributes, None);
    /// ```
    pub fn parse(sql: &str) -> CommentedSql<'_> {
        let unchanged = CommentedSql {
            sql: Cow::Borrowed(sql),
            attributes: None,
        };
        let Some((before, comment, after)) = last_comment(sql) else {
            return unchanged;
        };
        let attributes = match comment {
            "" => None,
            comment => match sql_pairs::read(comment.as_bytes()) {
                None => return unchanged,
                read => read,
            },
        };
        let before = before.trim_end();
        let sql = match after {
            "" => Cow::Borrowed(before),
            after => [before, after].concat().into(),
        };
        CommentedSql { sql, attributes }
    }
}

/// A statement whose comment was looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommentedSql<'a> {
    /// The statement without the comment, and without an empty one; as it was when there is no comment of pairs.
    pub sql: Cow<'a, str>,
    /// The pairs in their order, which are a carrier for a propagator to read; `None` when there is no comment of
    /// pairs.
    pub attributes: Option<Vec<(String, String)>>,
}

/// What stands before, in and behind the last comment.
fn last_comment(sql: &str) -> Option<(&str, &str, &str)> {
    let (head, after) = sql.rsplit_once("*/")?;
    let (before, comment) = head.rsplit_once("/*")?;
    Some((before, comment, after))
}

/// What stays as it is: RFC 3986's unreserved characters, and some that are harmless inside quotes.
fn is_kept(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"-_.~!*()".contains(&c)
}
