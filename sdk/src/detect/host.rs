//! `host.*` and `os.*`.

use super::{ResourceDetector, SCHEMA_URL, push, said};
use spanline_core::{KeyValue, Resource};

/// Finds `host.name`, `host.arch` and `os.type`, with the names of the semantic conventions (`amd64`, `darwin`).
#[derive(Clone, Copy, Debug, Default)]
pub struct HostDetector(());

impl HostDetector {
    /// The detector.
    pub const fn new() -> Self {
        Self(())
    }
}

impl ResourceDetector for HostDetector {
    fn name(&self) -> &str {
        "host"
    }

    fn detect(&self) -> Resource {
        let mut attributes = Vec::new();
        push(&mut attributes, "host.name", host_name());
        attributes.push(KeyValue::new("host.arch", arch(std::env::consts::ARCH)));
        attributes.push(KeyValue::new("os.type", os_type(std::env::consts::OS)));
        Resource::new(attributes, Some(SCHEMA_URL.into()))
    }
}

/// The name that the system has for itself; on systems that do not show it as a file, what the environment says.
fn host_name() -> Option<String> {
    let file = |path| std::fs::read_to_string(path).ok().and_then(said);
    let variable = |name| std::env::var(name).ok().and_then(said);
    if cfg!(windows) {
        return variable("COMPUTERNAME");
    }
    file("/proc/sys/kernel/hostname")
        .or_else(|| file("/etc/hostname"))
        .or_else(|| variable("HOSTNAME"))
}

/// The conventions' name of an architecture that Rust calls so; unknown ones keep their name.
fn arch(rust: &'static str) -> &'static str {
    match rust {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "arm" => "arm32",
        "powerpc" => "ppc32",
        "powerpc64" => "ppc64",
        other => other,
    }
}

/// The conventions' name of an operating system that Rust calls so; unknown ones keep their name.
fn os_type(rust: &'static str) -> &'static str {
    match rust {
        "macos" | "ios" | "tvos" | "visionos" | "watchos" => "darwin",
        "android" => "linux",
        "dragonfly" => "dragonflybsd",
        "illumos" => "solaris",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spanline_core::OwnedValue;

    #[test]
    fn names_are_those_of_the_conventions() {
        assert_eq!(arch("x86_64"), "amd64");
        assert_eq!(arch("s390x"), "s390x");
        assert_eq!(os_type("macos"), "darwin");
        assert_eq!(os_type("freebsd"), "freebsd");
    }

    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    #[test]
    fn this_host_is_found() {
        let resource = HostDetector::new().detect();
        let text = |key| resource.get(key).and_then(OwnedValue::as_str);
        let kernels = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        assert_eq!(text("host.name"), Some(kernels.trim()));
        assert_eq!(text("host.arch"), Some("amd64"));
        assert_eq!(text("os.type"), Some("linux"));
    }
}
