//! The gap report (課題報告書): the numbers of the sheet, put together once for page, paper and workbook.

mod cover;

use std::collections::HashMap;
use std::time::Duration;

use jiff::civil::Date;
use sakimori_domain::approval::{Kind, Step};
use sakimori_domain::assurance::applicability::Force;
use sakimori_domain::assurance::{AnswerStatus, Tally};
use sakimori_domain::trail_mark::TrailMark;
use sakimori_report::{
    Approval, ApprovalRecord, ApprovalStep, CarriedLine, ChapterLine, Comparison, Counts, ExclusionLine, FontSearch,
    ForceLine, GapLine, GapReport, IssueTable, Lang, Press, PrintHead, ReportError, Revision, StandardLine, Status,
    UnansweredLine, Worker,
};
use sakimori_store::approval::Taken;
use sakimori_store::assessment::SheetRow;
use sakimori_store::{request, trail};
use tokio::sync::Semaphore;

use crate::assessment::{self, Chapter};
use crate::workbook::{self, Part, Scope};
use crate::{Actor, App, AppError, Refusal, Result, approval};

pub use cover::{
    APPROVALS_MAX, Cover, CoverApproval, CoverRevision, REVISIONS_MAX, StoredCover, TEXT_MAX, cover, set_cover,
};

/// The hidden argument with which this program becomes the worker that lays out one PDF and ends
/// ([`sakimori_report::run_worker`]).
pub const PRINT_SUBCOMMAND: &str = "make-pdf";

/// Longest time for one PDF.
const PRINT_LIMIT: Duration = Duration::from_secs(60);

/// One PDF at a time: typst takes about 200 MiB for a long one.
static PRINTING: Semaphore = Semaphore::const_new(1);

/// The share achieved: ○ counts 1, △ a half, × and what is not answered nothing, － is left out. `None` while nothing that
/// counts has been answered: a corner at 0 % would say something that nobody has said.
pub fn achieved(tally: &Tally) -> Option<f64> {
    (tally.yes + tally.partly + tally.no > 0).then(|| tally.score()).flatten()
}

/// The report of an Assessment as it stands now, with the cover that was chosen for it. `marking` takes the place of
/// every other handling marking.
///
/// # Errors
/// No such Assessment, a role that may not read assessments, or a marking that is too long.
pub async fn gap(app: &App, actor: &Actor, assessment_id: &str, marking: Option<String>) -> Result<GapReport> {
    let part = workbook::part(app, actor, &Scope::Assessment(assessment_id.to_owned())).await?;
    gap_of(app, actor, &part, marking).await
}

/// As [`gap`], of rows that have been read already.
///
/// # Errors
/// A marking that is too long; a database error.
pub async fn gap_of(app: &App, actor: &Actor, part: &Part, marking: Option<String>) -> Result<GapReport> {
    let assessment_id = part.assessment.id.as_str();
    let chapters = assessment::chapters(app, &part.rows).await?;
    let mut c = app.read_for_report(&actor.organisation_id).await?;
    let organisation_id = &actor.organisation_id;
    let last_year = match part.assessment.previous_id.as_str() {
        "" => None,
        id => sakimori_store::assessment::assessment_by_id(&mut c, organisation_id, id).await?.map(|a| a.fiscal_year),
    };
    let asked: HashMap<String, String> =
        request::asked_until(&mut c, organisation_id, assessment_id).await?.into_iter().collect();
    let newest = trail::newest(&mut c, organisation_id, i64::MAX, 1).await?;
    let stored = cover::read(&mut c, organisation_id, assessment_id).await?.cover;
    let approved = approval::standing(&mut c, actor, Kind::AssessmentResult, assessment_id).await?;
    drop(c);
    let cover = Cover { marking: marking.or_else(|| stored.marking.clone()), ..stored }.checked()?;
    let lang = if actor.language == "en" { Lang::En } else { Lang::Ja };
    let words = Words { lang, part };
    let year = |year: i64| i16::try_from(year).unwrap_or(0);
    Ok(GapReport {
        head: words.head(&cover, app.today()),
        fiscal_year: year(part.assessment.fiscal_year),
        last_fiscal_year: last_year.map(year),
        standards: words.standards(),
        revisions: words.revisions(&cover, actor, app.today()),
        approvals: match &approved {
            Some(view) => words.stamps(view),
            None => words.approvals(&cover),
        },
        approval_record: approved.as_ref().map(|view| words.approval_record(view)),
        chapters: chapters.iter().map(|chapter| words.chapter(chapter)).collect(),
        forces: words.forces(),
        gaps: words.gaps(),
        exclusions: words.exclusions(),
        unanswered: words.unanswered(&asked),
        carried: words.carried(),
        checkpoint: newest.first().map_or(String::new(), |event| words.checkpoint(event)),
    })
}

/// The part in the words of a language.
struct Words<'a> {
    lang: Lang,
    part: &'a Part,
}

impl Words<'_> {
    fn t<'t>(&self, ja: &'t str, en: &'t str) -> &'t str {
        if self.lang == Lang::En && !en.is_empty() { en } else { ja }
    }

    fn or(&self, text: &str, usual: &str) -> String {
        if text.is_empty() { usual } else { text }.to_owned()
    }

    fn force(&self, force: Force) -> String {
        self.t(force.ja(), force.en()).to_owned()
    }

    fn head(&self, cover: &Cover, today: Date) -> PrintHead {
        let own = &self.part.organisation.marking;
        PrintHead {
            lang: self.lang,
            organisation: self.part.organisation.name.clone(),
            title: self.or(&cover.title, &self.part.assessment.title),
            marking: cover.marking.as_ref().unwrap_or(own).trim().to_owned(),
            report_date: today,
            checkpoint: TrailMark::default(),
        }
    }

    fn revisions(&self, cover: &Cover, actor: &Actor, today: Date) -> Vec<Revision> {
        let author = self.t(actor.role.ja(), actor.role.en());
        if cover.revisions.is_empty() {
            return vec![Revision {
                version: self.t("第1.0版", "1.0").to_owned(),
                date: today,
                description: self.t("新規作成", "First issue").to_owned(),
                author: author.to_owned(),
            }];
        }
        let row = |r: &CoverRevision| Revision {
            version: r.version.clone(),
            date: r.date.parse().unwrap_or(today),
            description: r.description.clone(),
            author: self.or(&r.author, author),
        };
        cover.revisions.iter().map(row).collect()
    }

    fn approvals(&self, cover: &Cover) -> Vec<Approval> {
        if cover.approvals.is_empty() {
            return [("起案", "Drafted"), ("確認", "Checked"), ("承認", "Approved")]
                .map(|(ja, en)| Approval { role: self.t(ja, en).to_owned(), name: None, date: None })
                .to_vec();
        }
        let filled = |a: &CoverApproval| Approval {
            role: a.role.clone(),
            name: (!a.name.is_empty()).then(|| a.name.clone()),
            date: a.date.parse().ok(),
        };
        cover.approvals.iter().map(filled).collect()
    }

    /// The boxes as they were stamped in the system: they stand before what was typed for the hand.
    fn stamps(&self, view: &approval::View) -> Vec<Approval> {
        let boxed = |step: Step| {
            let taken = view.stamped(step);
            Approval {
                role: self.t(step.ja(), step.en()).to_owned(),
                name: taken.map(|taken| self.person(taken)),
                date: taken.and_then(|taken| japan_minute(&taken.at).get(..10)?.parse().ok()),
            }
        };
        [Step::Draft, Step::Check, Step::Approve].map(boxed).to_vec()
    }

    fn approval_record(&self, view: &approval::View) -> ApprovalRecord {
        let state = view.approval.state;
        let steps = [Step::Draft, Step::Check, Step::Approve].into_iter().filter_map(|step| view.stamped(step));
        ApprovalRecord {
            state: self.t(state.ja(), state.en()).to_owned(),
            hash: view.approval.subject_hash.clone(),
            steps: steps
                .map(|taken| ApprovalStep {
                    step: self.t(taken.step.ja(), taken.step.en()).to_owned(),
                    person: self.person(taken),
                    at: japan_minute(&taken.at),
                })
                .collect(),
        }
    }

    /// Whoever took a step, and in whose place.
    fn person(&self, taken: &Taken) -> String {
        match (taken.principal_name.as_str(), self.lang) {
            ("", _) => taken.account_name.clone(),
            (principal, Lang::Ja) => format!("{}（{principal} の代理）", taken.account_name),
            (principal, Lang::En) => format!("{} (for {principal})", taken.account_name),
        }
    }

    fn short(&self, edition_id: &str) -> String {
        let entry = self.part.editions.iter().find(|entry| entry.id == edition_id);
        entry.map_or_else(|| edition_id.to_owned(), |entry| entry.edition.short.clone())
    }

    fn title(&self, row: &SheetRow) -> String {
        self.t(&row.title, &row.title_en).to_owned()
    }

    fn standards(&self) -> Vec<StandardLine> {
        let lines = self.part.editions.iter().map(|entry| {
            let of_edition = self.part.rows.iter().filter(|row| row.edition_id == entry.id);
            let tally: Tally = of_edition.map(|row| row.answer.status).collect();
            StandardLine {
                short: entry.edition.short.clone(),
                title: self.t(&entry.edition.title, &entry.edition.title_en).to_owned(),
                edition: entry.edition.label.clone(),
                issuer: entry.edition.issuer.clone(),
                counts: counts(&tally),
                achieved: achieved(&tally),
            }
        });
        lines.collect()
    }

    /// Last time is compared over the same items: what an Assessment did not ask last time has no last time.
    fn chapter(&self, chapter: &Chapter) -> ChapterLine {
        let rows = chapter.rows.iter().filter_map(|place| self.part.rows.get(*place));
        let last: Tally = rows.filter_map(|row| row.last.as_ref()).map(|last| last.status).collect();
        ChapterLine {
            standard: self.short(&chapter.edition_id),
            number: chapter.number.clone(),
            title: self.t(&chapter.title, &chapter.title_en).to_owned(),
            counts: counts(&chapter.tally),
            achieved: achieved(&chapter.tally),
            achieved_last: achieved(&last),
        }
    }

    fn forces(&self) -> Vec<ForceLine> {
        let lines = Force::ALL.iter().map(|force| {
            let of_force = self.part.rows.iter().filter(|row| row.force == *force);
            let tally: Tally = of_force.map(|row| row.answer.status).collect();
            ForceLine { force: self.force(*force), counts: counts(&tally) }
        });
        lines.filter(|line| line.counts.total() > 0).collect()
    }

    fn gaps(&self) -> Vec<GapLine> {
        let short = |row: &&SheetRow| matches!(row.answer.status, AnswerStatus::Partly | AnswerStatus::No);
        let lines = self.part.rows.iter().filter(short).map(|row| GapLine {
            standard: self.short(&row.edition_id),
            number: row.number.clone(),
            title: self.title(row),
            force: self.force(row.force),
            force_reason: self.t(&row.reason, &row.reason_en).to_owned(),
            status: status(row.answer.status),
            maturity: row.answer.maturity.map(|level| level.level()),
            current: row.answer.current.clone(),
            plan: row.answer.plan.clone(),
            deadline: row.answer.due,
            department: row.answer.department.clone(),
        });
        lines.collect()
    }

    fn exclusions(&self) -> Vec<ExclusionLine> {
        let left_out = self.part.rows.iter().filter(|row| row.answer.status == AnswerStatus::NotApplicable);
        let lines = left_out.map(|row| ExclusionLine {
            standard: self.short(&row.edition_id),
            number: row.number.clone(),
            title: self.title(row),
            reason: row.answer.na_reason.clone(),
            department: row.answer.department.clone(),
        });
        lines.collect()
    }

    fn unanswered(&self, asked: &HashMap<String, String>) -> Vec<UnansweredLine> {
        let blank = self.part.rows.iter().filter(|row| row.answer.status == AnswerStatus::Unanswered);
        let lines = blank.map(|row| UnansweredLine {
            standard: self.short(&row.edition_id),
            number: row.number.clone(),
            title: self.title(row),
            force: self.force(row.force),
            department: row.answer.department.clone(),
            asked_until: asked.get(&row.id).and_then(|due| due.parse().ok()),
        });
        lines.collect()
    }

    fn carried(&self) -> Vec<CarriedLine> {
        let rows = self.part.rows.iter().filter_map(|row| row.carried.as_deref().map(|carried| (row, carried)));
        let lines = rows.map(|(row, carried)| CarriedLine {
            standard: self.short(&row.edition_id),
            number: row.number.clone(),
            title: self.title(row),
            status: status(row.answer.status),
            source: crate::carry::source_line(carried, self.lang == Lang::En),
        });
        lines.collect()
    }

    /// With the number of the newest entry, a reader can find in the trail what the figures rest on.
    fn checkpoint(&self, event: &trail::Event) -> String {
        match self.lang {
            Lang::Ja => format!("操作記録 第{}号（{}）までを反映", event.position, japan_minute(&event.at)),
            Lang::En => format!("trail entry {} of {}", event.position, japan_minute(&event.at)),
        }
    }
}

fn japan_minute(at: &str) -> String {
    let local = at.parse::<jiff::Timestamp>().map(|at| at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))));
    local.map_or_else(|_| at.to_owned(), |local| local.strftime("%Y-%m-%d %H:%M").to_string())
}

fn counts(tally: &Tally) -> Counts {
    Counts {
        met: tally.yes,
        partly: tally.partly,
        unmet: tally.no,
        excluded: tally.not_applicable,
        unanswered: tally.unanswered,
    }
}

const fn status(status: AnswerStatus) -> Status {
    match status {
        AnswerStatus::Yes => Status::Met,
        AnswerStatus::Partly => Status::Partly,
        AnswerStatus::No => Status::Unmet,
        AnswerStatus::NotApplicable => Status::Excluded,
        AnswerStatus::Unanswered => Status::Unanswered,
    }
}

/// The report on paper (PDF), laid out in a process of its own so that the server stays small.
///
/// # Errors
/// No Japanese font, or the layout failed or took too long; the message says what to do.
pub async fn pdf(app: &App, report: GapReport) -> Result<Vec<u8>> {
    print(app, move |press| report.pdf(press)).await
}

/// Lays out a printed product in a process of its own.
async fn print<F>(app: &App, lay_out: F) -> Result<Vec<u8>>
where
    F: FnOnce(&Press) -> Result<Vec<u8>, ReportError> + Send + 'static,
{
    let worker =
        Worker { program: app.program().to_owned(), arguments: vec![PRINT_SUBCOMMAND.into()], limit: PRINT_LIMIT };
    let _turn = PRINTING.acquire().await.map_err(|error| AppError::Internal(format!("printing: {error}")))?;
    workbook::blocking(move || lay_out(&Press::in_worker(FontSearch::from_environment(), worker)))
        .await?
        .map_err(|error| refused(&error))
}

/// A comparison of two Editions (新旧対照表) as a PDF.
///
/// # Errors
/// As [`pdf`].
pub async fn comparison_pdf(app: &App, comparison: Comparison) -> Result<Vec<u8>> {
    print(app, move |press| comparison.pdf(press)).await
}

/// Any list on paper (PDF).
///
/// # Errors
/// As [`pdf`].
pub async fn list_pdf(app: &App, list: sakimori_report::ListSheet) -> Result<Vec<u8>> {
    print(app, move |press| list.pdf(press)).await
}

/// The table of points (論点表) as a PDF.
///
/// # Errors
/// As [`pdf`].
pub async fn issues_pdf(app: &App, table: IssueTable) -> Result<Vec<u8>> {
    print(app, move |press| table.pdf(press)).await
}

/// The table of points (論点表) as a workbook (.xlsx).
///
/// # Errors
/// Too many rows.
pub async fn issues_xlsx(table: IssueTable) -> Result<Vec<u8>> {
    workbook::blocking(move || table.xlsx()).await?.map_err(|error| refused(&error))
}

/// A comparison of two Editions as a workbook (.xlsx).
///
/// # Errors
/// Too many rows.
pub async fn comparison_xlsx(comparison: Comparison) -> Result<Vec<u8>> {
    workbook::blocking(move || comparison.xlsx()).await?.map_err(|error| refused(&error))
}

/// The report as a workbook (.xlsx).
///
/// # Errors
/// Too many rows.
pub async fn xlsx(report: GapReport) -> Result<Vec<u8>> {
    workbook::blocking(move || report.xlsx()).await?.map_err(|error| refused(&error))
}

/// Any list as a workbook (.xlsx).
///
/// # Errors
/// Too many rows.
pub async fn list_xlsx(list: sakimori_report::ListSheet) -> Result<Vec<u8>> {
    workbook::blocking(move || list.xlsx()).await?.map_err(|error| refused(&error))
}

fn refused(error: &ReportError) -> AppError {
    Refusal::invalid("report", error.ja(), error.to_string()).into()
}
