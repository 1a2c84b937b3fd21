//! The samplers that limit, adapt, learn, follow rules or a server: what each decides, and what they come to over a
//! million traces. The simulations make the plots of `docs/sampling.md`: with `SPANLINE_WRITE_DOCS=1` they are written,
//! otherwise compared.
#![cfg(all(feature = "alloc", target_has_atomic = "64"))]

#[path = "sampling/adaptive.rs"]
mod adaptive;
#[path = "sampling/composable.rs"]
mod composable;
#[path = "sampling/learning.rs"]
mod learning;
#[path = "sampling/limits.rs"]
mod limits;
#[path = "sampling/page.rs"]
mod page;
#[path = "sampling/plot.rs"]
mod plot;
#[path = "sampling/remote.rs"]
mod remote;
#[path = "sampling/rules.rs"]
mod rules;
#[path = "sampling/shares.rs"]
mod shares;
#[path = "sampling/world.rs"]
mod world;
