//! Comments on SQL statements (sqlcommenter), which tell the database what a statement belongs to.
//!
//! Off unless the option `propagate.database` is on.
//!
//! ```
//! use spanline::{span, sql};
//! let provider = spanline::init()
//!     .without_environment()
//!     .exporter("none")
//!     .options(|options| options.propagate.database = Some(true))
//!     .build()?;
//! let _provider = provider.enter();
//! let _query = span!("SELECT songs", kind = spanline::SpanKind::Client);
//! let statement = sql::comment("SELECT * FROM songs");
//! assert!(statement.starts_with("SELECT * FROM songs /*traceparent='00-"));
//! # Ok::<(), spanline::Error>(())
//! ```
//!
//! With ids in it a statement is another one each time, so that it is parsed and planned anew, and caches fill up:
//! **never** comment statements that are prepared or cached by their text. What is in a comment ends in the logs of the
//! database.

pub use spanline_core::propagate::{CommentedSql, SqlComment};

use crate::{context, propagation};
use std::borrow::Cow;

/// The statement with a comment that holds `traceparent`, and `tracestate` where there is one, of the current context.
///
/// It stays as it is when `propagate.database` is off, when nothing is current, when it is blank, and when `--` or `/*`
/// is anywhere in it.
pub fn comment(sql: &str) -> Cow<'_, str> {
    comment_with(sql, SqlComment::new())
}

/// As [`comment`], with pairs of your own, such as `controller`, `route` and `framework`, beside the context.
///
/// ```
/// use spanline::sql::{self, SqlComment};
/// # let provider = spanline::init().without_environment().exporter("none")
/// #     .options(|options| options.propagate.database = Some(true)).build()?;
/// # let _provider = provider.enter();
/// let tags = SqlComment::new().pair("route", "/songs");
/// assert_eq!(sql::comment_with("SELECT 1", tags), "SELECT 1 /*route='%2Fsongs'*/");
/// # Ok::<(), spanline::Error>(())
/// ```
pub fn comment_with(sql: &str, comment: SqlComment) -> Cow<'_, str> {
    let is_on = propagation::with_options(|options| options.propagate.database);
    if is_on != Some(true) {
        return Cow::Borrowed(sql);
    }
    comment.context(&context::current()).append_to(sql)
}
