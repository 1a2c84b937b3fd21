//! `loop WORK SPANS [VARIANT]`: only our own work, so that a profiler sees nothing else.

use crate::measure::{Sample, Task};
use crate::sink::Receiver;
use crate::subject::OURS;
use crate::work::Work;

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let (name, spans, variant) = match args {
        [name, spans] => (name, spans, ""),
        [name, spans, variant] => (name, spans, *variant),
        _ => return Err("loop WORK SPANS [VARIANT]".to_owned()),
    };
    let work = Work::from_name(name).ok_or_else(|| format!("there is no work `{name}`"))?;
    let spans = spans.parse().map_err(|error| format!("`{spans}`: {error}"))?;
    let mut receiver = if work.is_exported() {
        Some(Receiver::start().map_err(|error| error.to_string())?)
    } else {
        None
    };
    let endpoint = receiver
        .as_ref()
        .map(|receiver| receiver.endpoint(variant).to_owned());
    let mut sample = Sample::take(&Task {
        subject: OURS,
        variant,
        work,
        spans,
        endpoint: endpoint.as_deref(),
    })?;
    if let Some(receiver) = &mut receiver {
        sample.seen = Some(receiver.spans().map_err(|error| error.to_string())?);
    }
    println!(
        "{name}: {:.1} ns wall, {:.1} ns CPU per span; {} of {} lost; peak {:.1} MiB",
        sample.wall_ns,
        sample.cpu_ns,
        sample.lost(),
        sample.made,
        sample.peak_mib
    );
    Ok(())
}
