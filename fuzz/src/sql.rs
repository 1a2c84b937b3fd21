//! SQL comments.

use crate::lines;
use spanline_core::propagate::SqlComment;

/// The first line is a statement; each other line that has a `=` is a pair to put on it.
pub fn sql(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    let mut lines = lines(input.as_bytes()).map(|line| std::str::from_utf8(line).unwrap_or_default());
    let statement = lines.next().unwrap_or_default();
    let parsed = SqlComment::parse(statement);
    assert!(parsed.sql.len() <= statement.len());
    let mut pairs: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once('='))
        .filter(|(key, value)| !key.is_empty() && !value.is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let add = |comment: SqlComment, (key, value): &(String, String)| comment.pair(key, value);
    let commented = pairs
        .iter()
        .fold(SqlComment::new(), add)
        .append_to(statement)
        .into_owned();
    if commented == statement {
        return;
    }
    // There is one comment more, nothing in it ends it, and it is read back.
    for mark in ["/*", "*/"] {
        assert_eq!(
            commented.matches(mark).count(),
            statement.matches(mark).count() + 1
        );
    }
    let again = SqlComment::parse(&commented);
    let mut read = again.attributes.expect("our own pairs");
    read.sort();
    pairs.sort();
    assert_eq!(read, pairs);
    // What was read of a foreign comment can be written.
    for (key, value) in parsed.attributes.iter().flatten() {
        let _ = SqlComment::new().pair(key, value).append_to("SELECT 1");
    }
}
