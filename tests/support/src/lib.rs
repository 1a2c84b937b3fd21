//! Runs the conformance vectors of `tests/vectors` from a test.
//!
//! ```no_run
//! use spanline_test_vectors::{Case, Level, run};
//!
//! #[test]
//! fn w3c_traceparent() {
//!     run("core", Level::Engine, "w3c_traceparent.json", &["extract", "inject"], |case| match case.op() {
//!         "extract" => extract(case),
//!         _ => inject(case),
//!     });
//! }
//!
//! fn extract(case: &Case) {
//!     let header = case.get("carrier")[0][1].as_str().unwrap();
//!     assert_eq!(header.len() == 55, case.expect("valid").as_bool().unwrap());
//! }
//! # fn inject(_: &Case) {}
//! ```
//!
//! What [`run`] does:
//!
//! * The whole file is validated against `schema/vectors.schema.json` first. An unknown `schema` value, op, case
//!   member or expect member fails the run before any case.
//! * The named ops are run, each case by one call of the closure. An op that the file does not have is an error, and so
//!   is an op that SCHEMA.md places at another level than it is run at, where that makes no sense (see [`Level`]).
//! * A case passes when the closure returns `()`, `Ok(())` or [`Outcome::Passed`]; it fails when the closure panics
//!   (so `assert_eq!` is fine) or returns `Err(text)`; [`Outcome::Skipped`] needs a reason.
//! * All cases run, then the test fails with the list of failed cases as `<file>/<id>`.
//! * When `SPANLINE_VECTORS_REPORT` names a folder, the outcomes are written there, one JSON file per call.
//!   `cargo xtask test vectors` sets it, adds the outcomes of all runners up and complains about cases that none ran.
//!
//! Several runners may share a file: each names the ops that it runs. One case may also be run by several runners (a
//! map and a list as carrier, say); at each level it counts once and has passed when every one of them passed it.
//!
//! With the feature `formats` there is also `formats`, which reads Zipkin's and Jaeger's formats by decoders of others.
//!
//! With the feature `server` there is also `server`, a receiver of OTLP that misbehaves by a script.

mod case;
#[cfg(feature = "formats")]
pub mod formats;
pub mod json;
mod report;
mod run;
mod schema;
#[cfg(all(feature = "server", unix))]
pub mod server;
mod skip;

pub use case::{Case, load, load_text, vectors_dir};
pub use report::{Level, Outcome};
pub use run::{engine_only, run};
pub use schema::Schema;
pub use serde_json::{self, Value};
pub use skip::skip;
