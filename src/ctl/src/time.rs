//! Times as a person reads them.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

/// How long `from` is before `to`, in its largest two units: `12s`, `3min`, `1h 5min`, `2d 3h`.
pub(crate) fn span(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.as_second().saturating_sub(from.as_second()).max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    let two = |large: i64, unit: &str, small: i64, subunit: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit} {small}{subunit}"),
    };
    match () {
        () if days > 0 => two(days, "d", hours % 24, "h"),
        () if hours > 0 => two(hours, "h", minutes % 60, "min"),
        () if minutes > 0 => format!("{minutes}min"),
        () => format!("{seconds}s"),
    }
}

/// The time of day here.
pub(crate) fn clock(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}

/// Date and time of day here, so that a column of them is even.
pub(crate) fn stamp(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Date and time of day here.
pub(crate) fn date(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string()
}

/// The time that a person means by `2026-11-21`, `2026-11-21 12:30`, `12:30`, `today`, `yesterday`,
/// `90min`, `2h ago` or `2026-11-21T12:30:00Z`; here, where no other place is named.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    moment_from(text, &Zoned::now()).ok_or_else(|| {
        "write 2026-11-21, \"2026-11-21 12:30\", 12:30, today, or 2h for two hours ago".into()
    })
}

fn moment_from(text: &str, now: &Zoned) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let here = |time: DateTime| time.to_zoned(now.time_zone().clone()).ok();
    let time = match text {
        "now" => Some(now.clone()),
        "today" => now.start_of_day().ok(),
        "yesterday" => now.yesterday().ok().and_then(|day| day.start_of_day().ok()),
        _ => {
            let date = text.parse::<DateTime>().ok();
            let date = date.or_else(|| Some(now.date().to_datetime(text.parse::<Time>().ok()?)));
            match date {
                Some(date) => here(date),
                None => now.checked_sub(text.parse::<Span>().ok()?.abs()).ok(),
            }
        }
    };
    time.map(|time| time.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_understood_as_people_write_them() {
        let now: Zoned = "2026-11-21T12:00:00+01:00[+01:00]".parse().unwrap();
        for (text, meant) in [
            ("2026-11-21T12:30:00Z", "2026-11-21T12:30:00Z"),
            ("2026-11-21T12:30:00+02:00", "2026-11-21T10:30:00Z"),
            ("2026-11-20", "2026-11-19T23:00:00Z"),
            ("2026-11-20 08:15", "2026-11-20T07:15:00Z"),
            ("2026-11-20T08:15:07", "2026-11-20T07:15:07Z"),
            ("08:15", "2026-11-21T07:15:00Z"),
            ("now", "2026-11-21T11:00:00Z"),
            ("today", "2026-11-20T23:00:00Z"),
            ("yesterday", "2026-11-19T23:00:00Z"),
            ("90min", "2026-11-21T09:30:00Z"),
            ("2h ago", "2026-11-21T09:00:00Z"),
            ("1d 1h", "2026-11-20T10:00:00Z"),
        ] {
            assert_eq!(moment_from(text, &now), Some(meant.parse().unwrap()), "{text}");
        }
        for none in ["", "soon", "2026-13-01", "25:00"] {
            assert_eq!(moment_from(none, &now), None, "{none}");
        }
    }

    #[test]
    fn spans_have_at_most_two_units() {
        for (seconds, shown) in [
            (-5, "0s"),
            (0, "0s"),
            (59, "59s"),
            (60, "1min"),
            (3599, "59min"),
            (3600, "1h"),
            (3900, "1h 5min"),
            (86_400 + 7200, "1d 2h"),
        ] {
            let from = Timestamp::UNIX_EPOCH;
            let to = Timestamp::from_second(seconds).unwrap();
            assert_eq!(span(from, to), shown);
        }
    }
}
