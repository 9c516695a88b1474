//! What every page has: language, person, the room it belongs to, and the words of dates.

use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use sakimori_app::Actor;
use sakimori_domain::assurance::applicability::Force;
use sakimori_domain::assurance::{AnswerStatus, Tally, fiscal_year};
use sakimori_domain::identity::Permission;
use sakimori_domain::trail_mark::TrailMark;

use crate::assurance::told;
use crate::error::WebError;
use crate::state::WebState;

/// The rooms of the rail that have pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Home,
    Standards,
    Assurance,
    Registry,
    /// The handbook, behind the question mark.
    Help,
    /// Administration, behind the person's menu.
    Administration,
}

/// The frame around a page.
pub struct Page {
    pub english: bool,
    pub demo: bool,
    pub csrf: String,
    pub actor: Actor,
    /// Notices not read yet.
    pub unread: i64,
    pub room: Room,
    /// Marked in the rail.
    pub path: &'static str,
    /// Start of the running 年度.
    pub fiscal_year: i16,
    pub today: Date,
    /// Printed in the margin of every page.
    pub marking: String,
    /// The page with its filters, to come back to it in another language.
    pub here: String,
    /// Newest checkpoint of the organisation's trail, printed at the foot; empty before the first.
    pub checkpoint: String,
}

impl Page {
    /// The frame for a signed-in person.
    pub fn new(state: &WebState, person: &crate::person::Person, room: Room, path: &'static str) -> Self {
        let today = state.app.today();
        Self {
            english: person.actor.language == "en",
            demo: state.config.demo,
            csrf: person.csrf.clone(),
            actor: person.actor.clone(),
            unread: person.unread,
            room,
            path,
            fiscal_year: fiscal_year(today),
            today,
            marking: String::new(),
            here: if person.here.is_empty() { path.to_owned() } else { person.here.clone() },
            checkpoint: person.checkpoint.clone(),
        }
    }

    /// The frame of a page that is printed as it stands: with the organisation's marking.
    ///
    /// # Errors
    /// A database error.
    pub async fn printed(
        state: &WebState,
        person: &crate::person::Person,
        room: Room,
        path: &'static str,
    ) -> Result<Self, WebError> {
        let organisation = sakimori_app::registry::own(&state.app, &person.actor).await.map_err(told(person))?;
        Ok(Self { marking: organisation.marking, ..Self::new(state, person, room, path) })
    }

    /// The word of the page's language.
    pub fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        if self.english && !en.is_empty() { en } else { ja }
    }

    /// `ja` or `en`.
    pub fn lang(&self) -> &'static str {
        if self.english { "en" } else { "ja" }
    }

    /// Whether the person may do something, by the permission's code. Unknown codes are refused.
    pub fn may(&self, code: &str) -> bool {
        Permission::from_code(code).is_some_and(|permission| self.actor.may(permission))
    }

    /// 令和8年度 / FY2026.
    pub fn year(&self, fiscal_year: &i16) -> String {
        if self.english { format!("FY{fiscal_year}") } else { format!("{}年度", era_year(*fiscal_year)) }
    }

    /// The same of a year as it is kept.
    pub fn year_of(&self, fiscal_year: &i64) -> String {
        i16::try_from(*fiscal_year).map_or_else(|_| fiscal_year.to_string(), |year| self.year(&year))
    }

    /// 2026年11月20日（金）, of a day, or of a moment (UTC) as it is in Japan; empty for an empty text.
    pub fn date(&self, iso: &str) -> String {
        match in_japan(iso).map(|at| at.date()).or_else(|| iso.get(..10)?.parse().ok()) {
            Some(date) if self.english => date.to_string(),
            Some(date) => format!("{}年{}月{}日（{}）", date.year(), date.month(), date.day(), weekday(date)),
            None => String::new(),
        }
    }

    /// A moment (UTC, RFC 3339) as Japanese time: 2026年11月20日 12:03.
    pub fn moment(&self, at: &str) -> String {
        let Some(local) = in_japan(at) else { return String::new() };
        let pattern = if self.english { "%Y-%m-%d %H:%M" } else { "%Y年%-m月%-d日 %H:%M" };
        local.strftime(pattern).to_string()
    }

    /// Whole days from today until a date; negative when it has passed.
    pub fn days_until(&self, iso: &str) -> Option<i64> {
        let date: Date = iso.get(..10)?.parse().ok()?;
        Some(i64::from((date - self.today).get_days()))
    }

    /// What the line at the foot of a printed page is called.
    pub fn checkpoint_title(&self) -> &'static str {
        TrailMark::title(self.english)
    }

    /// Whether a rail entry is the present page.
    pub fn is_here(&self, path: &str) -> bool {
        self.path == path
    }

    /// Whether a room is the present one.
    pub fn in_room(&self, room: &str) -> bool {
        matches!(
            (self.room, room),
            (Room::Home, "home")
                | (Room::Standards, "standards")
                | (Room::Assurance, "assurance")
                | (Room::Registry, "registry")
                | (Room::Administration, "administration")
        )
    }
}

/// A moment (UTC, RFC 3339) as the clocks in Japan show it.
fn in_japan(at: &str) -> Option<jiff::Zoned> {
    let at: Timestamp = at.parse().ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))))
}

/// 令和8 for 2026; 元 for the first year.
pub fn era_year(year: i16) -> String {
    match year {
        2019 => "令和元".to_owned(),
        2020.. => format!("令和{}", year - 2018),
        _ => format!("平成{}", year - 1988),
    }
}

fn weekday(date: Date) -> &'static str {
    match date.weekday() {
        Weekday::Monday => "月",
        Weekday::Tuesday => "火",
        Weekday::Wednesday => "水",
        Weekday::Thursday => "木",
        Weekday::Friday => "金",
        Weekday::Saturday => "土",
        Weekday::Sunday => "日",
    }
}

/// Renders a template.
///
/// # Errors
/// The template failed: a fault of ours.
pub fn render<T: askama::Template>(template: &T) -> Result<Response, WebError> {
    let html = template.render().map_err(|error| WebError::internal(format!("template: {error}")))?;
    Ok(Html(html).into_response())
}

/// The bar of a count of answers, as SVG; it contains numbers and our own words only, so it is safe as it stands.
pub fn bar(tally: &Tally, p: &Page) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(420);
    // Writing to a String cannot fail.
    _ = write!(
        out,
        "<svg class=\"bar\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"○ {}、△ {}、× {}、－ {}、{} {} / {}\">",
        tally.yes,
        tally.partly,
        tally.no,
        tally.not_applicable,
        p.t("未回答", "open"),
        tally.unanswered,
        tally.total()
    );
    let mut x = 0.0;
    for (class, n) in [("yes", tally.yes), ("partly", tally.partly), ("no", tally.no), ("na", tally.not_applicable)] {
        let width = 100.0 * f64::from(n) / f64::from(tally.total().max(1));
        _ = write!(out, "<rect class=\"bar__{class}\" x=\"{x:.2}\" width=\"{width:.2}\" height=\"1\"/>");
        x += width;
    }
    out.push_str("</svg>");
    out
}

/// Modifier of `.status`, on every page.
pub fn status_class(status: &AnswerStatus) -> &'static str {
    match status {
        AnswerStatus::Yes => "yes",
        AnswerStatus::Partly => "partly",
        AnswerStatus::No => "no",
        AnswerStatus::NotApplicable => "na",
        AnswerStatus::Unanswered => "blank",
    }
}

/// Modifier of `.badge` for a force, on every page: four weights, since more shades would not be told apart in print.
/// ◎＊ asks for the same as ◎ only later; 参考 asks for nothing.
pub fn force_class(force: &Force) -> &'static str {
    match force {
        Force::Mandatory => "mandatory",
        Force::Should | Force::Required | Force::ShouldInStages => "required",
        Force::Recommended | Force::Desirable => "recommended",
        Force::MustConsider | Force::Consider => "consider",
        Force::Reference | Force::Info | Force::NotApplicable => "plain",
    }
}
