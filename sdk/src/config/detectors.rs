//! Which of the detected attributes are taken.

use crate::detect::ResourceDetector;
use spanline_core::{Resource, pattern_fits};
use std::borrow::Cow;
use std::sync::Arc;

/// A detector of whose attributes only some are taken.
#[derive(Debug)]
pub(super) struct Filtered {
    detector: Arc<dyn ResourceDetector>,
    included: Option<Vec<String>>,
    excluded: Vec<String>,
}

impl Filtered {
    /// All that the detector finds, or what an `included` pattern fits; but nothing that an `excluded` one fits.
    pub(super) fn new(
        detector: Arc<dyn ResourceDetector>,
        included: Option<Vec<String>>,
        excluded: Vec<String>,
    ) -> Self {
        Self {
            detector,
            included,
            excluded,
        }
    }

    fn takes(&self, key: &str) -> bool {
        let fits = |patterns: &[String]| patterns.iter().any(|pattern| pattern_fits(pattern, key));
        self.included.as_deref().is_none_or(fits) && !fits(&self.excluded)
    }
}

impl ResourceDetector for Filtered {
    fn name(&self) -> &str {
        self.detector.name()
    }

    fn detect(&self) -> Resource {
        let found = self.detector.detect();
        let taken = found
            .attributes()
            .iter()
            .filter(|attribute| self.takes(&attribute.key));
        let schema_url = found.schema_url().map(|url| Cow::Owned(url.to_owned()));
        Resource::new(taken.cloned(), schema_url).with_entity_refs(found.entity_refs().iter().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::HostDetector;
    use spanline_core::{EntityRef, KeyValue};

    #[test]
    fn attributes_are_included_and_excluded_and_the_schema_stays() {
        let host = || Arc::new(HostDetector::new());
        let some = Filtered::new(host(), Some(vec!["host.*".into()]), vec!["*.arch".into()]);
        let found = some.detect();
        let keys: Vec<&str> = found.attributes().iter().map(|a| &*a.key).collect();
        assert_eq!(keys, ["host.name"]);
        assert_eq!(found.schema_url(), Some(crate::SCHEMA_URL));
        assert!(
            Filtered::new(host(), Some(vec![]), vec![])
                .detect()
                .attributes()
                .is_empty()
        );
        assert!(Filtered::new(host(), None, vec![]).detect().attributes().len() > 1);
    }

    #[derive(Debug)]
    struct Rack;

    impl ResourceDetector for Rack {
        fn name(&self) -> &str {
            "rack"
        }

        fn detect(&self) -> Resource {
            let rack = EntityRef {
                entity_type: "rack".into(),
                id_keys: vec!["rack.id".into()],
                description_keys: vec!["rack.row".into()],
                schema_url: None,
            };
            let attributes = ["rack.id", "rack.row"].map(|key| KeyValue::new(key, "x"));
            Resource::new(attributes, None).with_entity_refs([rack])
        }
    }

    #[test]
    fn an_entity_is_referred_to_by_what_is_included() {
        let described = |without: &str| {
            let found = Filtered::new(Arc::new(Rack), None, vec![without.into()]).detect();
            let keys = found.entity_refs().iter().map(|one| one.description_keys.len());
            keys.collect::<Vec<_>>()
        };
        assert_eq!((described("z"), described("rack.row")), (vec![1], vec![0]));
        assert!(described("rack.id").is_empty());
    }
}
