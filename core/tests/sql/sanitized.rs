//! A table of texts and what is left of them.

use super::*;
use SqlDialect::{MySql, Oracle, PostgreSql, SqlServer, Sqlite, Unknown};

#[track_caller]
fn becomes(dialects: &[SqlDialect], text: &str, expected: &str) {
    for &dialect in dialects {
        let found = sanitize(text, dialect);
        assert_eq!(found, expected, "{dialect:?}: {text}");
        assert_eq!(sanitize(&found, dialect), expected, "{dialect:?} again: {text}");
    }
}

#[test]
fn literals_of_every_dialect() {
    becomes(&ALL, "SELECT 1", "SELECT ?");
    becomes(
        &ALL,
        "SELECT 1.5, .5, 1., 1e10, 1.5E-3, 0x1F, 1_000",
        "SELECT ?, ?, ?, ?, ?, ?, ?",
    );
    becomes(&ALL, "a = -4 AND b=+5", "a = -? AND b=+?");
    becomes(
        &ALL,
        "a = 'x' AND b = 'it''s' AND c = ''",
        "a = ? AND b = ? AND c = ?",
    );
    becomes(
        &ALL,
        "a = TRUE OR b = false OR c IS NULL",
        "a = ? OR b = ? OR c IS NULL",
    );
    becomes(
        &ALL,
        "d = DATE '2020-01-01' - INTERVAL '1 day'",
        "d = DATE ? - INTERVAL ?",
    );
    becomes(
        &ALL,
        "a1 = 1 AND t2.c3 = 'x' AND t.true = 2",
        "a1 = ? AND t2.c3 = ? AND t.true = ?",
    );
    becomes(&ALL, "a = 'unterminated AND b = 4", "a = ?");
    becomes(
        &[PostgreSql, MySql, Unknown],
        "a=x'1F' AND b = N'na''me'",
        "a=? AND b = ?",
    );
    becomes(
        &ALL,
        "caf\u{e9} = 'caf\u{e9}' AND \u{540d} = 1",
        "caf\u{e9} = ? AND \u{540d} = ?",
    );
}

#[test]
fn prefixes() {
    becomes(
        &[PostgreSql],
        r"a = E'it\'s' AND b = e'\\' AND c",
        "a = ? AND b = ? AND c",
    );
    becomes(
        &[PostgreSql],
        "a = B'0101' AND b = X'1F' AND c = U&'d\\0061t\\+000061'",
        "a = ? AND b = ? AND c = U&?",
    );
    becomes(&[PostgreSql], r"a = 'C:\' AND b = 'x'", "a = ? AND b = ?");
    becomes(&[PostgreSql], "a = E'one\\'s'\n  'two\\'s' AND b", "a = ? AND b");
    becomes(
        &[PostgreSql],
        "a = E'one' -- it's\n 'two\\'s' AND b",
        "a = ? AND b",
    );
    becomes(
        &[MySql],
        r"a = 'it\'s' AND b = _utf8mb4'x' AND c = b'01' AND d",
        "a = ? AND b = ? AND c = ? AND d",
    );
    becomes(
        &[MySql],
        r#"a = "it's" AND b = "say \"x\"" AND c = "a""b" AND d"#,
        "a = ? AND b = ? AND c = ? AND d",
    );
    becomes(
        &[Oracle],
        "a = q'[it's]' AND b = Nq'{x}y}' AND c = q'!it's!' AND d",
        "a = ? AND b = ? AND c = ? AND d",
    );
    becomes(&[Oracle], "a = q'\u{e9}it's\u{e9}' AND d", "a = ? AND d");
    becomes(
        &[SqlServer],
        "a = N'it''s' AND b = $12.50 AND c = 0xFF",
        "a = ? AND b = $? AND c = ?",
    );
    becomes(
        &[Sqlite],
        "a = x'1F' AND b = 'C:\\' AND c",
        "a = ? AND b = ? AND c",
    );
    // A word that is none stays.
    becomes(&[Sqlite, SqlServer, MySql], "DATE'2020-01-01'", "DATE?");
}

#[test]
fn strings_between_dollars() {
    becomes(
        &[PostgreSql],
        "SELECT $$it's$$, $a$x $$ $b$ y$a$, $1",
        "SELECT ?, ?, $1",
    );
    becomes(&[PostgreSql], "SELECT a$$b, $a$ no end $b$", "SELECT a$$b, ?");
    becomes(&[PostgreSql], "SELECT $65535, $655360", "SELECT $65535, $?");
    // Where there are none, `$` is part of names.
    becomes(
        &[MySql, Oracle],
        "SELECT a$$ FROM v$session WHERE b = 'x'",
        "SELECT a$$ FROM v$session WHERE b = ?",
    );
}

#[test]
fn quoted_names_stay() {
    becomes(
        &[PostgreSql, Sqlite, SqlServer, Oracle],
        r#"SELECT "a ""b"" 1" FROM "it's" WHERE x = 'y'"#,
        r#"SELECT "a ""b"" 1" FROM "it's" WHERE x = ?"#,
    );
    becomes(
        &[MySql, Sqlite],
        "SELECT `it's`, `a``1` = 'x'",
        "SELECT `it's`, `a``1` = ?",
    );
    becomes(&[SqlServer], "SELECT [it's ]] 1] = 'x'", "SELECT [it's ]] 1] = ?");
    becomes(&[Sqlite], "SELECT [it's 1] = 'x'", "SELECT [it's 1] = ?");
    becomes(
        &[PostgreSql],
        "SELECT a[1], ARRAY['x', 'y'][2:3]",
        "SELECT a[?], ARRAY[?, ?][?:?]",
    );
    becomes(&ALL, "SELECT \"no end, 'x'", "SELECT ?");
    becomes(&[MySql, Sqlite], "SELECT a, `no end, 'x'", "SELECT a, ?");
}

#[test]
fn comments_go() {
    becomes(&ALL, "SELECT a -- it's 4\n FROM t", "SELECT a FROM t");
    becomes(&ALL, "SELECT/* it's 4 */a FROM t /* no end", "SELECT a FROM t");
    becomes(&ALL, "/* a */ SELECT a --", "SELECT a");
    becomes(
        &[PostgreSql, SqlServer],
        "SELECT a /* b /* c */ it's */ FROM t",
        "SELECT a FROM t",
    );
    becomes(
        &[Sqlite, Oracle],
        "SELECT a /* b /* c */ FROM t",
        "SELECT a FROM t",
    );
    becomes(&[MySql], "SELECT a # it's\n FROM t", "SELECT a FROM t");
    // Without a space it is two signs.
    becomes(
        &[MySql],
        "SELECT a--1 FROM t WHERE b = 'x'",
        "SELECT a- -? FROM t WHERE b = ?",
    );
    becomes(
        &[PostgreSql],
        "SELECT a--1 FROM t\nWHERE b #> 'x'",
        "SELECT a WHERE b #> ?",
    );
    becomes(&[MySql], "SELECT /*!40001 SQL_NO_CACHE */ a", "SELECT a");
    becomes(&[MySql], "SELECT /*!99999 it's */ a, 'x'", "SELECT ?");
}

#[test]
fn parameters_stay() {
    becomes(
        &ALL,
        "a = ? AND b = :name AND c = %s AND d::text = e",
        "a = ? AND b = :name AND c = %s AND d::text = e",
    );
    becomes(&ALL, "a = %(name)s AND b = @p1", "a = %(name)s AND b = @p1");
    becomes(&[PostgreSql], "a = $1 AND b = $22", "a = $1 AND b = $22");
    becomes(
        &[Sqlite],
        "a = ?12 AND b = $x AND c = :1",
        "a = ?12 AND b = $x AND c = :1",
    );
    becomes(&[Oracle], "a = :1 AND b = :2", "a = :1 AND b = :2");
    becomes(&[PostgreSql], "a[1:2]", "a[?:?]");
    // What looks like one may be the beginning of a string.
    becomes(&[PostgreSql], r"a[x:e'it\'s']", "a[x:?]");
}

#[test]
fn lists_shrink() {
    becomes(&ALL, "a IN (1, 2, 3) AND b in('x','y')", "a IN (?) AND b in(?)");
    becomes(&ALL, "a IN ( -1 , ? , %s )", "a IN (?)");
    becomes(&ALL, "a NOT IN (/* one */ 1, 2)", "a NOT IN (?)");
    becomes(&ALL, "a IN (SELECT 1, 2)", "a IN (SELECT ?, ?)");
    becomes(
        &ALL,
        "a IN (b, 1, 2) OR c IN () OR in = 4",
        "a IN (b, ?, ?) OR c IN () OR in = ?",
    );
    becomes(&ALL, "VALUES (1, 2), (3, 4)", "VALUES (?, ?), (?, ?)");
    becomes(&[PostgreSql], "a IN ($1, $2)", "a IN (?)");
    becomes(
        &ALL,
        "a IN (1, NULL) OR b IN (null, 2, 3)",
        "a IN (?) OR b IN (?)",
    );
    becomes(
        &ALL,
        "a IN (NULL) OR a IN (NULL, b, 1)",
        "a IN (NULL) OR a IN (NULL, b, ?)",
    );
}

#[test]
fn white_space_shrinks() {
    becomes(&ALL, "  SELECT\n\t a ,\r\n  b  ", "SELECT a , b");
    becomes(&ALL, "", "");
    becomes(&ALL, " \n", "");
}

#[test]
fn what_two_dialects_read_differently_is_left_out() {
    for text in [
        r"SELECT a, 'x\' , y , 'secret'",
        "SELECT a, q'[it's]' , 'secret'",
        "SELECT a, $$it's$$ , 'secret'",
        "SELECT a, '''it's''' , 'secret'",
        "SELECT a, [it's] , 'secret'",
        "SELECT a, /* /* */ it's */ 'secret'",
        "SELECT a, #it's\n 'secret'",
        "SELECT a, --it's\n 'secret'",
        "SELECT a, `it's` , 'secret'",
    ] {
        becomes(&[Unknown], text, "SELECT a, ?");
    }
    becomes(
        &[Unknown],
        r"SELECT 'x\\', 'y\n', ['a', 'b'], `c`",
        r"SELECT ?, ?, [?, ?], `c`",
    );
    becomes(&[Unknown], "SELECT a #c\n, b --d\n", "SELECT a , b");
    // However long the name between brackets would be.
    let long = format!("SELECT a, [{}it's] , 'secret'", " ".repeat(300));
    becomes(&[Unknown], &long, "SELECT a, ?");
    // The letter may belong to the string.
    becomes(&ALL, "SELECT a, 1e'it\\'s', 'secret'", "SELECT a, ?");
}

#[test]
fn what_does_not_change_is_not_copied() {
    let text = "SELECT * FROM t WHERE a = ? AND b IN (?)";
    assert!(
        ALL.iter()
            .all(|&dialect| matches!(sanitize(text, dialect), Cow::Borrowed(_)))
    );
    assert!(matches!(sanitize("SELECT 1", PostgreSql), Cow::Owned(_)));
}

#[test]
fn results_are_bounded() {
    let long = "SELECT a, ".repeat(10_000);
    let found = sanitize(&long, PostgreSql);
    assert!(found.len() <= MAX_QUERY_BYTES && found.len() > MAX_QUERY_BYTES - 10);
    // A list is short however long it was.
    let list = format!(
        "SELECT a FROM t WHERE b IN ({}) AND c = 'x'",
        vec!["12345"; 10_000].join(", ")
    );
    assert_eq!(sanitize(&list, MySql), "SELECT a FROM t WHERE b IN (?) AND c = ?");
    for max_bytes in 0..40 {
        let sanitizer = Sanitizer {
            dialect: MySql,
            max_bytes,
        };
        let found = sanitizer.sanitize("SELECT a--1, 'x' WHERE b IN (1, 2) OR c");
        assert!(found.len() <= max_bytes);
        assert_eq!(sanitizer.sanitize(&found), found);
    }
}
