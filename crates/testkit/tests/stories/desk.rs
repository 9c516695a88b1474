//! Correcting a reading by hand: at once, kept for the next file, of this organisation only; on both databases. Citations
//! as links where they stand.

use axum::http::StatusCode;
use sakimori_app::ingest;
use sakimori_domain::identity::Role;
use sakimori_testkit::people::{carrier_profile, terminal_profile};
use sakimori_testkit::web::Browser;
use sakimori_testkit::{BOTH, TestApp};

/// A guideline of nobody with a heading that looks like text, and citations.
const GUIDE: &str = "架空の浮標指針\n\n第1章 総則\n1 目的\n浮標を見失わないために守る（別紙１参照）。\n\n2 範囲\n港の入口から沖までとする。\n\n\
見張りの記録\n見張りは毎時の様子を帳面に<b>書く</b>こと。\n\n別紙１ 浮標の台帳\n浮標の番号を並べること。TEL.18.1.7も見ること。\n";

const LINE: &str = "見張りの記録";

async fn upload(browser: &Browser, text: &str) -> String {
    let answer =
        browser.upload("/standards/load", &[("edition", "buoys-1")], ("file", "浮標.txt", text.as_bytes())).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    answer.location().to_owned()
}

/// The printed line's place, counted from 1.
fn place(text: &str, line: &str) -> String {
    let at = text.lines().filter(|line| !line.trim().is_empty()).position(|found| found == line);
    (at.expect("a line of the document") + 1).to_string()
}

async fn correct(browser: &Browser, path: &str, at: &str, number: &str) -> StatusCode {
    let fields = [
        ("at", at),
        ("as", "heading"),
        ("level", "5"),
        ("number", number),
        ("title", LINE),
        ("depth", "1"),
        ("to", ""),
    ];
    browser.post(&format!("{path}/desk"), &fields).await.status
}

#[tokio::test]
async fn a_line_is_corrected_kept_for_the_next_edition_and_taken_back() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("carrier", carrier_profile()).await;
        t.organisation("terminal", terminal_profile()).await;
        let officer = t.browser("carrier-security-officer").await;
        let path = upload(&officer, GUIDE).await;
        let at = place(GUIDE, LINE);
        let desk = officer.get(&format!("{path}/desk?at={at}")).await.text();
        assert!(desk.contains("&#60;b&#62;書く") && !desk.contains("<b>書く"), "what the document says is text");
        assert!(desk.contains("この行は"), "the chosen line has its form");

        assert_eq!(correct(&officer, &path, &at, "").await, StatusCode::SEE_OTHER);
        let nothing = [("at", at.as_str()), ("as", "heading"), ("level", "99"), ("number", "3")];
        let refused = officer.post(&format!("{path}/desk"), &nothing).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{database:?}");
        assert_eq!(correct(&officer, &path, &at, "3").await, StatusCode::SEE_OTHER);
        let desk = officer.get(&format!("{path}/desk?at={at}")).await.text();
        assert!(
            desk.contains("手直しを取り消す") && desk.contains("<span class=\"tree__number\">3</span> 見張りの記録")
        );
        assert_eq!(desk.matches("<q>").count(), 1, "one line has one correction");

        // Another organisation neither sees the file nor is corrected by it.
        let other = t.browser("terminal-security-officer").await;
        assert_eq!(other.get(&format!("{path}/desk")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(correct(&other, &path, &at, "4").await, StatusCode::NOT_FOUND);
        let theirs = upload(&other, GUIDE).await;
        assert!(!other.get(&format!("{theirs}/desk")).await.text().contains("<q>"));
        let actor = t.actor("carrier", Role::Auditor, "");
        assert!(ingest::withdraw(&t.app, &actor, "x").await.is_err(), "an auditor changes nothing");

        // The next edition of the document is corrected from the first reading on.
        let next =
            GUIDE.replace("架空の浮標指針", "架空の浮標指針（第二版）").replace("沖までとする", "沖の灯台までとする");
        let path = upload(&officer, &next).await;
        assert_eq!(officer.post(&path, &[("edition", "buoys-2")]).await.status, StatusCode::SEE_OTHER);
        let item = officer.get("/standards/carrier~buoys-2/3").await;
        assert_eq!(item.status, StatusCode::OK, "{database:?}");
        assert!(item.text().contains("見張りは毎時"));

        let path = upload(&officer, &next).await;
        let desk = officer.get(&format!("{path}/desk")).await.text();
        let id = desk.split("name=\"id\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an id");
        assert_eq!(other.post(&format!("{theirs}/desk/withdraw"), &[("id", id)]).await.status, StatusCode::NOT_FOUND);
        let taken = officer.post(&format!("{path}/desk/withdraw"), &[("id", id)]).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER);
        assert!(!officer.get(&format!("{path}/desk")).await.text().contains("<q>"), "{database:?}");
    }
}

#[tokio::test]
async fn citations_are_links_where_they_stand() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("carrier", carrier_profile()).await;
        let officer = t.browser("carrier-security-officer").await;
        let path = upload(&officer, GUIDE).await;
        assert_eq!(officer.post(&path, &[("edition", "buoys-1")]).await.status, StatusCode::SEE_OTHER);
        let page = officer.get("/standards/carrier~buoys-1/1").await.text();
        let annex = "<a class=\"citation\" href=\"/standards/carrier~buoys-1/%E5%88%A5%E7%B4%991\"";
        assert!(page.contains(annex) && page.contains(">別紙１</a>参照"), "{database:?}: {page}");
        let page = officer.get("/standards/carrier~buoys-1/%E5%88%A5%E7%B4%991").await.text();
        assert!(page.contains("href=\"/standards/jt-x1051-2018/TEL.18.1.7\""), "{database:?}: {page}");
    }
}
