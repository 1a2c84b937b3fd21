//! The SDK has no async runtime: a fork after one has started is not supported by it, and the host may have its own.

use super::findings;
use crate::shell::Run;

/// The features of tokio that the SDK's dependencies may turn on: traits and data, no runtime, no sockets, no timers.
const HARMLESS: &[&str] = &["bytes", "default", "io-util", "sync"];

/// The check.
pub(super) fn check() -> Result<(), String> {
    let arguments = [
        "tree",
        "--package=spanline",
        "--features=full",
        "--edges=normal",
        "--prefix=none",
        "--format={p} {f}",
    ];
    findings(harmful(&Run::cargo(arguments).output()?))
}

/// The lines are `name version features`, where a package was named before with ` (*)` behind.
fn harmful(tree: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in tree.lines() {
        let mut words = line.split(' ');
        let (name, _, features) = (words.next(), words.next(), words.next());
        if name != Some("tokio") {
            continue;
        }
        for feature in features.unwrap_or_default().split(',') {
            if !feature.is_empty() && !HARMLESS.contains(&feature) && feature != "(*)" {
                found.push(format!("the SDK turns on the feature {feature} of tokio"));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_found() {
        let tree =
            "spanline v0.1.0 (/x) full\ntokio v1.54.1 bytes,default,io-util\ntokio v1.54.1 bytes (*)\n";
        assert!(harmful(tree).is_empty());
        assert_eq!(
            harmful(&tree.replace("io-util", "io-util,rt")),
            ["the SDK turns on the feature rt of tokio"]
        );
    }
}
