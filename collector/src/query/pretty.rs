//! JSON with line breaks, for people.

/// Indents JSON text by two spaces. The text is this program's own, so it is well-formed; other text comes out in
/// some form, but nothing goes wrong.
pub(crate) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let (mut inside, mut escaped) = (false, false);
    let mut rest = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = rest.next() {
        if inside {
            inside = escaped || c != '"';
            escaped = !escaped && c == '\\';
            out.push(c);
            continue;
        }
        match c {
            '"' => inside = true,
            '{' | '[' if rest.peek().is_some_and(|next| matches!(next, '}' | ']')) => {
                out.push(c);
                out.extend(rest.next());
                continue;
            }
            '{' | '[' => {
                depth += 1;
                out.push(c);
                line(&mut out, depth);
                continue;
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
                continue;
            }
            ':' => {
                out.push_str(": ");
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn it_is_what_serde_json_writes() {
        let value = serde_json::json!({
            "a": [1, 2.5, {"b": null, "c": [], "d": {}}], "text": "x,y:{}[]\"\\ \u{e9}", "end\\": "\\", "e": [[true]],
        });
        assert_eq!(
            pretty(&value.to_string()),
            serde_json::to_string_pretty(&value).expect("JSON")
        );
        for odd in ["", "]]", "\"\\", "{", "[,:"] {
            pretty(odd);
        }
    }
}
