//! The programs of the demo. Each ends when its owner is dropped: on an error, on Ctrl-C, in a panic.

use crate::root::target;
use crate::shell::{Group, Run};
use std::cell::RefCell;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

/// A running program with its output in a file.
#[derive(Debug)]
pub(super) struct Program {
    name: &'static str,
    group: RefCell<Group>,
    log: PathBuf,
}

impl Program {
    pub(super) fn start(name: &'static str, run: Run) -> Result<Program, String> {
        let dir = target().join("xtask");
        std::fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        let log = dir.join(format!("demo-{}-{name}.log", std::process::id()));
        let file = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        Ok(Program {
            name,
            group: RefCell::new(run.start(file)?),
            log,
        })
    }

    /// Everything that it has printed so far.
    pub(super) fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// An error when it has ended by itself.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.group.borrow_mut().ended()? {
            Some(status) => Err(format!("{} has ended ({status})\n{}", self.name, self.output())),
            None => Ok(()),
        }
    }

    /// Asks it to end and waits a little; after that it is ended.
    pub(super) fn stop(self) {
        self.group.borrow_mut().stop();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.log);
    }
}

/// This port when it is free, else any free one.
pub(super) fn port(wanted: u16) -> Result<u16, String> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let socket = bind(wanted)
        .or_else(|_| bind(0))
        .map_err(|e| format!("no free port: {e}"))?;
    socket
        .local_addr()
        .map(|address| address.port())
        .map_err(|e| e.to_string())
}
