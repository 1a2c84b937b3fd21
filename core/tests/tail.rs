//! Tail sampling: what each policy says at its bounds, that order and split of a trace's spans do not matter, that kept
//! spans can be counted again, that budgets hold, and what stamped spans are to a foreign decoder.
#![cfg(feature = "alloc")]

#[path = "tail/budgets.rs"]
mod budgets;
#[path = "tail/combining.rs"]
mod combining;
#[path = "tail/counts.rs"]
mod counts;
#[path = "tail/late.rs"]
mod late;
#[path = "tail/mistakes.rs"]
mod mistakes;
#[path = "tail/order.rs"]
mod order;
#[path = "tail/policies.rs"]
mod policies;
#[path = "tail/stamping.rs"]
mod stamping;
#[path = "tail/world.rs"]
mod world;
