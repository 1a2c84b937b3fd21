//! The vectors of configuration files. Those of the short forms run as a user would: a mapping given to `init`, and a
//! file read by a process of its own, started with exactly that environment.
#![cfg(feature = "config-file")]

use spanline::config::{FlatOptions, Node, dictionary, parse_file, read};
use spanline::{Error, OwnedValue};
use spanline_test_vectors::serde_json::{self, Map, json};
use spanline_test_vectors::{Case, Level, Value as Json, load, run};
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// Stands before the line that the child prints.
const MARK: &str = "says ";
/// Names the file that the child reads.
const FILE: &str = "SPANLINE_TEST_FILE";

#[test]
fn config_substitution() {
    let file = std::fs::read_to_string(spanline_test_vectors::vectors_dir().join("config_substitution.json"));
    let file: Json = serde_json::from_str(&file.unwrap()).unwrap();
    let env: BTreeMap<String, String> = serde_json::from_value(file["env"].clone()).unwrap();
    let ops = ["substitute", "substitute_key"];
    run("sdk", Level::Engine, "config_substitution.json", &ops, |case| {
        let env = |name: &str| env.get(name).cloned();
        let input = case.get("input").as_str().unwrap();
        if case.op() == "substitute_key" {
            let tree = read(&format!("{input}: 1"), env).unwrap();
            assert_eq!(tree.entries()[0].key, case.expect("text").as_str().unwrap());
            return;
        }
        let tree = read(&format!("value: {input}"), env);
        if case.expect("error") == &json!(true) {
            assert_eq!(tree.unwrap_err().kind(), spanline::ErrorKind::Parse);
            return;
        }
        let tree = tree.unwrap();
        let node = tree.get("value").unwrap();
        let (kind, value) = match &node.value {
            spanline::config::Value::Null => ("null", Json::Null),
            spanline::config::Value::Bool(value) => ("bool", json!(value)),
            spanline::config::Value::Int(number) => ("int", json!(number)),
            spanline::config::Value::Float(number) => ("float", json!(number)),
            spanline::config::Value::Str(text) => ("str", json!(text)),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            (json!(kind), &value),
            (case.expect("type").clone(), case.expect("value"))
        );
        assert_eq!(json!(node.text().unwrap_or_default()), *case.expect("text"));
    });
}

#[test]
fn seed_config() {
    run("sdk", Level::Surface, "seed_config.json", &["parse"], |case| {
        let said = match case.get("form").as_str().unwrap() {
            "dict" => of_dictionary(&tree(case.get("input"))),
            _ => in_a_process(case),
        };
        assert_eq!(number_free(said), number_free(case.get("expect").clone()));
    });
}

/// What a mapping is as options, and whether `init` takes it so.
fn of_dictionary(tree: &Node) -> Json {
    let flat = dictionary(tree).map_err(|problem| problem.into_error(None));
    let configured = spanline::init().configure(tree);
    match (flat, configured) {
        (Ok(options), Ok(_)) => json!({ "options": options_of(&options) }),
        (Err(flat), Err(error)) => {
            assert_eq!(flat.message(), error.message());
            json!({ "error": error_of(&error) })
        }
        // Read well, but it names what this version does not have.
        (Ok(options), Err(error)) => panic!("{options:?}: {error}"),
        (Err(error), Ok(_)) => panic!("taken in spite of {error}"),
    }
}

fn in_a_process(case: &Case) -> Json {
    let path = std::env::temp_dir().join(format!("spanline-{}-{}.yaml", std::process::id(), case.id()));
    std::fs::write(&path, case.get("input").as_str().unwrap()).unwrap();
    let env: BTreeMap<String, String> = serde_json::from_value(case.get("env").clone()).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env_clear()
        .envs(env)
        .env(FILE, &path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.split_once(MARK));
    let Some((_, said)) = line else {
        panic!(
            "the child says {text} {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    serde_json::from_str(said).unwrap()
}

/// Not a test by itself: reads the file that the environment names and says what it sets.
#[test]
fn child() {
    let Some(path) = std::env::var_os(FILE) else {
        return;
    };
    let said = match parse_file(path) {
        Ok(model) => json!({ "options": options_of(model.options()) }),
        Err(error) => json!({ "error": error_of(&error) }),
    };
    println!("{MARK}{said}");
}

fn error_of(error: &Error) -> Json {
    json!({ "kind": error.kind().name(), "path": error.option(), "hint": error.hint() })
}

fn options_of(options: &FlatOptions) -> Json {
    let pairs = options
        .iter()
        .map(|option| (option.name.clone(), json_of(&option.value)));
    Json::Object(pairs.collect())
}

fn json_of(value: &OwnedValue) -> Json {
    match value {
        OwnedValue::Bool(value) => json!(value),
        OwnedValue::I64(number) => json!(number),
        OwnedValue::F64(number) => json!(number),
        OwnedValue::Str(text) => json!(text),
        OwnedValue::List(items) => items.iter().map(json_of).collect(),
        OwnedValue::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| (key.clone(), json_of(value)));
            Json::Object(pairs.collect())
        }
        other => panic!("{other:?} is no value of an option"),
    }
}

/// Numbers as doubles, so that 1 is 1.0.
fn number_free(value: Json) -> Json {
    match value {
        Json::Number(number) => json!(number.as_f64()),
        Json::Array(items) => items.into_iter().map(number_free).collect(),
        Json::Object(pairs) => {
            let pairs = pairs.into_iter().map(|(key, value)| (key, number_free(value)));
            Json::Object(pairs.collect::<Map<String, Json>>())
        }
        other => other,
    }
}

fn tree(json: &Json) -> Node {
    match json {
        Json::Null => Node::default(),
        Json::Bool(value) => Node::from(*value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Node::from(number),
            None => Node::from(number.as_f64().unwrap()),
        },
        Json::String(text) => Node::from(text.as_str()),
        Json::Array(items) => Node::list(items.iter().map(tree)),
        Json::Object(pairs) => Node::map(pairs.iter().map(|(key, value)| (key.as_str(), tree(value)))),
    }
}

/// The dictionary as JSON text is read like the mapping.
#[test]
fn dictionaries_may_be_json_texts() {
    for case in load("seed_config.json").unwrap() {
        if case.get("form") == &json!("dict") {
            let from_text = read(&case.get("input").to_string(), |_| None).unwrap();
            let of_text = dictionary(&from_text).map(|options| options_of(&options));
            let of_tree = dictionary(&tree(case.get("input"))).map(|options| options_of(&options));
            assert_eq!(
                of_text.map_err(|e| e.path),
                of_tree.map_err(|e| e.path),
                "{}",
                case.id()
            );
        }
    }
}
