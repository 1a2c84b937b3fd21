//! Processors that change what spans say: by hand, by rules for attributes, and by redaction.

#[path = "../common/mod.rs"]
mod common;

mod by_hand;
mod enrichment;
#[cfg(all(feature = "regex", feature = "spool", target_os = "linux"))]
mod nowhere;
mod redaction;
