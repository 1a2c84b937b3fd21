//! From flat options to a layer of options.

use super::{FlatOptions, Problem, Remark, file::is_later};
use crate::options::{LogLevel, Options};
use alloc::{borrow::ToOwned, vec::Vec};

/// Sets these options. Those that are known, but apply to nothing that this version has, are a remark.
///
/// # Errors
/// A value of the wrong type, or an exporter's member that there is not. Whether numbers are in their range, and names
/// are known, is looked at when the options are resolved.
///
/// ```
/// use spanline_engine::{config::{apply, dictionary, Node}, options::Options};
/// let flat = dictionary(&Node::map([("service_name", Node::from("shop"))]))?;
/// let mut options = Options::default();
/// apply(&flat, &mut options)?;
/// assert_eq!(options.service_name.as_deref(), Some("shop"));
/// # Ok::<(), spanline_engine::config::Problem>(())
/// ```
pub fn apply(flat: &FlatOptions, options: &mut Options) -> Result<Vec<Remark>, Problem> {
    let mut remarks = Vec::new();
    for one in flat {
        if is_later(&one.name) {
            let text = "this version has nothing that it applies to";
            remarks.push(Remark::new(LogLevel::Info, &one.path, one.at, text));
            continue;
        }
        options.set(&one.name, &one.value).map_err(|error| {
            let mut problem = Problem::new(error.kind(), one.path.clone(), one.at, error.message());
            problem.hint = error.hint().map(ToOwned::to_owned);
            problem
        })?;
    }
    Ok(remarks)
}
