//! Finding out who produces the spans: the default resource and the resource detectors.
//!
//! A detector looks around quickly and returns what it found. Not finding something is no error: the attribute is
//! left out. Nothing here contacts the network or runs a program.

mod container;
mod host;
mod process;
mod service;

use crate::log::{self, Level, UserText};
use spanline_core::{KeyValue, Resource};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use container::{ContainerDetector, container_id};
pub use host::HostDetector;
pub use process::ProcessDetector;
pub use service::ServiceDetector;
pub(crate) use service::{INSTANCE_ID, instance_id};

/// The semantic conventions that the attributes found here follow.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// Finds attributes of the resource at start-up. A forked child keeps what was found, but for the `process.pid` of
/// [`ProcessDetector`], which is its own.
///
/// Implementations are quick (they hold start-up back), never fail (what is not found is left out) and set the schema
/// URL when they set attributes of the semantic conventions. A panic is caught and reported; that detector then counts
/// as having found nothing.
pub trait ResourceDetector: Send + Sync + std::fmt::Debug {
    /// A unique name in snake case. `container`, `host`, `process` and `service` are reserved for detectors of the
    /// attributes of these names.
    fn name(&self) -> &str;

    /// What was found, perhaps nothing.
    fn detect(&self) -> Resource;
}

/// What every resource has unless it is replaced as a whole: `service.name` (`unknown_service:` and the name of the
/// executable) and `telemetry.sdk.*`.
pub(crate) fn default_resource() -> Resource {
    let mut attributes = vec![KeyValue::new("service.name", service::default_service_name())];
    attributes.extend([
        KeyValue::new("telemetry.sdk.name", "spanline"),
        KeyValue::new("telemetry.sdk.language", "rust"),
        KeyValue::new("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
    ]);
    Resource::new(attributes, Some(SCHEMA_URL.into()))
}

/// Runs the detectors in order and merges what they find; the later ones win. Two different schema URLs leave none,
/// which is reported.
pub(crate) fn detect_all<'a>(detectors: impl IntoIterator<Item = &'a dyn ResourceDetector>) -> Resource {
    let mut merged = Resource::empty();
    for detector in detectors {
        let found = catch_unwind(AssertUnwindSafe(|| {
            let found = detector.detect();
            if merged.schema_conflicts(&found) {
                log::report(
                    Level::Warn,
                    "resource_schema_conflict",
                    format_args!(
                        "the resource detector {} uses another schema URL than those before it: the resource has none",
                        UserText(detector.name())
                    ),
                );
            }
            found
        }));
        match found {
            Ok(found) => merged = merged.merge(&found),
            Err(payload) => {
                // Its drop is foreign code that may panic as well.
                std::mem::forget(payload);
                log::report(
                    Level::Warn,
                    "resource_detector_panic",
                    format_args!("a resource detector panicked; its attributes are left out"),
                );
            }
        }
    }
    merged
}

/// The value when there is one that says something.
fn said(text: impl AsRef<str>) -> Option<String> {
    let text = text.as_ref().trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Adds the attribute when its value was found.
fn push(attributes: &mut Vec<KeyValue>, key: &'static str, value: Option<String>) {
    attributes.extend(value.map(|value| KeyValue::new(key, value)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use spanline_core::OwnedValue;

    fn text<'a>(resource: &'a Resource, key: &str) -> &'a str {
        resource
            .get(key)
            .and_then(OwnedValue::as_str)
            .unwrap_or("(missing)")
    }

    #[derive(Debug)]
    struct Fixed(&'static str, &'static str);

    impl ResourceDetector for Fixed {
        fn name(&self) -> &str {
            self.0
        }

        fn detect(&self) -> Resource {
            assert!(self.1 != "panic", "as asked");
            Resource::new([KeyValue::new("k", self.0)], Some(self.1.into()))
        }
    }

    #[test]
    fn the_default_resource_names_the_executable_and_us() {
        let resource = default_resource();
        assert!(text(&resource, "service.name").starts_with("unknown_service:spanline-"));
        assert_eq!(text(&resource, "telemetry.sdk.name"), "spanline");
        assert_eq!(text(&resource, "telemetry.sdk.language"), "rust");
        assert_eq!(
            text(&resource, "telemetry.sdk.version"),
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(resource.schema_url(), Some(SCHEMA_URL));
    }

    #[test]
    fn built_in_detectors_have_their_reserved_names() {
        let (service, process, host) = (
            ServiceDetector::new(),
            ProcessDetector::new(),
            HostDetector::new(),
        );
        let all: [(&str, &dyn ResourceDetector); 3] =
            [("service", &service), ("process", &process), ("host", &host)];
        for (name, detector) in all {
            assert_eq!(detector.name(), name);
            let resource = detector.detect();
            assert!(!resource.attributes().is_empty(), "{name}");
            assert_eq!(resource.schema_url(), Some(SCHEMA_URL));
        }
    }

    #[test]
    fn later_detectors_win_and_schema_conflicts_leave_no_schema() {
        let (a, b, c) = (
            Fixed("a", "https://x/1"),
            Fixed("b", "https://x/1"),
            Fixed("c", "https://x/2"),
        );
        let agreed = detect_all([&a as &dyn ResourceDetector, &b]);
        assert_eq!(
            (text(&agreed, "k"), agreed.schema_url()),
            ("b", Some("https://x/1"))
        );
        let conflict = detect_all([&a as &dyn ResourceDetector, &c]);
        assert_eq!((text(&conflict, "k"), conflict.schema_url()), ("c", None));
    }

    #[test]
    fn a_detector_that_panics_is_left_out() {
        let found = detect_all([&Fixed("a", "panic") as &dyn ResourceDetector, &Fixed("b", "")]);
        assert_eq!(text(&found, "k"), "b");
    }
}
