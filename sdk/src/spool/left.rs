//! A file that a process left: read piece by piece, and deleted when every exporter is done with it.
//!
//! It is read and written with ordinary calls, never mapped: whatever becomes of it meanwhile is an error at most.

use super::create::{file_size_limit, is_own};
use super::lock::LockedFile;
use super::{UNFINISHED, locked};
use spanline_engine::spool::{ENTRY, FIXED, Found, Header, Layout, Refusal, recover, settled_at, survey};
use spanline_engine::{Ledger, Piece, Settled, Source};
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What became of looking at a file.
pub(super) enum Look {
    /// Somebody has it, or it is gone.
    Taken,
    /// There was nothing to send in it; it is deleted.
    Empty,
    /// It is left alone, for this reason.
    Refused(String),
    /// It is ours now.
    Left(Arc<Left>),
}

/// A chunk that was left.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub(super) slot: u32,
    pub(super) published: u32,
    /// Up to where each of our exporters is done, where the file knows it.
    pub(super) settled: Vec<Option<u32>>,
}

/// A file that a process left, locked.
#[derive(Debug)]
pub(super) struct Left {
    path: PathBuf,
    lock: LockedFile,
    layout: Layout,
    pub(super) header: Header,
    pub(super) source: Arc<Source>,
    pub(super) chunks: Vec<Chunk>,
    /// For each of our exporters: which of the file's it is.
    pub(super) columns: Vec<Option<usize>>,
    /// Entries or scopes that could not be read.
    pub(super) damaged: usize,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    /// By slot and our exporter.
    settled: HashMap<(u32, usize), (Settled, u32)>,
    /// How many of these are not done.
    open: usize,
}

/// What a file is.
pub(super) enum Peek {
    /// Another process holds it.
    Taken,
    /// A process left it.
    Left,
    /// It cannot be used, for this reason.
    Refused(String),
}

/// Looks at a file and leaves it as it is.
pub(super) fn peek(path: &Path) -> io::Result<Peek> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    if !is_own(&file)? {
        return Ok(Peek::Refused("it is not a file of this user".to_owned()));
    }
    let Some(lock) = LockedFile::lock(file)? else {
        return Ok(Peek::Taken);
    };
    Ok(match read_header(&lock)? {
        Ok(_) => Peek::Left,
        Err(refusal) => Peek::Refused(why(refusal)),
    })
}

impl Left {
    /// Looks at a file, for exporters of these names.
    pub(super) fn open(path: &Path, exporters: &[&str]) -> Look {
        match Self::try_open(path, exporters) {
            Ok(look) => look,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Look::Taken,
            Err(error) => Look::Refused(error.to_string()),
        }
    }

    fn try_open(path: &Path, exporters: &[&str]) -> io::Result<Look> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(path)?;
        if !is_own(&file)? {
            return Ok(Look::Refused("it is not a file of this user".to_owned()));
        }
        let Some(lock) = LockedFile::lock(file)? else {
            return Ok(Look::Taken);
        };
        if path.to_string_lossy().ends_with(UNFINISHED) {
            std::fs::remove_file(path)?;
            return Ok(Look::Empty);
        }
        let (header, layout) = match read_header(&lock)? {
            Ok(read) => read,
            Err(refusal) => return Ok(Look::Refused(why(refusal))),
        };
        if file_size_limit() < u64::from(layout.data_at) {
            return Ok(Look::Refused(
                "this process may not write to it (RLIMIT_FSIZE)".to_owned(),
            ));
        }
        let columns = columns(exporters, &header.exporters);
        if columns.iter().all(Option::is_none) {
            let names = header.exporters.join(", ");
            return Ok(Look::Refused(format!(
                "its spans are for other exporters ({names})"
            )));
        }
        let table = read_up_to(&lock, layout.table_at.into(), layout.table_bytes())?;
        let found = survey(&table, header.exporters.len());
        let (scopes, mut damaged) = read_scopes(&lock, &layout, &found)?;
        damaged += found
            .iter()
            .filter(|found| matches!(found, Found::Damaged { .. }))
            .count();
        let scopes = scopes.iter().map(|(number, fields)| (*number, &fields[..]));
        let source = Arc::new(header.source(scopes));
        let chunks = chunks(&found, &columns);
        let progress = Progress::of(&chunks);
        if progress.open == 0 {
            std::fs::remove_file(path)?;
            return Ok(Look::Empty);
        }
        Ok(Look::Left(Arc::new(Self {
            path: path.to_owned(),
            lock,
            layout,
            header,
            source,
            chunks,
            columns,
            damaged,
            progress: Mutex::new(progress),
        })))
    }

    /// The published bytes of a chunk, as far as the file has them.
    pub(super) fn read(&self, chunk: &Chunk) -> io::Result<Vec<u8>> {
        read_up_to(
            &self.lock,
            self.layout.slot_at(chunk.slot),
            chunk.published as usize,
        )
    }

    /// How many spans not all of our exporters are done with, and whether these are all: counting ends when `go_on` says
    /// so.
    pub(super) fn waiting(&self, mut go_on: impl FnMut() -> bool) -> (u64, bool) {
        let mut open: HashMap<u32, u32> = HashMap::new();
        for ((slot, _), (settled, _)) in &locked(&self.progress).settled {
            let done = open.entry(*slot).or_insert(u32::MAX);
            *done = settled.prefix().min(*done);
        }
        let mut spans = 0;
        for chunk in &self.chunks {
            let Some(&done) = open.get(&chunk.slot) else {
                continue;
            };
            if !go_on() {
                return (spans, false);
            }
            let bytes = self.read(chunk).unwrap_or_default();
            let found = recover(&bytes, true).spans;
            spans += found
                .iter()
                .filter(|span| span.message.end as u64 > u64::from(done))
                .count() as u64;
        }
        (spans, true)
    }

    /// The exporters of the file that nobody here is, with something left to send.
    pub(super) fn has_strangers(&self) -> bool {
        (0..self.header.exporters.len()).any(|column| !self.columns.contains(&Some(column)))
    }

    /// The name, for messages.
    pub(super) fn name(&self) -> String {
        name(&self.path)
    }
}

/// The last part of a path.
pub(super) fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

impl Progress {
    fn of(chunks: &[Chunk]) -> Self {
        let mut settled = HashMap::new();
        for chunk in chunks {
            for (exporter, done) in chunk.settled.iter().enumerate() {
                if let Some(done) = done.filter(|&done| done < chunk.published) {
                    settled.insert((chunk.slot, exporter), (Settled::up_to(done), chunk.published));
                }
            }
        }
        let open = settled.len();
        Self { settled, open }
    }
}

impl Ledger for Left {
    fn settled(&self, exporter: usize, pieces: &[Piece]) {
        if !self.lock.is_ours() {
            return;
        }
        let Some(&Some(column)) = self.columns.get(exporter) else {
            return;
        };
        let mut progress = locked(&self.progress);
        for piece in pieces {
            let Some((settled, published)) = progress.settled.get_mut(&(piece.slot, exporter)) else {
                continue;
            };
            let Some(prefix) = settled.add(piece.from, piece.to) else {
                continue;
            };
            let is_done = prefix >= *published;
            let at = u64::from(self.layout.table_at)
                + u64::from(piece.slot) * ENTRY as u64
                + settled_at(column) as u64;
            // Where this fails the spans are sent once more, should this process be killed too.
            let _ = self.lock.file().write_all_at(&prefix.to_le_bytes(), at);
            if is_done {
                progress.settled.remove(&(piece.slot, exporter));
                progress.open -= 1;
            }
        }
        if progress.open == 0 {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Which of the file's exporters each of ours is: that of the same name; of several the one in the same place among them.
fn columns(ours: &[&str], theirs: &[String]) -> Vec<Option<usize>> {
    let nth = |at: usize| ours.iter().take(at).filter(|name| **name == ours[at]).count();
    (0..ours.len())
        .map(|at| {
            let mut same = theirs.iter().enumerate().filter(|(_, name)| *name == ours[at]);
            same.nth(nth(at)).map(|(column, _)| column)
        })
        .collect()
}

fn chunks(found: &[Found], columns: &[Option<usize>]) -> Vec<Chunk> {
    let chunk = |found: &Found| match found {
        Found::Spans {
            slot,
            published,
            settled,
        } => Some(Chunk {
            slot: *slot,
            published: *published,
            settled: columns
                .iter()
                .map(|column| column.and_then(|column| settled.get(column).copied()))
                .collect(),
        }),
        _ => None,
    };
    found.iter().filter_map(chunk).collect()
}

fn read_header(lock: &LockedFile) -> io::Result<Result<(Header, Layout), Refusal>> {
    let fixed = read_up_to(lock, 0, FIXED)?;
    let length = match Header::length(&fixed) {
        Ok(length) => length,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(Header::decode(&read_up_to(lock, 0, length)?))
}

type Scopes = Vec<(u16, Vec<u8>)>;

/// The scopes, and how many pieces of them are damaged.
fn read_scopes(lock: &LockedFile, layout: &Layout, found: &[Found]) -> io::Result<(Scopes, usize)> {
    let (mut scopes, mut damaged) = (Vec::new(), 0);
    for found in found {
        let Found::Scopes { slot, published } = found else {
            continue;
        };
        let bytes = read_up_to(lock, layout.slot_at(*slot), *published as usize)?;
        let recovered = recover(&bytes, false);
        damaged += usize::from(recovered.damaged > 0);
        let fields = |message: Range<usize>| bytes.get(message).unwrap_or_default().to_vec();
        scopes.extend(
            recovered
                .spans
                .into_iter()
                .map(|span| (span.scope, fields(span.message))),
        );
    }
    Ok((scopes, damaged))
}

/// So many bytes from this place; fewer where the file ends before.
fn read_up_to(lock: &LockedFile, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
    let file = lock.file();
    let there = file.metadata()?.len().saturating_sub(at);
    let mut buffer = vec![0; bytes.min(usize::try_from(there).unwrap_or(usize::MAX))];
    let mut read = 0;
    while read < buffer.len() {
        match file.read_at(&mut buffer[read..], at + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(read);
    Ok(buffer)
}

fn why(refusal: Refusal) -> String {
    match refusal {
        Refusal::Foreign => "it is not a spool".to_owned(),
        Refusal::Version(version) => {
            format!("its format is version {version}, which this version does not read")
        }
        Refusal::Damaged => "its header is damaged".to_owned(),
    }
}
