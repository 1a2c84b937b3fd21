//! The words that a summary is made by.

/// What a word at the beginning of a statement is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operation {
    /// `SELECT`.
    Select,
    /// `INSERT` and the like: a target comes, perhaps after `INTO`.
    Insert,
    /// A target comes at once.
    Update,
    /// A target comes, perhaps after `FROM`.
    Delete,
    /// `MERGE`: a target, and another after `USING`.
    Merge,
    /// The kind of an object comes, then its name.
    Define,
    /// The same, but the kind need not be said.
    Truncate,
    /// The name of a procedure comes.
    Call,
    /// Another operation comes: `EXPLAIN`, `BEGIN`.
    Before,
    /// `WITH`: not an operation itself.
    With,
    /// All there is to say.
    Alone,
}

const OPERATIONS: &[(Operation, &[&str])] = &[
    (Operation::Select, &["SELECT"]),
    (Operation::Insert, &["INSERT", "REPLACE", "UPSERT"]),
    (Operation::Update, &["UPDATE"]),
    (Operation::Delete, &["DELETE"]),
    (Operation::Merge, &["MERGE"]),
    (Operation::Define, &["CREATE", "ALTER", "DROP", "REFRESH"]),
    (Operation::Truncate, &["TRUNCATE"]),
    (Operation::Call, &["CALL", "EXEC", "EXECUTE"]),
    (Operation::Before, &["EXPLAIN", "BEGIN"]),
    (Operation::With, &["WITH"]),
    (
        Operation::Alone,
        &[
            "ABORT",
            "ANALYZE",
            "ATTACH",
            "CHECKPOINT",
            "CLOSE",
            "CLUSTER",
            "COMMENT",
            "COMMIT",
            "COPY",
            "DEALLOCATE",
            "DECLARE",
            "DESC",
            "DESCRIBE",
            "DETACH",
            "DISCARD",
            "DO",
            "END",
            "FETCH",
            "FLUSH",
            "GRANT",
            "KILL",
            "LISTEN",
            "LOAD",
            "LOCK",
            "MOVE",
            "NOTIFY",
            "OPTIMIZE",
            "PRAGMA",
            "PREPARE",
            "REINDEX",
            "RELEASE",
            "RENAME",
            "RESET",
            "REVOKE",
            "ROLLBACK",
            "SAVE",
            "SAVEPOINT",
            "SET",
            "SHOW",
            "START",
            "UNLISTEN",
            "UNLOCK",
            "USE",
            "VACUUM",
            "VALUES",
        ],
    ),
];

impl Operation {
    /// Whether it is done to something that has a name.
    pub(super) fn has_target(self) -> bool {
        !matches!(self, Self::Before | Self::With | Self::Alone)
    }
}

/// The operation that begins with this word.
pub(super) fn operation(word: &str) -> Option<Operation> {
    let mut all = OPERATIONS.iter();
    all.find(|(_, words)| is_one_of(word, words))
        .map(|&(operation, _)| operation)
}

/// Objects that are defined by name.
pub(super) const OBJECTS: &[&str] = &[
    "DATABASE",
    "DOMAIN",
    "EXTENSION",
    "FUNCTION",
    "INDEX",
    "PACKAGE",
    "PROC",
    "PROCEDURE",
    "SCHEMA",
    "SEQUENCE",
    "SYNONYM",
    "TABLE",
    "TABLESPACE",
    "TRIGGER",
    "TYPE",
    "VIEW",
];

/// Objects whose names are those of people.
pub(super) const PEOPLE: &[&str] = &["GROUP", "LOGIN", "ROLE", "USER"];

/// Words between an operation and its target.
pub(super) const BEFORE_TARGET: &[&str] = &[
    "ALL",
    "CONCURRENTLY",
    "DELAYED",
    "EXISTS",
    "HIGH_PRIORITY",
    "IF",
    "IGNORE",
    "IMMEDIATE",
    "INTO",
    "LATERAL",
    "LOW_PRIORITY",
    "NOT",
    "ONLY",
    "OVERWRITE",
    "QUICK",
    "TOP",
];

/// Conflict rules of SQLite between `INSERT OR` and `INTO`.
pub(super) const CONFLICTS: &[&str] = &["ABORT", "FAIL", "IGNORE", "REPLACE", "ROLLBACK"];

/// Words that end a list of tables.
pub(super) const AFTER_TABLES: &[&str] = &[
    "CONFLICT",
    "CONNECT",
    "DUPLICATE",
    "EXCEPT",
    "FETCH",
    "FOR",
    "GROUP",
    "HAVING",
    "INTERSECT",
    "INTO",
    "LIMIT",
    "MINUS",
    "OFFSET",
    "OPTION",
    "ORDER",
    "OUTPUT",
    "QUALIFY",
    "RETURNING",
    "SET",
    "START",
    "UNION",
    "VALUES",
    "WHEN",
    "WHERE",
    "WINDOW",
];

/// Whether a word is one of these, in any case.
pub(super) fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}
