//! Every interleaving of write, drain, thread exit, shutdown and sleep, with a chunk of two records on the heap and in a
//! spool. Run by `cargo xtask test --all`.

use super::chunk::{CLOSED, Chunk, ChunkWriter, IDLE, LENGTH, SEALED};
use super::record::{HEADER, Records, write_header};
use super::region::Region;
use super::store::SlotStore;
use crate::export::ledger::{Ledger, Piece};
use crate::sync::Arc;
use alloc::vec::Vec;
use loom::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

const RECORD: usize = HEADER + 1;

fn store(slots: u32) -> alloc::sync::Arc<SlotStore> {
    SlotStore::new(Region::on_heap(slots, 2 * RECORD as u32), 1, || 1)
}

/// A chunk on the heap, and one in a spool.
const KINDS: [fn() -> ChunkWriter; 2] = [
    || ChunkWriter::new(2 * RECORD),
    || store(1).take(2 * RECORD).unwrap(),
];

/// Runs the model over both kinds of memory.
fn model(f: impl Fn(ChunkWriter) + Sync + Send + Copy + 'static) {
    for kind in KINDS {
        loom::model(move || f(kind()));
    }
}

fn append(writer: &mut ChunkWriter, byte: u8) -> Option<u32> {
    writer.append(RECORD, |record| {
        write_header(record, 1, 3);
        record[HEADER] = byte;
    })
}

/// Reads what was published since `from`.
fn read(chunk: &Chunk, from: u32, published: u32) -> Vec<u8> {
    chunk.read(from, published & LENGTH, |bytes| {
        Records::new(bytes)
            .map(|record| bytes[record.message][0])
            .collect()
    })
}

#[test]
fn what_is_published_is_read_whole_and_in_order() {
    model(|mut writer| {
        let chunk: Arc<Chunk> = writer.chunk().clone();
        let thread = thread::spawn(move || {
            append(&mut writer, 1).unwrap();
            append(&mut writer, 2).unwrap();
            assert_eq!(append(&mut writer, 3), None, "a full chunk takes nothing");
            writer.seal();
        });
        let mut seen = Vec::new();
        let mut drained = 0;
        for _ in 0..2 {
            let published = chunk.published();
            seen.extend(read(&chunk, drained, published));
            drained = published & LENGTH;
        }
        thread.join().unwrap();
        let published = chunk.published();
        assert_ne!(
            published & SEALED,
            0,
            "a thread that has gone leaves its chunk sealed"
        );
        seen.extend(read(&chunk, drained, published));
        assert_eq!(seen, [1, 2]);
    });
}

#[test]
fn at_shutdown_each_record_is_either_drained_or_known_to_be_late() {
    model(|mut writer| {
        let chunk = writer.chunk().clone();
        let thread = thread::spawn(move || {
            let late = |flags: Option<u32>| usize::from(flags.unwrap() & CLOSED != 0);
            late(append(&mut writer, 1)) + late(append(&mut writer, 2))
        });
        let closed = chunk.close();
        let drained = read(&chunk, 0, closed).len();
        let late = thread.join().unwrap();
        assert_eq!(drained + late, 2);
    });
}

/// The drain goes to sleep while a thread publishes: either the drain sees the record, or the thread sees that it must
/// wake.
#[test]
fn no_record_is_published_to_a_drain_that_sleeps_on() {
    model(|mut writer| {
        let chunk = writer.chunk().clone();
        let wakes = Arc::new(AtomicUsize::new(0));
        let thread = {
            let wakes = wakes.clone();
            thread::spawn(move || {
                for byte in [1, 2] {
                    if append(&mut writer, byte).unwrap() & IDLE != 0 {
                        writer.chunk().clear_idle();
                        wakes.fetch_add(1, Ordering::SeqCst);
                    }
                }
            })
        };
        let published = chunk.published();
        let drained = read(&chunk, 0, published).len();
        let missed = chunk.mark_idle() != published & LENGTH;
        thread.join().unwrap();
        let left = read(&chunk, published & LENGTH, chunk.published()).len();
        assert_eq!(drained + left, 2);
        assert!(left == 0 || missed || wakes.load(Ordering::SeqCst) > 0);
    });
}

#[test]
fn a_chunk_is_used_again_only_when_nobody_reads_it() {
    loom::model(|| {
        let mut writer = ChunkWriter::new(2 * RECORD);
        append(&mut writer, 1).unwrap();
        let chunk = writer.chunk().clone();
        writer.seal();
        let reader = {
            let chunk = chunk.clone();
            thread::spawn(move || assert_eq!(read(&chunk, 0, RECORD as u32), [1]))
        };
        if let Some(mut again) = ChunkWriter::reuse(chunk) {
            append(&mut again, 9).unwrap();
        }
        reader.join().unwrap();
    });
}

/// A thread that needs a slot meets another that settles it, finds it left, and still reads it.
#[test]
fn a_slot_is_used_again_only_when_it_is_settled_and_nobody_reads_it() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let store = store(1);
        let mut writer = store.take(RECORD).unwrap();
        append(&mut writer, 1).unwrap();
        let chunk = writer.chunk().clone();
        writer.seal();
        let other = {
            let store = store.clone();
            thread::spawn(move || {
                let piece = Piece {
                    slot: 0,
                    from: 0,
                    to: RECORD as u32,
                };
                store.settled(0, &[piece]);
                store.taken(0);
                assert_eq!(read(&chunk, 0, RECORD as u32), [1]);
            })
        };
        if let Some(mut again) = store.take(RECORD) {
            append(&mut again, 9).unwrap();
            assert_eq!(again.chunk().published() & LENGTH, RECORD as u32);
        }
        other.join().unwrap();
        assert!(store.is_settled() || store.take(RECORD).is_none());
    });
}
