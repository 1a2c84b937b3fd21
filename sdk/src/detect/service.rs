//! `service.*`.

use super::{ResourceDetector, SCHEMA_URL, process};
use crate::by_epoch::ByEpoch;
use crate::fork;
use spanline_core::{KeyValue, Resource};

/// The id of this process as an instance of its service: one for all providers in it.
static INSTANCE: ByEpoch<Option<String>> = ByEpoch::new();

/// Finds `service.name` (`unknown_service:` and the name of the executable; a configured name wins over it) and
/// `service.instance.id`, a random UUID that is new for each process, forked ones included.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceDetector(());

impl ServiceDetector {
    /// The detector.
    pub const fn new() -> Self {
        Self(())
    }
}

impl ResourceDetector for ServiceDetector {
    fn name(&self) -> &str {
        "service"
    }

    fn detect(&self) -> Resource {
        let mut attributes = vec![KeyValue::new("service.name", default_service_name())];
        super::push(&mut attributes, INSTANCE_ID, instance_id(fork::current_epoch()));
        Resource::new(attributes, Some(SCHEMA_URL.into()))
    }
}

/// The attribute's name.
pub(crate) const INSTANCE_ID: &str = "service.instance.id";

/// The id of the process of this epoch: of the calling one, or of one that it is forked from and that asked for it.
pub(crate) fn instance_id(epoch: u32) -> Option<String> {
    match epoch == fork::current_epoch() {
        true => INSTANCE.get(epoch, random_uuid).clone(),
        false => INSTANCE.existing(epoch).cloned().flatten(),
    }
}

/// The name of a service that nobody named.
pub(super) fn default_service_name() -> String {
    match process::executable_name() {
        Some(name) => format!("unknown_service:{name}"),
        None => "unknown_service".to_owned(),
    }
}

/// A random (version 4) UUID, or none where the system has no randomness to give.
fn random_uuid() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(uuid_v4(bytes))
}

fn uuid_v4(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for nibble in [byte >> 4, byte & 0xf] {
            text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instance_ids_are_version_4_uuids_and_differ() {
        assert_eq!(uuid_v4([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid_v4([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_ne!(random_uuid().unwrap(), random_uuid().unwrap());
    }
}
