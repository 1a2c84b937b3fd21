//! `cargo xtask bench`: measurements beside the peers. The programs are the package `spanline-benches`; each language
//! writes `benches/results/LANGUAGE.json` and a page beside it.

use crate::root::root;
use crate::shell::Run;

const LANGUAGES: &[&str] = &["rust"];

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let quick = args.contains(&"--quick");
    let names: Vec<&str> = args.iter().copied().filter(|a| *a != "--quick").collect();
    if let Some(unknown) = names.iter().find(|name| !LANGUAGES.contains(name)) {
        return Err(format!(
            "there are no benches for `{unknown}`; there are: {}",
            LANGUAGES.join(", ")
        ));
    }
    let chosen = if names.is_empty() { LANGUAGES } else { &names };
    for language in chosen {
        println!("==> bench {language}: building in release, then each peer and us in turn");
        let mut args = vec!["run", "--release", "-p", "spanline-benches"];
        args.extend(["--features", "peers", "--", language]);
        args.extend(quick.then_some("--quick"));
        Run::cargo(args).shown_run()?;
        let page = format!("benches/results/{language}.md");
        let text = std::fs::read_to_string(root().join(&page)).map_err(|e| format!("{page}: {e}"))?;
        println!("\n{text}\n(from {page})");
    }
    Ok(())
}
