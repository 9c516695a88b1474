//! The gap report on paper: A4 portrait.

use crate::date::{fiscal_year_label, long_date, short_date};
use crate::error::ReportError;
use crate::gap::{Approval, ApprovalRecord, ChapterLine, Counts, GapLine, GapReport, StandardLine};
use crate::press::Press;
use crate::radar::{Point, RINGS, RadarChart, description, radar_points};
use crate::render::{Job, Template};
use crate::value::{array, change, dict, line, percent, record, text};
use crate::words::words;
use typst::foundations::{Dict, IntoValue, Value};

/// Radius of the printed radar, in mm, and the place of its centre in its box.
const RADIUS_MM: f64 = 40.0;
const CENTRE_MM: Point = Point { x: 85.0, y: 54.0 };

impl GapReport {
    /// The report as a tagged PDF.
    ///
    /// # Errors
    /// [`ReportError`]: no font, too many rows, or a fault of the template.
    pub fn pdf(&self, press: &Press) -> Result<Vec<u8>, ReportError> {
        self.check_size()?;
        press.print(Job::new(Template::Gap, &self.head, self.data()))
    }

    fn data(&self) -> Dict {
        let lang = self.head.lang;
        let revisions = self.revisions.iter().map(|row| {
            array([
                line(&row.version),
                long_date(row.date, lang).into_value(),
                text(&row.description),
                line(&row.author),
            ])
        });
        let forces = self.forces.iter().map(|row| counted([line(&row.force)], row.counts));
        dict([
            ("fiscal_year", fiscal_year_label(self.fiscal_year, lang).into_value()),
            ("version", self.revisions.last().map_or(Value::None, |row| line(&row.version))),
            ("revisions", array(revisions)),
            ("approvals", array(self.approvals.iter().map(|row| self.approval(row)))),
            ("approval_record", self.approval_record.as_ref().map_or(Value::None, approval_record)),
            ("standards", array(self.standards.iter().map(|row| self.standard(row)))),
            ("total", counted([], self.total())),
            ("gap_count", (self.gaps.len() as i64).into_value()),
            ("overdue_count", (self.gaps.iter().filter(|gap| self.is_overdue(gap)).count() as i64).into_value()),
            ("forces", array(forces)),
            ("gap_groups", array(self.gap_groups())),
            ("exclusions", array(self.exclusion_rows())),
            ("unanswered", array(self.unanswered_rows())),
            ("carried", array(self.carried_rows())),
            ("checkpoint", line(&self.checkpoint)),
        ])
    }

    fn approval(&self, row: &Approval) -> Value {
        record([
            ("role", line(&row.role)),
            ("name", line(row.name.as_deref().unwrap_or(""))),
            ("date", row.date.map_or_else(String::new, |date| long_date(date, self.head.lang)).into_value()),
        ])
    }

    fn standard(&self, row: &StandardLine) -> Value {
        let chapters: Vec<&ChapterLine> = self.chapters.iter().filter(|c| c.standard == row.short).collect();
        let chart = self.radar(&row.short);
        let chapter_row = |chapter: &ChapterLine| {
            let Value::Array(mut cells) = counted([line(&chapter.number), line(&chapter.title)], chapter.counts) else {
                return Value::None;
            };
            cells.push(percent(chapter.achieved).into_value());
            cells.push(percent(chapter.achieved_last).into_value());
            cells.push(change(chapter.achieved, chapter.achieved_last).into_value());
            Value::Array(cells)
        };
        record([
            ("short", line(&row.short)),
            ("title", line(&row.title)),
            ("edition", line(&row.edition)),
            ("issuer", line(&row.issuer)),
            ("counts", counted([], row.counts)),
            ("achieved", percent(row.achieved).into_value()),
            ("chapters", array(chapters.into_iter().map(chapter_row))),
            ("radar", radar(&chart)),
        ])
    }

    fn gap_groups(&self) -> Vec<Value> {
        let groups = self.gaps_by_force();
        groups
            .into_iter()
            .map(|(force, rows)| {
                let count = rows.len() as i64;
                let cells = rows.into_iter().flat_map(|gap| self.gap_cells(gap));
                record([("force", line(force)), ("count", count.into_value()), ("cells", array(cells))])
            })
            .collect()
    }

    fn gap_cells(&self, gap: &GapLine) -> [Value; 8] {
        let words = words(self.head.lang);
        let deadline = match gap.deadline {
            None => words.no_deadline.to_owned(),
            Some(date) if self.is_overdue(gap) => {
                format!("{}\n{}", short_date(date, self.head.lang), words.overdue)
            }
            Some(date) => short_date(date, self.head.lang),
        };
        let sign = gap.status.sign(self.head.lang);
        let maturity = gap.maturity.map_or_else(|| "－".to_owned(), |level| level.to_string());
        [
            line(&self.number_in_standard(&gap.standard, &gap.number)),
            text(&with_reason(&gap.title, &gap.force_reason)),
            sign.into_value(),
            maturity.into_value(),
            text(&gap.current),
            text(&gap.plan),
            deadline.into_value(),
            line(&gap.department),
        ]
    }

    fn exclusion_rows(&self) -> Vec<Value> {
        let cells = self.exclusions.iter().flat_map(|row| {
            [
                line(&self.number_in_standard(&row.standard, &row.number)),
                line(&row.title),
                text(&row.reason),
                line(&row.department),
            ]
        });
        cells.collect()
    }

    fn unanswered_rows(&self) -> Vec<Value> {
        let lang = self.head.lang;
        let cells = self.unanswered.iter().flat_map(|row| {
            [
                line(&self.number_in_standard(&row.standard, &row.number)),
                line(&row.title),
                line(&row.force),
                line(&row.department),
                row.asked_until.map_or_else(|| "－".to_owned(), |date| short_date(date, lang)).into_value(),
            ]
        });
        cells.collect()
    }

    fn carried_rows(&self) -> Vec<Value> {
        let cells = self.carried.iter().flat_map(|row| {
            [
                line(&self.number_in_standard(&row.standard, &row.number)),
                line(&row.title),
                row.status.sign(self.head.lang).into_value(),
                text(&row.source),
            ]
        });
        cells.collect()
    }

    /// The number alone, or with its standard where the report covers several.
    fn number_in_standard(&self, standard: &str, number: &str) -> String {
        if self.standards.len() > 1 { format!("{standard} {number}") } else { number.to_owned() }
    }
}

fn with_reason(title: &str, reason: &str) -> String {
    if reason.is_empty() { title.to_owned() } else { format!("{title}\n［{reason}］") }
}

/// Leading cells, the five counts and their total, as an array.
fn counted<const N: usize>(lead: [Value; N], counts: Counts) -> Value {
    let numbers = counts.in_order().into_iter().chain([counts.total()]).map(|n| n.to_string().into_value());
    array(lead.into_iter().chain(numbers))
}

/// The drawing in mm inside a box of the text width; `none` where there is nothing to draw.
fn radar(chart: &RadarChart) -> Value {
    if !chart.is_drawable() {
        return Value::None;
    }
    let ring = |share: f64| points(&radar_points(&vec![share; chart.axes.len()], CENTRE_MM, RADIUS_MM));
    let tips = radar_points(&vec![1.0; chart.axes.len()], CENTRE_MM, RADIUS_MM + 3.0);
    let labels = chart.axes.iter().zip(tips).map(|(axis, tip)| {
        let dx = tip.x - CENTRE_MM.x;
        let side = match dx {
            dx if dx.abs() < 1.0 => "middle",
            dx if dx > 0.0 => "right",
            _ => "left",
        };
        record([
            ("x", tip.x.into_value()),
            ("y", tip.y.into_value()),
            ("side", side.into_value()),
            ("above", (tip.y < CENTRE_MM.y).into_value()),
            ("text", line(&axis.printed_label())),
        ])
    });
    let last = if chart.has_last_year() {
        points(&radar_points(&chart.values(true), CENTRE_MM, RADIUS_MM))
    } else {
        Value::None
    };
    record([
        ("centre", point(CENTRE_MM)),
        ("rings", array(RINGS.into_iter().map(ring))),
        ("labels", array(labels)),
        ("now", points(&radar_points(&chart.values(false), CENTRE_MM, RADIUS_MM))),
        ("last", last),
        ("now_label", line(&chart.this_year_label)),
        ("last_label", line(&chart.last_year_label)),
        ("title", line(&chart.title)),
        ("alt", line(&description(chart))),
        ("radius", RADIUS_MM.into_value()),
    ])
}

fn point(p: Point) -> Value {
    array([p.x.into_value(), p.y.into_value()])
}

fn points(list: &[Point]) -> Value {
    array(list.iter().map(|p| point(*p)))
}

fn approval_record(kept: &ApprovalRecord) -> Value {
    let steps = kept.steps.iter().flat_map(|step| [line(&step.step), line(&step.person), line(&step.at)]);
    record([("state", line(&kept.state)), ("hash", line(&kept.hash)), ("steps", array(steps))])
}
