//! The header that a token, or a user and a password, become.

use super::{
    ExporterOption, Secret, Source,
    generated::index::{BEARER_TOKEN, PASSWORD, USERNAME},
    headers::{Headers, checked_value},
    reader::{Reader, bad_value},
};
use crate::{Error, ErrorKind};
use alloc::{borrow::ToOwned, format, string::String};

/// Puts the header into `headers`, in place of one that is there. What code or file say stands in for all that the
/// environment says; of the latter user and password are given back.
pub(super) fn apply(
    reader: &mut Reader<'_>,
    given: &ExporterOption,
    headers: &mut Headers,
) -> Result<Option<(Secret, Secret)>, Error> {
    let mut found = None;
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
            basic(user.expose(), password)
        }
        (None, None) if given.password.is_some() => {
            let message = "username: it is missing, as `password` is set";
            return Err(Error::new(ErrorKind::Missing, message).with_option("username"));
        }
        // A header of the code or file stands in for the environment too.
        (None, None) if headers.iter().any(|(name, _)| name == "authorization") => return Ok(None),
        (None, None) => match of_environment(reader) {
            Some((user, password)) => {
                let value = basic(&user, &password);
                found = Some((user.into(), password.into()));
                value
            }
            None => return Ok(None),
        },
    };
    headers.put("authorization".to_owned(), value);
    Ok(found)
}

/// User and password of the variables that exporters of this kind have for them.
fn of_environment(reader: &mut Reader<'_>) -> Option<(String, String)> {
    let mut read = |option: usize| {
        let variables = reader.info(option).variables.iter();
        let (variable, text) = variables
            .copied()
            .find_map(|name| Some((name, reader.raw(name)?)))?;
        reader.set_environment(option, variable);
        Some((variable, text))
    };
    let (user, password) = (read(USERNAME), read(PASSWORD));
    let (variable, wrong) = match (user, password) {
        (None, None) => return None,
        (Some((variable, user)), _) if user.contains(':') => (variable, "it has a colon"),
        (Some((_, user)), password) => return Some((user, password.unwrap_or_default().1)),
        (None, Some((variable, _))) => (variable, "there is no user that it belongs to"),
    };
    for option in [USERNAME, PASSWORD] {
        reader.sources[option] = Source::Default;
    }
    reader.warn(USERNAME, variable, format!("{wrong}; there are no credentials"));
    None
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64(format!("{user}:{password}").as_bytes()))
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
