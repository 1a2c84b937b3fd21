//! `cargo xtask bench`: measurements beside the peers. The programs are the package `spanline-benches`; each language
//! writes `benches/results/LANGUAGE.json` and a page beside it, and so do parts that are measured alone.

use crate::root::root;
use crate::shell::Run;

const LANGUAGES: &[&str] = &["rust"];
/// What is measured without peers.
const PARTS: &[&str] = &["propagators", "decisions", "rules"];

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let quick = args.contains(&"--quick");
    let names: Vec<&str> = args.iter().copied().filter(|a| *a != "--quick").collect();
    let all = [LANGUAGES, PARTS].concat();
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        return Err(format!(
            "there are no benches for `{unknown}`; there are: {}",
            all.join(", ")
        ));
    }
    let chosen = if names.is_empty() { &all } else { &names };
    for language in chosen {
        let mut args = vec!["run", "--release", "-p", "spanline-benches"];
        if LANGUAGES.contains(language) {
            println!("==> bench {language}: building in release, then each peer and us in turn");
            args.extend(["--features", "peers"]);
        } else {
            println!("==> bench {language}: building in release, then each in turn");
        }
        args.extend(["--", language]);
        args.extend(quick.then_some("--quick"));
        Run::cargo(args).shown_run()?;
        let page = format!("benches/results/{language}.md");
        let text = std::fs::read_to_string(root().join(&page)).map_err(|e| format!("{page}: {e}"))?;
        println!("\n{text}\n(from {page})");
    }
    Ok(())
}
