//! What we want to reach, as ratios to a peer in the same run.

use crate::row::Row;
use crate::subject::{FASTRACE, OPENTELEMETRY, OURS};
use crate::work::Work;

/// A figure that is compared.
#[derive(Clone, Copy, Debug)]
enum Figure {
    Wall,
    Cpu,
}

/// A target of ratio.
#[derive(Debug)]
struct Ratio {
    work: Work,
    figure: Figure,
    peer: &'static str,
    most: f64,
}

const RATIOS: [Ratio; 6] = [
    Ratio {
        work: Work::Typical,
        figure: Figure::Wall,
        peer: OPENTELEMETRY,
        most: 0.2,
    },
    Ratio {
        work: Work::Typical,
        figure: Figure::Cpu,
        peer: FASTRACE,
        most: 0.55,
    },
    Ratio {
        work: Work::Unsampled,
        figure: Figure::Wall,
        peer: OPENTELEMETRY,
        most: 0.1,
    },
    // 190 ns where OpenTelemetry takes 684.
    Ratio {
        work: Work::Carried,
        figure: Figure::Wall,
        peer: OPENTELEMETRY,
        most: 0.278,
    },
    Ratio {
        work: Work::Exported,
        figure: Figure::Cpu,
        peer: OPENTELEMETRY,
        most: 1.0 / 6.0,
    },
    Ratio {
        work: Work::Exported,
        figure: Figure::Cpu,
        peer: FASTRACE,
        most: 1.0 / 7.0,
    },
];

/// The most memory that a burst may take.
const BURST_MIB: f64 = 64.0;

/// A target and what came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) what: String,
    pub(crate) wanted: String,
    pub(crate) got: String,
    pub(crate) met: bool,
}

/// Every target whose figures are among the rows.
pub(crate) fn outcomes(rows: &[Row]) -> Vec<Outcome> {
    let find = |work: Work, subject: &str| {
        rows.iter()
            .find(|row| row.work == work && row.subject == subject && row.variant.is_empty())
    };
    let ratios = RATIOS.iter().filter_map(|target| {
        let (ours, peer) = (find(target.work, OURS)?, find(target.work, target.peer)?);
        let (figure, ours, peer) = match target.figure {
            Figure::Wall => ("wall", ours.wall(), peer.wall()),
            Figure::Cpu => ("CPU", ours.cpu(), peer.cpu()),
        };
        let ratio = ours.median / peer.median;
        Some(Outcome {
            what: format!(
                "{} {figure}, as a part of {}",
                target.work.name().to_uppercase(),
                target.peer
            ),
            wanted: format!("<= {:.3}", target.most),
            // What others on the machine add falls on the median first.
            got: format!(
                "{ratio:.3} ({:.0} ns of {:.0} ns; of the least ones {:.3})",
                ours.median,
                peer.median,
                ours.min / peer.min
            ),
            met: ratio <= target.most,
        })
    });
    let burst = find(Work::Burst, OURS).map(|row| {
        [
            Outcome {
                what: "burst, spans lost".to_owned(),
                wanted: "0".to_owned(),
                got: format!("{} of {}", row.lost(), row.made()),
                met: row.lost() == 0 && row.made() > 0,
            },
            Outcome {
                what: "burst, peak memory".to_owned(),
                wanted: format!("<= {BURST_MIB} MiB"),
                got: format!("{:.1} MiB", row.peak_mib()),
                met: row.peak_mib() <= BURST_MIB,
            },
        ]
    });
    ratios.chain(burst.into_iter().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::tests::row;

    #[test]
    fn a_ratio_is_met_at_its_bound_and_missed_above() {
        let of = |ours: f64| {
            let rows = [
                row(Work::Typical, OURS, ours, 1.0),
                row(Work::Typical, OPENTELEMETRY, 100.0, 1.0),
            ];
            outcomes(&rows)[0].met
        };
        assert!(of(20.0));
        assert!(!of(20.1));
    }

    #[test]
    fn a_burst_may_lose_nothing_and_take_little() {
        let mut burst = row(Work::Burst, OURS, 1.0, 1.0);
        let met = |row: &Row| -> Vec<bool> {
            outcomes(std::slice::from_ref(row))
                .iter()
                .map(|outcome| outcome.met)
                .collect()
        };
        assert_eq!(met(&burst), [true, true]);
        burst.samples[2].seen = Some(99);
        burst.samples[0].peak_mib = 64.1;
        assert_eq!(met(&burst), [false, false]);
    }

    #[test]
    fn variants_do_not_stand_for_the_default() {
        let mut rows = vec![
            row(Work::Unsampled, OURS, 1.0, 1.0),
            row(Work::Unsampled, OPENTELEMETRY, 100.0, 1.0),
        ];
        rows[0].variant = "monotonic";
        assert_eq!(outcomes(&rows), []);
    }
}
