//! Making a file and mapping it, so that no access to it can fail later.

#![allow(unsafe_code)] // One of the files that may: see the comment at each block.

use super::lock::LockedFile;
use super::{SUFFIX, UNFINISHED};
use memmap2::{MmapOptions, MmapRaw};
use spanline_engine::Region;
use spanline_engine::spool::{Header, Layout, SLOT_BYTES};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// File systems that do not keep the promise of an allocation: those that write a changed block to a new place may find
/// none, and those of other machines may be gone. There an access to mapped memory may end the process.
#[rustfmt::skip]
const REFUSED: &[(u32, &str)] = &[
    (0x9123_683e, "btrfs"), (0x2fc1_2fc1, "zfs"), (0xca45_1a4e, "bcachefs"), (0x6969, "nfs"), (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"), (0x517b, "smb"), (0x0102_1997, "9p"), (0x6573_5546, "fuse"), (0x00c3_6400, "ceph"),
];

/// The file of this process.
#[derive(Debug)]
pub(super) struct OwnFile {
    path: PathBuf,
    lock: LockedFile,
    kept: bool,
}

impl OwnFile {
    /// From here on the file outlives this value.
    pub(super) fn keep(&mut self) {
        self.kept = true;
    }

    pub(super) fn delete(mut self) {
        self.kept = false;
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        if !self.kept && self.lock.is_ours() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// What the kernel says of a user's id, for the name of a folder.
fn user() -> u32 {
    // SAFETY: geteuid has no preconditions and cannot fail.
    unsafe { libc::geteuid() }
}

/// The folder within `folder` in which this user's files are: nobody else can put anything there. Made when it is missing.
pub(super) fn own_folder(folder: &Path) -> Result<PathBuf, String> {
    let user = user();
    let own = folder.join(format!("spanline-{user}"));
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(&own).map_err(|error| {
        let owner = std::fs::metadata(folder).map(|known| known.uid());
        said("the folder", &error)
            + &match owner {
                Ok(owner) if error.kind() == io::ErrorKind::PermissionDenied => may_not(owner, user),
                _ => String::new(),
            }
    })?;
    let known = std::fs::symlink_metadata(&own).map_err(|error| said("the folder", &error))?;
    match strange(known.is_dir(), known.uid(), known.mode(), user) {
        Some(reason) => Err(reason),
        None => Ok(own),
    }
}

/// Whose folder it is in which this user may make nothing, and what to do. Nothing more is known of a folder of its own.
fn may_not(owner: u32, user: u32) -> String {
    match owner == user {
        true => String::new(),
        false => format!(
            " (it belongs to uid {owner}, this process has uid {user}): set spool_dir to another folder, or have its owner make spanline-{user} in it for uid {user}"
        ),
    }
}

/// Why what is called like this user's folder is not that, and what to do. None when it is.
fn strange(is_folder: bool, owner: u32, mode: u32, user: u32) -> Option<String> {
    let name = format!("spanline-{user} in it");
    if !is_folder {
        Some(format!(
            "{name} is not a folder: remove it, or set spool_dir to another folder"
        ))
    } else if owner != user {
        Some(format!(
            "{name} belongs to uid {owner} and this process has uid {user}: set spool_dir to another folder, or have its owner remove it"
        ))
    } else if mode & 0o077 != 0 {
        Some(format!(
            "{name} is open to others than uid {user} (mode {:o}): take their rights to it away (chmod 700), or set spool_dir to another folder",
            mode & 0o777
        ))
    } else {
        None
    }
}

/// Whether a file is a plain one of this user.
pub(super) fn is_own(file: &File) -> io::Result<bool> {
    let known = file.metadata()?;
    Ok(known.is_file() && known.uid() == user())
}

fn said(what: &str, error: &io::Error) -> String {
    format!("{what}: {error}")
}

/// Makes a file of at most so many bytes: allocated, locked, with its header, and mapped.
pub(super) fn create(folder: &Path, header: &Header, bytes: u64) -> Result<(OwnFile, Arc<Region>), String> {
    let (header, layout) = header
        .encode(bytes)
        .ok_or("buffer_bytes is too small or too large, or the resource too large")?;
    // Whoever cleans up may take an unfinished file for one that was left: then there is another.
    for _ in 0..8 {
        if let Some(made) = try_create(folder, &header, &layout)? {
            return Ok(made);
        }
    }
    Err("others take each new file away".to_owned())
}

fn try_create(
    folder: &Path,
    header: &[u8],
    layout: &Layout,
) -> Result<Option<(OwnFile, Arc<Region>)>, String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| error.to_string())?;
    let name = format!(
        "spanline-{}-{:016x}",
        std::process::id(),
        u64::from_le_bytes(random)
    );
    let unfinished = folder.join(format!("{name}{UNFINISHED}"));
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(&unfinished)
        .map_err(|error| said("a new file", &error))?;
    let Some(lock) = LockedFile::lock(file).map_err(|error| said("a lock", &error))? else {
        return Ok(None);
    };
    let mut own = OwnFile {
        path: unfinished,
        lock,
        kept: false,
    };
    let file = own.lock.file();
    allocate(file, layout.file_bytes())?;
    file.write_all_at(header, 0)
        .map_err(|error| said("writing", &error))?;
    let region = map(&own.path, layout)?;
    let finished = folder.join(format!("{name}{SUFFIX}"));
    std::fs::rename(&own.path, &finished).map_err(|error| said("its name", &error))?;
    own.path = finished;
    Ok(Some((own, region)))
}

/// Has the file system set aside all that the file will need.
pub(super) fn allocate(file: &File, bytes: u64) -> Result<(), String> {
    let number = file.as_raw_fd();
    let length = libc::off_t::try_from(bytes).map_err(|_| "buffer_bytes is too large".to_owned())?;
    if file_size_limit() < bytes {
        // The kernel would send a signal that ends the process.
        return Err("this process may not write files so large (RLIMIT_FSIZE)".to_owned());
    }
    // SAFETY: all zeros are a value of this plain structure.
    let mut system: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor is open and the structure is ours.
    if unsafe { libc::fstatfs(number, &raw mut system) } != 0 {
        return Err(said("the file system", &io::Error::last_os_error()));
    }
    let kind = system.f_type as u32;
    if let Some((_, name)) = REFUSED.iter().find(|(number, _)| *number == kind) {
        return Err(format!("the file system {name} cannot set space aside"));
    }
    // Asking for more than there is would fill the disk before it fails.
    let free = (system.f_bavail as u64).saturating_mul(u64::try_from(system.f_bsize).unwrap_or(0));
    if free < bytes {
        return Err(format!("{bytes} bytes are not free (buffer_bytes)"));
    }
    // Not posix_fallocate: where the file system cannot do it, the C library would write zeros instead, which sets
    // nothing aside where they are compressed.
    loop {
        // SAFETY: the descriptor is open.
        if unsafe { libc::fallocate(number, 0, 0, length) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(said("setting space aside", &error));
        }
    }
}

/// The size beyond which this process may write no file.
pub(super) fn file_size_limit() -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure is ours.
    match unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) } {
        0 => limit.rlim_cur,
        _ => 0,
    }
}

/// Maps the file, opened once more: a mapping keeps its file open in forked children, and with it would keep the lock.
fn map(path: &Path, layout: &Layout) -> Result<Arc<Region>, String> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
        .map_err(|error| said("opening", &error))?;
    let bytes = usize::try_from(layout.file_bytes()).map_err(|_| "buffer_bytes is too large".to_owned())?;
    let mapping: MmapRaw = MmapOptions::new()
        .len(bytes)
        .map_raw(&file)
        .map_err(|error| said("mapping", &error))?;
    let start = mapping.as_mut_ptr();
    // SAFETY: table and slots lie inside the file (`Layout::plan`), hence inside the mapping, which is of its length.
    let table = unsafe { start.add(layout.table_at as usize) };
    // SAFETY: likewise.
    let data = unsafe { start.add(layout.data_at as usize) };
    // SAFETY: the mapping is readable and writable and lives in the region. A page is aligned to more than an entry is.
    // Every page has a block of its own, so reading and writing never fails, unless the file is shortened: it is this
    // user's alone and locked, and nothing of ours does that. The region is the one user of the pointers.
    Ok(unsafe { Region::new(table, data, layout.slots, SLOT_BYTES, Box::new(mapping)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_a_folder_is_and_what_to_do_is_said() {
        assert_eq!(strange(true, 1000, 0o40_700, 1000), None);
        for (reason, words) in [
            (strange(false, 1000, 0o700, 1000), "is not a folder: remove it"),
            (
                strange(true, 0, 0o700, 1000),
                "belongs to uid 0 and this process has uid 1000",
            ),
            (strange(true, 1000, 0o40_750, 1000), "(mode 750)"),
            (
                Some(may_not(0, 1000)),
                "belongs to uid 0, this process has uid 1000",
            ),
        ] {
            let reason = reason.unwrap();
            assert!(reason.contains(words), "{reason}");
            assert!(reason.contains("set spool_dir to another folder"), "{reason}");
        }
        assert_eq!(may_not(1000, 1000), "");
    }
}
