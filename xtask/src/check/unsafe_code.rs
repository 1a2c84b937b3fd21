//! Where unsafe code may stand, and that each piece says why it is sound.

use super::findings;
use crate::root::{files, read};

/// The files that may hold unsafe code (a name that ends in `/` is a folder), with the reason. Everything else must do
/// without.
const ALLOWED: &[(&str, &str)] = &[
    (
        "sdk/engine/src/slot/",
        "slots are shared between threads behind a one-byte lock of their own",
    ),
    ("sdk/engine/src/slot.rs", "the same, where it is one file"),
    (
        "sdk/engine/src/queue/",
        "chunks are written by one thread while another reads what is published",
    ),
    ("sdk/engine/src/queue.rs", "the same, where it is one file"),
    (
        "sdk/src/clock.rs",
        "the processor's time-stamp counter and clock_gettime",
    ),
    ("sdk/src/clock/", "the same, where it is a folder"),
    (
        "sdk/src/fork.rs",
        "the page that the kernel wipes on fork, and pthread_atfork",
    ),
    ("sdk/src/fork/", "the same, where it is a folder"),
    ("sdk/src/exit.rs", "atexit"),
    ("sdk/src/exit/", "the same, where it is a folder"),
    (
        "sdk/src/signals.rs",
        "signal masks, and threads started without the lock that std holds",
    ),
    (
        "sdk/src/signals/",
        "signal handlers, and the semaphore that they post",
    ),
    ("sdk/src/spool.rs", "mapped files"),
    ("sdk/src/spool/", "mapped files"),
];

/// Tests and tools may: they fork, count allocations and provoke what must not happen. They still say why.
const TESTS: &[&str] = &["/tests/", "benches/", "fuzz/", "examples/"];

/// How many lines above an `unsafe` its comment may begin.
const NEAR: usize = 12;

/// The check.
pub(super) fn check() -> Result<(), String> {
    let mut found = Vec::new();
    // Cases that must not compile are not code.
    let code = |path: &String| path.ends_with(".rs") && !path.starts_with("sdk/tests/traced_errors/");
    for path in files()?.into_iter().filter(code) {
        found.extend(broken(&path, &read(&path)?));
    }
    let core = read("core/src/lib.rs")?;
    if !core.contains("#![forbid(unsafe_code)]") {
        found.push("core/src/lib.rs: `#![forbid(unsafe_code)]` is missing".to_owned());
    }
    findings(found)
}

fn broken(path: &str, text: &str) -> Vec<String> {
    let allowed = ALLOWED.iter().any(|(place, _)| {
        if place.ends_with('/') {
            path.starts_with(place)
        } else {
            path == *place
        }
    });
    let is_test = TESTS.iter().any(|place| path.contains(place)) && !path.starts_with("core/");
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (number, _) in lines.iter().enumerate().filter(|(_, line)| is_unsafe(line)) {
        let at = number + 1;
        if !allowed && !is_test {
            found.push(format!("{path}:{at}: unsafe code is not allowed in this file"));
        } else if !explained(&lines[number.saturating_sub(NEAR)..=number]) {
            found.push(format!("{path}:{at}: no SAFETY comment"));
        }
    }
    found
}

/// A block, an impl, a function, an extern block or an attribute that is unsafe; not the word in comments, texts and lints.
fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let mut rest = code;
    while let Some(at) = rest.find("unsafe") {
        let before = rest[..at].chars().next_back();
        let after = rest[at + "unsafe".len()..].trim_start();
        let starts_word = before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '"' && c != '`');
        let follows = ["{", "impl", "fn", "extern", "trait", "("]
            .iter()
            .any(|word| after.starts_with(word));
        if starts_word && follows {
            return true;
        }
        rest = &rest[at + "unsafe".len()..];
    }
    false
}

/// `// SAFETY:` for blocks and impls, `# Safety` in the documentation of unsafe functions and traits. A function
/// *pointer type* needs neither, but it is rare enough to be explained as well.
fn explained(lines: &[&str]) -> bool {
    lines
        .iter()
        .any(|line| line.contains("SAFETY:") || line.contains("# Safety"))
}

#[cfg(test)]
mod tests {
    use super::broken;

    #[test]
    fn place_and_comment_are_asked_for() {
        // Put together here so that this file does not break its own rule.
        let block = format!("    {} {{ f() }}\n", "unsafe");
        let good = format!("    // SAFETY: f has no conditions.\n{block}");
        assert_eq!(broken("sdk/src/fork.rs", &good), Vec::<String>::new());
        assert_eq!(broken("sdk/tests/fork.rs", &good), Vec::<String>::new());
        assert_eq!(broken("sdk/src/span.rs", &good).len(), 1);
        assert_eq!(broken("core/tests/span.rs", &good).len(), 1);
        assert_eq!(broken("sdk/src/fork.rs", &block).len(), 1);
        assert_eq!(broken("sdk/tests/fork.rs", &block).len(), 1);
        assert_eq!(
            broken("sdk/src/span.rs", "#![deny(unsafe_code)] // unsafe {\n"),
            Vec::<String>::new()
        );
    }
}
