//! Rules for the text of the sources.

use super::findings;
use crate::root::{files, read};

/// Files that people write by hand for machines.
const SOURCES: &[&str] = &["rs", "toml", "mjs", "ts", "py", "c", "h", "hpp", "sh"];

/// Longer files should be taken apart: listed, not refused.
const LONG: usize = 500;

fn sources() -> Result<impl Iterator<Item = String>, String> {
    Ok(files()?.into_iter().filter(|f| {
        SOURCES
            .iter()
            .any(|end| f.rsplit_once('.').is_some_and(|(_, e)| e == *end))
    }))
}

/// Sources are ASCII: what is not is written as an escape, so that nothing looks like what it is not.
pub(super) fn ascii() -> Result<(), String> {
    let mut found = Vec::new();
    for path in sources()? {
        for (number, line) in read(&path)?
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.is_ascii())
        {
            let what: Vec<String> = line
                .chars()
                .filter(|c| !c.is_ascii())
                .map(|c| c.escape_unicode().to_string())
                .collect();
            found.push(format!("{path}:{}: {}", number + 1, what.join(" ")));
        }
    }
    findings(found)
}

/// A path of somebody's machine works nowhere else.
pub(super) fn machine_paths() -> Result<(), String> {
    let mut found = Vec::new();
    for path in files()?
        .into_iter()
        .filter(|f| !f.starts_with("tests/vectors/") && !f.ends_with(".lock"))
    {
        // What is not text (a screenshot) has no paths.
        let Ok(text) = read(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            if let Some(place) = machine_path(line) {
                found.push(format!("{path}:{}: {place}", number + 1));
            }
        }
    }
    findings(found)
}

/// Home folders and the like, with something after them.
fn machine_path(line: &str) -> Option<&str> {
    const PLACES: &[&str] = &["/home/", "/Users/", "/root/", "/work/", "C:\\Users\\"];
    PLACES.iter().find_map(|place| {
        let at = line.find(place)?;
        let before = line[..at].chars().next_back();
        let begins = before.is_none_or(|c| !c.is_alphanumeric() && !"./_-}*:".contains(c));
        let goes_on = line[at + place.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '.');
        (begins && goes_on).then(|| line[at..].split_whitespace().next().unwrap_or(place))
    })
}

/// Files over the soft limit, longest first. Generated files and vectors do not count.
pub(super) fn long_files() -> Result<Vec<String>, String> {
    let mut long = Vec::new();
    for path in sources()?.filter(|f| f.ends_with(".rs") || f.ends_with(".mjs") || f.ends_with(".ts")) {
        let text = read(&path)?;
        let count = text.lines().count();
        if count > LONG && !path.ends_with("/generated.rs") {
            long.push((count, path));
        }
    }
    long.sort_by(|a, b| b.cmp(a));
    Ok(long
        .into_iter()
        .map(|(count, path)| format!("{path}: {count} lines"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::machine_path;

    #[test]
    fn paths_of_a_machine_are_told_from_others() {
        let path = ["/ho", "me/ann/x.rs"].concat();
        assert_eq!(machine_path(&format!("see {path} there")), Some(path.as_str()));
        assert_eq!(machine_path(&format!("https://a.example{path}")), None);
        assert_eq!(machine_path(&["/ho", "me/ is a folder"].concat()), None);
        assert_eq!(machine_path("a plain line"), None);
    }
}
