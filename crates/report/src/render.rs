//! A fixed template and a dictionary of values in, a PDF out.

use crate::date::long_date;
use crate::error::ReportError;
use crate::fonts::{FontSearch, LoadedFonts};
use crate::print::{Lang, PrintHead};
use crate::value;
use crate::words::words;
use jiff::civil::Date;
use sakimori_domain::trail_mark::TrailMark;
use std::sync::{LazyLock, Mutex, PoisonError};
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Dict, Duration, IntoValue, Smart, Value};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

/// The templates that ship, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Template {
    Gap,
    List,
    Comparison,
    Issues,
}

const COMMON: &str = include_str!("../templates/common.typ");

impl Template {
    /// Every template.
    const ALL: [Self; 4] = [Self::Gap, Self::List, Self::Comparison, Self::Issues];

    /// The name under which a worker is told of it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::List => "list",
            Self::Comparison => "comparison",
            Self::Issues => "issues",
        }
    }

    /// The template of a name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.name() == name)
    }

    const fn source(self) -> &'static str {
        match self {
            Self::Gap => include_str!("../templates/gap.typ"),
            Self::List => include_str!("../templates/list.typ"),
            Self::Comparison => include_str!("../templates/comparison.typ"),
            Self::Issues => include_str!("../templates/issues.typ"),
        }
    }
}

/// Typst's names of the two files every report is made of; the names are interned for ever, hence once.
static MAIN: LazyLock<Option<FileId>> = LazyLock::new(|| file_id("main.typ"));
static SHARED: LazyLock<Option<FileId>> = LazyLock::new(|| file_id("common.typ"));

/// One report at a time: it bounds the memory, and lets the caches be emptied without harm to another report.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn file_id(name: &str) -> Option<FileId> {
    VirtualPath::new(name).ok().map(|path| RootedPath::new(VirtualRoot::Project, path).intern())
}

/// Refuses more rows than a report may have.
pub(crate) fn check_rows(what: &'static str, rows: usize, limit: usize) -> Result<(), ReportError> {
    if rows > limit { Err(ReportError::TooManyRows { what, rows, limit }) } else { Ok(()) }
}

/// Everything that a PDF is made of.
pub(crate) struct Job {
    pub(crate) template: Template,
    pub(crate) date: Date,
    pub(crate) data: Dict,
}

impl Job {
    /// `data` becomes `sys.inputs`, joined by the head and the words.
    pub(crate) fn new(template: Template, head: &PrintHead, mut data: Dict) -> Self {
        data.insert("head".into(), head_value(head));
        data.insert("words".into(), words(head.lang).to_dict().into_value());
        Self { template, date: head.report_date, data }
    }

    /// Lays out and writes the PDF in this process. Fonts and typst's caches are let go before it returns.
    pub(crate) fn run(mut self, fonts: &FontSearch) -> Result<Vec<u8>, ReportError> {
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = fonts.load()?;
        self.data.insert("font".into(), loaded.family.into_value());
        let result = compile_and_export(self, loaded);
        typst::comemo::evict(0);
        result
    }
}

fn head_value(head: &PrintHead) -> Value {
    value::record([
        ("lang", head.lang.code().into_value()),
        ("organisation", value::line(&head.organisation)),
        ("title", value::line(&head.title)),
        ("marking", value::line(&head.marking)),
        ("date", long_date(head.report_date, head.lang).into_value()),
        ("checkpoint", checkpoint_value(head)),
    ])
}

fn checkpoint_value(head: &PrintHead) -> Value {
    let english = head.lang == Lang::En;
    value::record([
        ("line", value::line(&head.checkpoint.line)),
        ("note", value::text(head.checkpoint.note.trim_end())),
        ("title", TrailMark::title(english).into_value()),
        ("hint", TrailMark::hint(english).into_value()),
    ])
}

fn compile_and_export(job: Job, fonts: LoadedFonts) -> Result<Vec<u8>, ReportError> {
    let world = ReportWorld::new(job.template, job.data, fonts)?;
    let document = typst::compile::<PagedDocument>(&world).output.map_err(|problems| layout_error(&problems))?;
    let timestamp = u8::try_from(job.date.month())
        .ok()
        .zip(u8::try_from(job.date.day()).ok())
        .and_then(|(month, day)| Datetime::from_ymd(i32::from(job.date.year()), month, day))
        .map(typst_pdf::Timestamp::new_utc);
    let options =
        PdfOptions { creator: Smart::Custom(Some("Sakimori".to_owned())), timestamp, ..PdfOptions::default() };
    typst_pdf::pdf(&document, &options).map_err(|problems| layout_error(&problems))
}

fn layout_error(problems: &[SourceDiagnostic]) -> ReportError {
    let message = problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ");
    ReportError::Layout { message }
}

/// The world of one report: one template, the shared part, two faces of one font. No files, no packages, no clock.
struct ReportWorld {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    main: Source,
    common: Source,
}

impl ReportWorld {
    fn new(template: Template, data: Dict, fonts: LoadedFonts) -> Result<Self, ReportError> {
        let lost = || ReportError::Layout { message: "the template has no name".to_owned() };
        let (main, common) = MAIN.zip(*SHARED).ok_or_else(lost)?;
        Ok(Self {
            library: LazyHash::new(Library::builder().with_inputs(data).build()),
            book: LazyHash::new(fonts.book),
            fonts: fonts.fonts,
            main: Source::new(main, template.source().to_owned()),
            common: Source::new(common, COMMON.to_owned()),
        })
    }
}

impl World for ReportWorld {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        [&self.main, &self.common].into_iter().find(|source| source.id() == id).cloned().ok_or(FileError::AccessDenied)
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
