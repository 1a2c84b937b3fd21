//! The thread that looks for files that others left and hands their spans to the exporters.

use super::left::{Chunk, Left, Look, name};
use super::{SUFFIX, Spool, UNFINISHED};
use crate::export::{Worker, monotonic};
use crate::guard;
use crate::log::{self, Level, UserText};
use spanline_engine::spool::recover;
use spanline_engine::{Batch, Cutting, Engine, ExportQueue, Ledger, Piece, Replay};
use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Bytes that are read at once.
const WINDOW: usize = 512 << 10;

/// While spans wait for an exporter, how long at most nobody looks. It is woken when there is an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Files that were spoken of; further ones are spoken of again.
const TOLD: usize = 1000;

/// The thread's life.
pub(super) fn run(spool: &Arc<Spool>, worker: &Arc<Worker>, engine: &Arc<Engine>) {
    let mut told = HashSet::new();
    loop {
        guard::foreign(worker.caught(), "spool", || {
            let passes = adopt(spool, worker, &mut told);
            send(passes, spool, worker, engine);
        });
        spool.rests();
        if !spool.wait() {
            return;
        }
    }
}

/// Hands over what was found, as fast as the exporters take it.
fn send(mut passes: Vec<Pass>, spool: &Spool, worker: &Arc<Worker>, engine: &Engine) {
    let exporters = worker.exporters();
    while !passes.is_empty() && !spool.is_stopped() {
        spool.hands_over(passes.iter().map(|pass| pass.exporter));
        let mut moved = false;
        passes.retain_mut(|pass| {
            let step = pass.go_on(worker, engine);
            moved |= step == Step::Moved;
            step != Step::Done
        });
        if !moved {
            worker.wait_for_progress(PATIENCE, || {
                let mut wanted = passes.iter().filter_map(|pass| exporters.get(pass.exporter));
                spool.is_stopped() || wanted.any(|exporter| takes_more(&exporter.queue()))
            });
        }
    }
}

/// Whether a queue wants a batch. What comes to one that is closed would only be left once more.
fn takes_more(queue: &ExportQueue) -> bool {
    queue.is_hungry() && !queue.is_closed()
}

/// Takes over what is there; a pass for each file and exporter.
fn adopt(spool: &Spool, worker: &Worker, told: &mut HashSet<PathBuf>) -> Vec<Pass> {
    let mut passes = Vec::new();
    let names: Vec<&str> = worker
        .exporters()
        .iter()
        .map(|exporter| exporter.name())
        .collect();
    for path in candidates(&spool.folder) {
        match Left::open(&path, &names) {
            Look::Taken | Look::Empty => {}
            Look::Refused(reason) => {
                if told.len() < TOLD && !told.insert(path.clone()) {
                    continue;
                }
                let name = name(&path);
                let line = format_args!(
                    "the file {} in spool_dir is left alone: {reason}",
                    UserText(&name)
                );
                log::report(Level::Warn, "spool_file", line);
            }
            Look::Left(left) => {
                tell(&left);
                spool.note_left(&left);
                let exporters = 0..names.len();
                passes.extend(
                    exporters
                        .filter(|&at| left.columns[at].is_some())
                        .map(|exporter| Pass {
                            left: left.clone(),
                            exporter,
                            cutting: worker.cutting(),
                            next: 0,
                            window: Vec::new(),
                            at: (0, 0),
                            damaged: 0,
                        }),
                );
            }
        }
    }
    passes
}

/// The files in the folder that may be spools, oldest names first.
pub(super) fn candidates(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_candidate = |path: &PathBuf| {
        let name = name(path);
        name.starts_with("spanline-") && (name.ends_with(SUFFIX) || name.ends_with(UNFINISHED))
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).filter(is_candidate).collect();
    paths.sort();
    paths
}

fn tell(left: &Left) {
    let (name, host) = (left.name(), &left.header.host);
    let line = format_args!(
        "sending what process {} on {} left in {}",
        left.header.pid,
        UserText(host),
        UserText(&name)
    );
    log::report(Level::Info, "spool_adopted", line);
    if left.damaged > 0 {
        tell_damage(&name, format_args!("{} of its slots", left.damaged));
    }
    if left.has_strangers() {
        let line = format_args!(
            "{} was written for exporters ({}) that are not all here: what was left for those is dropped",
            UserText(&name),
            UserText(&left.header.exporters.join(", "))
        );
        log::report(Level::Warn, "spool_exporters", line);
    }
}

fn tell_damage(name: &str, what: std::fmt::Arguments<'_>) {
    let line = format_args!("{} is damaged: {what} are passed over", UserText(name));
    log::report(Level::Warn, "spool_damaged", line);
}

/// What one exporter gets of one file.
struct Pass {
    left: Arc<Left>,
    exporter: usize,
    cutting: Cutting,
    /// The next chunk to read.
    next: usize,
    window: Vec<Loaded>,
    /// Chunk of the window and span of the chunk that come next.
    at: (usize, usize),
    damaged: usize,
}

/// A chunk in memory.
struct Loaded {
    bytes: Vec<u8>,
    /// Scope, message, and where that lies with what is passed over in front of it.
    spans: Vec<(u16, Range<usize>, Piece)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Moved,
    Waits,
    Done,
}

impl Pass {
    /// Hands over one batch, if the exporter wants one.
    fn go_on(&mut self, worker: &Arc<Worker>, engine: &Engine) -> Step {
        let Some(exporter) = worker.exporters().get(self.exporter) else {
            return Step::Done;
        };
        if !takes_more(&exporter.queue()) {
            return Step::Waits;
        }
        match self.cut() {
            Some(batch) => {
                worker.push(self.exporter, Arc::new(batch), engine);
                Step::Moved
            }
            None => {
                if self.damaged > 0 {
                    tell_damage(&self.left.name(), format_args!("{} bytes", self.damaged));
                }
                Step::Done
            }
        }
    }

    /// The next batch; `None`: that was all.
    fn cut(&mut self) -> Option<Batch> {
        loop {
            while self.at.0 >= self.window.len() {
                if self.next >= self.left.chunks.len() {
                    return None;
                }
                self.load();
            }
            let mut replay = Replay::new(&self.cutting, &self.left.source);
            let (mut chunk, mut span) = self.at;
            'window: while let Some(loaded) = self.window.get(chunk) {
                for (scope, message, piece) in &loaded.spans[span..] {
                    let message = loaded.bytes.get(message.clone()).unwrap_or_default();
                    if !replay.admit(*scope, message, *piece) {
                        break 'window;
                    }
                    span += 1;
                }
                (chunk, span) = (chunk + 1, 0);
            }
            self.at = (chunk, span);
            let batch = replay.finish(self.left.clone(), monotonic());
            if batch.is_some() {
                return batch;
            }
        }
    }

    /// Reads the next chunks, up to the size of a window.
    fn load(&mut self) {
        self.window.clear();
        self.at = (0, 0);
        let mut bytes = 0;
        while bytes < WINDOW
            && let Some(chunk) = self.left.chunks.get(self.next).cloned()
        {
            self.next += 1;
            let from = chunk.settled.get(self.exporter).copied().flatten();
            let Some(from) = from.filter(|&from| from < chunk.published) else {
                continue;
            };
            // What cannot be read is damaged as well.
            let read = self.left.read(&chunk).unwrap_or_default();
            bytes += read.len();
            let loaded = self.check(read, &chunk, from);
            self.window.extend(loaded);
        }
    }

    /// What is still to be sent of a chunk. `None`, and settled, when that is nothing.
    fn check(&mut self, bytes: Vec<u8>, chunk: &Chunk, from: u32) -> Option<Loaded> {
        let recovered = recover(&bytes, true);
        self.damaged += recovered.damaged + (chunk.published as usize - bytes.len());
        let mut spans: Vec<(u16, Range<usize>, Piece)> = Vec::new();
        let mut done = from;
        for span in recovered.spans {
            let end = span.message.end as u32;
            if end > from {
                let piece = Piece {
                    slot: chunk.slot,
                    from: done,
                    to: end,
                };
                spans.push((span.scope, span.message, piece));
                done = end;
            }
        }
        match spans.last_mut() {
            // What is passed over behind the last is done with it.
            Some((_, _, piece)) => piece.to = chunk.published,
            None => {
                let piece = Piece {
                    slot: chunk.slot,
                    from,
                    to: chunk.published,
                };
                self.left.settled(self.exporter, &[piece]);
                return None;
            }
        }
        Some(Loaded { bytes, spans })
    }
}
