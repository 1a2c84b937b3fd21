//! The set-ups with a spool.

use crate::setups::{Case, configured, folder};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A process with a spool in this folder, and the path of the folder that is its user's own in it.
fn running(dir: &Path) -> (spanline::Provider, PathBuf) {
    let provider = spanline::init().without_environment().exporter("discard");
    let provider = provider.spool_dir(dir.display().to_string()).build().unwrap();
    provider.tracer("t").span("work").start().end();
    (
        provider,
        std::fs::read_dir(dir).unwrap().next().unwrap().unwrap().path(),
    )
}

/// A spool that a running process uses, which is this one.
pub(crate) fn in_use() -> Case {
    static RUNNING: OnceLock<spanline::Provider> = OnceLock::new();
    let dir = folder().join("in_use");
    let _ = RUNNING.set(running(&dir).0);
    spooled("A spool that a running process uses", &dir, None)
}

/// A spool where a file of another kind is in the way.
pub(crate) fn with_a_stranger() -> Case {
    let dir = folder().join("foreign");
    let (provider, own) = running(&dir);
    drop(provider);
    let name = own.file_name().unwrap().to_string_lossy().into_owned();
    std::fs::write(own.join("spanline-1-0.spool"), "not a spool").unwrap();
    let title = "A spool with a file that is none";
    let mut case = spooled(title, &dir, Some("it is not a spool"));
    case.shown.push((name, "spanline-1000"));
    case
}

fn spooled(title: &'static str, dir: &Path, trouble: Option<&'static str>) -> Case {
    let text = format!(
        "file_format: \"1.1\"
tracer_provider:
  processors:
    - batch: {{ exporter: {{ otlp_http: {{ endpoint: \"http://127.0.0.1:PORT/v1/traces\" }} }} }}
distribution: {{ spanline: {{ spool_dir: {} }} }}
",
        dir.display()
    );
    let mut case = configured(title, &text, trouble);
    case.shown.push((dir.display().to_string(), "/var/spool/shop"));
    case
}
