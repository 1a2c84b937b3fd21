//! Who makes the spans, in each process that forks make of one.

use crate::by_epoch::ByEpoch;
use crate::detect::{INSTANCE_ID, instance_id};
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

impl Encoded {
    /// References to entities are written only when asked for.
    fn new(resource: Resource, entity_refs: bool) -> Self {
        let (head, tail) = if entity_refs {
            otlp::encode_resource(&resource)
        } else {
            otlp::encode_resource(&resource.clone().with_entity_refs([]))
        };
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
    entity_refs: bool,
    built: Encoded,
    of_children: ByEpoch<Encoded>,
}

impl Described {
    pub(crate) fn new(resource: Resource, entity_refs: bool) -> Self {
        Self {
            epoch: fork::current_epoch(),
            pid: std::process::id(),
            entity_refs,
            built: Encoded::new(resource, entity_refs),
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
        let before = Process {
            pid: self.pid,
            instance: instance_id(self.epoch),
        };
        let now = || Process {
            pid: std::process::id(),
            instance: instance_id(epoch),
        };
        let in_child = || {
            let resource = in_process(&self.built.resource, &before, now());
            Encoded::new(resource, self.entity_refs)
        };
        self.of_children.get(epoch, in_child)
    }
}

/// What tells one process from another.
struct Process {
    pid: u32,
    /// Its `service.instance.id`, where a detector drew one.
    instance: Option<String>,
}

/// The resource in another process. What the user gave stays what it is: a `process.pid` or a `service.instance.id`
/// that is not that of the process before. An entity that one of these identifies is not there any more.
fn in_process(resource: &Resource, before: &Process, now: Process) -> Resource {
    let changed = resource.attributes().iter().filter_map(|attribute| {
        let instance = before.instance.as_deref().zip(now.instance.as_deref());
        match (attribute.key.as_ref(), &attribute.value, instance) {
            (PID, OwnedValue::I64(pid), _) if *pid == i64::from(before.pid) => {
                Some(KeyValue::new(PID, i64::from(now.pid)))
            }
            (INSTANCE_ID, OwnedValue::Str(id), Some((before, now))) if *id == *before => {
                Some(KeyValue::new(INSTANCE_ID, now.to_owned()))
            }
            _ => None,
        }
    });
    resource.merge(&Resource::new(changed, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use spanline_core::EntityRef;

    #[test]
    fn only_what_names_the_process_changes() {
        let resource = |pid: i64, instance: &str| {
            let attributes = [
                KeyValue::new("a", 7),
                KeyValue::new(PID, pid),
                KeyValue::new(INSTANCE_ID, instance.to_owned()),
                KeyValue::new("b", "x"),
            ];
            Resource::new(attributes, Some("https://example/1".into()))
        };
        let process = |pid, instance: &str| Process {
            pid,
            instance: Some(instance.to_owned()),
        };
        let child = |resource: &Resource| in_process(resource, &process(7, "parent"), process(8, "child"));
        assert_eq!(child(&resource(7, "parent")), resource(8, "child"));
        assert_eq!(child(&resource(9, "mine")), resource(9, "mine"));
    }

    #[test]
    fn entities_stay_but_for_the_process() {
        let entity = |entity_type: &'static str, key: &'static str| EntityRef {
            entity_type: entity_type.into(),
            id_keys: vec![key.into()],
            ..EntityRef::default()
        };
        let resource = Resource::new([KeyValue::new("a", 7), KeyValue::new(PID, 7)], None)
            .with_entity_refs([entity("process", PID), entity("other", "a")]);
        let process = |pid| Process { pid, instance: None };
        let child = |before| in_process(&resource, &process(before), process(8));
        assert_eq!(child(9).entity_refs().len(), 2);
        assert_eq!(child(7).entity_refs(), [entity("other", "a")]);
    }
}
