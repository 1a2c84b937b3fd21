//! A locked file that a forked child lets go of.
//!
//! The lock belongs to the open file, which a child inherits: it would keep the file locked after its parent was killed.
//! So the descriptors of locked files are on a list, and a child closes them before it does anything else. What is mapped
//! is opened a second time, because a mapping keeps its file open too.

#![allow(unsafe_code)] // One of the files that may: see the comment at each block.

use crate::fork;
use std::fs::{File, TryLockError};
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// How many files a child closes; of more than these it keeps those locked that it inherits, until it ends.
const LISTED: usize = 64;

static INHERITED: [AtomicI32; LISTED] = [const { AtomicI32::new(-1) }; LISTED];
static HOOKED: AtomicBool = AtomicBool::new(false);

/// A file that this process alone has locked.
#[derive(Debug)]
pub(super) struct LockedFile {
    file: ManuallyDrop<File>,
    epoch: u32,
}

impl LockedFile {
    /// Locks the file. `None` when somebody else has it, or when its name was deleted meanwhile.
    pub(super) fn lock(file: File) -> io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whoever had it before may have deleted it: then its name is nobody's or another file's.
        if file.metadata()?.nlink() == 0 {
            return Ok(None);
        }
        list(file.as_raw_fd());
        Ok(Some(Self {
            file: ManuallyDrop::new(file),
            epoch: fork::current_epoch(),
        }))
    }

    /// Whether this process locked it, and not one that it was forked from.
    pub(super) fn is_ours(&self) -> bool {
        self.epoch == fork::current_epoch()
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // In a child the number is not ours any more.
        if !self.is_ours() {
            return;
        }
        let number = self.file.as_raw_fd();
        for place in &INHERITED {
            let _ = place.compare_exchange(number, -1, Ordering::AcqRel, Ordering::Relaxed);
        }
        // SAFETY: nothing uses the file after this.
        unsafe { ManuallyDrop::drop(&mut self.file) };
    }
}

fn list(number: i32) {
    for place in &INHERITED {
        if place
            .compare_exchange(-1, number, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
        {
            break;
        }
    }
    if !HOOKED.swap(true, Ordering::AcqRel) {
        extern "C" fn in_child() {
            for place in &INHERITED {
                let number = place.swap(-1, Ordering::AcqRel);
                if number >= 0 {
                    // SAFETY: a descriptor that the parent opened and that nothing in the child uses: what holds it
                    // knows that it is another process's. `close` may be called after a fork.
                    unsafe { libc::close(number) };
                }
            }
        }
        // SAFETY: the handler uses atomics and `close` only.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    }
}
