//! Beside a spool: what is undecided survives the process, and what is dropped is not sent by anybody.

use crate::{make, words};
use spanline::{Builder, ExportBatch, ExportResult, SpanExporter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("spanline-tail-test-{}-{name}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// Where the files are.
    fn inner(&self) -> PathBuf {
        let user = std::os::unix::fs::MetadataExt::uid(&self.0.metadata().unwrap());
        self.0.join(format!("spanline-{user}"))
    }

    fn files(&self) -> Vec<PathBuf> {
        let found = std::fs::read_dir(self.inner()).into_iter().flatten();
        found.map(|entry| entry.unwrap().path()).collect()
    }

    /// Copies the one file of another folder as it is now: what would be left if its process were killed.
    fn copy_from(&self, other: &Self) -> PathBuf {
        use std::os::unix::fs::DirBuilderExt;
        let files = other.files();
        assert_eq!(files.len(), 1, "{files:?}");
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(self.inner())
            .unwrap();
        let copy = self.inner().join(files[0].file_name().unwrap());
        std::fs::copy(&files[0], &copy).unwrap();
        copy
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Keeps the names of the spans that it gets.
#[derive(Clone, Debug, Default)]
struct Names(Arc<Mutex<Vec<String>>>);

impl SpanExporter for Names {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        let names = batch.spans().map(|span| span.view.name().to_owned());
        self.0.lock().unwrap().extend(names);
        ExportResult::success()
    }
}

impl Names {
    fn sorted(&self) -> Vec<String> {
        let mut names = self.0.lock().unwrap().clone();
        names.sort();
        names
    }
}

fn spooled(folder: &Path, delay_ms: u64) -> Builder {
    let folder = folder.to_str().unwrap().to_owned();
    let builder = spanline::init()
        .without_environment()
        .buffer_bytes(2_u64 << 20)
        .delay_ms(delay_ms);
    builder.options(|options| options.spool_dir = Some(folder))
}

#[track_caller]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn undecided_spans_survive_and_decided_ones_are_not_sent_again() {
    let (live, left) = (Folder::new("live"), Folder::new("left"));
    let names = Names::default();
    let first = spooled(&live.0, 1)
        .tail_sampling(words(&["error"]))
        .options(|options| options.tail.decision_after_root_ms = Some(1))
        .add_exporter("out", names.clone())
        .build()
        .unwrap();
    make(&first, "fine", false);
    make(&first, "failed", true);
    until("both are decided", || {
        let stats = first.stats();
        stats.tail_dropped == 2 && stats.exporters[0].exported == 2
    });
    // Without a root it waits.
    let tracer = first.tracer("t");
    let root = tracer.span("open").start();
    tracer.span("undecided").parent(&root.in_context()).start().end();
    until("it is held", || first.stats().tail.pending_spans == 1);
    let file = left.copy_from(&live);

    let again = Names::default();
    let second = spooled(&left.0, 0)
        .add_exporter("out", again.clone())
        .build()
        .unwrap();
    until("the file stays", || !file.exists());
    let stats = second.flush().stats;
    assert!(stats.balances(), "{stats:?}");
    assert_eq!(
        (again.sorted(), stats.exporters[0].replayed),
        (vec!["undecided".to_owned()], 1)
    );
    drop(second);
    drop(root);
    let stats = first.shutdown().unwrap().stats;
    assert!(stats.balances(), "{stats:?}");
    assert_eq!(names.sorted(), ["child", "failed"]);
    assert_eq!(live.files(), Vec::<PathBuf>::new(), "nothing is owed to anybody");
}

#[test]
fn ten_times_what_the_spool_holds_goes_through_it() {
    let folder = Folder::new("flood");
    let names = Names::default();
    let provider = spooled(&folder.0, 1)
        .tail_sampling(words(&["error"]))
        .options(|options| options.tail.decision_after_root_ms = Some(1))
        .add_exporter("out", names.clone())
        .build()
        .unwrap();
    let (mut made, mut failed) = (0u64, 0u64);
    let name = "n".repeat(2_000);
    while made * 2_000 < 20 << 20 {
        for _ in 0..100 {
            let fails = made.is_multiple_of(50);
            failed += u64::from(fails);
            make(&provider, &name, fails);
            made += 1;
        }
        let target = 2 * made;
        until("the pipeline keeps up", || {
            let stats = provider.stats();
            stats.tail_dropped + stats.exporters[0].exported + 4_00 >= target
        });
    }
    let stats = provider.shutdown().unwrap().stats;
    assert!(stats.balances(), "{stats:?}");
    assert_eq!(stats.dropped.buffer_full, 0, "{stats:?}");
    assert_eq!(
        (names.sorted().len() as u64, stats.accepted),
        (2 * failed, 2 * failed)
    );
    assert_eq!(folder.files(), Vec::<PathBuf>::new());
}
