//! Configurations as trees: what they may contain, and which options they set.
//!
//! Nothing here reads a file or knows YAML. A host turns a text, or a dictionary of its language, into a [`Node`];
//! [`substitute()`] and [`plain_scalar`] are what it needs for texts.
//!
//! * [`dictionary`] and [`tracing()`] read the two short forms, [`declarative`] the declarative file.
//! * What comes of them is a set of [`FlatOptions`], from which [`apply`] makes a layer for
//!   [`resolve`](crate::options::resolve()).

mod apply;
mod file;
mod flat;
#[cfg(test)]
pub(crate) mod no_host;
mod node;
mod problem;
mod scalar;
mod short;
mod substitute;
mod tail;

pub use {
    apply::apply,
    file::{
        Component, ComponentKind, Detection, ParentBasedPlan, Plan, Remark, SamplerHost, SamplerPlan,
        declarative,
    },
    flat::{Flat, FlatOptions},
    node::{Entry, Node, Position, Value},
    problem::Problem,
    scalar::plain_scalar,
    short::{dictionary, tracing},
    substitute::{substitute, undefined},
    tail::TailPlan,
};
