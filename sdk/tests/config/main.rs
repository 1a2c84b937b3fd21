//! Configuration files: read, built, named by the environment, and with components of the user's own.
#![cfg(feature = "config-file")]

#[path = "../common/mod.rs"]
mod common;

mod components;
mod files;
mod models;
mod process;

/// A declarative file whose provider keeps spans in memory, with these further lines at the root.
fn memory_file(more: &str) -> String {
    format!(
        "file_format: '1.1'\ntracer_provider:\n  processors:\n    - batch: {{ exporter: {{ memory: }} }}\n{more}"
    )
}

/// As a file of this test, which goes when the value does.
struct File(std::path::PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("spanline-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
