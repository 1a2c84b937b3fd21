//! Who makes the spans, in each process that forks make of one.

use crate::by_epoch::ByEpoch;
use crate::fork;
use spanline_core::wire::otlp;
use spanline_core::{KeyValue, OwnedValue, Resource};
use spanline_engine::EncodedPart;

const PID: &str = "process.pid";

/// A resource, as values and encoded.
#[derive(Debug)]
struct Encoded {
    resource: Resource,
    part: EncodedPart,
}

impl From<Resource> for Encoded {
    fn from(resource: Resource) -> Self {
        let (head, tail) = otlp::encode_resource(&resource);
        let part = EncodedPart { head, tail };
        Self { resource, part }
    }
}

/// The resource of a provider. A forked child is another process: where the resource names the process that built the
/// provider, the child's names the child. Nobody else is asked again, as a child begins where foreign code must not run.
#[derive(Debug)]
pub(crate) struct Described {
    epoch: u32,
    pid: u32,
    built: Encoded,
    of_children: ByEpoch<Encoded>,
}

impl Described {
    pub(crate) fn new(resource: Resource) -> Self {
        Self {
            epoch: fork::current_epoch(),
            pid: std::process::id(),
            built: resource.into(),
            of_children: ByEpoch::new(),
        }
    }

    /// The resource of this process.
    pub(crate) fn resource(&self) -> &Resource {
        &self.here().resource
    }

    /// The same, encoded.
    pub(crate) fn encoded(&self) -> &EncodedPart {
        &self.here().part
    }

    fn here(&self) -> &Encoded {
        let epoch = fork::current_epoch();
        if epoch == self.epoch {
            return &self.built;
        }
        let in_child = || in_process(&self.built.resource, self.pid, std::process::id()).into();
        self.of_children.get(epoch, in_child)
    }
}

/// The resource in another process. A `process.pid` of the user's own stays what it is.
fn in_process(resource: &Resource, before: u32, now: u32) -> Resource {
    let attributes = resource.attributes().iter().map(|attribute| {
        let is_ours = attribute.key == PID && attribute.value == OwnedValue::I64(before.into());
        match is_ours {
            true => KeyValue::new(PID, i64::from(now)),
            false => attribute.clone(),
        }
    });
    let url = resource.schema_url().map(|url| url.to_owned().into());
    Resource::new(attributes, url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_of_the_process_changes() {
        let resource = |pid: i64| {
            let attributes = [
                KeyValue::new("a", 7),
                KeyValue::new(PID, pid),
                KeyValue::new("b", "x"),
            ];
            Resource::new(attributes, Some("https://example/1".into()))
        };
        assert_eq!(in_process(&resource(7), 7, 8), resource(8));
        assert_eq!(in_process(&resource(9), 7, 8), resource(9));
    }
}
