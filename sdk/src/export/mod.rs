//! Exporters: the contract, the built-in ones, and the threads that run them.

mod answer;
mod console;
mod discard;
mod exporter;
#[allow(dead_code, reason = "the option that asks for it follows")]
mod file;
mod finished;
#[cfg(test)]
pub(crate) mod folder;
mod http_answer;
mod memory;
mod otlp;
#[cfg(feature = "grpc")]
#[allow(dead_code, reason = "the option that asks for it follows")]
mod otlp_grpc;
mod parts;
mod readable;
mod sender;
mod worker;

pub(crate) use discard::DiscardExporter;
pub(crate) use otlp::OtlpHttpExporter;
pub(crate) use readable::SharedConsole;
pub(crate) use sender::ExporterSlot;
pub(crate) use worker::{Patience, Worker};

pub use console::ConsoleExporter;
pub use exporter::{ExportBatch, ExportResult, ExportedSpan, ExporterDescription, SpanExporter};
pub use finished::{FinishedEvent, FinishedLink, FinishedSpan};
pub use memory::MemoryExporter;
pub use spanline_engine::AnswerStatus;
