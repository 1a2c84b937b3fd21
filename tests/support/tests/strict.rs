//! Every vector file is valid, and what is not valid is refused.

use spanline_test_vectors::{Schema, Value, load, load_text, vectors_dir};

fn file_names() -> Vec<String> {
    let names = std::fs::read_dir(vectors_dir()).unwrap();
    names
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.ends_with(".json"))
        .collect()
}

#[test]
fn every_file_is_valid() {
    let names = file_names();
    assert!(names.len() >= 21, "{names:?}");
    for name in names {
        let cases = load(&name).unwrap_or_else(|e| panic!("{e}"));
        assert!(cases.len() >= 15, "{name}");
    }
}

/// Applies `change` to a good file and returns why it is then refused.
fn refused(file: &str, change: impl Fn(&mut Value)) -> String {
    let text = std::fs::read_to_string(vectors_dir().join(file)).unwrap();
    let mut root: Value = spanline_test_vectors::serde_json::from_str(&text).unwrap();
    change(&mut root);
    load_text(file, &root.to_string(), &Schema::load().unwrap()).expect_err("it should have been refused")
}

#[test]
fn unknown_things_are_refused() {
    let file = "w3c_traceparent.json";
    let why = refused(file, |root| root["schema"] = "tracing-vectors/2".into());
    assert!(why.contains("tracing-vectors/2"), "{why}");
    let why = refused(file, |root| root["cases"][0]["op"] = "guess".into());
    assert!(why.contains("guess"), "{why}");
    let why = refused(file, |root| root["cases"][3]["expect"]["colour"] = "red".into());
    assert!(
        why.contains("colour") && why.contains("v00-sampled-random"),
        "{why}"
    );
    let why = refused(file, |root| root["cases"][0]["surprise"] = 1.into());
    assert!(why.contains("surprise"), "{why}");
    let why = refused(file, |root| {
        root["cases"][0]["expect"]["trace_id"] = "4BF9".into()
    });
    assert!(why.contains("4BF9"), "{why}");
    let why = refused(file, |root| {
        root["cases"][1]["id"] = root["cases"][0]["id"].clone()
    });
    assert!(why.contains("occurs twice"), "{why}");
    let why = refused("seed_config.json", |root| {
        let case = root["cases"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .find(|c| c["id"] == "dict-founding")
            .unwrap();
        case["expect"]["options"]["propagate.pigeon"] = true.into();
    });
    assert!(why.contains("propagate.pigeon"), "{why}");
    let why = refused(file, |root| root["cases"].as_array_mut().unwrap().truncate(3));
    assert!(why.contains("15"), "{why}");
}

#[test]
fn decisions_names_every_project_case() {
    let text = std::fs::read_to_string(vectors_dir().join("DECISIONS.md")).unwrap();
    for name in file_names() {
        let section = text
            .split("\n## ")
            .find(|s| s.starts_with(&format!("{name}\n")))
            .unwrap_or_default();
        for case in load(&name).unwrap() {
            let named = section.contains(&format!("- `{}` ", case.id()));
            assert_eq!(named, case.get("basis") == "project", "{name}/{}", case.id());
        }
    }
}
