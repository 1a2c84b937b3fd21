//! The environment as a carrier: a process is started with the context of the one that starts it.
//!
//! ```no_run
//! use spanline::{environment, span};
//! use std::process::Command;
//! // The process that starts another:
//! let mut command = Command::new("worker");
//! {
//!     let _job = span!("job");
//!     spanline::inject(&mut environment::CommandInjector(&mut command));
//! }
//! command.spawn()?;
//!
//! // The one that is started:
//! let _context = spanline::attach(spanline::extract(&environment::of_process()));
//! let _work = span!("work");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The fields become variables by [`Environment::name_of`]: `traceparent` is `TRACEPARENT`. The environment of the own
//! process is never changed. Everybody who may see a process may see its environment, so it is no place for secrets.

pub use spanline_core::propagate::Environment;

use spanline_core::propagate::Setter;
use std::process::Command;

/// A copy of the environment of this process, to extract a context from at its start. Variables that are not Unicode
/// are left out.
pub fn of_process() -> Environment {
    let variables = std::env::vars_os();
    variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Writes a context into the environment of a process that is about to be started.
#[derive(Debug)]
pub struct CommandInjector<'a>(
    /// The process to be started.
    pub &'a mut Command,
);

impl Setter for CommandInjector<'_> {
    fn set(&mut self, name: &str, value: &str) {
        // A variable cannot hold it, and the process would not start.
        if !value.contains('\0') {
            self.0.env(&*Environment::name_of(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_the_child_are_set_and_what_they_cannot_hold_is_left_out() {
        let mut command = Command::new("none");
        let mut carrier = CommandInjector(&mut command);
        carrier.set("x-b3-traceid", "1");
        carrier.set("x-b3-traceid", "2");
        carrier.set("a=b", "3");
        carrier.set("nul", "a\0b");
        let set: Vec<_> = command
            .get_envs()
            .map(|(name, value)| (name.to_str().unwrap(), value.unwrap().to_str().unwrap()))
            .collect();
        assert_eq!(set, [("A_B", "3"), ("X_B3_TRACEID", "2")]);
    }

    #[test]
    fn the_environment_of_the_process_is_copied() {
        let environment = of_process();
        assert_eq!(
            environment.variable("PATH"),
            std::env::var("PATH").ok().as_deref()
        );
    }
}
