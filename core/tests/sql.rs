//! SQL texts without their values, and their summaries.
#![cfg(feature = "alloc")]

use spanline_core::semconv::{
    MAX_QUERY_BYTES, MAX_SUMMARY_CHARS, MAX_SUMMARY_READ, Sanitizer, SqlDialect, sanitize, summary,
};
use std::borrow::Cow;

#[path = "sql/properties.rs"]
mod properties;
#[path = "sql/sanitized.rs"]
mod sanitized;
#[path = "sql/summaries.rs"]
mod summaries;

const ALL: [SqlDialect; 6] = [
    SqlDialect::PostgreSql,
    SqlDialect::MySql,
    SqlDialect::Sqlite,
    SqlDialect::SqlServer,
    SqlDialect::Oracle,
    SqlDialect::Unknown,
];
