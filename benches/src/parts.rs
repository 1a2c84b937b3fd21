//! Measurements of single calls, one line for each, and the pages they are written to.

use crate::machine::{self, Machine};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Instant;

/// One line of the results: a call, and the nanoseconds of one in each round.
pub(crate) struct Line {
    name: String,
    /// Calls of one round, in hundredths of the usual number.
    percent: u64,
    /// Calls so often.
    run: Box<dyn FnMut(u64)>,
    figures: Vec<f64>,
}

impl Line {
    pub(crate) fn new(name: &str, run: impl FnMut(u64) + 'static) -> Self {
        Self {
            name: name.to_owned(),
            percent: 100,
            run: Box::new(run),
            figures: Vec::new(),
        }
    }

    /// The same of a call that takes long: one for a hundred of the others.
    pub(crate) fn seldom(self) -> Self {
        Self { percent: 1, ..self }
    }

    #[cfg(test)]
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Nanoseconds of one call, of so many.
    pub(crate) fn time(&mut self, calls: u64) -> f64 {
        let calls = (calls * self.percent / 100).max(1);
        let start = Instant::now();
        (self.run)(calls);
        start.elapsed().as_nanos() as f64 / calls as f64
    }
}

/// What is measured together, and what its page says.
pub(crate) struct Page {
    /// The command, and the files' name.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What a line is.
    pub(crate) heading: &'static str,
    /// What was called.
    pub(crate) about: &'static str,
    /// Calls of one round.
    pub(crate) calls: u64,
}

impl Page {
    /// Measures the lines in turn, round by round, and writes the page.
    pub(crate) fn make(&self, args: &[&str], mut lines: Vec<Line>) -> Result<(), String> {
        let (rounds, calls) = match args {
            [] => (11, self.calls),
            ["--quick"] => (3, self.calls / 10),
            _ => return Err(format!("{} [--quick]", self.name)),
        };
        let mut others = machine::others();
        for round in 0..=rounds {
            for line in &mut lines {
                let taken = line.time(calls);
                // The first round warms up.
                if round > 0 {
                    line.figures.push(taken);
                }
            }
        }
        others = others.max(machine::others());
        let machine = Machine::here();
        let dir = machine::root().join("benches/results");
        for (kind, text) in [
            ("json", json_text(&lines, &machine, rounds, others)),
            ("md", self.text(&lines, &machine, rounds, others)),
        ] {
            let path = dir.join(format!("{}.{kind}", self.name));
            std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }

    fn text(&self, lines: &[Line], machine: &Machine, rounds: u32, others: f64) -> String {
        let others = (others * 100.0).round();
        let mut page = format!(
            "# {}\n\n- Machine: {}\n- Commit: {}\n- Toolchain: {}\n- Date: {}\n- Repetitions: {rounds} of each in turn, \
             one process; other programs took {others} % of a CPU beside it\n- To repeat: `cargo xtask bench {}`\n\n\
             Nanoseconds per call: median (least to most). {}\n\n| {} | ns |\n|---|---|\n",
            self.title,
            machine.name,
            machine.commit,
            machine.toolchain,
            machine.date,
            self.name,
            self.about,
            self.heading
        );
        for line in lines {
            let [least, median, most] = spread(&line.figures);
            // Writing to a String never fails.
            let _ = writeln!(page, "| {} | {median} ({least} to {most}) |", line.name);
        }
        page
    }
}

fn json_text(lines: &[Line], machine: &Machine, rounds: u32, others: f64) -> String {
    let rows = lines
        .iter()
        .map(|line| json!({ "name": line.name, "ns": spread(&line.figures) }));
    let results = json!({
        "machine": machine.name, "commit": machine.commit, "toolchain": machine.toolchain, "date": machine.date,
        "repetitions": rounds, "others": others, "rows": rows.collect::<Vec<Value>>(),
    });
    format!("{results:#}\n")
}

/// Least, median and most, to a tenth.
fn spread(figures: &[f64]) -> [f64; 3] {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| (sorted.get(index).copied().unwrap_or_default() * 10.0).round() / 10.0;
    [at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_line_for_each_call() {
        let page = Page {
            name: "some",
            title: "Some calls",
            heading: "call",
            about: "Of nothing.",
            calls: 1,
        };
        let mut line = Line::new("nothing", |_| {});
        line.figures = vec![3.0, 1.04, 2.0];
        let text = page.text(&[line], &Machine::here(), 3, 0.0);
        assert!(text.contains("| nothing | 2 (1 to 3) |"), "{text}");
        assert!(text.contains("cargo xtask bench some"), "{text}");
    }
}
