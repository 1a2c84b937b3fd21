//! The figures that `docs/sampling.md` names beside the plots.

use crate::plot::publish;

/// The page, which people write, has these figures of a simulation.
pub(crate) fn figures(name: &str, lines: &[String]) {
    let known =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/sampling.md"))
            .unwrap_or_default();
    let missing: Vec<_> = lines
        .iter()
        .filter(|line| !known.contains(line.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/sampling.md does not say what the simulation `{name}` came to: {missing:?}"
    );
}

/// Publishes a plot under `docs/sampling-NAME.svg`.
pub(crate) fn plot(name: &str, svg: &str) {
    publish(&format!("sampling-{name}.svg"), svg);
}
