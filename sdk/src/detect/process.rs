//! `process.*`. Command line arguments are left out: they may hold secrets.

use super::{ResourceDetector, SCHEMA_URL, push, said};
use spanline_core::{KeyValue, Resource};
use std::path::PathBuf;

/// Finds `process.pid`, `process.executable.name` and `.path`, `process.owner` (the name of the effective user, from the
/// local user table) and `process.runtime.name` and `.version` (`rustc` and the version that compiled this).
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessDetector(());

impl ProcessDetector {
    /// The detector.
    pub const fn new() -> Self {
        Self(())
    }
}

impl ResourceDetector for ProcessDetector {
    fn name(&self) -> &str {
        "process"
    }

    fn detect(&self) -> Resource {
        let mut attributes = vec![KeyValue::new("process.pid", i64::from(std::process::id()))];
        push(&mut attributes, "process.executable.name", executable_name());
        let path = executable_path().map(|path| path.to_string_lossy().into_owned());
        push(&mut attributes, "process.executable.path", path);
        push(&mut attributes, "process.owner", owner());
        if let Some(version) = option_env!("SPANLINE_RUSTC_VERSION") {
            attributes.push(KeyValue::new("process.runtime.name", "rustc"));
            attributes.push(KeyValue::new("process.runtime.version", version));
        }
        Resource::new(attributes, Some(SCHEMA_URL.into()))
    }
}

/// The path of the running program; where it was, if it was deleted or replaced meanwhile.
fn executable_path() -> Option<PathBuf> {
    let path = std::env::current_exe().ok()?;
    match path.to_str().and_then(|text| text.strip_suffix(" (deleted)")) {
        // What the kernel says of a program that an update replaced; a file may really be called so.
        Some(before) if !path.exists() => Some(PathBuf::from(before)),
        _ => Some(path),
    }
}

/// The last part of the program's path, or of the name it was called by.
pub(super) fn executable_name() -> Option<String> {
    let path = executable_path().or_else(|| std::env::args_os().next().map(PathBuf::from))?;
    said(path.file_name()?.to_string_lossy())
}

/// The name of the effective user, when the local user table has it. The table is read as a file: name services may
/// be slow or start threads.
#[cfg(target_os = "linux")]
fn owner() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let user = std::fs::metadata("/proc/self").ok()?.uid();
    let table = std::fs::read("/etc/passwd").ok()?;
    user_name(&table, user)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn owner() -> Option<String> {
    std::env::var("USER").ok().and_then(said)
}

#[cfg(windows)]
fn owner() -> Option<String> {
    std::env::var("USERNAME").ok().and_then(said)
}

#[cfg(not(any(unix, windows)))]
fn owner() -> Option<String> {
    None
}

/// The first name in a table of `name:password:number:...` lines with this number.
#[cfg(target_os = "linux")]
fn user_name(table: &[u8], user: u32) -> Option<String> {
    let user = user.to_string();
    table.split(|&byte| byte == b'\n').find_map(|line| {
        let mut fields = line.split(|&byte| byte == b':');
        let name = fields.next()?;
        let _password = fields.next()?;
        let matches = fields.next()? == user.as_bytes();
        if matches {
            std::str::from_utf8(name).ok().and_then(said)
        } else {
            None
        }
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use spanline_core::OwnedValue;

    #[test]
    fn users_are_found_by_number() {
        let table = b"root:x:0:0:root:/root:/bin/sh\n# 7\n\nbroken:7\nb\xff:x:8:\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(user_name(table, 0).as_deref(), Some("root"));
        assert_eq!(user_name(table, 1000).as_deref(), Some("ann"));
        assert_eq!(user_name(table, 100), None);
        assert_eq!(user_name(table, 7), None);
        assert_eq!(user_name(table, 8), None);
        assert_eq!(user_name(b"", 0), None);
    }

    #[test]
    fn the_process_is_described_without_its_arguments() {
        let resource = ProcessDetector::new().detect();
        let text = |key| resource.get(key).and_then(OwnedValue::as_str);
        assert_eq!(
            resource.get("process.pid"),
            Some(&OwnedValue::I64(i64::from(std::process::id())))
        );
        let name = text("process.executable.name").unwrap();
        assert!(name.starts_with("spanline-"));
        assert!(text("process.executable.path").unwrap().ends_with(name));
        assert_eq!(text("process.runtime.name"), Some("rustc"));
        assert!(text("process.runtime.version").unwrap().starts_with("1."));
        assert!(
            !resource
                .attributes()
                .iter()
                .any(|attribute| attribute.key.contains("command"))
        );
    }
}
