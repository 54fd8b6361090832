//! Times as a person reads them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

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

/// Date and time of day here.
pub(crate) fn date(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

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
