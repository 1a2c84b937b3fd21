//! The declarative file, format 1.1: what it may contain, and what it asks for.

mod batches;
mod component;
mod distribution;
mod exporters;
mod later;
mod plan;
mod resource;
mod sampler;
mod sampler_build;
mod schema;
mod tree;
mod version;
mod walk;

pub use {
    component::{Component, ComponentKind},
    plan::{Detection, Plan},
    sampler::{ParentBasedPlan, SamplerPlan},
    sampler_build::SamplerHost,
    schema::Remark,
};

pub(super) use {
    distribution::plain,
    later::is_later,
    schema::{Check, Shape, may, must},
    walk::{Place, Walk},
};

use super::{Node, Problem};
use alloc::vec::Vec;

/// Looks whether a tree is a declarative configuration, and says what it asks for. Components that are not built in are
/// kept with their properties as they stand.
///
/// # Errors
/// The first unknown key; where there is none, the first thing that is wrong.
///
/// ```
/// use spanline_engine::config::{declarative, Node};
/// let missing = declarative(&Node::default()).unwrap_err();
/// assert_eq!(missing.path, "file_format");
/// ```
pub fn declarative(tree: &Node) -> Result<(Plan, Vec<Remark>), Problem> {
    let mut check = schema::Check::default();
    check.value("", tree, &tree::FILE);
    version::check(&mut check, tree);
    check.problems.first().map_err(distribution::with_place)?;
    let mut walk = walk::Walk {
        remarks: check.remarks,
        ..walk::Walk::default()
    };
    let plan = plan::plan(&mut walk, tree);
    walk.problems.first()?;
    Ok((plan, walk.remarks))
}

#[cfg(test)]
mod tests;
