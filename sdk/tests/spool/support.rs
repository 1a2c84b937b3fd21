//! Folders, exporters and snapshots for these tests.

use spanline::{Builder, ExportBatch, ExportResult, Provider, SpanExporter, Stats};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A folder that goes with the test.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "spanline-spool-test-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn text(&self) -> String {
        self.0.to_str().unwrap().to_owned()
    }

    /// Where the files are.
    pub(crate) fn inner(&self) -> PathBuf {
        let user = std::os::unix::fs::MetadataExt::uid(&self.0.metadata().unwrap());
        self.0.join(format!("spanline-{user}"))
    }

    /// The files in it.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(self.inner())
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
    }

    /// Makes the inner folder as the library would.
    pub(crate) fn prepare(&self) -> PathBuf {
        use std::os::unix::fs::DirBuilderExt;
        let inner = self.inner();
        fs::DirBuilder::new()
            .mode(0o700)
            .recursive(true)
            .create(&inner)
            .unwrap();
        inner
    }

    /// Copies the one file of another folder as it is now: what would be left if its process were killed.
    pub(crate) fn copy_from(&self, other: &Self) -> PathBuf {
        let files = other.files();
        assert_eq!(files.len(), 1, "{files:?}");
        let copy = self.prepare().join(files[0].file_name().unwrap());
        fs::copy(&files[0], &copy).unwrap();
        copy
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An exporter that never gets anything done.
#[derive(Debug)]
pub(crate) struct Stuck;

impl SpanExporter for Stuck {
    fn export(&self, _: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        ExportResult::retry()
    }
}

/// An exporter that keeps what it gets, as (scope name, span name, resource's service.name).
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<(String, String, String)>>>);

impl SpanExporter for Kept {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        // What a receiver would see is what the exporter sees.
        spanline_core::wire::otlp::decode_request_protobuf(batch.otlp_request()).unwrap();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for span in batch.spans() {
            let service = span.resource.get("service.name").and_then(|name| name.as_str());
            kept.push((
                span.scope.name.to_string(),
                span.view.name().to_owned(),
                service.unwrap_or_default().to_owned(),
            ));
        }
        ExportResult::success()
    }
}

impl Kept {
    pub(crate) fn get(&self) -> Vec<(String, String, String)> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        kept.sort();
        kept
    }

    /// The names of the spans, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.get().into_iter().map(|(_, name, _)| name).collect();
        names.sort();
        names
    }
}

/// A provider with a spool there.
pub(crate) fn spooled(folder: &str) -> Builder {
    let folder = folder.to_owned();
    spanline::init()
        .without_environment()
        .service_name("tested")
        .buffer_bytes(2 << 20)
        .delay_ms(0)
        .exit_timeout_ms(0)
        .options(|options| options.spool_dir = Some(folder))
}

/// A provider whose spans all wait in the spool.
pub(crate) fn stuck(folder: &Folder) -> Provider {
    spooled(&folder.text())
        .service_name("first")
        .add_exporter("out", Stuck)
        .build()
        .unwrap()
}

/// A provider that keeps what it gets, whatever is left there.
pub(crate) fn keeping(folder: &Folder) -> (Provider, Kept) {
    let kept = Kept::default();
    let provider = spooled(&folder.text())
        .service_name("second")
        .add_exporter("out", kept.clone())
        .build()
        .unwrap();
    (provider, kept)
}

/// Spans of these names, ended.
pub(crate) fn make(provider: &Provider, scope: &str, names: impl IntoIterator<Item = impl Into<String>>) {
    let tracer = provider.tracer(scope.to_owned());
    for name in names {
        tracer.span(&name.into()).start().end();
    }
}

#[track_caller]
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until the file was sent and deleted.
#[track_caller]
pub(crate) fn until_gone(path: &Path) {
    until("the file stays", || !path.exists());
}

/// The statistics, which balance.
#[track_caller]
pub(crate) fn balanced(provider: &Provider) -> Stats {
    let stats = provider.flush().stats;
    assert!(stats.balances(), "{stats:#?}");
    stats
}

/// The statistics after the shutdown, which balance.
#[track_caller]
pub(crate) fn ended(provider: &Provider) -> Stats {
    provider.shutdown_within(Duration::ZERO).unwrap();
    // Nobody waited for what the threads were just doing.
    let mut stats = provider.stats();
    until("the statistics balance", || {
        stats = provider.stats();
        stats.balances()
    });
    stats
}
