//! What dialects of SQL differ in.

/// How a database reads SQL: which quotes hold values and which names, what escapes a quote, what is a comment.
///
/// Each is taken as its server reads by default: backslashes escape in MySQL and, in PostgreSQL, in `E''` alone; double
/// quotes hold text in MySQL and names elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
#[non_exhaustive]
pub enum SqlDialect {
    /// PostgreSQL and what speaks like it: CockroachDB, Redshift.
    PostgreSql,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
    /// Microsoft SQL Server.
    SqlServer,
    /// Oracle Database.
    Oracle,
    /// Any other: where two dialects would read a text differently, all that follows is left out of the result.
    #[default]
    Unknown,
}

impl SqlDialect {
    /// The dialect of a `db.system.name`.
    ///
    /// ```
    /// use spanline_core::semconv::SqlDialect;
    /// assert_eq!(SqlDialect::of_system("mariadb"), SqlDialect::MySql);
    /// assert_eq!(SqlDialect::of_system("other_sql"), SqlDialect::Unknown);
    /// ```
    pub fn of_system(name: &str) -> Self {
        match name {
            "postgresql" | "cockroachdb" | "aws.redshift" => Self::PostgreSql,
            "mysql" | "mariadb" => Self::MySql,
            "sqlite" => Self::Sqlite,
            "microsoft.sql_server" => Self::SqlServer,
            "oracle.db" => Self::Oracle,
            _ => Self::Unknown,
        }
    }

    pub(super) const fn backslash(self) -> Backslash {
        match self {
            Self::MySql => Backslash::Escapes,
            Self::Unknown => Backslash::Unsure,
            _ => Backslash::Plain,
        }
    }

    pub(super) const fn double_quotes_hold_text(self) -> bool {
        matches!(self, Self::MySql | Self::Unknown)
    }

    pub(super) const fn has_backticks(self) -> bool {
        matches!(self, Self::MySql | Self::Sqlite | Self::Unknown)
    }

    pub(super) const fn has_brackets(self) -> bool {
        matches!(self, Self::Sqlite | Self::SqlServer)
    }

    pub(super) const fn nests_comments(self) -> bool {
        matches!(self, Self::PostgreSql | Self::SqlServer)
    }

    pub(super) const fn numbers_colons(self) -> bool {
        matches!(self, Self::Oracle | Self::Sqlite)
    }

    /// Whether `@name` is one token.
    pub(super) const fn names_at(self) -> bool {
        matches!(self, Self::SqlServer | Self::Sqlite | Self::MySql)
    }

    /// Whether `#` belongs to names.
    pub(super) const fn names_hash(self) -> bool {
        matches!(self, Self::SqlServer | Self::Oracle)
    }

    /// What a word right in front of a string means.
    pub(super) fn prefix(self, word: &[u8]) -> Prefix {
        let is = |names: &[&str]| {
            names
                .iter()
                .any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
        };
        match self {
            Self::PostgreSql if is(&["e"]) => Prefix::Escaped,
            Self::PostgreSql if is(&["b", "x", "n"]) => Prefix::Plain,
            Self::MySql if is(&["n", "b", "x"]) || word.first() == Some(&b'_') => Prefix::Plain,
            Self::Sqlite if is(&["x"]) => Prefix::Plain,
            Self::SqlServer if is(&["n"]) => Prefix::Plain,
            Self::Oracle if is(&["n", "u"]) => Prefix::Plain,
            Self::Oracle if is(&["q", "nq"]) => Prefix::Delimited,
            Self::Unknown if is(&["q", "nq"]) => Prefix::Unsure,
            Self::Unknown if is(&["b", "e", "n", "r", "u", "x"]) => Prefix::Plain,
            _ => Prefix::None,
        }
    }
}

/// What a backslash in a string is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Backslash {
    /// A character.
    Plain,
    /// It takes its meaning from the next one.
    Escapes,
    /// One of both.
    Unsure,
}

/// What a word in front of a string is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Prefix {
    /// A word of its own.
    None,
    /// A part of a string like any other.
    Plain,
    /// A part of a string with backslashes.
    Escaped,
    /// A part of a string with delimiters of its own (`q'[...]'`).
    Delimited,
    /// Perhaps the latter.
    Unsure,
}
