//! What needs a process of its own: forks, limits and rights.
#![allow(unsafe_code)]

use crate::support::*;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

const SCENARIO: &str = "SPANLINE_TEST_SCENARIO";
const SPOOL: &str = "SPANLINE_TEST_SPOOL";

/// Runs this program again to play a scenario with a spool there.
fn play(scenario: &str, folder: &Folder) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::scenario", "--nocapture", "--test-threads=1"])
        .env(SCENARIO, scenario)
        .env(SPOOL, folder.text())
        // What the harness says there is not what it says here.
        .output()
        .map(|ended| {
            eprint!("{}", String::from_utf8_lossy(&ended.stderr));
            ended.status
        })
        .unwrap()
}

/// Does nothing unless it is a child.
#[test]
fn scenario() {
    let Ok(scenario) = std::env::var(SCENARIO) else {
        return;
    };
    let spool = std::env::var(SPOOL).unwrap();
    match scenario.as_str() {
        "fork" => fork(&spool),
        "limit" => {
            let limit = libc::rlimit {
                rlim_cur: 1 << 20,
                rlim_max: 1 << 20,
            };
            // SAFETY: the structure is ours.
            let refused = unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) };
            assert_eq!(refused, 0);
            works_without(&spool, "RLIMIT_FSIZE");
        }
        "read-only" => {
            // SAFETY: changes what this process may do, for good.
            if unsafe { libc::geteuid() } == 0 {
                // SAFETY: likewise.
                assert_eq!(unsafe { libc::seteuid(65_534) }, 0);
                works_without(
                    &spool,
                    "it belongs to uid 0, this process has uid 65534): set spool_dir",
                );
            } else {
                works_without(&spool, "Permission denied");
            }
        }
        other => panic!("{other}"),
    }
}

/// The spool is off, which is said once, and spans are sent.
fn works_without(spool: &str, because: &str) {
    use std::sync::{Arc, Mutex};
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = said.clone();
    spanline::set_error_handler(Some(Arc::new(move |problem| {
        heard.lock().unwrap().push(problem.message.to_owned());
    })));
    let kept = Kept::default();
    let provider = spooled(spool).add_exporter("out", kept.clone()).build().unwrap();
    make(&provider, "s", ["a", "b"]);
    balanced(&provider);
    let said = said.lock().unwrap();
    assert!(
        said.len() == 1 && said[0].contains("no spool in") && said[0].contains(because),
        "{said:?}"
    );
    assert_eq!(kept.names(), ["a", "b"]);
}

#[test]
fn a_limit_of_the_size_of_files_ends_no_process() {
    let folder = Folder::new();
    assert!(play("limit", &folder).success());
    assert_eq!(folder.files().len(), 0);
}

#[test]
fn a_folder_that_may_only_be_read() {
    let folder = Folder::new();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    assert!(play("read-only", &folder).success());
}

fn in_child(body: impl FnOnce()) {
    // SAFETY: this program has one thread that matters here, and the child leaves by an exit.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        body();
        // SAFETY: ends the child without the destructors of its parent.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: waits for the child made above.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
}

/// A parent with spans in its file, a child that records some and one that records none and ends in an orderly way; then
/// the parent goes on, and is killed.
fn fork(spool: &str) {
    let provider = spooled(spool).add_exporter("out", Stuck).build().unwrap();
    let names = |who: &str, range: std::ops::Range<u32>| -> Vec<String> {
        range.map(|n| format!("{who} {n:02}")).collect()
    };
    make(&provider, "s", names("parent", 0..10));
    in_child(|| make(&provider, "s", names("child", 0..5)));
    in_child(|| {
        // SAFETY: runs what exit runs: hooks, and the destructors of this thread's values.
        unsafe { libc::exit(0) }
    });
    make(&provider, "s", names("parent", 10..20));
    // SAFETY: ends this process, at once.
    unsafe { libc::raise(libc::SIGKILL) };
}

#[test]
fn a_child_has_a_file_of_its_own_and_never_touches_its_parents() {
    let folder = Folder::new();
    let status = play("fork", &folder);
    assert_eq!(status.signal(), Some(libc::SIGKILL));
    assert_eq!(folder.files().len(), 2);
    let files = folder.files();
    let (provider, kept) = keeping(&folder);
    for file in files {
        until_gone(&file);
    }
    let mut expected: Vec<String> = (0..5).map(|n| format!("child {n:02}")).collect();
    expected.extend((0..20).map(|n| format!("parent {n:02}")));
    assert_eq!(kept.names(), expected);
    assert_eq!(balanced(&provider).exporters[0].replayed, 25);
    ended(&provider);
}
