//! One finished trace, drawn for a terminal.

use super::text::{clean, count, cut, duration, fit, time_of_day, width};
use crate::store::{StoredSpan, Trace};
use crate::tree::{self, Line};
use anstyle::{Ansi256Color, AnsiColor, Color, Style};
use std::collections::HashMap;
use std::fmt::Write;

/// Colours of services, in order of appearance; readable on light and dark grounds. Red is for errors.
const PALETTE: [u8; 8] = [33, 208, 35, 170, 37, 135, 178, 67];
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const ERROR: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Red)));
/// Columns of the bar and of the duration after it.
const MIN_BAR: usize = 12;
const DURATION: usize = 9;
/// A depth beyond this is not indented further.
const MAX_INDENT: usize = 12;

/// Draws a trace `columns` wide with at most `max_spans` spans. The text holds colours; a stream that is not a
/// terminal has to strip them.
pub(crate) fn draw(trace: &Trace, columns: usize, max_spans: usize) -> String {
    let columns = columns.clamp(40, 200);
    let lines = tree::lines(trace);
    let shown = &lines[..shown(&lines, max_spans)];
    let mut colors: HashMap<&str, Style> = HashMap::new();
    let mut names = Vec::with_capacity(shown.len());
    for line in shown {
        names.push(match *line {
            Line::Span { index, depth } => {
                let span = &trace.spans[index];
                let next = PALETTE[colors.len() % PALETTE.len()];
                colors
                    .entry(span.service())
                    .or_insert_with(|| Style::new().fg_color(Some(Color::Ansi256(Ansi256Color(next)))));
                let indent = "  ".repeat(depth.min(MAX_INDENT));
                format!("{indent}{}", clean(span.view().name()))
            }
            Line::Missing { .. } | Line::Loop => String::new(),
        });
    }
    let service_width = colors
        .keys()
        .map(|name| width(&clean(name)))
        .max()
        .unwrap_or(0)
        .clamp(1, columns / 6);
    let rest = columns.saturating_sub(2 + service_width + 2 + 2 + 1 + DURATION + 2);
    let name_width = names
        .iter()
        .map(|name| width(name))
        .max()
        .unwrap_or(0)
        .clamp(1, rest * 2 / 5);
    let bar_width = rest.saturating_sub(name_width).max(MIN_BAR);

    let mut out = String::new();
    head(&mut out, trace, columns);
    for (line, name) in shown.iter().zip(&names) {
        match *line {
            Line::Span { index, .. } => {
                let span = &trace.spans[index];
                let color = colors.get(span.service()).copied().unwrap_or_default();
                let service = fit(&clean(span.service()), service_width);
                let name = fit(name, name_width);
                let bar = bar(trace, span, bar_width);
                let took = duration(span.duration());
                let _ = write!(out, "  {color}{service}{color:#}  {name}  {color}{bar}{color:#} ");
                let _ = if span.error {
                    writeln!(out, "{ERROR}{took:>DURATION$} !{ERROR:#}")
                } else {
                    writeln!(out, "{took:>DURATION$}")
                };
            }
            Line::Missing { parent } => {
                let text = format!("? parent {parent} is missing; below it:");
                let _ = writeln!(out, "  {DIM}{}{DIM:#}", cut(&text, columns - 2));
            }
            Line::Loop => {
                let _ = writeln!(out, "  {DIM}? these spans name each other as parents:{DIM:#}");
            }
        }
    }
    let drawn = shown
        .iter()
        .filter(|line| matches!(line, Line::Span { .. }))
        .count();
    if let Some(more @ 1..) = trace.spans.len().checked_sub(drawn) {
        let _ = writeln!(out, "  {DIM}\u{2026} {} more{DIM:#}", count(more, "span"));
    }
    out
}

/// How many lines hold `max_spans` spans; a line about missing parents is not left alone at the end.
fn shown(lines: &[Line], max_spans: usize) -> usize {
    let mut spans = 0;
    let mut end = 0;
    for (at, line) in lines.iter().enumerate() {
        if matches!(line, Line::Span { .. }) {
            if spans == max_spans {
                break;
            }
            spans += 1;
            end = at + 1;
        }
    }
    end
}

fn head(out: &mut String, trace: &Trace, columns: usize) {
    let services = {
        let mut names: Vec<&str> = trace.spans.iter().map(|span| span.service()).collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    };
    let mut facts = format!(
        "{}, {}, {}",
        duration(trace.duration()),
        count(trace.spans.len(), "span"),
        count(services, "service")
    );
    if trace.root().is_none() {
        facts.push_str(", root missing");
    }
    let errors = match trace.errors {
        0 => String::new(),
        n => format!(", {}", count(n, "error")),
    };
    let time = trace.head().map_or(String::new(), |head| time_of_day(head.start));
    let id = trace.id.to_string();
    let fixed = width(&time) + width(&facts) + width(&errors) + id.len() + 6;
    let name = trace
        .head()
        .map_or(String::new(), |head| clean(head.view().name()).into_owned());
    // The id is worth more than the name's tail, but a narrow terminal gets it on a line of its own.
    let own_line = fixed + 12 > columns;
    let room = if own_line {
        columns.saturating_sub(fixed - id.len() - 2)
    } else {
        columns - fixed
    };
    let name = cut(&name, room.max(12));
    let _ = write!(out, "{DIM}{time}{DIM:#}  {BOLD}{name}{BOLD:#}  {facts}");
    if !errors.is_empty() {
        let _ = write!(out, "{ERROR}{errors}{ERROR:#}");
    }
    let gap = if own_line { "\n  " } else { "  " };
    let _ = writeln!(out, "{gap}{DIM}{id}{DIM:#}");
}

/// The span's place in the trace: a line with ends of half a column, never empty.
fn bar(trace: &Trace, span: &StoredSpan, columns: usize) -> String {
    let total = u128::from(trace.duration().max(1));
    let halves = columns as u128 * 2;
    let place = |ns: u64| (u128::from(ns) * halves / total).min(halves) as usize;
    let offset = span.start.saturating_sub(trace.start);
    let from = place(offset).min(columns * 2 - 1);
    let to = place(offset.saturating_add(span.duration())).max(from + 1);
    (0..columns)
        .map(|column| {
            match (
                from <= column * 2 && column * 2 < to,
                from <= column * 2 + 1 && column * 2 + 1 < to,
            ) {
                (true, true) => '\u{2501}',
                (true, false) => '\u{2578}',
                (false, true) => '\u{257a}',
                (false, false) => ' ',
            }
        })
        .collect()
}

#[cfg(test)]
#[path = "waterfall_tests.rs"]
mod tests;
