//! The conformance vectors: adds up what the runners reported and asks for what none of them ran.

use super::report::Skip;
use super::{Outcome, libtest};
use crate::root::{read, root, target};
use crate::shell::Run;
use spanline_test_vectors::{Case, engine_only, load};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Tells the runners where to leave their reports.
pub(crate) const VARIABLE: &str = "SPANLINE_VECTORS_REPORT";

/// Where that is.
pub(crate) fn report_dir() -> PathBuf {
    target().join("vectors")
}

/// Removes the reports of earlier runs.
pub(crate) fn prepare() -> Result<(), String> {
    match std::fs::remove_dir_all(report_dir()) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {e}", report_dir().display())),
        _ => Ok(()),
    }
}

/// The stage. Where the stage `rust` has not run before it, it runs the runners itself.
pub(crate) fn stage() -> Result<Outcome, String> {
    let mut broken = None;
    if !report_dir().exists() {
        let run = Run::cargo([
            "test",
            "--workspace",
            "--test",
            "*_vectors",
            "--no-fail-fast",
            "--color=never",
        ]);
        let ran = libtest::count(run.env(VARIABLE, report_dir()))?;
        // A failed case is counted from the report; a runner that broke before it reported shows up as cases not run.
        broken = (ran.failed > 0).then_some(ran.log);
    }
    let mut outcome = sum(&reports()?, &rules()?)?;
    if let Some(log) = broken {
        outcome.failed = outcome.failed.max(1);
        outcome.log = log + &outcome.log;
    }
    Ok(outcome)
}

/// (file, id, level) -> what the runners said about it.
type Reports = BTreeMap<(String, String, String), Vec<Said>>;

#[derive(Debug)]
struct Said {
    outcome: String,
    text: String,
}

fn reports() -> Result<Reports, String> {
    let mut reports = Reports::new();
    let Ok(dir) = std::fs::read_dir(report_dir()) else {
        return Ok(reports);
    };
    for entry in dir.flatten() {
        let text = std::fs::read_to_string(entry.path()).map_err(|e| e.to_string())?;
        let report: serde_json::Value =
            serde_json::from_str(&text).map_err(|e| format!("{:?}: {e}", entry.path()))?;
        let string = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        for case in report["cases"].as_array().into_iter().flatten() {
            let key = (
                string(&report["file"]),
                string(&case["id"]),
                string(&report["level"]),
            );
            let said = Said {
                outcome: string(&case["outcome"]),
                text: string(&case["text"]),
            };
            reports.entry(key).or_default().push(said);
        }
    }
    Ok(reports)
}

/// A line of `skipped.toml`.
#[derive(Debug)]
struct Rule {
    files: Vec<String>,
    ops: Vec<String>,
    level: Option<String>,
    reason: String,
}

impl Rule {
    fn covers(&self, case: &Case, level: &str) -> bool {
        self.files.iter().any(|f| f == case.file())
            && (self.ops.is_empty() || self.ops.iter().any(|op| op == case.op()))
            && self.level.as_deref().is_none_or(|l| l == level)
    }
}

fn rules() -> Result<Vec<Rule>, String> {
    let table: toml::Table = read("tests/vectors/skipped.toml")?
        .parse()
        .map_err(|e| format!("skipped.toml: {e}"))?;
    let strings = |value: Option<&toml::Value>| -> Vec<String> {
        let list = value.and_then(toml::Value::as_array).into_iter().flatten();
        list.filter_map(toml::Value::as_str).map(str::to_owned).collect()
    };
    let mut rules = Vec::new();
    for rule in table
        .get("skipped")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
    {
        let string = |name: &str| rule.get(name).and_then(toml::Value::as_str).map(str::to_owned);
        let reason = string("reason")
            .filter(|r| !r.is_empty())
            .ok_or("skipped.toml: a rule has no reason")?;
        let (files, ops) = (strings(rule.get("files")), strings(rule.get("ops")));
        rules.push(Rule {
            files,
            ops,
            level: string("level"),
            reason,
        });
    }
    Ok(rules)
}

fn vector_files() -> Result<BTreeSet<String>, String> {
    let dir = std::fs::read_dir(root().join("tests/vectors")).map_err(|e| format!("tests/vectors: {e}"))?;
    let names = dir
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(names.filter(|name| name.ends_with(".json")).collect())
}

/// The level at which a case must have been run; `None`: at either (its op says so in SCHEMA.md).
fn required(case: &Case) -> Option<&'static str> {
    match case.op() {
        "encode_request" => None,
        op if engine_only(op) => Some("engine"),
        "parse" if case.file() == "sqlcommenter.json" => Some("engine"),
        _ => Some("surface"),
    }
}

/// Everything about one file.
#[derive(Debug, Default)]
struct Line {
    passed: BTreeMap<String, u64>,
    failed: u64,
    /// Reason -> op -> count.
    skipped: BTreeMap<String, BTreeMap<String, u64>>,
}

fn sum(reports: &Reports, rules: &[Rule]) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let mut used = BTreeSet::new();
    for file in vector_files()? {
        let mut line = Line::default();
        // One problem may be that of many cases (nobody ran them): say it once.
        let mut problems: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for case in load(&file)? {
            for problem in one(&case, reports, rules, &mut line, &mut used) {
                line.failed += 1;
                problems
                    .entry((case.op().to_owned(), problem))
                    .or_default()
                    .push(case.id().to_owned());
            }
        }
        for ((op, problem), ids) in problems {
            let more = if ids.len() > 1 {
                format!(" and {} more", ids.len() - 1)
            } else {
                String::new()
            };
            outcome.log += &format!("FAILED {file}/{}{more} ({op}): {problem}\n", ids[0]);
        }
        close(&file, line, &mut outcome);
    }
    for (number, rule) in rules
        .iter()
        .enumerate()
        .filter(|(number, _)| !used.contains(number))
    {
        let what = format!("rule {} of skipped.toml ({:?})", number + 1, rule.files);
        outcome.add(&what, Err("no case needs it any more: remove it".to_owned()));
    }
    Ok(outcome)
}

/// Counts one case; returns what is wrong with it.
fn one(
    case: &Case,
    reports: &Reports,
    rules: &[Rule],
    line: &mut Line,
    used: &mut BTreeSet<usize>,
) -> Vec<String> {
    let mut problems = Vec::new();
    let mut ran = Vec::new();
    for level in ["engine", "surface"] {
        let key = (case.file().to_owned(), case.id().to_owned(), level.to_owned());
        let Some(said) = reports.get(&key) else { continue };
        if let Some(failed) = said.iter().find(|s| s.outcome == "failed") {
            problems.push(format!("at level {level}: {}", failed.text));
        } else if said.iter().any(|s| s.outcome == "passed") {
            *line.passed.entry(level.to_owned()).or_default() += 1;
        } else {
            let reason = format!("{level}: {}", said[0].text);
            *line
                .skipped
                .entry(reason)
                .or_default()
                .entry(case.op().to_owned())
                .or_default() += 1;
        }
        ran.push(level);
    }
    let missing = match required(case) {
        Some(level) => !ran.contains(&level),
        None => ran.is_empty(),
    };
    if missing {
        let level = required(case).unwrap_or("engine");
        match rules.iter().position(|rule| rule.covers(case, level)) {
            Some(number) => {
                used.insert(number);
                let ops = line.skipped.entry(rules[number].reason.clone()).or_default();
                *ops.entry(case.op().to_owned()).or_default() += 1;
            }
            None => problems.push(format!("no runner ran it at level {level}")),
        }
    }
    problems
}

fn close(file: &str, line: Line, outcome: &mut Outcome) {
    let passed: u64 = line.passed.values().sum();
    let skips: u64 = line.skipped.values().flat_map(BTreeMap::values).sum();
    let levels: Vec<String> = line
        .passed
        .iter()
        .map(|(level, count)| format!("{level} {count}"))
        .collect();
    let levels = if levels.is_empty() {
        String::new()
    } else {
        format!(" ({})", levels.join(", "))
    };
    let mut note = format!("{file}: {passed} passed{levels}, {} failed", line.failed);
    if skips > 0 {
        note += &format!(", {skips} skipped");
    }
    outcome.notes.push(note);
    outcome.passed += passed;
    outcome.failed += line.failed;
    for (reason, ops) in line.skipped {
        let count = ops.values().sum();
        let ops: Vec<String> = ops
            .into_iter()
            .map(|(op, count)| format!("{op} {count}"))
            .collect();
        outcome.skipped.push(Skip {
            what: format!("{file}: {}", ops.join(", ")),
            reason,
            count,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(level: &str, outcome: &str) -> Reports {
        let cases = load("otlp_retry.json").unwrap();
        let key = |c: &Case| (c.file().to_owned(), c.id().to_owned(), level.to_owned());
        let said = || {
            vec![Said {
                outcome: outcome.to_owned(),
                text: "why".to_owned(),
            }]
        };
        cases.iter().map(|c| (key(c), said())).collect()
    }

    fn everything_else() -> Vec<Rule> {
        let files = vector_files()
            .unwrap()
            .into_iter()
            .filter(|f| f != "otlp_retry.json")
            .collect();
        vec![Rule {
            files,
            ops: vec![],
            level: None,
            reason: "not here".to_owned(),
        }]
    }

    fn count() -> u64 {
        load("otlp_retry.json").unwrap().len() as u64
    }

    #[test]
    fn passed_failed_and_skipped_are_told_apart() {
        let rules = everything_else();
        let outcome = sum(&said("engine", "passed"), &rules).unwrap();
        assert_eq!((outcome.passed, outcome.failed), (count(), 0));
        let outcome = sum(&said("engine", "failed"), &rules).unwrap();
        assert_eq!((outcome.passed, outcome.failed), (0, count()));
        let outcome = sum(&said("engine", "skipped"), &rules).unwrap();
        assert_eq!((outcome.passed, outcome.failed), (0, 0));
        assert!(outcome.skipped.iter().any(|s| s.reason == "engine: why"));
    }

    #[test]
    fn a_case_that_nobody_ran_fails() {
        let outcome = sum(&Reports::new(), &everything_else()).unwrap();
        assert_eq!(outcome.failed, count());
        assert!(
            outcome.log.contains("no runner ran it at level engine"),
            "{}",
            outcome.log
        );
    }

    #[test]
    fn the_wrong_level_does_not_do() {
        let outcome = sum(&said("surface", "passed"), &everything_else()).unwrap();
        assert_eq!(outcome.failed, count());
    }

    #[test]
    fn a_rule_without_use_fails() {
        let mut rules = everything_else();
        rules.push(Rule {
            files: vec!["gone.json".to_owned()],
            ops: vec![],
            level: None,
            reason: "-".to_owned(),
        });
        let outcome = sum(&said("engine", "passed"), &rules).unwrap();
        assert_eq!(outcome.failed, 1);
    }
}
