//! `container.*`.

use super::{ResourceDetector, SCHEMA_URL, push};
use spanline_core::Resource;

/// Finds `container.id`, from what the kernel says about the process's control group or mounts (Linux only).
#[derive(Clone, Copy, Debug, Default)]
pub struct ContainerDetector(());

impl ContainerDetector {
    /// The detector.
    pub const fn new() -> Self {
        Self(())
    }
}

impl ResourceDetector for ContainerDetector {
    fn name(&self) -> &str {
        "container"
    }

    fn detect(&self) -> Resource {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let id = container_id(&read("/proc/self/cgroup"), || read("/proc/self/mountinfo"));
        let mut attributes = Vec::new();
        push(&mut attributes, "container.id", id);
        Resource::new(attributes, Some(SCHEMA_URL.into()))
    }
}

/// The id by what the kernel says of the control groups, else by what it says of the mounts.
pub fn container_id(control_groups: &str, mounts: impl FnOnce() -> String) -> Option<String> {
    of_control_groups(control_groups).or_else(|| of_mounts(&mounts()))
}

/// The last part of a control group's path (version 1), without the prefix and suffix that runtimes put around the id:
/// `docker-ID.scope`, `cri-containerd:ID`.
fn of_control_groups(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let last = line.rsplit('/').next()?;
        let last = last.strip_suffix(".scope").unwrap_or(last);
        is_id(last.rsplit(['-', ':']).next()?)
    })
}

/// With version 2 the control group says nothing, but runtimes mount the host name from a folder that is called as the
/// container.
fn of_mounts(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.contains("/hostname "))?;
    let source = line.split_ascii_whitespace().nth(3)?;
    source.split('/').rev().find_map(is_id)
}

/// 64 hex digits in lower case, as all runtimes make them.
fn is_id(text: &str) -> Option<String> {
    let fits = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3b7d1c0a9e8f6d5c4b3a29180716f5e4d3c2b1a09f8e7d6c5b4a392817065f4e";

    #[test]
    fn ids_in_control_groups() {
        for line in [
            format!("12:cpu:/docker/{ID}"),
            format!("0::/system.slice/docker-{ID}.scope"),
            format!("1:name=systemd:/kubepods/burstable/pod9/{ID}"),
            format!("1:x:/kubelet.slice/cri-containerd:{ID}"),
        ] {
            assert_eq!(
                of_control_groups(&format!("0::/\n{line}\n")).as_deref(),
                Some(ID),
                "{line}"
            );
        }
        for line in [
            "0::/",
            "",
            "1:cpu:/user.slice/user-1000.slice",
            "1:cpu:/docker/abc",
        ] {
            assert_eq!(of_control_groups(line), None, "{line}");
        }
    }

    #[test]
    fn ids_in_mounts() {
        let line = format!(
            "1 2 8:1 / / rw - ext4 /dev/sda rw\n3 2 8:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/sda rw\n"
        );
        assert_eq!(of_mounts(&line).as_deref(), Some(ID));
        assert_eq!(of_mounts("3 2 8:1 /x/hostname /etc/hostname rw"), None);
        assert_eq!(of_mounts("hostname /hostname "), None);
        assert_eq!(of_mounts(""), None);
    }
}
