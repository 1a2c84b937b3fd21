//! Running other programs: in their own process group, with their output in a log, never longer than a limit.

use crate::root::{root, target};
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// No program that we start takes longer than this; one that does is stuck, and is ended.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// A program to run.
#[derive(Debug)]
pub(crate) struct Run {
    command: Command,
    shown: String,
    limit: Duration,
}

/// How it ended, with everything it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Exit code 0.
    pub(crate) success: bool,
    /// Standard output and standard error in the order in which they came.
    pub(crate) output: String,
    /// `exit status: 101`, `signal: 11` or that it was ended by us.
    pub(crate) how: String,
}

impl Run {
    /// Started in the root of the workspace, standard input closed.
    pub(crate) fn new<S: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = S>) -> Run {
        let mut command = Command::new(program);
        command.args(args).current_dir(root()).stdin(Stdio::null());
        // What cargo told *us* about our own package is not for the cargo that we start.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        let words = command.get_args().map(OsStr::to_string_lossy);
        let shown = std::iter::once(program.into())
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ");
        Run {
            command,
            shown,
            limit: LIMIT,
        }
    }

    /// `cargo ARGS`.
    pub(crate) fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Run {
        Run::new("cargo", args)
    }

    /// With this environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Run {
        self.command.env(name, value.as_ref());
        self.shown = format!("{name}={} {}", value.as_ref().to_string_lossy(), self.shown);
        self
    }

    /// In this folder, relative to the root.
    pub(crate) fn dir(mut self, dir: &str) -> Run {
        self.command.current_dir(root().join(dir));
        self
    }

    /// Ended after this long instead of half an hour.
    pub(crate) fn limit(mut self, limit: Duration) -> Run {
        self.limit = limit;
        self
    }

    /// The command line, as a person would type it.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it cannot be started. A program that fails is no error here.
    pub(crate) fn ended(mut self) -> Result<Ended, String> {
        let path = log_path()?;
        let log = File::create(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let also = log.try_clone().map_err(|e| e.to_string())?;
        self.command.stdout(log).stderr(also);
        let status = Group::start(self.command, &self.shown)?.wait(self.limit);
        let output = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
        let _ = std::fs::remove_file(&path);
        match status? {
            Some(status) => Ok(Ended {
                success: status.success(),
                output,
                how: status.to_string(),
            }),
            None => {
                let how = format!("ended by us after {} s", self.limit.as_secs());
                Ok(Ended {
                    success: false,
                    output,
                    how,
                })
            }
        }
    }

    /// Runs it to its end while its output goes to ours.
    ///
    /// # Errors
    /// When it cannot be started or fails.
    pub(crate) fn shown_run(self) -> Result<(), String> {
        println!("$ {}", self.shown);
        match Group::start(self.command, &self.shown)?.wait(self.limit)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("`{}` failed: {status}", self.shown)),
            None => Err(format!("`{}` took too long", self.shown)),
        }
    }

    /// What it prints.
    ///
    /// # Errors
    /// When it cannot be started or fails: with its output.
    pub(crate) fn output(self) -> Result<String, String> {
        let shown = self.shown.clone();
        let ended = self.ended()?;
        if ended.success {
            Ok(ended.output)
        } else {
            Err(format!("`{shown}` failed ({})\n{}", ended.how, ended.output))
        }
    }

    /// Whether it can be started and succeeds.
    pub(crate) fn succeeds(self) -> bool {
        self.ended().is_ok_and(|ended| ended.success)
    }

    /// Starts it with its output in the given file, to go on beside us.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(mut self, log: File) -> Result<Group, String> {
        let also = log.try_clone().map_err(|e| e.to_string())?;
        self.command.stdout(log).stderr(also);
        Group::start(self.command, &self.shown)
    }
}

/// A running program and all that it started. Dropping it ends them.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
}

impl Group {
    fn start(mut command: Command, shown: &str) -> Result<Group, String> {
        interrupted();
        let child = command
            .process_group(0)
            .spawn()
            .map_err(|e| format!("`{shown}` could not be started: {e}"))?;
        Ok(Group { child })
    }

    /// Waits for the end; `None` when the limit passed first.
    fn wait(mut self, limit: Duration) -> Result<Option<ExitStatus>, String> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            if interrupted() {
                drop(self);
                return Err("interrupted".to_owned());
            }
            if start.elapsed() > limit {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks it to end and gives it two seconds.
    pub(crate) fn stop(&mut self) {
        self.signal("-TERM");
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(2) && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// std can end the program itself only; `kill` of a negative number reaches the whole group.
    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill")
            .args([signal, "--", &group])
            .stderr(Stdio::null())
            .status();
    }

    /// How it ended, when it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, String> {
        self.child.try_wait().map_err(|e| e.to_string())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        self.signal("-KILL");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether Ctrl-C was pressed or we were asked to end. The first call starts listening; since programs run in groups of
/// their own, the terminal's Ctrl-C reaches only us.
pub(crate) fn interrupted() -> bool {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let flag = FLAG.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [
            signal_hook::consts::SIGINT,
            signal_hook::consts::SIGTERM,
            signal_hook::consts::SIGHUP,
        ] {
            // A second signal ends us at once, should the first one not be looked at.
            let _ = signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag));
            let _ = signal_hook::flag::register(signal, Arc::clone(&flag));
        }
        flag
    });
    flag.load(Ordering::Relaxed)
}

/// A fresh file under the target folder.
fn log_path() -> Result<PathBuf, String> {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let dir = target().join("xtask");
    std::fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    Ok(dir.join(format!(
        "output-{}-{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    )))
}

/// Whether this program is found on the search path.
pub(crate) fn found(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}
