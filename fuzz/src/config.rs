//! Configuration files: YAML, variables, both forms.

use spanline::config::{Node, dictionary, parse, read};

/// The input is a file; a variable of one letter holds a piece of YAML, the others nothing.
pub fn config(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let env = |name: &str| (name.len() == 1).then(|| "{a: [b, *c]} # ${D}".to_owned());
    if let Ok(tree) = read(text, env) {
        // Whatever is read is bounded.
        assert!(nodes(&tree) <= 4 * (1 << 20));
        let _ = dictionary(&tree).map_err(|problem| problem.into_error(Some("f")));
    }
    match parse(text, env) {
        Ok(model) => {
            assert!(!model.tree().is_null());
            let _ = format!("{:?}{:?}", model.options(), model.remarks());
        }
        Err(error) => assert!(!error.message().is_empty()),
    }
}

fn nodes(node: &Node) -> usize {
    let items = node.items().iter().map(nodes).sum::<usize>();
    1 + items
        + node
            .entries()
            .iter()
            .map(|entry| nodes(&entry.value))
            .sum::<usize>()
}
