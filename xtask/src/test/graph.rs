//! A graph of a series over time, as SVG.

use std::fmt::Write;

/// What was seen after a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) second: u64,
    /// Resident memory in KiB.
    pub(super) resident: u64,
    /// Allocated and not freed, in KiB.
    pub(super) live: u64,
    /// Spans until then.
    pub(super) made: u64,
    pub(super) arrived: u64,
}

impl Sample {
    /// Reads the five numbers of a line.
    pub(super) fn read(line: &str) -> Option<Self> {
        let numbers: Option<Vec<u64>> = line.split(' ').map(|word| word.parse().ok()).collect();
        match numbers?[..] {
            [second, resident, live, made, arrived] => Some(Self {
                second,
                resident,
                live,
                made,
                arrived,
            }),
            _ => None,
        }
    }
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
/// Room for the scales, left and below.
const LEFT: f64 = 64.0;
const BELOW: f64 = 36.0;
const EDGE: f64 = 16.0;
/// Lines across.
const STEPS: u64 = 4;

/// Resident memory over time, and below it what is allocated; from zero, so that what looks flat is flat.
pub(super) fn svg(series: &[Sample]) -> String {
    let seconds = series
        .iter()
        .map(|sample| sample.second)
        .max()
        .unwrap_or(1)
        .max(1);
    let most = series.iter().map(|sample| sample.resident).max().unwrap_or(1);
    let top = round_up(most);
    let x = |second: u64| LEFT + (WIDTH - LEFT - EDGE) * second as f64 / seconds as f64;
    let y = |kib: u64| HEIGHT - BELOW - (HEIGHT - BELOW - EDGE) * kib as f64 / top as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\" fill=\"#444\">\n<title>Resident memory over {seconds} seconds</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    // Writing to a string cannot fail.
    for step in 0..=STEPS {
        let (kib, second) = (top * step / STEPS, seconds * step / STEPS);
        let (at, right) = (y(kib), WIDTH - EDGE);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.1} \
             MiB</text>",
            LEFT - 8.0,
            at + 4.0,
            kib as f64 / 1024.0
        );
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{second} s</text>",
            x(second),
            HEIGHT - BELOW + 20.0
        );
    }
    let mut line = |colour: &str, of: fn(&Sample) -> u64| {
        let points: Vec<String> = series
            .iter()
            .map(|sample| format!("{:.1},{:.1}", x(sample.second), y(of(sample))))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            points.join(" ")
        );
    };
    line("#0a7", |sample| sample.resident);
    line("#47c", |sample| sample.live);
    svg += "</svg>\n";
    svg
}

/// The next number of KiB that makes a good scale: 1, 2, 4 or 8 times a power of ten MiB, at least one.
fn round_up(kib: u64) -> u64 {
    let mut unit = 1 << 10;
    loop {
        for times in [1, 2, 4, 8] {
            if unit * times >= kib {
                return unit * times;
            }
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_five_numbers_are_samples() {
        let sample = Sample::read("3 8192 1024 300000 299000").unwrap();
        assert_eq!((sample.second, sample.resident, sample.live), (3, 8192, 1024));
        assert_eq!((sample.made, sample.arrived), (300_000, 299_000));
        assert_eq!(Sample::read("3 8192 300000 299000"), None);
        assert_eq!(Sample::read("300 spans in 3"), None);
    }

    #[test]
    fn scales_are_round() {
        assert_eq!(
            [0, 1024, 1025, 9000, 40_000].map(round_up),
            [1 << 10, 1 << 10, 2 << 10, 10 << 10, 40 << 10]
        );
    }

    #[test]
    fn every_sample_is_a_point_inside_the_frame() {
        let series: Vec<Sample> = (1..=3)
            .map(|second| Sample {
                second,
                resident: 4 << 10,
                live: 0,
                made: 0,
                arrived: 0,
            })
            .collect();
        let svg = svg(&series);
        assert!(
            svg.contains("points=\"277.3,16.0 490.7,16.0 704.0,16.0\""),
            "{svg}"
        );
        assert!(
            svg.contains("points=\"277.3,224.0 490.7,224.0 704.0,224.0\""),
            "{svg}"
        );
        assert!(svg.contains(">4.0 MiB<") && svg.contains(">3 s<"));
    }
}
