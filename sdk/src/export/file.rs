//! OTLP JSON lines in a file, or on the standard output.

use super::speaker;
use super::{ExportBatch, ExportResult, ExporterDescription, SpanExporter};
use crate::log::{self, Level};
use spanline_core::wire::otlp::{RequestView, write_json_request};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A line this large is not kept in memory for the next one.
const KEPT_LINE: usize = 4 * 1024 * 1024;

/// Where the lines go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum FileTarget {
    /// The standard output of the process.
    Stdout,
    /// A file, to which is appended.
    File {
        path: PathBuf,
        rotation: Option<Rotation>,
    },
}

/// When a new file is begun. The old ones are named `.1` (the newest), `.2` and so on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rotation {
    /// Before a line that would make the file larger than this.
    pub(crate) max_bytes: u64,
    /// How many files there are in all, the current one included; at least one.
    pub(crate) max_files: u64,
}

/// Appends each batch as one line: a `TracesData` object in the JSON mapping of OTLP.
///
/// A line is written by one call of the system that appends, so lines of several processes do not mix. When somebody has
/// moved or removed the file, the next batch goes to a new one.
#[derive(Debug)]
pub(crate) struct FileExporter {
    speaker: Arc<str>,
    target: FileTarget,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    file: Option<File>,
    line: String,
    /// The last line is incomplete: it needs an end before the next one.
    torn: bool,
}

impl FileExporter {
    /// Opens nothing yet: that is done with the first batch. The name is for the log.
    pub(crate) fn new(name: &str, target: FileTarget) -> Self {
        let path = match &target {
            FileTarget::File { path, .. } => Some(path.as_path()),
            FileTarget::Stdout => None,
        };
        Self {
            speaker: speaker::of_file(name, path),
            target,
            state: Mutex::default(),
        }
    }

    fn write(&self, state: &mut State, request: &[u8]) -> io::Result<()> {
        state.line.clear();
        if state.torn {
            state.line.push('\n');
        }
        // Writing to a String never fails.
        let _ = write_json_request(RequestView::ours(request), &mut state.line);
        state.line.push('\n');
        self.open(state)?;
        let State { file, line, torn } = state;
        let mut file = file.as_ref().ok_or(ErrorKind::NotFound)?;
        let bytes = line.as_bytes();
        let written = loop {
            match file.write(bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        *torn = false;
        if written < bytes.len() {
            // The disk is full, or a pipe takes no more at once; only a pipe may take the rest later.
            let rest = bytes.get(written..).unwrap_or_default();
            if let Err(error) = file.write_all(rest) {
                *torn = true;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Sees to it that the file to append to is open, after what has to be done first.
    fn open(&self, state: &mut State) -> io::Result<()> {
        let FileTarget::File { path, rotation } = &self.target else {
            if state.file.is_none() {
                state.file = Some(standard_output()?);
            }
            return Ok(());
        };
        if state.file.as_ref().is_some_and(|file| !is_at(file, path)) {
            state.file = None;
            state.torn = false;
        }
        let length = state.line.len() as u64;
        if let (Some(rotation), Some(file)) = (rotation, &state.file)
            && is_full(file, length, rotation)
            && rotate(file, path, length, rotation)
        {
            state.file = None;
            state.torn = false;
        }
        if state.file.is_none() {
            let file = OpenOptions::new().append(true).create(true).open(path)?;
            if let Some(rotation) = rotation
                && is_full(&file, length, rotation)
                && rotate(&file, path, length, rotation)
            {
                state.file = Some(OpenOptions::new().append(true).create(true).open(path)?);
            } else {
                state.file = Some(file);
            }
        }
        Ok(())
    }
}

/// Past the buffer and the lock of std's handle: nobody who holds that can stop the export.
fn standard_output() -> io::Result<File> {
    #[cfg(unix)]
    return Ok(std::os::fd::AsFd::as_fd(&io::stdout())
        .try_clone_to_owned()?
        .into());
    #[cfg(windows)]
    return Ok(std::os::windows::io::AsHandle::as_handle(&io::stdout())
        .try_clone_to_owned()?
        .into());
    #[cfg(not(any(unix, windows)))]
    Err(ErrorKind::Unsupported.into())
}

/// Whether the open file is still the one of this name.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        match (file.metadata(), fs::metadata(path)) {
            (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
            _ => false,
        }
    }
    // An open file cannot be moved away there.
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        true
    }
}

/// Whether this line belongs into a new file. A line that is too large for any gets one of its own.
fn is_full(file: &File, line: u64, rotation: &Rotation) -> bool {
    let Ok(size) = file.metadata().map(|metadata| metadata.len()) else {
        return false;
    };
    size > 0 && size.saturating_add(line) > rotation.max_bytes
}

/// Moves the files on by one. Processes that share the file agree by a lock on it; who does not get it, or finds that it
/// was done already, writes on. True when the name is free now.
fn rotate(file: &File, path: &Path, line: u64, rotation: &Rotation) -> bool {
    if file.try_lock().is_err() {
        return false;
    }
    let moved = is_at(file, path) && is_full(file, line, rotation) && shift(path, rotation).is_ok();
    let _ = file.unlock();
    moved || !is_at(file, path)
}

fn shift(path: &Path, rotation: &Rotation) -> io::Result<()> {
    let numbered = |number: u64| {
        let mut name = OsString::from(path.as_os_str());
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    let old = rotation.max_files.saturating_sub(1);
    if old == 0 {
        return fs::remove_file(path);
    }
    // Of those that are there, the first gap ends what has to move.
    let last = (1..old).find(|&number| !numbered(number).exists()).unwrap_or(old);
    for number in (1..last).rev() {
        fs::rename(numbered(number), numbered(number + 1))?;
    }
    fs::rename(path, numbered(1))
}

/// Whether the same may succeed later by itself: a disk gets room again; a folder that is not there, or not ours to
/// write in, stays so.
fn may_pass(error: &io::Error) -> bool {
    !matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::IsADirectory
            | ErrorKind::NotADirectory
            | ErrorKind::InvalidFilename
            | ErrorKind::BrokenPipe
            | ErrorKind::Unsupported
    )
}

impl SpanExporter for FileExporter {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let written = self.write(&mut state, batch.otlp_request());
        state.line.clear();
        state.line.shrink_to(KEPT_LINE);
        let Err(error) = written else {
            return ExportResult::success();
        };
        if may_pass(&error) {
            let line = format_args!("spans are not written yet: {error}");
            let say = || log::report_case(Level::Warn, "file", &error.kind().to_string(), line);
            log::speaking_for(&self.speaker, say);
            return ExportResult::retry();
        }
        state.file = None;
        let line = format_args!("spans are not written and lost: {error}; check file_path");
        let say = || log::report_case(Level::Error, "file", &error.kind().to_string(), line);
        log::speaking_for(&self.speaker, say);
        ExportResult::failure("file")
    }

    fn describe(&self) -> ExporterDescription {
        ExporterDescription::new("otlp_file_span_exporter")
    }
}

#[cfg(test)]
mod tests;
