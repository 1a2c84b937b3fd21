//! The libraries that we are measured beside, each set up as its own guide says and used in its fastest documented way.

pub(crate) mod fastrace;
pub(crate) mod opentelemetry;
