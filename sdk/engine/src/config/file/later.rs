//! Options that other parts of the project will bring.

/// Options that the short forms and the table of options have names for, but that nothing in this version looks at.
const LATER: &[&str] = &[
    "instrument.http",
    "instrument.database",
    "instrument.messaging",
    "instrument.cache",
    "capture.request_headers",
    "capture.response_headers",
    "capture.statement",
    "capture.sanitize",
    "propagate.http",
    "propagate.grpc",
];

/// Whether an option of this name is known, but applies to nothing that this version has.
pub(in crate::config) fn is_later(name: &str) -> bool {
    LATER.contains(&name)
}

/// Their names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    LATER.iter().copied()
}
