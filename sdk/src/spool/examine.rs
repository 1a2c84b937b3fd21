//! Looking at the spool without using it.

use super::left::{self, Peek};
use super::{SUFFIX, Spool, create};
use crate::provider::Config;
use std::path::Path;

/// How many files are looked at.
const MAX_FILES: usize = 1_000;

/// Whether the spool that is wanted can be had, and what is in its folder: what is fine, line by line, then what is not.
/// A file is made and deleted again, as a start would make it; those of others are not touched.
pub(crate) fn examine(folder: &str, config: &Config) -> Result<Vec<String>, (Vec<String>, String)> {
    let path = Path::new(folder);
    let made = create::own_folder(path).and_then(|own| Spool::make(&own, config).map(|_| own));
    let own = made.map_err(|reason| (Vec::new(), reason))?;
    let mut lines = vec![format!("a file of {} bytes can be made", config.buffer_bytes)];
    let (mut running, mut waiting, mut refused) = (0, 0, None);
    let found = std::fs::read_dir(&own)
        .into_iter()
        .flatten()
        .map_while(Result::ok);
    for file in found.take(MAX_FILES) {
        let path = file.path();
        if !path.to_string_lossy().ends_with(SUFFIX) {
            continue;
        }
        match left::peek(&path) {
            Ok(Peek::Taken) => running += 1,
            Ok(Peek::Left) => waiting += 1,
            Ok(Peek::Refused(reason)) => refused = Some(format!("{}: {reason}", path.display())),
            Err(error) => refused = Some(format!("{}: {error}", path.display())),
        }
    }
    if running > 0 {
        lines.push(match running {
            1 => "1 file is in use by a running process, which is as it should be".to_owned(),
            _ => format!("{running} files are in use by running processes, which is as it should be"),
        });
    }
    if waiting > 0 {
        lines.push(format!(
            "files that processes left, which the next start sends: {waiting}"
        ));
    }
    match refused {
        Some(reason) => Err((lines, reason)),
        None => Ok(lines),
    }
}
