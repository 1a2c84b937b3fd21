//! The spool from outside: what a process leaves is sent by the next one, and nothing that a file or a folder can be does
//! harm.
#![cfg(all(feature = "spool", target_os = "linux"))]

mod adoption;
mod at_end;
mod child;
mod disk;
mod kill;
mod process;
mod support;
mod trouble;
