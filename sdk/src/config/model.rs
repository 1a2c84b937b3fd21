//! What a configuration says, before anything is made of it.

use super::components::Made;
use super::registry::Registry;
use crate::provider::Provider;
use crate::{Builder, Error};
use spanline_core::propagate::TextMapPropagator;
use spanline_engine::config::{
    FlatOptions, Node, Plan, Position, Problem, Remark, apply, declarative, tracing,
};
use spanline_engine::options::{Layers, Options, resolve};
use std::sync::Arc;

/// A configuration that has been read and checked. Components that are not built in are kept with their properties as
/// they stand; whether there is such a component is asked when they are made.
#[derive(Clone, Debug)]
pub struct Model {
    /// The file's name.
    name: Option<String>,
    tree: Node,
    plan: Plan,
    /// Whether it is the declarative form, which names its detectors itself.
    is_declarative: bool,
    remarks: Vec<Remark>,
}

/// What [`Model::create`] made.
#[derive(Debug)]
#[non_exhaustive]
pub struct Created {
    /// The provider of tracers. It is not the global one.
    pub provider: Provider,
    /// The propagators, as one.
    pub propagator: Arc<dyn TextMapPropagator>,
}

/// Reads a configuration from a text in YAML or JSON. `env` gives the value of a variable that the text refers to.
///
/// # Errors
/// What is wrong with the text, with its path as the error's option, its line and column in the message, and what was
/// probably meant as the error's hint.
#[cfg(feature = "config-file")]
pub fn parse(text: &str, env: impl Fn(&str) -> Option<String>) -> Result<Model, Error> {
    parse_named(text, None, &env)
}

/// Reads a configuration file; the variables are those of the process.
///
/// # Errors
/// `Io` when the file cannot be read; `Parse` when it is larger than 1 MiB or not UTF-8; else as [`parse`]. The message
/// begins with the file's name.
#[cfg(feature = "config-file")]
pub fn parse_file(path: impl AsRef<std::path::Path>) -> Result<Model, Error> {
    parse_path(path.as_ref(), &|variable| std::env::var(variable).ok())
}

/// The same with other variables.
#[cfg(feature = "config-file")]
pub(super) fn parse_path(
    path: &std::path::Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Model, Error> {
    use std::io::Read;
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let most = super::yaml::MOST_BYTES as u64;
    std::fs::File::open(path)
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .map_err(|error| {
            let message = format!("the configuration file {name} cannot be read: {error}");
            Error::new(crate::ErrorKind::Io, message).with_source(error)
        })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        let message = format!("{name}: the configuration file is not UTF-8");
        Error::new(crate::ErrorKind::Parse, message)
    })?;
    parse_named(&text, Some(name), env)
}

/// Reads any text in YAML or JSON as a tree, with variables replaced in its values: for [`Builder::configure`].
///
/// # Errors
/// `Parse`, as [`parse`].
#[cfg(feature = "config-file")]
pub fn read(text: &str, env: impl Fn(&str) -> Option<String>) -> Result<Node, Error> {
    super::yaml::load(text, &env).map_err(|problem| problem.into_error(None))
}

#[cfg(feature = "config-file")]
fn parse_named(
    text: &str,
    name: Option<String>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Model, Error> {
    let (tree, unset) = super::yaml::load_and_remark(text, env).map_err(|mut problem| {
        // Paths of the short form begin below this.
        if let Some(below) = problem.path.strip_prefix("tracing.sdk.") {
            problem.path = below.to_owned();
        }
        problem.into_error(name.as_deref())
    })?;
    let mut model = Model::named(tree, name)?;
    model.remarks.splice(0..0, unset);
    Ok(model)
}

impl Model {
    /// A configuration from a tree, such as a dictionary of another language: the declarative form, or the short form
    /// whose root is `tracing`. No variables are replaced.
    ///
    /// # Errors
    /// As [`parse`], without line and column.
    pub fn from_tree(tree: Node) -> Result<Self, Error> {
        Self::named(tree, None)
    }

    fn named(tree: Node, name: Option<String>) -> Result<Self, Error> {
        let is_declarative = tree.get("tracing").is_none() || tree.get("file_format").is_some();
        let read = if is_declarative {
            declarative(&tree)
        } else {
            tracing(&tree).map(|options| {
                let mut plan = Plan::default();
                plan.options = options;
                (plan, Vec::new())
            })
        };
        let (plan, remarks) = read.map_err(|problem| problem.into_error(name.as_deref()))?;
        Ok(Self {
            name,
            tree,
            plan,
            is_declarative,
            remarks,
        })
    }

    /// Everything that was read, with variables replaced. A member that is absent and one that is null differ here.
    pub fn tree(&self) -> &Node {
        &self.tree
    }

    /// What of it are options.
    pub fn options(&self) -> &FlatOptions {
        &self.plan.options
    }

    /// The rest: components that options cannot name.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What the user should know, though nothing is wrong.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Makes a provider and a propagator of what the configuration says, and of nothing else: neither code nor
    /// environment.
    ///
    /// # Errors
    /// The first option that is wrong, or component that cannot be made: `UnknownKey` with a hint for one that is not
    /// registered, `Unsupported` for one that this version does not have. The error's option is the path in the
    /// configuration.
    pub fn create(&self, registry: &Registry) -> Result<Created, Error> {
        let provider = Builder::default()
            .without_environment()
            .components(registry.clone())
            .model(self.clone())
            .build()?;
        Ok(Created {
            propagator: provider.propagator(),
            provider,
        })
    }

    /// The options as a layer, checked by themselves; with what the user should know about them.
    pub(super) fn layer(&self, features: &[&str]) -> Result<(Options, Vec<Remark>), Error> {
        let mut options = Options::default();
        let mut remarks = apply(&self.plan.options, &mut options).map_err(|problem| self.error(problem))?;
        let layers = Layers {
            code: &Options::default(),
            file: Some(&options),
            env: &|_| None,
            features,
        };
        resolve(&layers, &mut Vec::new()).map_err(|error| self.locate(error))?;
        remarks.splice(0..0, self.remarks.iter().cloned());
        Ok((options, remarks))
    }

    /// The components that options cannot name.
    pub(super) fn components(&self, registry: &Registry) -> Result<Made, Error> {
        match self.is_declarative {
            true => Made::of(&self.plan, registry).map_err(|problem| self.error(problem)),
            false => Ok(Made::default()),
        }
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("the configuration")
    }

    /// A problem of this configuration as an error.
    pub(super) fn error(&self, problem: Problem) -> Error {
        problem.into_error(self.name.as_deref())
    }

    /// An error about an option, as one about the place that sets it.
    pub(super) fn locate(&self, error: Error) -> Error {
        let option = error.option().unwrap_or_default();
        let Some((path, at)) = self.plan.options.place(option) else {
            return error;
        };
        let (mut path, mut at) = (path.to_owned(), at);
        let message = error.message();
        let text = match option.split_once('[') {
            // The path says which exporter it is.
            Some(("exporter", _)) => message
                .strip_prefix("exporter[")
                .and_then(|rest| rest.split_once("]."))
                .map_or(message, |(_, text)| text),
            // An item of a list that has no place of its own noted, or something within it.
            Some((_, below)) => {
                path = format!("{path}[{below}");
                at = self.place(&path).or(at);
                said_of(message, option)
            }
            None => message,
        };
        let problem = Problem::new(error.kind(), path, at, text);
        problem.into_error(self.name.as_deref()).with_hint(error.hint())
    }

    /// Where the value of this path stands, or the innermost around it.
    fn place(&self, path: &str) -> Option<Position> {
        // Paths of the short form begin below this.
        let short = self.tree.get("tracing").and_then(|tracing| tracing.get("sdk"));
        let root = match short {
            Some(short) if !self.is_declarative => short,
            _ => &self.tree,
        };
        let names = path.split(['.', '[']);
        let found = names.scan(root, |node, name| {
            *node = match name.strip_suffix(']') {
                Some(index) => node.items().get(index.parse::<usize>().ok()?)?,
                None => node.get(name)?,
            };
            Some(node.at)
        });
        found.flatten().last()
    }
}

/// A message without the name of the option in front.
fn said_of<'a>(message: &'a str, option: &str) -> &'a str {
    let rest = message.strip_prefix(option);
    rest.and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message)
}
