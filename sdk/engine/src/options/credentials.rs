//! The header that a token, or a user and a password, become.

use super::{
    ExporterOption,
    generated::index::{BEARER_TOKEN, PASSWORD, USERNAME},
    headers::{Headers, checked_value},
    reader::{Reader, bad_value},
};
use crate::{Error, ErrorKind};
use alloc::{borrow::ToOwned, format, string::String};

/// Puts the header into `headers`, in place of one that is there.
pub(super) fn apply(
    reader: &mut Reader<'_>,
    given: &ExporterOption,
    headers: &mut Headers,
) -> Result<(), Error> {
    let value = match (&given.bearer_token, &given.username) {
        (Some(_), Some(_)) => {
            let wrong = "not together with `username`".to_owned();
            return Err(bad_value(BEARER_TOKEN, wrong, None));
        }
        (Some(token), None) => {
            reader.set_given(BEARER_TOKEN);
            let token = checked_value("authorization", token.expose().as_bytes());
            let token = token
                .ok()
                .filter(|token| !token.is_empty() && !token.contains(' '));
            let wrong = || "it is empty or has other characters than a token has".to_owned();
            format!(
                "Bearer {}",
                token.ok_or_else(|| bad_value(BEARER_TOKEN, wrong(), None))?
            )
        }
        (None, Some(user)) => {
            reader.set_given(USERNAME);
            if given.password.is_some() {
                reader.set_given(PASSWORD);
            }
            if user.expose().contains(':') {
                return Err(bad_value(USERNAME, "it has a colon".to_owned(), None));
            }
            let password = given.password.as_ref().map_or("", |password| password.expose());
            let both = format!("{}:{password}", user.expose());
            format!("Basic {}", base64(both.as_bytes()))
        }
        (None, None) if given.password.is_some() => {
            let message = "username: it is missing, as `password` is set";
            return Err(Error::new(ErrorKind::Missing, message).with_option("username"));
        }
        (None, None) => return Ok(()),
    };
    headers.put("authorization".to_owned(), value);
    Ok(())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| {
            bits << 8 | u32::from(group.get(at).copied().unwrap_or(0))
        });
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_as_in_rfc_4648() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
            ("\u{ff}\u{fe}?", "w7/Dvj8="),
        ] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
