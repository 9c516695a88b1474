//! Dates as printed forms write them: 令和 in Japanese, ISO 8601 in English.

use crate::print::Lang;
use jiff::civil::Date;

/// First day of an era, its name, the letter of its short form, and the year that is its year 1.
const ERAS: [(i16, i8, i8, &str, &str, i16); 3] =
    [(2019, 5, 1, "令和", "R", 2019), (1989, 1, 8, "平成", "H", 1989), (1926, 12, 25, "昭和", "S", 1926)];

fn era(date: Date) -> Option<(&'static str, &'static str, i16)> {
    ERAS.iter()
        .find(|(year, month, day, ..)| (date.year(), date.month(), date.day()) >= (*year, *month, *day))
        .map(|(_, _, _, name, letter, first)| (*name, *letter, date.year() - first + 1))
}

/// `令和8年11月20日`, year 1 as 元年; English: `2026-11-20`.
pub fn long_date(date: Date, lang: Lang) -> String {
    match (lang, era(date)) {
        (Lang::Ja, Some((name, _, year))) => {
            format!("{name}{}年{}月{}日", year_of_era(year), date.month(), date.day())
        }
        (Lang::Ja, None) => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        (Lang::En, _) => iso(date),
    }
}

/// `R8.11.20` for table cells; English: `2026-11-20`.
pub fn short_date(date: Date, lang: Lang) -> String {
    match (lang, era(date)) {
        (Lang::Ja, Some((_, letter, year))) => format!("{letter}{year}.{}.{}", date.month(), date.day()),
        (Lang::Ja, None) => format!("{}.{}.{}", date.year(), date.month(), date.day()),
        (Lang::En, _) => iso(date),
    }
}

/// The fiscal year that starts on 1 April of the given year: `令和8年度`, `FY2026`.
pub fn fiscal_year_label(year: i16, lang: Lang) -> String {
    match lang {
        Lang::En => format!("FY{year}"),
        // The era in force on 31 December names the year: April 2019 belongs to 令和元年度.
        Lang::Ja => match era(jiff::civil::date(year, 12, 31)) {
            Some((name, _, of_era)) => format!("{name}{}年度", year_of_era(of_era)),
            None => format!("{year}年度"),
        },
    }
}

fn year_of_era(year: i16) -> String {
    if year == 1 { "元".to_owned() } else { year.to_string() }
}

fn iso(date: Date) -> String {
    date.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn eras_change_on_their_days() {
        assert_eq!(long_date(date(2026, 11, 20), Lang::Ja), "令和8年11月20日");
        assert_eq!(long_date(date(2019, 5, 1), Lang::Ja), "令和元年5月1日");
        assert_eq!(short_date(date(2019, 4, 30), Lang::Ja), "H31.4.30");
        assert_eq!(long_date(date(1900, 1, 2), Lang::Ja), "1900年1月2日");
        assert_eq!(short_date(date(2026, 3, 9), Lang::En), "2026-03-09");
        assert_eq!(fiscal_year_label(2026, Lang::Ja), "令和8年度");
        assert_eq!(fiscal_year_label(2019, Lang::Ja), "令和元年度");
        assert_eq!(fiscal_year_label(2026, Lang::En), "FY2026");
    }
}
