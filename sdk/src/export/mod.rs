//! Exporters: the contract, the built-in ones, and the threads that run them.

mod answer;
mod console;
mod course;
mod discard;
mod exporter;
mod file;
mod finished;
#[cfg(test)]
pub(crate) mod folder;
mod format;
#[cfg(feature = "grpc")]
mod grpc;
mod hint;
mod http;
mod http_answer;
mod memory;
mod parts;
mod readable;
mod refusal;
mod sender;
mod speaker;
mod worker;

pub(crate) use self::http::HttpExporter;
pub(crate) use answer::{not_compressed, speaks_of_encoding};
pub(crate) use discard::DiscardExporter;
pub(crate) use file::{FileExporter, FileTarget, Rotation};
pub(crate) use format::Format;
#[cfg(feature = "grpc")]
pub(crate) use grpc::GrpcExporter;
pub(crate) use http_answer::message as answer_message;
pub(crate) use readable::SharedConsole;
pub(crate) use refusal::{Refusal, page};
pub(crate) use sender::ExporterSlot;
#[cfg(all(feature = "spool", target_os = "linux"))]
pub(crate) use worker::monotonic;
pub(crate) use worker::{Begun, Patience, Worker};

pub use console::ConsoleExporter;
pub use exporter::{ExportBatch, ExportResult, ExportedSpan, ExporterDescription, SpanExporter};
pub use finished::{FinishedEvent, FinishedLink, FinishedSpan};
pub use memory::MemoryExporter;
pub use spanline_engine::AnswerStatus;
