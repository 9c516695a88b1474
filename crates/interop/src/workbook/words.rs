//! The words of our own workbook in both languages. Which language a workbook was written in does not matter when it
//! comes back: headers are known in either, and marks, levels and dates are read the same way.

use sakimori_domain::assurance::{AnswerStatus, Maturity};

/// Language of a workbook's headers and instructions; texts typed by people stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    Ja,
    En,
}

impl Language {
    /// The word of the language.
    pub const fn t<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }

    /// Name of the sheet with the instructions.
    pub const fn guide_sheet(self) -> &'static str {
        self.t("記入要領", "Instructions")
    }

    /// The text of a maturity level in a drop-down.
    pub fn maturity(self, level: Maturity) -> String {
        format!("{}{}{}", level.level(), self.t("：", ": "), self.t(level.ja(), level.en()))
    }

    /// The marks with their words, for a hint.
    pub fn marks(self) -> String {
        let marked = AnswerStatus::ALL.iter().filter(|status| !status.ja().is_empty());
        let words = marked.map(|s| format!("{} {}", s.ja(), self.t(s.word_ja(), s.word_en())));
        words.collect::<Vec<_>>().join(self.t("、", ", "))
    }

    /// The line below the title of every sheet.
    pub const fn sheet_hint(self) -> &'static str {
        self.t(
            "白い欄だけ記入してください。行の挿入・並べ替え・削除をしても取り込めます。",
            "Fill in the white cells only. Rows may be inserted, sorted and deleted.",
        )
    }

    /// Head and text of each line of the instructions.
    pub fn guide(self) -> Vec<(&'static str, String)> {
        let levels: Vec<_> = Maturity::all().map(|level| self.maturity(level)).collect();
        let levels = levels.join(self.t("、", ", "));
        match self {
            Self::Ja => vec![
                ("記入する欄", "白い欄（対応状況から担当部署まで）に記入します。色の付いた欄は書き換えても取り込まれません。".to_owned()),
                ("対応状況", format!("{}。空欄は「未回答」で、× とは別に数えます。", self.marks())),
                ("－（対象外）", "「対象外の理由」を必ず記入してください。".to_owned()),
                ("成熟度", levels),
                ("期限", "2026/3/31、令和8年3月31日、R8.3.31 のいずれの書き方でも構いません。".to_owned()),
                ("改行", "セルの中の改行（Alt+Enter）はそのまま残ります。".to_owned()),
                ("行の操作", "並べ替え、絞り込み、行の挿入・削除ができます。行の複写はしないでください（同じ行IDが二つになり、取り込めません）。".to_owned()),
                ("隠れた列", "左端の隠れた列は行IDです。書き換えないでください。".to_owned()),
                ("灰色の列", "前回の回答です。参考としてご覧ください。".to_owned()),
                ("取り込み", "取り込む前に、変わるセルと問題のあるセルが一覧で表示されます。確認するまで何も書き込まれません。".to_owned()),
            ],
            Self::En => vec![
                ("Where to write", "In the white cells, from Status to Department. Changes to coloured cells are not taken over.".to_owned()),
                ("Status", format!("{}. A blank cell is not answered and is counted apart from ×.", self.marks())),
                ("－", "Always say why the item is not applicable.".to_owned()),
                ("Maturity", levels),
                ("Due", "2026/3/31, 2026-03-31, 令和8年3月31日 and R8.3.31 are all understood.".to_owned()),
                ("Line breaks", "Line breaks inside a cell (Alt+Enter) are kept.".to_owned()),
                ("Rows", "Sort, filter, insert and delete as you like. Do not copy rows: two rows with one row id cannot be imported.".to_owned()),
                ("Hidden column", "The hidden column on the left holds the row ids. Do not change it.".to_owned()),
                ("Grey columns", "The last assessment's answers, for reference.".to_owned()),
                ("Import", "Before anything is written you see every cell that changes and every problem.".to_owned()),
            ],
        }
    }
}
