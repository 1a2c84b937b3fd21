use super::*;
use proptest::prelude::*;

fn none(_: &str) -> Option<String> {
    None
}

fn tree(text: &str) -> Node {
    load(text, &none).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn wrong(text: &str) -> String {
    let wrong = load(text, &none).unwrap_err();
    assert_eq!(wrong.kind, ErrorKind::Parse);
    let at = wrong.at.map(|at| at.to_string()).unwrap_or_default();
    format!("{at} {wrong}")
}

fn contains(text: &str, what: &str) {
    let wrong = wrong(text);
    assert!(wrong.contains(what), "{wrong}");
}

#[test]
fn scalars_lists_and_maps_with_their_places() {
    let tree = tree("a: 1\nb:\n  - yes\n  - '2'\n  - 1.10\nc: {d: ~, e: }\n");
    assert_eq!(tree.get("a").and_then(Node::as_u64), Some(1));
    let items = tree.get("b").unwrap().items();
    assert_eq!((items[0].as_str(), items[1].as_str()), (Some("yes"), Some("2")));
    assert_eq!(items[2].text().as_deref(), Some("1.10"));
    assert_eq!(items[1].at, Some(Position { line: 4, column: 5 }));
    assert!(
        tree.find(["c", "d"]).is_some_and(Node::is_null) && tree.find(["c", "e"]).is_some_and(Node::is_null)
    );
    assert_eq!(tree.entries()[2].at, Some(Position { line: 6, column: 1 }));
}

#[test]
fn json_is_read_too() {
    let tree = tree("{\"a\": [1, 2.5, true, null, \"x\\u00e9\"]}");
    let items = tree.get("a").unwrap().items();
    assert_eq!(
        (items[2].as_bool(), items[4].as_str()),
        (Some(true), Some("x\u{e9}"))
    );
}

#[test]
fn an_empty_text_is_null() {
    for text in ["", "\n", "# nothing\n", "---\n", "\u{feff}"] {
        assert!(tree(text).is_null(), "{text:?}");
    }
}

#[test]
fn variables_in_values_only() {
    let env = |name: &str| (name == "A").then(|| "1".to_owned());
    let tree = load("${A}: ${A}\nq: \"${A}\"\nl: |\n  ${A}\nn: ${B}\n", &env).unwrap();
    assert_eq!(tree.get("${A}").and_then(Node::as_u64), Some(1));
    assert_eq!(tree.get("q").and_then(Node::as_str), Some("1"));
    assert_eq!(tree.get("l").and_then(Node::as_str), Some("1\n"));
    assert!(tree.get("n").is_some_and(Node::is_null));
}

#[test]
fn a_bad_reference_has_its_path_and_place() {
    contains(
        "a:\n  - b: 1\n  - b: ${1A}\n",
        "3:8 a[1].b: this value has the reference",
    );
}

#[test]
fn the_collectors_part_keeps_its_own_references() {
    let tree = tree("tracing:\n  collector:\n    x: [\"${file:/a}\"]\n");
    let text = tree.find(["tracing", "collector", "x"]).unwrap().items()[0].as_str();
    assert_eq!(text, Some("${file:/a}"));
    contains("tracing:\n  sdk:\n    x: [\"${file:/a}\"]\n", "tracing.sdk.x[0]");
}

#[test]
fn duplicate_keys_are_refused_with_their_place() {
    contains(
        "a: 1\nb: 2\na: 3\n",
        "3:1 the key \"a\" stands here for the second time",
    );
    contains("x: {a: 1, 'a': 2}", "the key \"a\"");
}

#[test]
fn anchors_and_aliases() {
    let tree = tree("a: &x {k: [1, &y 2]}\nb: *x\nc: *y\n");
    assert_eq!(tree.get("a"), tree.get("b"));
    assert_eq!(tree.get("c").and_then(Node::as_u64), Some(2));
    contains("a: *x", "unknown anchor");
    contains("a: &x [*x]", "anchor");
    contains("a: &x b\n*x : c\n", "an alias cannot be a key");
}

#[test]
fn bombs_are_refused_in_little_memory() {
    let mut bomb = String::from("l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let below = format!("*l{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("l{level}: &l{level} [{below}]\n"));
    }
    contains(&bomb, "aliases and variables");
    let env = |_: &str| Some("x".repeat(100_000));
    let many = format!("a: [{}]", "\"${A}\", ".repeat(1000));
    assert!(load(&many, &env).unwrap_err().text.contains("variables"));
    let deep: [String; 4] = [
        "- ".repeat(100_000),
        "[".repeat(200),
        format!("{}x", "{a: ".repeat(100)),
        format!(
            "a: &a {}{}\nb: {}*a{}\n",
            "[".repeat(60),
            "]".repeat(60),
            "[".repeat(10),
            "]".repeat(10)
        ),
    ];
    for text in deep {
        contains(&text, "nested deeper");
    }
}

#[test]
fn a_text_over_one_mebibyte_is_refused() {
    let fits = format!("# {}", "x".repeat(MOST_BYTES - 2));
    assert!(load(&fits, &none).is_ok());
    contains(&format!("{fits}x"), "1048576 are the most");
}

#[test]
fn tags() {
    let tree = tree("a: !!str 1\nb: !!int '2'\nc: !!float 1\nd: !!map {}\ne: !!seq []\nf: ! 3\n");
    assert_eq!(tree.get("a").and_then(Node::as_str), Some("1"));
    assert_eq!(tree.get("b").and_then(Node::as_u64), Some(2));
    assert_eq!(tree.get("f").and_then(Node::as_str), Some("3"));
    contains("a: !!int x", "is not what its tag");
    contains("a: !mine x", "is not known here");
    contains("a: !mine [x]", "is not known here");
}

#[test]
fn what_is_not_yaml() {
    contains("a: [1", "this is not YAML");
    contains("a:\n  b: { c: ${D} }\n", "in quotes only");
    contains("a: 1\n b: 2\n", "this is not YAML");
    contains("? [a, b]\n: c\n", "a key is text");
    contains("a: 1\n---\nb: 2\n", "2:1 a second document");
}

proptest! {
    #[test]
    fn nothing_panics(text in "[-a-c:{}\\[\\],&*!|>'\"#?%@`~ \n\t$0-9.]{0,120}") {
        let env = |name: &str| (name.len() == 1).then(|| "x: [y".to_owned());
        let _ = load(&text, &env);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        let _ = load(&text, &none);
    }
}
