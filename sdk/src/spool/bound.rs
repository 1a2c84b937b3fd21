//! How many files may be left in a folder: a program that is started again and again while nobody listens fills no disk.

use super::left::{Peek, peek};
use super::{SUFFIX, replay};
use std::path::Path;

/// So many files that no process holds: a new process makes none of its own then.
pub(super) const MAX_LEFT: usize = 16;

/// Whether there may be one more file. It looks into them only when there are that many.
pub(super) fn check(folder: &Path) -> Result<(), String> {
    let is_finished = |path: &Path| path.to_string_lossy().ends_with(SUFFIX);
    let mut files = replay::candidates(folder);
    files.retain(|path| is_finished(path));
    if files.len() < MAX_LEFT {
        return Ok(());
    }
    // Files that are refused wait for somebody as well.
    let is_left = |path: &&std::path::PathBuf| matches!(peek(path), Ok(Peek::Left | Peek::Refused(_)));
    match files.iter().filter(is_left).take(MAX_LEFT).count() {
        MAX_LEFT => Err(format!(
            "{MAX_LEFT} files that earlier processes left wait in it already, and a process makes no more"
        )),
        _ => Ok(()),
    }
}
