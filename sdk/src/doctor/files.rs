//! Whether files and folders can be written.

use super::{ExporterCheck, Trouble, TroubleKind, local};
use crate::export::FileTarget;
use crate::provider::Config;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Tries the file of the exporter `file`. One that is not there is made and removed again.
pub(super) fn file(name: &str, target: &FileTarget) -> ExporterCheck {
    let FileTarget::File { path, .. } = target else {
        return local(name, "standard output");
    };
    let mut check = local(name, &path.display().to_string());
    match appendable(path) {
        Ok(()) => check.steps.push("the file can be written".to_owned()),
        Err(error) => {
            let text = format!("{} cannot be written: {error}", path.display());
            check.trouble = Some(Trouble::new(TroubleKind::File, text));
        }
    }
    check
}

fn appendable(path: &Path) -> io::Result<()> {
    let made = OpenOptions::new().append(true).create_new(true).open(path);
    match made {
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let mut options = OpenOptions::new();
            options.append(true);
            // A pipe that nobody reads would hold us up, as it would the exporter.
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
            options.open(path).map(drop)
        }
        Err(error) => Err(error),
    }
}

/// Tries the spool as a start would make it.
pub(super) fn spool(folder: &str, config: &Config) -> ExporterCheck {
    let mut check = local("spool", folder);
    match crate::spool::examine(folder, config) {
        Ok(lines) => check.steps = lines,
        Err((lines, reason)) => {
            check.steps = lines;
            let text = format!("{folder} cannot be used as it is: {reason}");
            check.trouble = Some(Trouble::new(TroubleKind::Spool, text));
        }
    }
    check
}
