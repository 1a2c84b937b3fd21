//! SQL texts: what is left of them, and their summaries.

use spanline_core::semconv::{self, MAX_QUERY_BYTES, MAX_SUMMARY_CHARS, Sanitizer, SqlDialect, summary};

const DIALECTS: [SqlDialect; 6] = [
    SqlDialect::PostgreSql,
    SqlDialect::MySql,
    SqlDialect::Sqlite,
    SqlDialect::SqlServer,
    SqlDialect::Oracle,
    SqlDialect::Unknown,
];

/// The input is a text; its first byte says how long the result may be.
pub fn sanitize(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    for dialect in DIALECTS {
        let once = semconv::sanitize(text, dialect);
        assert!(once.len() <= MAX_QUERY_BYTES);
        assert_eq!(semconv::sanitize(&once, dialect), once, "{dialect:?}");
        let sanitizer = Sanitizer {
            dialect,
            max_bytes: usize::from(input.first().copied().unwrap_or_default()),
        };
        let cut = sanitizer.sanitize(text);
        assert!(cut.len() <= sanitizer.max_bytes);
        assert_eq!(sanitizer.sanitize(&cut), cut, "{dialect:?}");
        if let Some(words) = summary(text, dialect) {
            assert!(!words.is_empty() && words.chars().count() <= MAX_SUMMARY_CHARS);
        }
        hidden(text, dialect);
    }
}

/// A value behind the text is not in the result, wherever the text leaves off.
fn hidden(text: &str, dialect: SqlDialect) {
    const VALUE: &str = " 4071923 ";
    // Where the text holds the digits itself they may be in a name.
    if !text.contains("4071923") {
        let with = format!("{text}{VALUE}");
        let left = Sanitizer {
            dialect,
            max_bytes: usize::MAX,
        };
        assert!(!left.sanitize(&with).contains("4071923"), "{dialect:?}");
    }
}
