//! What holds for every text.

use super::*;
use proptest::prelude::*;

/// Pieces that say something to some dialect.
const PIECES: &[&str] = &[
    "'",
    "''",
    "\"",
    "`",
    "[",
    "]",
    "\\",
    "$",
    "$$",
    "$a$",
    "--",
    "-- ",
    "-",
    "#",
    "/*",
    "*/",
    "/*!",
    "/",
    "*",
    "\n",
    " ",
    "(",
    ")",
    ",",
    ".",
    ";",
    ":",
    "::",
    "?",
    "@",
    "%",
    "%s",
    "=",
    "+",
    "0",
    "1",
    "12",
    "1e",
    "0x",
    "e",
    "E",
    "n",
    "q",
    "nq",
    "x",
    "u&",
    "_utf8",
    "a",
    "b",
    "IN",
    "IN (",
    "SELECT",
    "FROM",
    "JOIN",
    "INSERT INTO",
    "VALUES",
    "TRUE",
    "WITH",
    "CREATE TABLE",
    "\u{e9}",
    "\u{540d}",
    "\u{0}",
];

fn text() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES), 0..40);
    prop_oneof![4 => pieces.prop_map(|pieces| pieces.concat()), 1 => any::<String>()]
}

fn dialect() -> impl Strategy<Value = SqlDialect> {
    prop::sample::select(&ALL[..])
}

/// A value that must not be seen, written as each dialect writes strings.
fn literal(dialect: SqlDialect) -> impl Strategy<Value = String> {
    let content = "[a-z '\"\\\\/*$#`\\[\\]\u{e9}-]{0,8}";
    (content, content, 0..4_usize).prop_map(move |(before, after, form)| {
        let content = format!("{before}zecret{after}");
        let plain = content.replace('\'', "''");
        let escaped = content.replace('\\', "\\\\").replace('\'', "\\'");
        match (dialect, form) {
            (SqlDialect::PostgreSql, 0) => format!("E'{escaped}'"),
            (SqlDialect::PostgreSql, 1) => format!("$q1${content}$q1$"),
            (SqlDialect::MySql, 0) => format!("\"{}\"", escaped.replace('"', "\"\"")),
            (SqlDialect::MySql, _) => format!("'{escaped}'"),
            (SqlDialect::SqlServer, 0) => format!("N'{plain}'"),
            (SqlDialect::Oracle, 0) => format!("q'~{content}~'"),
            _ => format!("'{plain}'"),
        }
    })
}

fn with_literals() -> impl Strategy<Value = (SqlDialect, String)> {
    dialect().prop_flat_map(|dialect| {
        let glue = prop::sample::select(
            &[
                " = ",
                ", ",
                " IN (",
                ") OR a = ",
                " FROM t WHERE b = ",
                " ||\n-- it is\n",
                " /* c */ || ",
                " AND 4 < ",
            ][..],
        );
        let parts = prop::collection::vec((glue, literal(dialect)), 1..6);
        parts.prop_map(move |parts| {
            let mut text = "SELECT a".to_owned();
            for (glue, literal) in parts {
                text += glue;
                text += &literal;
            }
            (dialect, text)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn any_text_is_sanitised_once_and_for_all(text in text(), dialect in dialect(), max_bytes in 0..200_usize) {
        let sanitizer = Sanitizer { dialect, max_bytes };
        let once = sanitizer.sanitize(&text);
        prop_assert!(once.len() <= max_bytes);
        prop_assert_eq!(sanitizer.sanitize(&once), &*once, "{:?}", text);
        let found = summary(&text, dialect).unwrap_or_default();
        prop_assert!(found.chars().count() <= MAX_SUMMARY_CHARS);
    }

    #[test]
    fn no_value_is_left((dialect, text) in with_literals()) {
        let found = sanitize(&text, dialect);
        prop_assert!(!found.contains("zecret"), "{dialect:?}: {text} became {found}");
        let found = summary(&text, dialect).unwrap_or_default();
        prop_assert!(!found.contains("zecret"), "{dialect:?}: {text} became {found}");
    }

    #[test]
    fn names_are_left(name in "[a-z]{1,8}", dialect in dialect()) {
        prop_assume!(!name.eq_ignore_ascii_case("true") && !name.eq_ignore_ascii_case("false"));
        let text = format!("SELECT {name} FROM t_{name} WHERE {name}_1 = 1");
        let expected = format!("SELECT {name} FROM t_{name} WHERE {name}_1 = ?");
        prop_assert_eq!(sanitize(&text, dialect), expected);
    }
}
