//! Times in words.

use crate::clock::Timestamp;

const SECONDS_A_DAY: u64 = 86_400;
const DAYS_IN_400_YEARS: u64 = 146_097;
/// Days from 1 March of the year 0 to 1 January 1970. Years that begin in March have the leap day
/// at their end.
const DAYS_BEFORE_1970: u64 = 719_468;

/// `2026-03-01 09:05:00 UTC`.
pub fn utc(timestamp: Timestamp) -> String {
    let (year, month, day) = date(timestamp / SECONDS_A_DAY);
    let second = timestamp % SECONDS_A_DAY;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Year, month and day of the Gregorian calendar, from days since 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_BEFORE_1970;
    let (era, day_of_era) = (days / DAYS_IN_400_YEARS, days % DAYS_IN_400_YEARS);
    // Leap days that have passed within the era are taken out before dividing by 365.
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Five months have 153 days, whichever of March to February they begin with.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_are_right() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(utc(951_868_799), "2000-02-29 23:59:59 UTC");
        assert_eq!(utc(951_868_800), "2000-03-01 00:00:00 UTC");
        assert_eq!(utc(1_767_225_599), "2025-12-31 23:59:59 UTC");
        assert_eq!(utc(4_107_542_400), "2100-03-01 00:00:00 UTC");
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut previous = date(0);
        for days in 1..200_000 {
            let (year, month, day) = date(days);
            let next_day = (previous.0, previous.1, previous.2 + 1) == (year, month, day);
            let next_month = day == 1 && previous.2 >= 28 && {
                let rolled = (previous.0 * 12 + previous.1) + 1;
                rolled == year * 12 + month
            };
            assert!(next_day || next_month, "{previous:?} {year}-{month}-{day}");
            previous = (year, month, day);
        }
    }
}
