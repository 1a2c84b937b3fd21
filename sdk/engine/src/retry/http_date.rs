//! HTTP dates in their three forms (RFC 9110 section 5.6.7), strict and case-sensitive.

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
const SHORT_DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const LONG_DAYS: [&[u8]; 7] = [
    b"Monday",
    b"Tuesday",
    b"Wednesday",
    b"Thursday",
    b"Friday",
    b"Saturday",
    b"Sunday",
];

/// The Unix time of this date in seconds. The day of the week must be one, but is not compared with the date. A year
/// of two digits is the latest such year that is at most 50 years ahead of `now` (Unix seconds).
pub(super) fn unix_seconds(text: &[u8], now: u64) -> Option<i64> {
    let comma = text.iter().take(10).position(|&byte| byte == b',');
    let Some(comma) = comma else {
        return asctime(text);
    };
    let (day_name, rest) = (text.get(..comma)?, text.get(comma + 1..)?);
    if SHORT_DAYS.contains(&day_name) {
        fixdate(rest)
    } else if LONG_DAYS.contains(&day_name) {
        rfc850(rest, now)
    } else {
        None
    }
}

/// ` 06 Nov 1994 08:49:37 GMT`
fn fixdate(text: &[u8]) -> Option<i64> {
    let text: &[u8; 25] = text.try_into().ok()?;
    let shape = [text[0], text[3], text[7], text[12]] == *b"    " && text[21..] == *b" GMT";
    shape.then_some(())?;
    seconds_of(
        number(&text[8..12])?,
        month(&text[4..7])?,
        number(&text[1..3])?,
        &text[13..21],
    )
}

/// ` 06-Nov-94 08:49:37 GMT`
fn rfc850(text: &[u8], now: u64) -> Option<i64> {
    let text: &[u8; 23] = text.try_into().ok()?;
    let shape = [text[0], text[3], text[7], text[10]] == *b" -- " && text[19..] == *b" GMT";
    shape.then_some(())?;
    let short = number(&text[8..10])?;
    let latest = year_of(now).checked_add(50)?;
    let year = latest - (latest - short).rem_euclid(100);
    seconds_of(year, month(&text[4..7])?, number(&text[1..3])?, &text[11..19])
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(text: &[u8]) -> Option<i64> {
    let text: &[u8; 24] = text.try_into().ok()?;
    let shape = [text[3], text[7], text[10], text[19]] == *b"    " && SHORT_DAYS.contains(&&text[..3]);
    shape.then_some(())?;
    let day = match text[8] {
        b' ' => number(&text[9..10])?,
        _ => number(&text[8..10])?,
    };
    seconds_of(number(&text[20..])?, month(&text[4..7])?, day, &text[11..19])
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0i64, |sum, &digit| {
        digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
    })
}

/// From 1.
fn month(name: &[u8]) -> Option<i64> {
    let index = MONTHS.iter().position(|&known| known == name)?;
    Some(index as i64 + 1)
}

fn seconds_of(year: i64, month: i64, day: i64, time: &[u8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *time else {
        return None;
    };
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[m1, m2])?, number(&[s1, s2])?);
    // 60 is a leap second; Unix time has none.
    let fits = (1..=days_in(year, month)).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    fits.then(|| days_before(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second.min(59))
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1 January 1970 to this date of the Gregorian calendar; negative before it.
const fn days_before(year: i64, month: i64, day: i64) -> i64 {
    // Years begin with March here, so that the leap day is the last of a year.
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days lie between 1 March of the year 0 and 1 January 1970.
    year * 365 + leap_days + (153 * month_from_march + 2) / 5 + day - 1 - 719_468
}

/// The year of a Unix time; a year beyond 9999 counts as 9999, for which no date can be written anyway.
const fn year_of(seconds: u64) -> i64 {
    let days = (seconds / 86_400) as i64;
    // The estimate is never too early, and a few years too late at most.
    let mut year = if days > 2_932_896 {
        return 9999;
    } else {
        1970 + days / 365
    };
    while days_before(year, 1, 1) > days {
        year -= 1;
    }
    year
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_of_one_date() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(
                unix_seconds(text.as_bytes(), 784_111_777),
                Some(784_111_777),
                "{text}"
            );
        }
    }

    #[test]
    fn calendar() {
        for (text, expected) in [
            ("Thu, 29 Feb 2024 23:59:59 GMT", Some(1_709_251_199)),
            ("Tue, 29 Feb 2000 00:00:00 GMT", Some(951_782_400)),
            ("Wed, 31 Dec 1969 23:59:59 GMT", Some(-1)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
            ("Sat, 31 Dec 2016 23:59:60 GMT", Some(1_483_228_799)),
            ("Wed, 29 Feb 2023 00:00:00 GMT", None),
            ("Mon, 29 Feb 2100 00:00:00 GMT", None),
            ("Mon, 31 Apr 2024 00:00:00 GMT", None),
            ("Mon, 00 Apr 2024 00:00:00 GMT", None),
            ("Mon, 01 Apr 2024 24:00:00 GMT", None),
            ("Mon, 01 Apr 2024 00:60:00 GMT", None),
        ] {
            assert_eq!(unix_seconds(text.as_bytes(), 0), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            ",",
            "Thu, 01 Jan 1970 00:00:30 UTC",
            "Thu, 01 Jan 1970 00:00:30 GMT ",
            "Thu,  1 Jan 1970 00:00:30 GMT",
            "thu, 01 Jan 1970 00:00:30 GMT",
            "Thu, 01 jan 1970 00:00:30 GMT",
            "Xyz, 01 Jan 1970 00:00:30 GMT",
            "Thursday, 01 Jan 1970 00:00:30 GMT",
            "Thu, 01-Jan-70 00:00:30 GMT",
            "Thu, +1 Jan 1970 00:00:30 GMT",
            "Thu Jan 1 00:00:30 1970",
            "Thu Jan  1 00:00:30 +970",
        ] {
            assert_eq!(unix_seconds(text.as_bytes(), 0), None, "{text}");
        }
    }

    #[test]
    fn years_of_two_digits() {
        let year = |short: &str, now: i64| {
            let text = alloc::format!("Thursday, 01-Jul-{short} 00:00:00 GMT");
            year_of(
                unix_seconds(text.as_bytes(), now as u64)
                    .unwrap()
                    .try_into()
                    .unwrap(),
            )
        };
        let y2026 = days_before(2026, 6, 1) * 86_400;
        assert_eq!(
            [year("26", y2026), year("76", y2026), year("77", y2026)],
            [2026, 2076, 1977]
        );
        let y1999 = days_before(1999, 6, 1) * 86_400;
        assert_eq!([year("01", y1999), year("70", y1999)], [2001, 1970]);
    }

    #[test]
    fn years_begin_and_end_where_they_should() {
        for year in 1970..=9999 {
            let first = days_before(year, 1, 1) * 86_400;
            assert_eq!(year_of(first as u64), year);
            assert_eq!(year_of(first as u64 + 86_399), year);
            assert!(year == 1970 || year_of(first as u64 - 1) == year - 1);
        }
        assert_eq!(year_of(u64::MAX), 9999);
    }
}
