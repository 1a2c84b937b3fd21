//! SQL texts without their values, and their summaries.
//!
//! One lexer knows where the literals, comments and quoted names of each dialect begin and end; [`sanitize`] writes its
//! tokens out again without the values, [`summary`] keeps only operations and what they are done to. All of it takes
//! time in proportion to the text, never fails, and does not ask that the text be correct SQL.

mod dialect;
mod keywords;
mod lexer;
mod out;
mod quotes;
mod sanitize;
mod summary;

pub use dialect::SqlDialect;
pub use sanitize::{MAX_QUERY_BYTES, Sanitizer, sanitize};
pub use summary::{MAX_SUMMARY_CHARS, MAX_SUMMARY_READ, summary};
