//! The page that people read.

use crate::machine::Machine;
use crate::row::{Row, Spread};
use crate::subject::{FASTRACE, OPENTELEMETRY, OURS};
use crate::target::outcomes;
use crate::work::Work;
use std::fmt::Write;

/// How the run was made.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) machine: Machine,
    pub(crate) quick: bool,
    pub(crate) repetitions: usize,
    /// What other programs used of one CPU between the repetitions, on average.
    pub(crate) others: f64,
}

/// From here on others disturb the figures.
const BUSY: f64 = 0.1;

impl Run {
    /// Whether the machine had other things to do.
    pub(crate) fn is_busy(&self) -> bool {
        self.others > BUSY
    }

    /// A warning where there is cause for one.
    pub(crate) fn warning(&self) -> Option<String> {
        self.is_busy().then(|| {
            format!(
                "The machine was busy: between the repetitions other programs used {:.0} % of a CPU. The figures \
                 are too high and the ratios uncertain; run it again when the machine is quiet.",
                self.others * 100.0
            )
        })
    }
}

/// The whole page, in Markdown.
pub(crate) fn write(run: &Run, rows: &[Row]) -> String {
    let mut page = String::from("# What a span costs in Rust\n\n");
    head(&mut page, run);
    targets(&mut page, rows);
    figures(&mut page, rows);
    ratios(&mut page, rows);
    page.push_str("## The work\n\n");
    for work in Work::ALL {
        let _ = writeln!(page, "- {}: {}.", work.name().to_uppercase(), work.text());
    }
    page.push_str(NOTES);
    page
}

fn head(page: &mut String, run: &Run) {
    let machine = &run.machine;
    if let Some(warning) = run.warning() {
        let _ = writeln!(page, "**{warning}**\n");
    }
    let peers: Vec<String> = machine
        .peers
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let _ = writeln!(
        page,
        "- Machine: {}\n- Commit: {}\n- Toolchain: {}\n- Date: {}\n- Peers: {}\n- Repetitions: {}{}, each in a \
         process of its own, the subjects in turn\n- To repeat: `cargo xtask bench rust`{}\n",
        machine.name,
        machine.commit,
        machine.toolchain,
        machine.date,
        peers.join(", "),
        run.repetitions,
        if run.quick { " (quick)" } else { "" },
        if run.quick {
            ", which takes a few minutes"
        } else {
            " (`--quick` for a first look)"
        },
    );
}

fn targets(page: &mut String, rows: &[Row]) {
    page.push_str("## Targets\n\n| target | wanted | got | |\n|---|---|---|---|\n");
    for outcome in outcomes(rows) {
        let verdict = if outcome.met { "met" } else { "**missed**" };
        let _ = writeln!(
            page,
            "| {} | {} | {} | {verdict} |",
            outcome.what, outcome.wanted, outcome.got
        );
    }
    page.push('\n');
}

fn figures(page: &mut String, rows: &[Row]) {
    page.push_str(
        "## Figures\n\nNanoseconds per span: median (least to most). Losses and memory are those of the worst \
         repetition.\n\n| work | subject | wall ns | CPU ns | lost | peak MiB |\n|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let lost = if row.made() == 0 {
            "-".to_owned()
        } else {
            format!("{} of {}", row.lost(), row.made())
        };
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {lost} | {:.1} |",
            row.work.name().to_uppercase(),
            label(row),
            shown(row.wall()),
            shown(row.cpu()),
            row.peak_mib()
        );
    }
    page.push('\n');
}

fn ratios(page: &mut String, rows: &[Row]) {
    page.push_str(
        "## Ratios\n\nOurs as a part of the peer's, of the medians: 0.1 is a tenth.\n\n| work | ours | wall / \
         opentelemetry_sdk | CPU / opentelemetry_sdk | wall / fastrace | CPU / fastrace |\n|---|---|---|---|---|---|\n",
    );
    for ours in rows.iter().filter(|row| row.subject == OURS) {
        let mut line = format!("| {} | {} |", ours.work.name().to_uppercase(), label(ours));
        for peer in [OPENTELEMETRY, FASTRACE] {
            let of_peer = |variant: &str| {
                rows.iter()
                    .find(|row| row.work == ours.work && row.subject == peer && row.variant == variant)
            };
            // Compressed beside compressed, gRPC beside gRPC, where the peer has it.
            let peer = of_peer(ours.variant).or_else(|| of_peer(""));
            for figure in [Row::wall, Row::cpu] {
                match peer {
                    Some(peer) => {
                        let _ = write!(line, " {:.3} |", figure(ours).median / figure(peer).median);
                    }
                    None => line.push_str(" - |"),
                }
            }
        }
        let _ = writeln!(page, "{line}");
    }
    page.push('\n');
}

fn label(row: &Row) -> String {
    if row.variant.is_empty() {
        row.subject.to_owned()
    } else {
        format!("{}, {}", row.subject, row.variant)
    }
}

fn shown(spread: Spread) -> String {
    format!("{:.0} ({:.0} to {:.0})", spread.median, spread.min, spread.max)
}

const NOTES: &str = "
## How to read this

- Wall is the time of the thread that makes the spans; CPU is that of the whole process, with draining and export.
- W0 to W2 run in blocks of 2,000 spans below one parent; after each block its exporter has seen all of it, which is
  not part of the wall time but of the CPU time. W3 and W4 leave nothing to an exporter and run without a pause. The exporter counts and drops: `discard` of ours, one of the same kind
  behind the peers' own default pipelines.
- W5 makes 1,000 spans each 5 ms; the burst makes 200,000 without a pause, in a program that has recorded nothing
  before. Both send to a receiver in another process, which counts the spans that arrive.
- Memory is the whole process at its peak. The receiver's time and memory are nobody's.
- opentelemetry_sdk: default batch processor, attributes given to the span builder, its own OTLP exporter with the
  blocking HTTP client that is its default.
- fastrace: its local spans, with texts as attributes because it has no other type; it has no status, which stands as
  a text. A real root (W0) needs its other kind of span; `local` is the cheap one below a parent. Its OTLP reporter
  uses the same exporter as opentelemetry_sdk.
- The peers' attributes are static texts, which they need not copy; ours are copied in any case.
- spanline: the default is the processor's counter as the clock; `monotonic` is the system's clock. All its
  features are compiled in.
- `gzip` and `zstd` compress, each library at the level of its own default; `grpc` is OTLP over gRPC. Ratios are to the
  peer's own variant where it has one, else to its default. opentelemetry_sdk's gRPC exporter runs on tokio.
- W4 carries from a `HashMap<String, String>` into a new one; `maps` is what the maps cost by themselves.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::tests::row;

    fn run(others: f64) -> Run {
        Run {
            machine: Machine {
                name: "m".to_owned(),
                commit: "c".to_owned(),
                toolchain: "t".to_owned(),
                date: "d".to_owned(),
                peers: vec![("fastrace".to_owned(), "0.7".to_owned())],
            },
            quick: false,
            repetitions: 3,
            others,
        }
    }

    #[test]
    fn figures_ratios_and_verdicts_are_on_the_page() {
        let rows = [
            row(Work::Typical, OURS, 50.0, 110.0),
            row(Work::Typical, OPENTELEMETRY, 200.0, 400.0),
            row(Work::Typical, FASTRACE, 60.0, 220.0),
        ];
        let page = write(&run(0.0), &rows);
        assert!(
            page.contains("| W1 | fastrace | 60 (60 to 60) | 220 (220 to 220) | 0 of 100 | 5.0 |"),
            "{page}"
        );
        assert!(
            page.contains("| W1 | spanline | 0.250 | 0.275 | 0.833 | 0.500 |"),
            "{page}"
        );
        assert!(
            page.contains("| <= 0.200 | 0.250 (50 ns of 200 ns; of the least ones 0.250) | **missed** |"),
            "{page}"
        );
        assert!(
            page.contains("| <= 0.550 | 0.500 (110 ns of 220 ns; of the least ones 0.500) | met |"),
            "{page}"
        );
        assert!(!page.contains("busy"));
    }

    #[test]
    fn a_busy_machine_is_named_first() {
        let page = write(&run(0.5), &[]);
        assert!(page.contains("used 50 % of a CPU"), "{page}");
    }
}
