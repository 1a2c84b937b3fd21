//! Where and of what the figures were taken.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The facts that a figure is worth nothing without.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) name: String,
    pub(crate) commit: String,
    pub(crate) toolchain: String,
    pub(crate) date: String,
    /// The peers' packages with their versions.
    pub(crate) peers: Vec<(String, String)>,
}

const PEERS: [&str; 5] = [
    "opentelemetry",
    "opentelemetry_sdk",
    "opentelemetry-otlp",
    "fastrace",
    "fastrace-opentelemetry",
];

impl Machine {
    pub(crate) fn here() -> Self {
        let dirty = !output("git", &["status", "--porcelain", "--", ".", ":!benches/results"]).is_empty();
        let commit = output("git", &["rev-parse", "--short=12", "HEAD"]);
        Self {
            name: describe(),
            commit: if dirty {
                format!("{commit} with changes")
            } else {
                commit
            },
            toolchain: output("rustc", &["--version"]),
            date: output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            peers: versions(&fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default()),
        }
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(root()).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.map(|text| text.trim().to_owned()).unwrap_or_default()
}

fn describe() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let model = field("model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory
        .split_whitespace()
        .nth(1)
        .and_then(|number| number.parse().ok())
        .unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{model}, {cpus} CPUs, {} MiB, {} {}",
        kib / 1024,
        std::env::consts::OS,
        kernel.split('-').next().unwrap_or_default().trim()
    )
}

/// The versions of the peers' packages in a lock file.
fn versions(lock: &str) -> Vec<(String, String)> {
    let quoted = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
    let mut lines = lock.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with("name = ")
            && let name = quoted(line)
            && PEERS.contains(&name.as_str())
        {
            found.push((name, lines.next().map(quoted).unwrap_or_default()));
        }
    }
    found
}

/// How much of one CPU other programs use while we do nothing: seconds of CPU per second.
pub(crate) fn others() -> f64 {
    let before = busy_ticks();
    let pause = Duration::from_millis(250);
    std::thread::sleep(pause);
    // The kernel counts a hundred ticks a second on every platform that has this file.
    (busy_ticks() - before) / 100.0 / pause.as_secs_f64()
}

/// Ticks that the CPUs have spent on anything but waiting, those stolen by other machines included.
fn busy_ticks() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = line
        .split_whitespace()
        .skip(1)
        .filter_map(|number| number.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; guests are part of user.
    ticks
        .iter()
        .take(8)
        .enumerate()
        .filter(|(index, _)| !matches!(index, 3 | 4))
        .map(|(_, ticks)| ticks)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::versions;

    #[test]
    fn versions_come_from_the_lock_file() {
        let lock = "[[package]]\nname = \"fastrace\"\nversion = \"0.7.19\"\n\n[[package]]\nname = \"fast\"\nversion = \"1.0.0\"\n";
        assert_eq!(versions(lock), [("fastrace".to_owned(), "0.7.19".to_owned())]);
    }
}
