//! Where a JSON value ends: the grammar of RFC 8259, strictly, without recursion.

/// Nested deeper than this is refused: what values nested 100 deep inside a request need, and some more.
const MAX_NESTING: usize = 512;

/// What is wrong, and where.
type Skipped = Result<usize, (&'static str, usize)>;

/// Behind white space.
pub(super) fn space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// Behind the value that begins here.
pub(super) fn value(text: &[u8], mut at: usize) -> Skipped {
    // One bit per open array or object: set for objects.
    let mut open = [0_u64; MAX_NESTING / 64];
    let mut depth = 0;
    loop {
        // A value begins here.
        at = match text.get(at) {
            Some(&bracket @ (b'{' | b'[')) => {
                let object = bracket == b'{';
                let first = space(text, at + 1);
                if text.get(first) == Some(&(bracket + 2)) {
                    first + 1
                } else {
                    let word = open
                        .get_mut(depth / 64)
                        .ok_or(("JSON is nested too deeply", at))?;
                    *word = *word & !(1 << (depth % 64)) | u64::from(object) << (depth % 64);
                    depth += 1;
                    at = if object { name(text, first)? } else { first };
                    continue;
                }
            }
            Some(b'"') => string(text, at)?,
            Some(b'-' | b'0'..=b'9') => number(text, at)?,
            Some(b't') => word(text, at, b"true")?,
            Some(b'f') => word(text, at, b"false")?,
            Some(b'n') => word(text, at, b"null")?,
            _ => return Err(("not a JSON value", at)),
        };
        // A value ended here.
        loop {
            if depth == 0 {
                return Ok(at);
            }
            let object = open[(depth - 1) / 64] >> ((depth - 1) % 64) & 1 != 0;
            at = space(text, at);
            match text.get(at) {
                Some(b',') => {
                    at = space(text, at + 1);
                    if object {
                        at = name(text, at)?;
                    }
                    break;
                }
                Some(b'}') if object => depth -= 1,
                Some(b']') if !object => depth -= 1,
                _ => return Err(("expected ',' or a closing bracket in JSON", at)),
            }
            at += 1;
        }
    }
}

/// Behind a member's name, its colon and white space.
fn name(text: &[u8], at: usize) -> Skipped {
    if text.get(at) != Some(&b'"') {
        return Err(("expected a name in a JSON object", at));
    }
    let colon = space(text, string(text, at)?);
    if text.get(colon) != Some(&b':') {
        return Err(("expected ':' in a JSON object", colon));
    }
    Ok(space(text, colon + 1))
}

/// Behind the string that begins here.
pub(super) fn string(text: &[u8], start: usize) -> Skipped {
    let mut at = start + 1;
    loop {
        match text.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => match text.get(at + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
                Some(b'u') => {
                    let digits = text.get(at + 2..at + 6).unwrap_or_default();
                    if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                        return Err(("a JSON string has a bad escape", at));
                    }
                    at += 6;
                }
                _ => return Err(("a JSON string has a bad escape", at)),
            },
            Some(0x20..) => at += 1,
            Some(_) => return Err(("a JSON string has a control character", at)),
            None => return Err(("a JSON string has no end", start)),
        }
    }
}

fn digits(text: &[u8], mut at: usize) -> Skipped {
    if !text.get(at).is_some_and(u8::is_ascii_digit) {
        return Err(("not a JSON number", at));
    }
    while text.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    Ok(at)
}

/// Behind the number that begins here.
pub(super) fn number(text: &[u8], mut at: usize) -> Skipped {
    if text.get(at) == Some(&b'-') {
        at += 1;
    }
    at = if text.get(at) == Some(&b'0') {
        at + 1
    } else {
        digits(text, at)?
    };
    if text.get(at) == Some(&b'.') {
        at = digits(text, at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = text.get(at) {
            at += 1;
        }
        at = digits(text, at)?;
    }
    Ok(at)
}

fn word(text: &[u8], at: usize, word: &[u8]) -> Skipped {
    match text.get(at..at + word.len()) {
        Some(found) if found == word => Ok(at + word.len()),
        _ => Err(("not a JSON value", at)),
    }
}
