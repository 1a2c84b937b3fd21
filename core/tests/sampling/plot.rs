//! A plot of some series, as SVG.

use std::fmt::Write;

pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) colour: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const BELOW: f64 = 36.0;
const ABOVE: f64 = 28.0;
const EDGE: f64 = 16.0;
const STEPS: u32 = 4;

/// Lines over seconds, from zero to `top` of what `unit` says.
pub(crate) fn svg(title: &str, unit: &str, top: f64, series: &[Series]) -> String {
    let end = series.iter().flat_map(|one| &one.points).map(|point| point.0);
    let end = end.fold(1.0, f64::max);
    let x = |second: f64| LEFT + (WIDTH - LEFT - EDGE) * second / end;
    let y = |value: f64| HEIGHT - BELOW - (HEIGHT - BELOW - ABOVE) * value.min(top) / top;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\" fill=\"#444\">\n<title>{title}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    // Writing to a string cannot fail.
    for step in 0..=STEPS {
        let share = f64::from(step) / f64::from(STEPS);
        let (value, at, right) = (top * share, y(top * share), WIDTH - EDGE);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value}{unit}</text>",
            LEFT - 8.0,
            at + 4.0
        );
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{:.0} s</text>",
            x(end * share),
            HEIGHT - BELOW + 20.0,
            end * share
        );
    }
    let mut label = LEFT;
    for Series { name, colour, points } in series {
        let _ = writeln!(
            svg,
            "<rect x=\"{label}\" y=\"8\" width=\"10\" height=\"10\" fill=\"{colour}\"/><text x=\"{}\" y=\"17\">{name}</text>",
            label + 15.0
        );
        label += 30.0 + 6.5 * name.len() as f64;
        let points: Vec<String> = points
            .iter()
            .map(|&(second, value)| format!("{:.1},{:.1}", x(second), y(value)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>",
            points.join(" ")
        );
    }
    svg += "</svg>\n";
    svg
}

/// Writes a plot, or compares it with the one that is there.
pub(crate) fn publish(file: &str, content: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(file);
    if std::env::var_os("SPANLINE_WRITE_DOCS").is_some() {
        std::fs::write(&path, content).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (known, now)) in known.lines().zip(content.lines()).enumerate() {
        assert_eq!(
            known,
            now,
            "docs/{file}:{}: write it with SPANLINE_WRITE_DOCS=1",
            number + 1
        );
    }
    assert_eq!(
        known.lines().count(),
        content.lines().count(),
        "docs/{file}: write it with SPANLINE_WRITE_DOCS=1"
    );
}
