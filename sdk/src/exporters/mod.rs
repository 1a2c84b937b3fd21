//! Exporters for people: the console, and the memory for tests.
//!
//! They are plain types; what calls them for each batch is the pipeline.

mod console;
mod finished;
mod memory;

pub use console::ConsoleExporter;
pub use finished::{FinishedEvent, FinishedLink, FinishedSpan};
pub use memory::MemoryExporter;
