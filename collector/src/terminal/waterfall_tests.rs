//! Drawn traces, as they look without colours.

use super::draw;
use crate::store::Trace;
use crate::testing::{Row, trace};

fn plain(trace: &Trace, columns: usize, spans: usize) -> String {
    let drawn = anstream::adapter::strip_str(&draw(trace, columns, spans)).to_string();
    format!(
        "\n{}",
        drawn
            .replace('\u{2501}', "=")
            .replace(['\u{2578}', '\u{257a}'], "-")
    )
}

fn order() -> Trace {
    // Given in another order than shown: spans arrive as they end.
    trace(&[
        Row("payments", 5, 4, "charge card", 69.4, 60.2, true),
        Row("orders", 2, 1, "validate cart", 1.1, 6.4, false),
        Row("payments", 4, 3, "POST /charge", 34.0, 98.3, true),
        Row("orders", 3, 1, "POST", 31.5, 104.9, true),
        Row("orders", 6, 1, "release stock", 138.4, 8.1, false),
        Row("orders", 1, 0, "POST /orders", 0.0, 148.2, true),
    ])
}

#[test]
fn a_trace_of_two_services() {
    let expected = "
22:13:20.123Z  POST /orders  148 ms, 6 spans, 2 services, 4 errors
  0000000000000000000000000000abcd
  orders    POST /orders       ===============================================    148 ms !
  orders      validate cart    ==                                                 6.4 ms
  orders      POST                      -=================================        105 ms !
  payments      POST /charge             -==============================-        98.3 ms !
  payments        charge card                        ===================         60.2 ms !
  orders      release stock                                               -==     8.1 ms
";
    assert_eq!(plain(&order(), 90, 50), expected);
}

#[test]
fn a_wide_terminal_has_the_id_beside_the_name() {
    let drawn = plain(&order(), 140, 50);
    let head = drawn.lines().nth(1).unwrap_or_default();
    assert_eq!(
        head,
        "22:13:20.123Z  POST /orders  148 ms, 6 spans, 2 services, 4 errors  0000000000000000000000000000abcd"
    );
    for columns in [0, 40, 60, 90, 140, 500] {
        for line in plain(&order(), columns, 50).lines() {
            let width = unicode_width::UnicodeWidthStr::width(line);
            assert!(width <= columns.clamp(72, 200), "{columns}: {width}: {line}");
        }
    }
}

#[test]
fn spans_without_their_parent_stand_under_a_line_that_says_so() {
    let trace = trace(&[
        Row("a", 2, 9, "first orphan", 0.0, 1.0, false),
        Row("a", 3, 2, "its child", 0.2, 0.5, false),
        Row("a", 4, 9, "second orphan", 2.0, 2.0, false),
    ]);
    let expected = "
22:13:20.123Z  first orphan  4 ms, 3 spans, 1 service, root missing
  0000000000000000000000000000abcd
  ? parent 0000000000000009 is missing; below it:
  a    first orphan   ==============                                                1 ms
  a      its child      -======-                                                  500 \u{b5}s
  a    second orphan                              ============================      2 ms
";
    assert_eq!(plain(&trace, 90, 50), expected);
}

#[test]
fn spans_that_name_each_other_are_shown_once() {
    let trace = trace(&[
        Row("a", 1, 0, "root", 0.0, 9.0, false),
        Row("a", 2, 3, "two", 1.0, 1.0, false),
        Row("a", 3, 2, "three", 2.0, 1.0, false),
        Row("a", 4, 4, "self", 3.0, 1.0, false),
    ]);
    let drawn = plain(&trace, 120, 50);
    assert!(
        drawn.contains("? these spans name each other as parents:"),
        "{drawn}"
    );
    for name in ["root", "two", "three", "self"] {
        // The head names the root as well.
        assert_eq!(
            drawn.matches(name).count(),
            if name == "root" { 2 } else { 1 },
            "{name}: {drawn}"
        );
    }
}

#[test]
fn a_large_trace_is_cut_and_counted() {
    let rows: Vec<Row> = (1..=2_000)
        .map(|n| Row("a", n, n - 1, "link of a chain", n as f64, 1.0, false))
        .collect();
    let drawn = plain(&trace(&rows), 120, 50);
    assert_eq!(drawn.matches("link of a").count(), 51);
    assert!(drawn.ends_with("  \u{2026} 1,950 spans more\n"), "{drawn}");
}

#[test]
fn hostile_text_neither_steers_the_terminal_nor_breaks_the_layout() {
    let trace = trace(&[Row(
        "\u{1b}]0;x\u{7}",
        1,
        0,
        "a\r\n\u{1b}[2J\u{202e}b",
        0.0,
        1.0,
        false,
    )]);
    let drawn = draw(&trace, 120, 50);
    let own = |c: char| c == '\n' || !c.is_control();
    assert!(anstream::adapter::strip_str(&drawn).to_string().chars().all(own));
    assert!(!drawn.contains("\u{1b}[2J") && !drawn.contains("\u{1b}]") && !drawn.contains('\u{202e}'));
    assert_eq!(drawn.lines().count(), 2);
}
