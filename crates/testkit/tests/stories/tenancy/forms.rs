//! What is sent to every route that writes. `@{kind}` is an id of one's own, `!{kind}` an id of somebody else: the place
//! where a stranger would put it. A writing route without a line here fails the tests.

use super::kinds::Kind;
use super::world::{World, absent};

/// Path and fields, `name=value`; in JSON where the method is PATCH. `file=` sends a file.
pub const FORMS: &[(&str, &[&str])] = &[
    ("/me/password", &["present=falsch", "new=falsch"]),
    ("/me/tokens", &["name=x", "days=30", "scope=read-standards"]),
    ("/me/tokens/{id}/revoke", &[]),
    ("/administration/tokens/{id}/revoke", &[]),
    ("/administration/networks", &["area=members", "networks="]),
    ("/seats/self", &[]),
    ("/seats/deputies", &["deputy=!{account}", "from=2026-11-20", "to=2026-11-22", "reason=出張"]),
    ("/seats/deputies/{id}/act", &[]),
    ("/seats/deputies/{id}/end", &["version=1"]),
    ("/administration/accounts/{id}/handover", &["successor=!{account}", "reason=異動", "version=1"]),
    ("/access-reviews", &[]),
    ("/access-reviews/{id}/due", &["version=1", "due_on=2026-12-25"]),
    ("/access-reviews/{id}/seats/{account}", &["version=1", "decision=keep", "reason=x"]),
    ("/approvals", &["kind=assessment-result", "subject=!{assessment}", "note=x"]),
    ("/approvals", &["kind=access-review", "subject=!{access_review}", "note=x"]),
    ("/approvals", &["kind=draft-edition", "subject=!{edition}", "note=x"]),
    ("/approvals/{id}/step", &["version=1", "step=check", "note=x"]),
    ("/approvals/{id}/step", &["version=1", "step=send-back", "note=x"]),
    ("/language", &["language=ja", "back=/"]),
    ("/sign-in/second-factor", &["code=000000"]),
    ("/sign-in/passkey/begin", &[]),
    ("/sign-in/passkey", &["answer={}"]),
    ("/sign-in/return", &[]),
    ("/sign-in/new-password", &[]),
    ("/me/single", &[]),
    ("/me/single/remove", &[]),
    ("/me/second-factor/begin", &[]),
    ("/me/second-factor/code", &["code=000000"]),
    ("/me/second-factor/passkey/begin", &[]),
    ("/me/second-factor/passkey", &["answer={}"]),
    ("/me/second-factor/remove", &["which=none"]),
    ("/me/second-factor/recovery", &[]),
    ("/administration/sign-in/suspend", &["account=!{account}"]),
    ("/administration/sign-in/{id}/sessions", &[]),
    ("/administration/sign-in/{id}/factor", &[]),
    ("/administration/sign-in/{id}/password", &[]),
    ("/administration/sign-in/{id}/keep", &[]),
    ("/administration/sign-in-rules", &["version=77"]),
    ("/seats/{organisation}/choose", &[]),
    ("/seats/{organisation}/invitation", &["answer=accept"]),
    ("/administration/accounts/{id}/seat", &["version=1", "role=auditor", "department=!{department}"]),
    ("/administration/invitations", &["login=mm-ciso", "role=auditor", "department=!{department}"]),
    ("/administration/invitations/{login}/withdraw", &[]),
    ("/notices/read", &["notice=!{notice}", "id=!{notice}"]),
    ("/administration/relations", &["as=group.upper"]),
    ("/administration/relations/look", &["code=abcd-efgh-jkmn-pqrs-tvwx"]),
    ("/administration/relations/accept", &["code=abcd-efgh-jkmn-pqrs-tvwx", "share=totals"]),
    ("/administration/relations/{id}/sharing", &["version=1", "share=totals"]),
    ("/administration/relations/{id}/end", &["version=1"]),
    (
        "/administration/accounts",
        &[
            "login=new-person",
            "name=n",
            "password=灯台と二艘の曳船と三日月",
            "role=department-member",
            "department=!{department}",
        ],
    ),
    ("/administration/accounts/{id}/state", &["state=suspended", "version=1"]),
    ("/administration/departments", &["name=新しい部署", "kind=department"]),
    ("/standards/load", &["edition=!{edition}", "file=x"]),
    ("/standards/load/{key}", &["edition=tides-9"]),
    ("/standards/load/{key}/cancel", &[]),
    ("/standards/load/{key}/desk", &["at=6", "as=heading", "level=5", "number=9", "title=t", "depth=1", "to="]),
    ("/standards/load/{key}/desk/withdraw", &["id=!{correction}", "at=6"]),
    ("/crosswalks", &["source=!{edition}", "target=nisc-measures-3"]),
    ("/crosswalks", &["source=jt-x1051-2018", "target=!{edition}"]),
    ("/crosswalks/synonyms", &["id=!{synonyms}", "version=1", "words=甲、乙"]),
    ("/crosswalks/synonyms", &["id=!{synonyms}", "version=1", "do=delete"]),
    ("/crosswalks/{id}/judge", &["at=12.2.1", "other=(1)/ウ/(イ)/○不正プログラム", "verdict=equal", "version=0"]),
    ("/crosswalks/{id}/undo", &["direction=forth"]),
    ("/crosswalks/{id}/review", &["mapping=!{mapping}", "version=1", "word=agree"]),
    ("/crosswalks/{id}/import", &["file=x"]),
    ("/crosswalks/{id}/import/apply", &["take=x"]),
    ("/revision", &["edition=!{edition}", "title=t", "point=p", "change=open"]),
    ("/revision", &["edition=nisc-measures-3", "title=t", "point=p", "change=open", "meeting=!{meeting}"]),
    ("/revision/meetings", &["id=!{meeting}", "version=1", "body=b", "round=7", "held_on=2026-11-01", "state=planned"]),
    ("/revision/drafts", &["edition=!{edition}"]),
    ("/revision/{id}", &["version=77", "edition=!{edition}", "title=t", "point=p", "change=open"]),
    (
        "/revision/{id}",
        &["version=77", "edition=nisc-measures-3", "title=t", "point=p", "change=open", "meeting=!{meeting}"],
    ),
    (
        "/revision/{id}/step",
        &["version=1", "step=decide", "direction=accept", "on=2026-11-02", "by=b", "text=t", "meeting=!{meeting}"],
    ),
    ("/revision/{id}/notes", &["on=2026-11-02", "speaker=s", "text=t", "meeting=!{meeting}"]),
    ("/cases", &["title="]),
    ("/cases/take-over", &["edition=!{edition}"]),
    ("/cases/{id}", &["version=77", "title=t", "edition=!{edition}"]),
    (
        "/cases/{id}/judge",
        &[
            "problem=!{problem}",
            "edition=nisc-measures-3",
            "number=(1)/ウ/(イ)/○不正プログラム",
            "verdict=confirm",
            "seen=elsewhere",
        ],
    ),
    (
        "/cases/{id}/judge",
        &["problem=@{problem}", "edition=!{edition}", "number=1", "verdict=confirm", "seen=elsewhere"],
    ),
    ("/sector-standards", &["id=!{sector_standard}", "version=1", "sector=s", "title=t", "authority=in-house"]),
    ("/sector-standards", &["sector=s", "title=t", "authority=in-house", "edition=!{edition}"]),
    ("/sector-standards", &["sector=s", "title=t", "authority=in-house", "supplement_of=!{sector_standard}"]),
    ("/sector-standards/take-over", &["edition=!{edition}"]),
    (
        "/sector-standards/steps",
        &["standard=!{sector_standard}", "half=2026-1", "step=review", "action=plan", "version=0"],
    ),
    ("/sector-standards/{id}/exclusions", &["edition=!{edition}", "number=1", "reason=r", "version=0"]),
    ("/assessments/{id}/import", &["file=x"]),
    ("/requests/{id}/import", &["file=x"]),
    ("/imports/{id}/mapping", &["step=refresh", "saved=!{column_mapping}", "mapping=!{column_mapping}"]),
    ("/imports/{id}/columns", &[]),
    ("/imports/{id}/apply", &["take=!{answer}"]),
    ("/imports/{id}/drop", &[]),
    ("/column-mappings/{id}/rename", &["version=9", "name=n"]),
    ("/column-mappings/{id}/delete", &["version=9"]),
    ("/assessments/{id}/report/cover", &["version=9", "title=t"]),
    ("/organisation", &["version=0", "name=n"]),
    ("/applicability/tailor", &["edition=!{edition}", "number=1", "decision=in", "justification=j", "version=0"]),
    ("/assessments", &["title=t", "fiscal_year=2026", "edition=!{edition}"]),
    ("/assessments", &["title=t", "fiscal_year=2026", "edition=nisc-measures-3", "previous=!{assessment}"]),
    ("/assessments/{id}/state", &["version=9", "state=closed"]),
    ("/assessments/{id}/extend", &[]),
    ("/assessments/{id}/bulk", &["row=!{answer}", "status=o", "back=/"]),
    ("/assessments/{id}/bulk", &["row=@{answer}", "department=!{department}", "back=/"]),
    ("/assessments/{id}/carry", &["from=!{assessment}", "take=@{answer}|x"]),
    ("/assessments/{id}/carry", &["from=@{assessment}", "take=!{answer}|x"]),
    ("/assessments/{id}/carry/confirm", &["row=!{answer}", "back=/"]),
    ("/assessments/{id}/edition-change", &["old=nisc-measures-3", "new=!{edition}", "seen=x"]),
    ("/assessments/{id}/edition-change", &["old=!{edition}", "new=nisc-measures-3", "seen=x"]),
    ("/assessments/{id}/presence", &["row=!{answer}"]),
    ("/carries/{id}/undo", &[]),
    ("/answers/{id}/carried", &["decision=confirm", "back=/"]),
    ("/answers/{id}/evidence", &["title=t", "back=/", "file=x"]),
    ("/answers/{id}/links", &["title=t", "url=https://x.example/", "back=/"]),
    ("/answers", &["version.!{answer}=1", "current.!{answer}=x", "back=/"]),
    ("/answers", &["version.@{answer}=1", "department.@{answer}=!{department}", "back=/"]),
    ("/requests", &["assessment=!{assessment}", "row=@{answer}", "department=@{department}", "due=2026-12-24"]),
    ("/requests", &["assessment=@{assessment}", "row=!{answer}", "department=@{department}", "due=2026-12-24"]),
    ("/requests", &["assessment=@{assessment}", "row=@{answer}", "department=!{department}", "due=2026-12-24"]),
    ("/requests/prepare", &["assessment=!{assessment}"]),
    ("/requests/prepare", &["assessment=@{assessment}", "row=!{answer}"]),
    ("/requests/reminders", &["request=!{request}"]),
    ("/requests/{id}/step", &["version=1", "step=delegate", "person=!{account}"]),
    ("/api/v1/answers/{id}", &["version=1", "current=x"]),
];

/// Which ids stand in the place of `!{kind}`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Somebody else's, that exists.
    Theirs,
    /// One that nothing has.
    Nobodys,
    Own,
}

/// Puts ids into a text.
pub fn fill(text: &str, world: &World, organisation: &str, whose: Whose) -> String {
    let mut out = text.to_owned();
    for kind in Kind::ALL {
        let name = kind.name();
        if !out.contains(&format!("{{{name}}}")) {
            continue;
        }
        out = out.replace(&format!("@{{{name}}}"), &world.own(organisation, kind));
        let other = match whose {
            Whose::Theirs => world.foreign(organisation, kind).to_owned(),
            Whose::Nobodys => absent(world.foreign(organisation, kind)),
            Whose::Own => world.own(organisation, kind),
        };
        out = out.replace(&format!("!{{{name}}}"), &other);
    }
    assert!(!out.contains("!{") && !out.contains("@{"), "no such kind: {out}");
    out
}
