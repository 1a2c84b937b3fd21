//! Comparing what a vector expects with what was found.

use spanline_test_vectors::{Case, Outcome, Value};

/// Passes when every member of `expect` is one of `found` and equal to it; a member that is not there fails.
pub(crate) fn compare(case: &Case, found: &[(&str, Value)]) -> Outcome {
    let expect = case.value()["expect"].as_object().expect("expect");
    for (member, expected) in expect {
        match found.iter().find(|(name, _)| name == member) {
            Some((_, found)) if found == expected => {}
            Some((_, found)) => return Outcome::Failed(format!("{member} is {found}, expected {expected}")),
            None => return Outcome::Failed(format!("unknown expect member {member}")),
        }
    }
    Outcome::Passed
}
