//! What a file or a folder can be: the spool is off or the file left alone, said once, and the program unharmed.

use crate::support::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Problems that were reported meanwhile, of kinds that begin with `spool`.
struct Problems<'a> {
    _alone: MutexGuard<'a, ()>,
}

static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Problems<'_> {
    fn watch() -> Self {
        // There is one handler in the process.
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        SAID.lock().unwrap().clear();
        spanline::set_error_handler(Some(std::sync::Arc::new(|problem| {
            if problem.kind.starts_with("spool") {
                SAID.lock().unwrap().push(problem.message.to_owned());
            }
        })));
        Self { _alone: alone }
    }

    /// Those that name this.
    fn of(&self, text: &str) -> Vec<String> {
        let said = SAID.lock().unwrap();
        said.iter().filter(|line| line.contains(text)).cloned().collect()
    }
}

/// Without a spool the spans are sent all the same.
#[track_caller]
fn is_off(folder: &str, because: &str) {
    let problems = Problems::watch();
    let kept = Kept::default();
    let provider = spooled(folder).add_exporter("out", kept.clone()).build().unwrap();
    make(&provider, "s", ["a", "b"]);
    let stats = balanced(&provider);
    assert_eq!((stats.accepted, kept.get().len()), (2, 2));
    let said = problems.of(&format!("no spool in \"{folder}\""));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains(because), "{said:?}");
    ended(&provider);
}

#[test]
fn a_folder_that_cannot_be_written_to_or_is_none() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    is_off(file.to_str().unwrap(), "folder");
    is_off("/proc/spanline-spool", "folder");
}

#[test]
fn a_folder_that_others_may_write_to() {
    let folder = Folder::new();
    let inner = folder.prepare();
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o770)).unwrap();
    is_off(&folder.text(), "(mode 770): take their rights to it away");
    fs::remove_dir(&inner).unwrap();
    let elsewhere = Folder::new();
    std::os::unix::fs::symlink(elsewhere.prepare(), &inner).unwrap();
    is_off(&folder.text(), "is not a folder: remove it");
}

#[test]
fn a_buffer_too_small_for_slots() {
    let folder = Folder::new();
    let problems = Problems::watch();
    let provider = spooled(&folder.text())
        .buffer_bytes(100_000)
        .add_exporter("out", Kept::default())
        .build()
        .unwrap();
    make(&provider, "s", ["a"]);
    balanced(&provider);
    let said = problems.of(&folder.text());
    assert!(said.len() == 1 && said[0].contains("too small"), "{said:?}");
    ended(&provider);
}

/// A disk may be full of what was left: that is sent also by a process that finds no room for a file of its own.
#[test]
fn what_was_left_is_sent_without_a_file_of_ones_own() {
    let (folder, file) = left();
    let problems = Problems::watch();
    let kept = Kept::default();
    let provider = spooled(&folder.text())
        .buffer_bytes(100_000_u64)
        .add_exporter("out", kept.clone())
        .build()
        .unwrap();
    until_gone(&file);
    make(&provider, "s", ["own"]);
    let stats = balanced(&provider);
    assert_eq!(problems.of("no spool in").len(), 1);
    assert_eq!((kept.get().len(), stats.exporters[0].replayed), (301, 300));
    ended(&provider);
}

/// A spool that is full drops and counts, as a full buffer does, and goes on when there is room.
#[test]
fn a_full_spool_counts_what_it_refuses() {
    let folder = Folder::new();
    let provider = stuck(&folder);
    make(&provider, "s", (0..60_000).map(|n| format!("{n:05}")));
    let stats = ended(&provider);
    assert!(
        stats.dropped.buffer_full > 0 && stats.accepted > 10_000,
        "{stats:#?}"
    );
    assert_eq!(
        stats.exporters[0].held + stats.exporters[0].dropped_queue_full,
        stats.accepted
    );
    let file = folder.files().remove(0);
    let (next, kept) = keeping(&folder);
    until_gone(&file);
    // What was dropped behind something that was not comes back with that: better than never.
    let sent = kept.get().len() as u64;
    assert!(
        (stats.exporters[0].held..=stats.accepted).contains(&sent),
        "{sent} of {stats:#?}"
    );
    ended(&next);
}

/// A file that is left alone: said once, not deleted, and the provider works.
#[track_caller]
fn is_left_alone(folder: &Folder, file: &Path, because: &str) {
    let problems = Problems::watch();
    let name = file.file_name().unwrap().to_str().unwrap();
    let (provider, kept) = keeping(folder);
    make(&provider, "s", ["a"]);
    until("it is spoken of", || !problems.of(name).is_empty());
    balanced(&provider);
    let said = problems.of(name);
    assert!(said.len() == 1 && said[0].contains(because), "{said:?}");
    assert_eq!(kept.names(), ["a"]);
    ended(&provider);
    assert!(file.exists());
}

/// A file that was left with 300 spans, in a folder of its own.
fn left() -> (Folder, std::path::PathBuf) {
    let (live, left) = (Folder::new(), Folder::new());
    let first = stuck(&live);
    make(&first, "s", (0..300).map(|n| format!("{n:05}")));
    let file = left.copy_from(&live);
    ended(&first);
    (left, file)
}

fn write_at(file: &Path, at: u64, bytes: &[u8]) {
    let file = fs::File::options().write(true).open(file).unwrap();
    file.write_all_at(bytes, at).unwrap();
}

#[test]
fn a_foreign_file() {
    let folder = Folder::new();
    let inner = folder.prepare();
    let file = inner.join("spanline-1-0.spool");
    fs::write(&file, "#!/bin/sh\n").unwrap();
    is_left_alone(&folder, &file, "not a spool");
    // Those with other names are not even opened.
    fs::write(inner.join("notes.txt"), "mine").unwrap();
    fs::create_dir(inner.join("spanline-folder.spool")).unwrap();
    is_left_alone(&folder, &inner.join("spanline-folder.spool"), "");
    assert!(inner.join("notes.txt").exists());
}

#[test]
fn another_version() {
    let (folder, file) = left();
    write_at(&file, 8, &[9]);
    is_left_alone(&folder, &file, "version 9");
}

#[test]
fn a_damaged_header() {
    let (folder, file) = left();
    write_at(&file, 70, &[0xff]);
    is_left_alone(&folder, &file, "header is damaged");
}

#[test]
fn other_exporters() {
    let (folder, file) = left();
    let problems = Problems::watch();
    let provider = spooled(&folder.text())
        .add_exporter("another", Kept::default())
        .build()
        .unwrap();
    until("it is spoken of", || {
        !problems.of("other exporters (out)").is_empty()
    });
    ended(&provider);
    assert!(file.exists());
}

#[test]
fn what_a_process_that_died_while_making_its_file_left() {
    let folder = Folder::new();
    let unfinished = folder.prepare().join("spanline-1-0.new");
    fs::write(&unfinished, "SPANL").unwrap();
    let (provider, _) = keeping(&folder);
    until_gone(&unfinished);
    ended(&provider);
}

#[test]
fn a_truncated_file_gives_what_it_still_has() {
    let (_left, whole) = left();
    let (name, whole) = (whole.file_name().unwrap(), fs::read(&whole).unwrap());
    for bytes in [whole.len() / 2, 80_000, 20_000, 9_000, 4_096, 100] {
        // A folder for each: what looks into one goes on for a while after the shutdown.
        let folder = Folder::new();
        let file = folder.prepare().join(name);
        fs::write(&file, &whole[..bytes]).unwrap();
        let (provider, kept) = keeping(&folder);
        if bytes > 4_096 {
            until_gone(&file);
        }
        let stats = balanced(&provider);
        let names = kept.names();
        assert_eq!(stats.exporters[0].replayed, names.len() as u64);
        assert!(
            names.len() <= 300 && (bytes < whole.len() / 2 || names.len() == 300),
            "{}",
            names.len()
        );
        ended(&provider);
    }
}

#[test]
fn a_folder_that_is_deleted_meanwhile() {
    let folder = Folder::new();
    let (provider, kept) = keeping(&folder);
    make(&provider, "s", ["a"]);
    fs::remove_dir_all(folder.inner()).unwrap();
    make(&provider, "s", ["b"]);
    balanced(&provider);
    assert_eq!(kept.names(), ["a", "b"]);
    ended(&provider);
}

/// Bytes anywhere in a file that was left are changed: nothing fails, what is sent are spans, and what was not touched is
/// not changed.
#[test]
fn random_damage_is_passed_over() {
    let (folder, file) = left();
    let whole = fs::read(&file).unwrap();
    // Header, table and the first slots; the rest is empty.
    let used = 8_192 + 3 * 65_536_usize;
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    });
    let damage = proptest::collection::vec((0..used, any::<u8>()), 1..8);
    runner
        .run(&damage, |damage| {
            let mut bytes = whole.clone();
            for (at, byte) in damage {
                bytes[at] = byte;
            }
            fs::write(&file, bytes).unwrap();
            let problems = Problems::watch();
            let (provider, kept) = keeping(&folder);
            until("it is sent or refused", || {
                !file.exists() || !problems.of("is left alone").is_empty()
            });
            let stats = provider.flush().stats;
            prop_assert!(stats.balances(), "{stats:#?}");
            let names = kept.names();
            prop_assert_eq!(stats.exporters[0].replayed, names.len() as u64);
            prop_assert!(names.len() <= 300);
            let _ = provider.shutdown();
            Ok(())
        })
        .unwrap();
}
