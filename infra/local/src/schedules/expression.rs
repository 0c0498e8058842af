//! When a schedule falls due: `rate(…)` and `cron(…)` as EventBridge Scheduler reads them.
//!
//! croner knows the calendar; what it would take and AWS would not is refused here first, and daylight saving is AWS's.
//! Source: EventBridge Scheduler User Guide, "Schedule types", and "Cron expressions reference" of the EventBridge User Guide.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

const LAST_YEAR: i16 = 2199;
/// Times that may fall into the gap of a change to summer time, one after the other, before a schedule counts as never due.
const SKIPPED: usize = 100_000;

/// An expression that is understood.
#[derive(Debug)]
pub(super) enum Expression {
    Rate(SignedDuration),
    Cron { cron: Box<Cron>, zone: TimeZone },
}

impl Expression {
    /// Reads the expression; `zone` is an IANA name, or none for UTC.
    pub(super) fn parse(text: &str, zone: Option<&str>) -> Result<Self, String> {
        let name = zone.unwrap_or("UTC");
        let zone = TimeZone::get(name).map_err(|_| format!("ScheduleExpressionTimezone: {name} is no time zone"))?;
        if let Some(fields) = inside(text, "cron(") {
            let cron = cron(fields).map_err(|reason| format!("ScheduleExpression: {text}: {reason}"))?;
            return Ok(Self::Cron { cron: Box::new(cron), zone });
        }
        let known = "this host knows rate(1 minute), rate(5 minutes), rate(2 hours), rate(1 day) and cron(…)";
        // A zone changes nothing: "days represents a 24-hour duration".
        let period = inside(text, "rate(").and_then(rate);
        period.map(Self::Rate).ok_or_else(|| format!("ScheduleExpression: {text} is not understood; {known}"))
    }

    /// The first time after `now`; none when there will be no more.
    ///
    /// A rate falls due at whole multiples of its period, counted from 1970. A cron expression is read on the clock of its
    /// zone: a time that is left out in spring is skipped, and one that comes twice in autumn is due the first time alone.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Rate(period) => {
                let period = period.as_secs().max(1);
                let second = (now.as_second().div_euclid(period) + 1).saturating_mul(period);
                Timestamp::from_second(second).ok()
            }
            Self::Cron { cron, zone } => {
                let mut civil = now.to_zoned(zone.clone()).datetime();
                for _ in 0..SKIPPED {
                    civil = cron.find_next_occurrence(&civil, false).ok()?;
                    if civil.year() > LAST_YEAR {
                        return None;
                    }
                    let ambiguous = zone.to_ambiguous_timestamp(civil);
                    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
                        continue;
                    }
                    let due = ambiguous.earlier().ok()?;
                    if due > now {
                        return Some(due);
                    }
                }
                None
            }
        }
    }
}

fn inside<'a>(text: &'a str, kind: &str) -> Option<&'a str> {
    text.strip_prefix(kind)?.strip_suffix(')')
}

/// The period of `value unit`. One is singular and everything else is plural, as EventBridge insists.
fn rate(text: &str) -> Option<SignedDuration> {
    let (value, unit) = text.trim().split_once(' ')?;
    let value: i64 = value.parse().ok().filter(|&value| value > 0)?;
    let minutes = match (unit.trim(), value) {
        ("minute", 1) | ("minutes", 2..) => 1,
        ("hour", 1) | ("hours", 2..) => 60,
        ("day", 1) | ("days", 2..) => 24 * 60,
        _ => return None,
    };
    value.checked_mul(minutes * 60).map(SignedDuration::from_secs)
}

fn cron(text: &str) -> Result<Cron, String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let &[minutes, hours, day_of_month, month, day_of_week, year] = &fields[..] else {
        return Err(format!(
            "it has {} fields, not six: minutes, hours, day-of-month, month, day-of-week, year",
            fields.len()
        ));
    };
    for (name, field, wildcards) in [
        ("minutes", minutes, ",-*/"),
        ("hours", hours, ",-*/"),
        ("day-of-month", day_of_month, ",-*?/LW"),
        ("month", month, ",-*/"),
        ("day-of-week", day_of_week, ",-*?/L#"),
        ("year", year, ",-*/"),
    ] {
        // Names of months and weekdays are croner's to judge; what is neither a letter nor a digit is one of these.
        let named = matches!(name, "month" | "day-of-week");
        let allowed = |c: char| c.is_ascii_digit() || wildcards.contains(c) || (named && c.is_ascii_alphabetic());
        if let Some(wrong) = field.chars().find(|c| !allowed(*c)) {
            return Err(format!("{name}: {wrong} is not allowed in {field}"));
        }
    }
    if (day_of_month == "?") == (day_of_week == "?") {
        return Err("one of day-of-month and day-of-week must be ?, and only one".to_owned());
    }
    for (name, field) in [("day-of-month", day_of_month), ("day-of-week", day_of_week)] {
        if field != "?" && field.contains('?') {
            return Err(format!("{name}: ? stands alone or not at all"));
        }
    }
    if day_of_week.contains('#') && day_of_week.contains(',') {
        return Err("day-of-week: with # there is one expression only".to_owned());
    }
    in_range("day-of-week", day_of_week.split('#').next().unwrap_or_default(), 1, 7)?;
    in_range("year", year, 1970, 2199)?;
    // "The last day of the week" is Saturday.
    let day_of_week = if day_of_week == "L" { "7" } else { day_of_week };
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        // 1 is Sunday.
        .alternative_weekdays(true)
        // 1/10 is every tenth, beginning with 1.
        .sloppy_ranges(true)
        .build();
    let pattern = format!("0 {minutes} {hours} {day_of_month} {month} {day_of_week} {year}");
    parser.parse(&pattern).map_err(|error| error.to_string())
}

/// Each number of the field that is not the size of a step.
fn in_range(name: &str, field: &str, least: u16, most: u16) -> Result<(), String> {
    let starts = field.split(',').filter_map(|part| part.split('/').next());
    let numbers = starts.flat_map(|part| part.split(|c: char| !c.is_ascii_digit())).filter(|text| !text.is_empty());
    for number in numbers {
        if !number.parse().is_ok_and(|number: u16| (least..=most).contains(&number)) {
            return Err(format!("{name}: {number} is not between {least} and {most}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The next times after a moment, in the zone.
    #[track_caller]
    fn check(expression: &str, zone: &str, from: &str, expected: &[&str]) {
        let parsed = Expression::parse(expression, Some(zone)).unwrap();
        let mut now = at(from);
        let mut due = Vec::new();
        for _ in expected {
            now = parsed.next(now).unwrap();
            let local = now.to_zoned(TimeZone::get(zone).unwrap());
            due.push(local.strftime("%Y-%m-%d %a %H:%M %Z").to_string());
        }
        assert_eq!(due, expected, "{expression}");
    }

    #[test]
    fn rates_are_read_as_eventbridge_writes_them() {
        for (expression, seconds) in [
            ("rate(1 minute)", Some(60)),
            ("rate(5 minutes)", Some(300)),
            ("rate(1 hour)", Some(3600)),
            ("rate(2 days)", Some(172_800)),
            ("rate(1 minutes)", None),
            ("rate(5 minute)", None),
            ("rate(0 minutes)", None),
            ("rate(-1 minutes)", None),
            ("rate(1 second)", None),
            ("rate(1)", None),
            ("at(2026-01-01T00:00:00)", None),
            ("0 3 * * ? *", None),
        ] {
            let period = match Expression::parse(expression, None) {
                Ok(Expression::Rate(period)) => Some(period.as_secs()),
                _ => None,
            };
            assert_eq!(period, seconds, "{expression}");
        }
        assert!(Expression::parse("at(2026-01-01T00:00:00)", None).unwrap_err().contains("at(2026"));
        assert!(Expression::parse("rate(1 day)", Some("Mars/Base")).unwrap_err().contains("Mars/Base"));
    }

    #[test]
    fn a_rate_falls_due_at_whole_multiples_of_its_period() {
        let minute = Expression::parse("rate(1 minute)", None).unwrap();
        for (now, due) in [("00:00:00", "00:01:00"), ("00:00:59.999", "00:01:00"), ("00:01:00", "00:02:00")] {
            let moment = |time: &str| at(&format!("2026-01-01T{time}Z"));
            assert_eq!(minute.next(moment(now)), Some(moment(due)));
        }
        let day = Expression::parse("rate(1 day)", Some("America/New_York")).unwrap();
        assert_eq!(day.next(at("2026-01-01T00:01:00Z")), Some(at("2026-01-02T00:00:00Z")));
    }

    #[test]
    fn the_examples_of_the_documentation_fall_due_when_it_says() {
        let from = "2026-01-01T00:00:00Z"; // A Thursday.
        for (expression, expected) in [
            ("cron(0 10 * * ? *)", ["2026-01-01 Thu 10:00 UTC", "2026-01-02 Fri 10:00 UTC"]),
            ("cron(15 12 * * ? *)", ["2026-01-01 Thu 12:15 UTC", "2026-01-02 Fri 12:15 UTC"]),
            ("cron(0 18 ? * MON-FRI *)", ["2026-01-01 Thu 18:00 UTC", "2026-01-02 Fri 18:00 UTC"]),
            ("cron(0 8 1 * ? *)", ["2026-01-01 Thu 08:00 UTC", "2026-02-01 Sun 08:00 UTC"]),
            ("cron(0/15 * * * ? *)", ["2026-01-01 Thu 00:15 UTC", "2026-01-01 Thu 00:30 UTC"]),
            ("cron(1/10 * * * ? *)", ["2026-01-01 Thu 00:01 UTC", "2026-01-01 Thu 00:11 UTC"]),
            ("cron(0/5 8-17 ? * MON-FRI *)", ["2026-01-01 Thu 08:00 UTC", "2026-01-01 Thu 08:05 UTC"]),
            ("cron(0 0 L * ? *)", ["2026-01-31 Sat 00:00 UTC", "2026-02-28 Sat 00:00 UTC"]),
            ("cron(0 0 ? * L *)", ["2026-01-03 Sat 00:00 UTC", "2026-01-10 Sat 00:00 UTC"]),
            // 6 is Friday: "the last Friday of each month".
            ("cron(15 10 ? * 6L 2026-2027)", ["2026-01-30 Fri 10:15 UTC", "2026-02-27 Fri 10:15 UTC"]),
            // The weekday nearest to the third, which is a Saturday in January.
            ("cron(0 0 3W * ? *)", ["2026-01-02 Fri 00:00 UTC", "2026-02-03 Tue 00:00 UTC"]),
            // "3#2 would be the second Tuesday of the month".
            ("cron(0 0 ? * 3#2 *)", ["2026-01-13 Tue 00:00 UTC", "2026-02-10 Tue 00:00 UTC"]),
            ("cron(0 0 ? * 1 *)", ["2026-01-04 Sun 00:00 UTC", "2026-01-11 Sun 00:00 UTC"]),
            ("cron(0 0 1 jan,jul ? *)", ["2026-07-01 Wed 00:00 UTC", "2027-01-01 Fri 00:00 UTC"]),
        ] {
            check(expression, "UTC", from, &expected);
        }
    }

    #[test]
    fn the_clock_is_that_of_the_zone() {
        let morning = ["2026-01-01 Thu 08:30 -03", "2026-01-02 Fri 08:30 -03"];
        check("cron(30 8 * * ? *)", "America/Sao_Paulo", "2026-01-01T00:00:00Z", &morning);
    }

    #[test]
    fn a_time_that_spring_leaves_out_is_skipped_and_one_that_autumn_repeats_is_due_once() {
        // On 8 March 2026 New York goes from 02:00 to 03:00; on 1 November from 02:00 back to 01:00.
        let zone = "America/New_York";
        let spring = ["2026-03-07 Sat 02:30 EST", "2026-03-09 Mon 02:30 EDT"];
        check("cron(30 2 * * ? *)", zone, "2026-03-07T00:00:00Z", &spring);
        let autumn = ["2026-11-01 Sun 01:30 EDT", "2026-11-02 Mon 01:30 EST"];
        check("cron(30 1 * * ? *)", zone, "2026-11-01T04:00:00Z", &autumn);
        let hourly = ["2026-11-01 Sun 00:00 EDT", "2026-11-01 Sun 01:00 EDT", "2026-11-01 Sun 02:00 EST"];
        check("cron(0 * * * ? *)", zone, "2026-11-01T03:30:00Z", &hourly);
        // A host that starts in the second of the two hours finds nothing due in it.
        check("cron(0 * * * ? *)", zone, "2026-11-01T06:30:00Z", &["2026-11-01 Sun 02:00 EST"]);
    }

    #[test]
    fn an_expression_whose_years_are_over_is_never_due() {
        let past = Expression::parse("cron(0 0 1 1 ? 2020)", None).unwrap();
        assert_eq!(past.next(at("2026-01-01T00:00:00Z")), None);
        let never = Expression::parse("cron(0 0 31 2 ? *)", None).unwrap();
        assert_eq!(never.next(at("2026-01-01T00:00:00Z")), None);
    }

    #[test]
    fn what_eventbridge_refuses_is_refused_by_its_field() {
        for (fields, told) in [
            ("0 3 * * ?", "it has 5 fields, not six"),
            ("0 0 3 * * ? *", "it has 7 fields, not six"),
            ("0 3 * * * *", "one of day-of-month and day-of-week must be ?"),
            ("0 3 ? * ? *", "one of day-of-month and day-of-week must be ?"),
            ("0 3 1 * MON *", "one of day-of-month and day-of-week must be ?"),
            ("0 3 1? * ? *", "day-of-month"),
            ("60 3 * * ? *", "60"),
            ("0 24 * * ? *", "24"),
            ("0 3 32 * ? *", "32"),
            ("0 3 * 13 ? *", "13"),
            ("0 3 ? * 0 *", "day-of-week: 0 is not between 1 and 7"),
            ("0 3 ? * 8 *", "day-of-week: 8 is not between 1 and 7"),
            ("0 3 ? * 3#1,6#3 *", "one expression only"),
            ("0 3 ? * 3#6 *", ""),
            ("0 3 ? * FOO *", ""),
            ("0 3 ? * +MON *", "day-of-week: + is not allowed"),
            ("L 3 * * ? *", "minutes: L is not allowed"),
            ("0 3 * * ? 1969", "year: 1969 is not between 1970 and 2199"),
            ("0 3 * * ? 2026-2200", "year: 2200 is not between 1970 and 2199"),
            ("@daily", "it has 1 fields"),
        ] {
            let refusal = Expression::parse(&format!("cron({fields})"), None).unwrap_err();
            assert!(refusal.contains(told) && refusal.contains(fields), "{fields}: {refusal}");
            assert!(!refusal.contains('\n'), "{refusal}");
        }
    }
}
