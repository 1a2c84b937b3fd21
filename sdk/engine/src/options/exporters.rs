//! Where spans go.

use super::{
    Exporter, ExporterOption, ExporterSettings, TABLE,
    generated::{Options, index::*},
    one::{One, one},
    reader::{Name, Reader, meant, needs},
    text::{items, quoted},
};
use crate::{Error, ErrorKind};
use alloc::{borrow::ToOwned, format, vec, vec::Vec};

/// The options of where and how, resolved.
pub(super) struct Exporters {
    pub(super) exporter: Vec<ExporterSettings>,
    /// What an exporter has that does not say otherwise.
    pub(super) flat: One,
}

/// Resolves them together: what the environment asks for and is not there leaves no such exporter.
pub(super) fn resolve(reader: &mut Reader<'_>, code: &Options) -> Result<Exporters, Error> {
    let common = common(code);
    let entries = entries(reader, code)?;
    let main = main_kind(entries.iter().map(|(kind, _)| *kind));
    reader.kind = main;
    let flat = one(reader, &common)?;
    let mut list: Vec<ExporterSettings> = Vec::new();
    for (index, (kind, own)) in entries.into_iter().enumerate() {
        let settings = match own {
            None if !is_network(kind) => ExporterSettings {
                kind,
                ..flat.settings.clone()
            },
            None if kind == main => match flat.usable {
                true => flat.settings.clone(),
                false => continue,
            },
            own => {
                let before = (reader.sources, reader.given, reader.kind);
                let own = own.unwrap_or_default();
                let given = reader.given[EXPORTER];
                for (option, info) in TABLE.iter().enumerate() {
                    if info.member.is_some_and(|member| own.has(member)) {
                        reader.given[option] = given;
                    }
                }
                reader.kind = if is_network(kind) { kind } else { main };
                let resolved = match reader.kind == main {
                    true => one(reader, &with_common(own, &common)),
                    false => one(reader, &with_common(own, &of_every_kind(&common))),
                };
                (reader.sources, reader.given, reader.kind) = before;
                let resolved = resolved.map_err(|error| error.within(&format!("exporter[{index}].")))?;
                if is_network(kind) && !resolved.usable {
                    continue;
                }
                ExporterSettings {
                    kind,
                    ..resolved.settings
                }
            }
        };
        if !list.contains(&settings) {
            list.push(settings);
        }
    }
    reader.kind = Exporter::Otlp;
    for index in 0..list.len() {
        let same = list[..index]
            .iter()
            .filter(|other| other.kind == list[index].kind)
            .count();
        let kind = list[index].kind.name();
        list[index].name = match same {
            0 => kind.to_owned(),
            same => format!("{kind}_{}", same + 1),
        };
    }
    Ok(Exporters { exporter: list, flat })
}

/// Whether it sends to a receiver.
pub(super) const fn is_network(kind: Exporter) -> bool {
    matches!(kind, Exporter::Otlp | Exporter::Zipkin | Exporter::Jaeger)
}

/// The options that say where, how and as whom: when they are set for all exporters they hold for those of one kind.
const OF_ONE_KIND: [usize; 11] = [
    ENDPOINT,
    PROTOCOL,
    INSECURE,
    HEADERS,
    BEARER_TOKEN,
    USERNAME,
    PASSWORD,
    COMPRESSION,
    CERTIFICATE,
    CLIENT_CERTIFICATE,
    CLIENT_KEY,
];

/// The kind of exporter that these are set for: that of those which send to a receiver, when it is one; of several kinds
/// OTLP.
fn main_kind(kinds: impl Iterator<Item = Exporter>) -> Exporter {
    let mut kinds = kinds.filter(|&kind| is_network(kind));
    match kinds.next() {
        Some(first) if kinds.all(|kind| kind == first) => first,
        _ => Exporter::Otlp,
    }
}

/// Leaves out of what a file says for each exporter what the code says for all of its kind: `marks` are those of the
/// code.
pub(super) fn yield_to(exporters: &mut [ExporterOption], marks: [bool; TABLE.len()]) {
    let kind = |exporter: &ExporterOption| Exporter::from_name(&exporter.name);
    let main = main_kind(exporters.iter().filter_map(kind));
    let mut of_every_kind = marks;
    OF_ONE_KIND
        .into_iter()
        .for_each(|option| of_every_kind[option] = false);
    for exporter in exporters {
        let is_other = kind(exporter).is_some_and(|kind| is_network(kind) && kind != main);
        exporter.yield_to(if is_other { &of_every_kind } else { &marks });
    }
}

/// Of what the options say for all what also holds for exporters of another kind than they are set for.
fn of_every_kind(common: &ExporterOption) -> ExporterOption {
    let mut common = common.clone();
    let mut marks = [false; TABLE.len()];
    OF_ONE_KIND.into_iter().for_each(|option| marks[option] = true);
    common.yield_to(&marks);
    common
}

/// What the options say for every exporter.
fn common(code: &Options) -> ExporterOption {
    let mut common = ExporterOption::default();
    common.take(code);
    common
}

/// The same of one exporter, whose own members win. A token of its own does not meet a user of all, nor the reverse.
fn with_common(mut own: ExporterOption, common: &ExporterOption) -> ExporterOption {
    let credentials = own.bearer_token.is_some() || own.username.is_some();
    let before = (
        own.bearer_token.clone(),
        own.username.clone(),
        own.password.clone(),
    );
    own.fill(common);
    if credentials {
        (own.bearer_token, own.username, own.password) = before;
    }
    own
}

/// The exporters in order, none at all when `none` is among them; with what each has of its own.
fn entries(
    reader: &mut Reader<'_>,
    code: &Options,
) -> Result<Vec<(Exporter, Option<ExporterOption>)>, Error> {
    if let Some(given) = &code.exporter {
        let mut list = Vec::new();
        let mut none = false;
        for (index, option) in given.iter().enumerate() {
            let name = reader.known_name(EXPORTER, &option.name)?;
            match Exporter::from_name(name) {
                Some(kind) => list.push((kind, members(option, kind, index)?)),
                None => none = true,
            }
        }
        reader.set_given(EXPORTER);
        return Ok(if none { Vec::new() } else { list });
    }
    for variable in TABLE[EXPORTER].variables {
        let Some(text) = reader.raw(variable) else {
            continue;
        };
        let (mut names, mut left_out) = (Vec::new(), Vec::new());
        for item in items(&text) {
            let wrong = match reader.look_up(EXPORTER, item) {
                Name::Known(name) => {
                    names.push(name);
                    continue;
                }
                Name::Later(name, feature) => format!("`{name}` {}; it is left out", needs(feature)),
                Name::Unknown => {
                    let hint = meant(item, EXPORTER);
                    format!("{} is not an exporter{hint}; it is left out", quoted(item))
                }
            };
            left_out.push(wrong);
        }
        for wrong in left_out {
            let rest = match names.is_empty() {
                true => "; nothing is exported, but by exporters that the code adds",
                false => "",
            };
            reader.warn(EXPORTER, variable, wrong + rest);
        }
        if names.len() > 1 && names.contains(&"none") {
            let wrong = "`none` beside others: there is no exporter".to_owned();
            reader.warn(EXPORTER, variable, wrong);
        }
        reader.set_environment(EXPORTER, variable);
        let kinds: Option<Vec<Exporter>> = names.into_iter().map(Exporter::from_name).collect();
        return Ok(kinds
            .unwrap_or_default()
            .into_iter()
            .map(|kind| (kind, None))
            .collect());
    }
    Ok(vec![(Exporter::Otlp, None)])
}

/// What the structure says beside the name; `None` when it says nothing. A member that means nothing to this kind is
/// an error.
fn members(option: &ExporterOption, kind: Exporter, index: usize) -> Result<Option<ExporterOption>, Error> {
    let mut any = false;
    for member in ExporterOption::MEMBERS.iter().filter(|member| option.has(member)) {
        any = true;
        let of_file = matches!(*member, "path" | "max_bytes" | "max_files");
        let fits = match kind {
            // It has no gRPC.
            Exporter::Zipkin if *member == "insecure" => false,
            Exporter::Otlp | Exporter::Zipkin | Exporter::Jaeger => !of_file,
            Exporter::File => of_file,
            _ => false,
        };
        if !fits {
            let at = format!("exporter[{index}].{member}");
            let message = format!("{at}: the exporter `{kind}` has no `{member}`");
            return Err(Error::new(ErrorKind::UnknownOption, message).with_option(at));
        }
    }
    Ok(any.then(|| option.clone()))
}
