//! What a process leaves is sent by another one.

use crate::support::*;
use std::os::unix::fs::MetadataExt;

fn numbered(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| format!("{n:05}")).collect()
}

#[test]
fn what_a_process_leaves_is_sent_with_its_own_resource_and_scopes() {
    let (live, left) = (Folder::new(), Folder::new());
    let first = stuck(&live);
    make(&first, "scope one", ["a", "b"]);
    make(&first, "scope two", ["c"]);
    let file = left.copy_from(&live);
    let (second, kept) = keeping(&left);
    make(&second, "scope three", ["d"]);
    until_gone(&file);
    let stats = balanced(&second);
    let expected = [
        ("scope one", "a", "first"),
        ("scope one", "b", "first"),
        ("scope three", "d", "second"),
        ("scope two", "c", "first"),
    ]
    .map(|(scope, name, service)| (scope.to_owned(), name.to_owned(), service.to_owned()));
    assert_eq!(kept.get(), expected);
    let exporter = &stats.exporters[0];
    assert_eq!((stats.accepted, exporter.replayed, exporter.exported), (1, 3, 4));
    ended(&second);
    assert_eq!(
        left.files(),
        Vec::<std::path::PathBuf>::new(),
        "its own file is deleted too"
    );
    ended(&first);
}

#[test]
fn the_file_is_this_users_alone_and_set_aside_in_full() {
    let folder = Folder::new();
    let provider = stuck(&folder);
    make(&provider, "s", ["a"]);
    let file = folder.files().remove(0).metadata().unwrap();
    assert_eq!(file.mode() & 0o777, 0o600);
    assert_eq!(folder.inner().metadata().unwrap().mode() & 0o777, 0o700);
    assert!(file.len() <= 2 << 20);
    assert!(file.blocks() * 512 >= file.len(), "{} blocks", file.blocks());
    ended(&provider);
}

#[test]
fn what_is_not_sent_at_shutdown_is_sent_at_the_next_start() {
    let folder = Folder::new();
    let first = stuck(&folder);
    make(&first, "s", numbered(0..500));
    let stats = ended(&first);
    let exporter = &stats.exporters[0];
    assert_eq!((exporter.held, exporter.dropped_expired), (500, 0));
    let file = folder.files().remove(0);
    let (second, kept) = keeping(&folder);
    until_gone(&file);
    assert_eq!(balanced(&second).exporters[0].replayed, 500);
    assert_eq!(kept.names(), numbered(0..500));
    ended(&second);
}

#[test]
fn a_file_whose_process_lives_is_left_alone() {
    let folder = Folder::new();
    let first = stuck(&folder);
    make(&first, "s", ["a"]);
    let (second, kept) = keeping(&folder);
    make(&second, "s", ["b"]);
    balanced(&second);
    assert_eq!(folder.files().len(), 2);
    ended(&second);
    assert_eq!((folder.files().len(), kept.names()), (1, vec!["b".to_owned()]));
    ended(&first);
}

#[test]
fn what_was_delivered_before_is_not_sent_again() {
    let (live, left) = (Folder::new(), Folder::new());
    let (first, kept) = keeping(&live);
    make(&first, "s", numbered(0..100));
    assert_eq!(balanced(&first).exporters[0].exported, 100);
    assert_eq!(kept.get().len(), 100);
    let file = left.copy_from(&live);
    let (second, again) = keeping(&left);
    until_gone(&file);
    let exporter = &ended(&second).exporters[0];
    assert_eq!((exporter.replayed, again.get().len()), (0, 0));
    ended(&first);
}

#[test]
fn each_exporter_gets_what_it_has_not_had() {
    let (live, left) = (Folder::new(), Folder::new());
    let had = Kept::default();
    let first = spooled(&live.text())
        .add_exporter("one", had.clone())
        .add_exporter("two", Stuck)
        .build()
        .unwrap();
    make(&first, "s", ["a", "b"]);
    until("one has them", || {
        had.get().len() == 2 && first.stats().exporters[0].exported == 2
    });
    let file = left.copy_from(&live);
    let (one, two) = (Kept::default(), Kept::default());
    // In another order: it is the names that count.
    let second = spooled(&left.text())
        .add_exporter("two", two.clone())
        .add_exporter("one", one.clone())
        .build()
        .unwrap();
    until_gone(&file);
    let stats = balanced(&second);
    assert_eq!(
        (one.get().len(), two.names()),
        (0, vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!((stats.exporters[0].replayed, stats.exporters[1].replayed), (2, 0));
    ended(&second);
    ended(&first);
}

#[test]
fn spans_larger_than_a_slot_survive() {
    let (live, left) = (Folder::new(), Folder::new());
    let first = stuck(&live);
    let large = ["x".repeat(70_000), "y".repeat(300_000), "small".to_owned()];
    make(&first, "s", large.clone());
    let file = left.copy_from(&live);
    let (second, kept) = keeping(&left);
    until_gone(&file);
    let mut names = large.to_vec();
    names.sort();
    assert!(kept.names() == names);
    ended(&second);
    ended(&first);
}

#[test]
fn many_spans_of_many_threads_survive_and_slots_are_used_again() {
    let (live, left) = (Folder::new(), Folder::new());
    let (first, kept) = keeping(&live);
    // Ten times what the file holds.
    for round in 0..10 {
        std::thread::scope(|threads| {
            for thread in 0..4 {
                let first = &first;
                let from = (round * 4 + thread) * 2_000;
                threads.spawn(move || make(first, "s", numbered(from..from + 2_000)));
            }
        });
        balanced(&first);
    }
    assert_eq!(kept.names(), numbered(0..80_000));
    let file = left.copy_from(&live);
    let (second, again) = keeping(&left);
    until_gone(&file);
    assert_eq!(again.get().len(), 0);
    ended(&second);
    ended(&first);
}

#[test]
fn of_two_processes_one_sends_what_was_left() {
    let (live, left) = (Folder::new(), Folder::new());
    let first = stuck(&live);
    make(&first, "s", numbered(0..1000));
    let file = left.copy_from(&live);
    let providers: Vec<_> = std::thread::scope(|threads| {
        let starting: Vec<_> = (0..4).map(|_| threads.spawn(|| keeping(&left))).collect();
        starting
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    until_gone(&file);
    let mut names: Vec<_> = providers.iter().flat_map(|(_, kept)| kept.names()).collect();
    names.sort();
    assert_eq!(names, numbered(0..1000));
    let replayed: u64 = providers
        .iter()
        .map(|(provider, _)| ended(provider).exporters[0].replayed)
        .sum();
    assert_eq!(replayed, 1000);
    ended(&first);
}

#[test]
fn an_adoption_that_is_broken_off_is_gone_on_with() {
    let (live, left) = (Folder::new(), Folder::new());
    let first = stuck(&live);
    make(&first, "s", numbered(0..2000));
    let file = left.copy_from(&live);
    let second = stuck(&left);
    until("it has adopted", || second.stats().exporters[0].replayed > 0);
    let stats = ended(&second);
    assert_eq!(stats.exporters[0].replayed, stats.exporters[0].held);
    assert!(file.exists());
    let (third, kept) = keeping(&left);
    until_gone(&file);
    assert_eq!(kept.names(), numbered(0..2000));
    ended(&third);
    ended(&first);
}

/// The bound of the default: slots are as good as a buffer.
#[test]
fn a_burst_of_one_thread_loses_nothing() {
    let folder = Folder::new();
    let provider = spooled(&folder.text())
        .buffer_bytes(48_u64 << 20)
        .delay_ms(500)
        .exporter("discard")
        .build()
        .unwrap();
    let tracer = provider.tracer("burst");
    for n in 0..200_000 {
        let span = tracer.span("GET /orders/{id}").start();
        span.set("http.request.method", "GET");
        span.set("http.route", "/orders/{id}");
        span.set("http.response.status_code", 200);
        span.set("server.address", "orders.example.com");
        span.set("order", n);
        span.end();
    }
    let stats = balanced(&provider);
    assert_eq!((stats.accepted, stats.exporters[0].exported), (200_000, 200_000));
    ended(&provider);
    assert_eq!(folder.files().len(), 0);
}
