//! The exporters that give spans back in readable form: memory and console.

use super::console::ConsoleExporter;
use super::exporter::{ExportBatch, ExportResult, ExporterDescription, SpanExporter};
use super::finished::FinishedSpan;
use super::memory::MemoryExporter;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

fn finished(batch: ExportBatch<'_>) -> impl Iterator<Item = FinishedSpan> {
    batch
        .spans()
        .map(|span| FinishedSpan::from_view(span.view, span.scope.clone()))
}

impl SpanExporter for MemoryExporter {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        match self.keep(finished(batch)) {
            true => ExportResult::success(),
            false => ExportResult::failure("shut_down"),
        }
    }

    fn describe(&self) -> ExporterDescription {
        ExporterDescription::new("memory_span_exporter")
    }

    fn shutdown(&self) {
        self.close();
    }
}

/// A console exporter, shared.
#[derive(Debug)]
pub(crate) struct SharedConsole<W>(Mutex<ConsoleExporter<W>>);

impl<W: Write> SharedConsole<W> {
    pub(crate) fn new(console: ConsoleExporter<W>) -> Self {
        Self(Mutex::new(console))
    }
}

impl<W: Write + Send + std::fmt::Debug> SpanExporter for SharedConsole<W> {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        let mut console = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match console.export(finished(batch)) {
            Ok(()) => ExportResult::success(),
            Err(_) => ExportResult::failure("console"),
        }
    }

    fn describe(&self) -> ExporterDescription {
        ExporterDescription::new("console_span_exporter")
    }
}
