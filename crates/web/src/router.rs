//! Every URL on one page.
//!
//! The table says who reaches each of them, and that rule stands before the handler. [`ROUTES`] is the same list as data:
//! the access test walks it, each role against each route.

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use sakimori_app::identity::Stage;
use sakimori_app::{Actor, Refusal};
use sakimori_domain::identity::Permission;
use sakimori_domain::trail_mark::TrailMark;
use tower_http::catch_panic::CatchPanicLayer;

use crate::error::{WebError, in_language_of};
use crate::forms::UPLOAD_MAX;
use crate::identity::{confirm, factors, passkey, steps};
use crate::person::Person;
use crate::state::WebState;
use crate::{
    access_review, approval, crosswalk, handover, incident_case, report, revision, seats, sector_standard, tenancy,
    workbook,
};
use crate::{
    administration, api, assets, assurance, conflict, edge, health, help, home, identity, notice, registry, security,
    standards, trail,
};

/// Who reaches a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, signed in or not: sign-in, health, assets.
    Anybody,
    /// Everybody who is signed in.
    SignedIn,
    /// Roles that carry the permission.
    Needs(Permission),
    /// Roles that carry one of the two.
    NeedsEither(Permission, Permission),
    /// As `SignedIn`, after proving anew who one is: see [`confirm`].
    Confirmed,
    /// As `Needs`, after proving anew who one is: dangerous acts.
    ConfirmedNeeds(Permission),
    /// Whoever has a session, even one whose sign-in is not finished: the way out.
    AnyStep,
    /// Proving anew who one is: everybody who is signed in, and whoever has to set up a second factor, which is a
    /// dangerous act itself.
    Proof,
    /// Whoever stands at this step of signing in.
    Step(Stage),
    /// One's own second factors: everybody who is signed in (writes after proving anew who one is), and whoever has to set
    /// one up before they are let in.
    OwnFactors,
}

/// A URL, its method and who reaches it.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
}

/// Builds the router and the list from one table.
macro_rules! routes {
    ($($method:ident $path:literal $access:expr => $handler:expr;)+) => {
        /// Every route of the product.
        pub const ROUTES: &[Route] = &[$(Route { method: stringify!($method), path: $path, access: $access }),+];

        fn table(state: &WebState) -> Router<WebState> {
            let router = Router::new();
            $(let router = router.route($path, guarded(state, $access, method(stringify!($method), $handler)));)+
            router
        }
    };
}

fn method<H, T>(name: &str, handler: H) -> MethodRouter<WebState>
where
    H: axum::handler::Handler<T, WebState>,
    T: 'static,
{
    match name {
        "GET" => get(handler),
        "PATCH" => axum::routing::patch(handler),
        _ => post(handler),
    }
}

impl Access {
    fn allows(self, actor: &Actor) -> bool {
        match self {
            Access::Needs(permission) | Access::ConfirmedNeeds(permission) => actor.may(permission),
            Access::NeedsEither(one, other) => actor.may(one) || actor.may(other),
            _ => true,
        }
    }

    /// Whether somebody at a step of signing in gets here.
    fn opens_at(self, stage: Stage) -> bool {
        match self {
            Access::AnyStep => true,
            Access::Step(here) => stage == here,
            Access::OwnFactors | Access::Proof => matches!(stage, Stage::Done | Stage::SetUp),
            _ => stage == Stage::Done,
        }
    }

    /// Whether a request is a dangerous act.
    fn is_dangerous(self, is_read: bool) -> bool {
        match self {
            Access::Confirmed | Access::ConfirmedNeeds(_) => true,
            Access::OwnFactors => !is_read,
            _ => false,
        }
    }
}

/// Puts the table's rule before the handler, so that a handler that forgets to ask is still not reached.
fn guarded(state: &WebState, access: Access, handler: MethodRouter<WebState>) -> MethodRouter<WebState> {
    if access == Access::Anybody {
        return handler;
    }
    handler.route_layer(from_fn_with_state((state.clone(), access), guard))
}

async fn guard(State((state, access)): State<(WebState, Access)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let person = match Person::from_request_parts(&mut parts, &state).await {
        Ok(person) => person,
        Err(error) => return error.into_response(),
    };
    if !access.opens_at(person.stage) {
        return identity::to_step(person.stage, &parts);
    }
    let elsewhere = parts.uri.path().starts_with("/administration") && !person.administers_here;
    if elsewhere || !access.allows(&person.actor) {
        let refused = WebError::app(Refusal::forbidden().into(), &parts);
        return refused.in_language(&person.actor.language).into_response();
    }
    let language = person.actor.language.clone();
    if access.is_dangerous(parts.method == Method::GET) && !person.is_confirmed {
        return match confirm::hold(&state, person, parts, body).await {
            Ok(request) => in_language_of(next.run(request).await, &language),
            Err(response) => *response,
        };
    }
    let checkpoint = parts.uri.path().starts_with("/api/v1/").then(|| person.checkpoint.clone());
    let response = next.run(Request::from_parts(parts, body)).await;
    let mut response = in_language_of(response, &language);
    if let Some(line) = checkpoint {
        report::put_mark(&mut response, &TrailMark { line, ..TrailMark::default() });
    }
    response
}

use Access::{AnyStep, Anybody, Confirmed, ConfirmedNeeds, Needs, NeedsEither, OwnFactors, Proof, SignedIn, Step};
use Permission as P;

routes! {
    // Operations
    GET  "/healthz"                  Anybody  => health::healthz;
    GET  "/readyz"                   Anybody  => health::readyz;
    GET  "/metrics"                  Anybody  => health::metrics;
    GET  "/assets/{version}/{file}"  Anybody  => assets::file;

    // The person
    GET  "/sign-in"                  Anybody  => identity::sign_in_page;
    POST "/sign-in"                  Anybody  => identity::sign_in;
    GET  "/sign-in/second-factor"    Step(Stage::SecondFactor) => steps::second_page;
    POST "/sign-in/second-factor"    Step(Stage::SecondFactor) => steps::second;
    POST "/sign-in/passkey/begin"    Step(Stage::SecondFactor) => passkey::begin_step;
    POST "/sign-in/passkey"          Step(Stage::SecondFactor) => passkey::step;
    GET  "/sign-in/return"           Step(Stage::Absence) => steps::return_page;
    POST "/sign-in/return"           Step(Stage::Absence) => steps::come_back;
    GET  "/sign-in/new-password"     Step(Stage::NewPassword) => steps::new_password_page;
    POST "/sign-in/new-password"     Step(Stage::NewPassword) => steps::new_password;
    POST "/sign-out"                 AnyStep => identity::sign_out;
    POST "/language"                 AnyStep => identity::choose_language;
    GET  "/confirm"                  Proof => confirm::page;
    POST "/confirm"                  Proof => confirm::confirm;
    GET  "/me"                       SignedIn => identity::me;
    POST "/me/password"              SignedIn => identity::change_password;
    POST "/me/sessions/end"          SignedIn => identity::end_session;
    GET  "/me/second-factor"         OwnFactors => factors::show;
    GET  "/me/second-factor/qr.svg"  OwnFactors => factors::picture;
    POST "/me/second-factor/begin"   OwnFactors => factors::begin;
    POST "/me/second-factor/code"    OwnFactors => factors::first_code;
    POST "/me/second-factor/passkey/begin" OwnFactors => passkey::begin;
    POST "/me/second-factor/passkey" OwnFactors => passkey::add;
    POST "/me/second-factor/remove"  Confirmed => factors::remove;
    POST "/me/second-factor/recovery" Confirmed => factors::renew;
    POST "/me/single"                Confirmed => edge::single::begin_link;
    POST "/me/single/remove"         Confirmed => edge::single::unlink;
    GET  "/sign-in/single/back"      Anybody  => edge::single::back;
    GET  "/sign-in/single/{organisation}" Anybody => edge::single::leave;
    GET  "/me/tokens"                SignedIn => edge::tokens::own;
    POST "/me/tokens"                Confirmed => edge::tokens::create;
    POST "/me/tokens/{id}/revoke"    SignedIn => edge::tokens::revoke;
    GET  "/notices"                  SignedIn => notice::list;
    POST "/notices/read"             SignedIn => notice::mark_read;

    // 役割: in which organisation, and for whom
    GET  "/seats"                    SignedIn => seats::show;
    POST "/seats/{organisation}/choose" SignedIn => seats::choose;
    POST "/seats/{organisation}/invitation" SignedIn => seats::answer;
    POST "/seats/self"               SignedIn => seats::act_for_oneself;
    POST "/seats/deputies"           Confirmed => seats::name_deputy;
    POST "/seats/deputies/{id}/act"  SignedIn => seats::act;
    POST "/seats/deputies/{id}/end"  SignedIn => seats::end_deputy;

    // 人事異動, 棚卸し, 承認
    GET  "/me/duties"                SignedIn => handover::mine;
    GET  "/administration/accounts/{id}/handover" Needs(P::HandOver) => handover::show;
    POST "/administration/accounts/{id}/handover" ConfirmedNeeds(P::HandOver) => handover::make;
    GET  "/handovers"                Needs(P::HandOver) => handover::list;
    GET  "/handovers/{id}"           SignedIn => handover::note;
    GET  "/access-reviews"           NeedsEither(P::Audit, P::Approve) => access_review::list;
    POST "/access-reviews"           Needs(P::ReviewAccess) => access_review::open;
    GET  "/access-reviews/{id}"      NeedsEither(P::Audit, P::Approve) => access_review::show;
    POST "/access-reviews/{id}/due"  Needs(P::ReviewAccess) => access_review::set_due;
    POST "/access-reviews/{id}/seats/{account}" Needs(P::ReviewAccess) => access_review::decide;
    GET  "/approvals"                SignedIn => approval::list;
    POST "/approvals"                SignedIn => approval::draft;
    GET  "/approvals/subject/{kind}/{id}" SignedIn => approval::subject;
    GET  "/approvals/{id}"           SignedIn => approval::show;
    POST "/approvals/{id}/step"      SignedIn => approval::step;

    GET  "/trail"                    Needs(P::ReadTrail) => trail::list;
    GET  "/trail/checkpoint"         Needs(P::ReadTrail) => trail::checkpoint;
    GET  "/trail/export.jsonl"       Needs(P::ReadTrail) => trail::export;
    GET  "/trail/{position}/proof"   Needs(P::ReadTrail) => trail::event_proof;
    GET  "/administration"           Needs(P::ReadPeople) => administration::people;
    POST "/administration/accounts"  ConfirmedNeeds(P::ManageAccounts) => administration::add_account;
    GET  "/administration/accounts/{id}" Needs(P::ReadPeople) => administration::seat::show;
    POST "/administration/accounts/{id}/seat" ConfirmedNeeds(P::ManageAccounts) => administration::seat::change;
    POST "/administration/invitations" ConfirmedNeeds(P::ManageAccounts) => administration::invite;
    POST "/administration/invitations/{login}/withdraw" Needs(P::ManageAccounts) => administration::withdraw_invitation;
    POST "/administration/accounts/{id}/state" ConfirmedNeeds(P::ManageAccounts) => administration::set_state;
    GET  "/administration/sign-in"   Needs(P::ManageAccounts) => administration::safety::accounts;
    POST "/administration/sign-in/suspend" ConfirmedNeeds(P::ManageAccounts) => administration::safety::suspend;
    POST "/administration/sign-in/{id}/sessions" ConfirmedNeeds(P::ManageAccounts) => administration::safety::end_sessions;
    POST "/administration/sign-in/{id}/factor" ConfirmedNeeds(P::ManageAccounts) => administration::safety::reset_factor;
    POST "/administration/sign-in/{id}/password" ConfirmedNeeds(P::ManageAccounts) => administration::safety::issue_password;
    POST "/administration/sign-in/{id}/keep" ConfirmedNeeds(P::ManageAccounts) => administration::safety::keep;
    GET  "/administration/sign-in-rules" Needs(P::ManageSignIn) => administration::safety::rules;
    POST "/administration/sign-in-rules" ConfirmedNeeds(P::ManageSignIn) => administration::safety::change_rules;
    POST "/administration/departments" Needs(P::ManageAccounts) => administration::add_department;
    GET  "/administration/upkeep"    NeedsEither(P::ManageAccounts, P::ManageAssessments) => administration::upkeep::show;

    GET  "/administration/tokens"    Needs(P::ManageAccounts) => edge::tokens::all;
    POST "/administration/tokens/{id}/revoke" ConfirmedNeeds(P::ManageAccounts) => edge::tokens::revoke_any;
    GET  "/administration/networks"  Needs(P::ManageAccounts) => edge::networks::show;
    POST "/administration/networks"  ConfirmedNeeds(P::ManageAccounts) => edge::networks::change;

    // 他組織との関係
    GET  "/administration/relations" NeedsEither(P::ManageRelations, P::Audit) => tenancy::list;
    POST "/administration/relations" Needs(P::ManageRelations) => tenancy::offer;
    POST "/administration/relations/look"   Needs(P::ManageRelations) => tenancy::look;
    POST "/administration/relations/accept" Needs(P::ManageRelations) => tenancy::accept;
    POST "/administration/relations/{id}/sharing" Needs(P::ManageRelations) => tenancy::share;
    POST "/administration/relations/{id}/end"     Needs(P::ManageRelations) => tenancy::end;
    GET  "/members"                  Needs(P::ReadMembers) => tenancy::members;

    // 基準
    GET  "/standards"                Needs(P::ReadStandards) => standards::list;
    GET  "/standards/load"           Needs(P::LoadStandards) => standards::load;
    POST "/standards/load"           Needs(P::LoadStandards) => standards::upload;
    GET  "/standards/load/{key}"     Needs(P::LoadStandards) => standards::preview;
    POST "/standards/load/{key}"     Needs(P::LoadStandards) => standards::confirm;
    POST "/standards/load/{key}/cancel" Needs(P::LoadStandards) => standards::cancel;
    GET  "/standards/load/{key}/desk" Needs(P::LoadStandards) => standards::desk;
    POST "/standards/load/{key}/desk" Needs(P::LoadStandards) => standards::desk_correct;
    POST "/standards/load/{key}/desk/withdraw" Needs(P::LoadStandards) => standards::desk_withdraw;
    GET  "/standards/{id}/compare/{other}" Needs(P::ReadStandards) => standards::compare;
    GET  "/standards/{id}/compare/{other}/table.pdf" Needs(P::ReadStandards) => standards::compare_pdf;
    GET  "/standards/{id}/compare/{other}/table.xlsx" Needs(P::ReadStandards) => standards::compare_xlsx;
    GET  "/standards/{id}"           Needs(P::ReadStandards) => standards::edition;
    GET  "/standards/{id}/{*number}" Needs(P::ReadStandards) => standards::item;
    GET  "/search"                   Needs(P::ReadStandards) => standards::search;

    // 基準: crosswalks
    GET  "/crosswalks"               Needs(P::ReadCrosswalk) => crosswalk::list;
    POST "/crosswalks"               Needs(P::EditCrosswalk) => crosswalk::create;
    GET  "/crosswalks/synonyms"      Needs(P::ReadCrosswalk) => crosswalk::synonyms;
    POST "/crosswalks/synonyms"      Needs(P::EditCrosswalk) => crosswalk::change_synonyms;
    GET  "/crosswalks/{id}/desk"     Needs(P::ReadCrosswalk) => crosswalk::desk;
    POST "/crosswalks/{id}/judge"    Needs(P::EditCrosswalk) => crosswalk::judge;
    POST "/crosswalks/{id}/undo"     Needs(P::EditCrosswalk) => crosswalk::undo;
    POST "/crosswalks/{id}/review"   Needs(P::EditCrosswalk) => crosswalk::review;
    GET  "/crosswalks/{id}/coverage" Needs(P::ReadCrosswalk) => crosswalk::coverage;
    GET  "/crosswalks/{id}/table.pdf" Needs(P::ReadCrosswalk) => crosswalk::table_pdf;
    GET  "/crosswalks/{id}/table.xlsx" Needs(P::ReadCrosswalk) => crosswalk::table_xlsx;
    GET  "/crosswalks/{id}/workbook.xlsx" Needs(P::ReadCrosswalk) => crosswalk::workbook;
    GET  "/crosswalks/{id}/mappings.csv" Needs(P::ReadCrosswalk) => crosswalk::csv;
    GET  "/crosswalks/{id}/mapping.json" Needs(P::ReadCrosswalk) => crosswalk::oscal;
    GET  "/crosswalks/{id}/import"   Needs(P::ReadCrosswalk) => crosswalk::import;
    POST "/crosswalks/{id}/import"   Needs(P::EditCrosswalk) => crosswalk::upload;
    POST "/crosswalks/{id}/import/apply" Needs(P::EditCrosswalk) => crosswalk::apply_import;

    // 基準: points for the next edition
    GET  "/revision"                 Needs(P::ReadRevision) => revision::list;
    POST "/revision"                 Needs(P::EditRevision) => revision::raise;
    GET  "/revision/new"             Needs(P::EditRevision) => revision::new;
    GET  "/revision/table.pdf"       Needs(P::ReadRevision) => revision::pdf;
    GET  "/revision/table.xlsx"      Needs(P::ReadRevision) => revision::xlsx;
    GET  "/revision/meetings"        Needs(P::ReadRevision) => revision::meetings;
    POST "/revision/meetings"        Needs(P::EditRevision) => revision::keep_meeting;
    GET  "/revision/drafts"          Needs(P::ReadRevision) => revision::drafts;
    POST "/revision/drafts"          Needs(P::EditRevision) => revision::make_draft;
    GET  "/revision/{id}"            Needs(P::ReadRevision) => revision::show;
    POST "/revision/{id}"            Needs(P::EditRevision) => revision::change;
    GET  "/revision/{id}/edit"       Needs(P::EditRevision) => revision::edit;
    POST "/revision/{id}/step"       Needs(P::EditRevision) => revision::step;
    POST "/revision/{id}/notes"      Needs(P::EditRevision) => revision::note;

    // 基準: incident cases
    GET  "/cases"                    Needs(P::ReadRevision) => incident_case::list;
    POST "/cases"                    Needs(P::EditRevision) => incident_case::add;
    POST "/cases/take-over"          Needs(P::EditRevision) => incident_case::take_over;
    GET  "/cases/causes"             Needs(P::ReadRevision) => incident_case::causes;
    GET  "/cases/table.pdf"          Needs(P::ReadRevision) => incident_case::pdf;
    GET  "/cases/table.xlsx"         Needs(P::ReadRevision) => incident_case::xlsx;
    GET  "/cases/{id}"               Needs(P::ReadRevision) => incident_case::show;
    POST "/cases/{id}"               Needs(P::EditRevision) => incident_case::change;
    POST "/cases/{id}/judge"         Needs(P::EditRevision) => incident_case::judge;

    // 基準: the register of sector standards
    GET  "/sector-standards"         Needs(P::ReadRevision) => sector_standard::list;
    POST "/sector-standards"         Needs(P::EditRevision) => sector_standard::keep;
    GET  "/sector-standards/new"     Needs(P::EditRevision) => sector_standard::new;
    POST "/sector-standards/take-over" Needs(P::EditRevision) => sector_standard::take_over;
    POST "/sector-standards/steps"   Needs(P::EditRevision) => sector_standard::set_step;
    GET  "/sector-standards/table.pdf"  Needs(P::ReadRevision) => sector_standard::pdf;
    GET  "/sector-standards/table.xlsx" Needs(P::ReadRevision) => sector_standard::xlsx;
    GET  "/sector-standards/{id}"    Needs(P::ReadRevision) => sector_standard::show;
    POST "/sector-standards/{id}/exclusions" Needs(P::EditRevision) => sector_standard::exclude;

    // 対策: answers as workbooks
    GET  "/assessments/{id}/workbook.xlsx" Needs(P::ReadAssessments) => workbook::assessment_xlsx;
    GET  "/assessments/{id}/workbook.csv"  Needs(P::ReadAssessments) => workbook::assessment_csv;
    GET  "/assessments/{id}/import"        Needs(P::ReadAssessments) => workbook::assessment_import;
    POST "/assessments/{id}/import"        Needs(P::AnswerAll)       => workbook::upload_assessment;
    GET  "/requests/{id}/workbook.xlsx" NeedsEither(P::ReadAssessments, P::ReadOwnRequests) => workbook::request_xlsx;
    GET  "/requests/{id}/workbook.csv"  NeedsEither(P::ReadAssessments, P::ReadOwnRequests) => workbook::request_csv;
    GET  "/requests/{id}/import"        NeedsEither(P::ReadAssessments, P::ReadOwnRequests) => workbook::request_import;
    POST "/requests/{id}/import"        NeedsEither(P::AnswerAll, P::AnswerOwn) => workbook::upload_request;
    GET  "/imports/{id}"                NeedsEither(P::AnswerAll, P::AnswerOwn) => workbook::show;
    POST "/imports/{id}/mapping"        NeedsEither(P::AnswerAll, P::AnswerOwn) => workbook::choose_mapping;
    POST "/imports/{id}/columns"        NeedsEither(P::AnswerAll, P::AnswerOwn) => workbook::explain_again;
    POST "/imports/{id}/apply"          NeedsEither(P::AnswerAll, P::AnswerOwn) => workbook::apply;
    POST "/imports/{id}/drop"           NeedsEither(P::AnswerAll, P::AnswerOwn) => workbook::drop_import;

    GET  "/column-mappings"                    NeedsEither(P::AnswerAll, P::AnswerOwn) => workbook::saved::list;
    POST "/column-mappings/{id}/rename"        Needs(P::ManageAssessments) => workbook::saved::rename;
    POST "/column-mappings/{id}/delete"        Needs(P::ManageAssessments) => workbook::saved::delete;

    // 対策: the gap report
    GET  "/assessments/{id}/report"      Needs(P::ReadAssessments) => report::gap;
    GET  "/assessments/{id}/report.pdf"  Needs(P::ReadAssessments) => report::gap_pdf;
    GET  "/assessments/{id}/report.xlsx" Needs(P::ReadAssessments) => report::gap_xlsx;
    POST "/assessments/{id}/report/cover" Needs(P::ManageAssessments) => report::save_cover;

    // 台帳
    GET  "/organisation"             SignedIn => registry::organisation;
    POST "/organisation"             Needs(P::EditProfile) => registry::change_organisation;

    // 対策
    GET  "/applicability"            Needs(P::ReadAssessments) => assurance::applicability::list;
    POST "/applicability/tailor"     Needs(P::EditProfile) => assurance::applicability::tailor;
    GET  "/assessments"              Needs(P::ReadAssessments) => assurance::assessments::list;
    GET  "/assessments/new"          Needs(P::ManageAssessments) => assurance::assessments::new;
    POST "/assessments"              Needs(P::ManageAssessments) => assurance::assessments::create;
    GET  "/assessments/{id}"         Needs(P::ReadAssessments) => assurance::sheet::show;
    GET  "/assessments/{id}/rows"    Needs(P::ReadAssessments) => assurance::sheet::rows;
    POST "/assessments/{id}/state"   Needs(P::ManageAssessments) => assurance::assessments::set_state;
    POST "/assessments/{id}/extend"  Needs(P::ManageAssessments) => assurance::assessments::extend;
    POST "/assessments/{id}/bulk"    Needs(P::ManageAssessments) => assurance::chapters::bulk;
    GET  "/assessments/{id}/carry"   Needs(P::ReadAssessments) => assurance::carry::show;
    POST "/assessments/{id}/carry"   Needs(P::AnswerAll) => assurance::carry::apply;
    POST "/assessments/{id}/carry/confirm" Needs(P::AnswerAll) => assurance::carry::confirm;
    POST "/carries/{id}/undo"        Needs(P::AnswerAll) => assurance::carry::undo;
    POST "/answers/{id}/carried"     NeedsEither(P::AnswerAll, P::AnswerOwn) => assurance::carry::decide;
    GET  "/assessments/{id}/edition-change"  Needs(P::ReadAssessments) => assurance::edition_change::show;
    POST "/assessments/{id}/edition-change"  Needs(P::ManageAssessments) => assurance::edition_change::apply;
    PATCH "/assessments/{id}/presence" NeedsEither(P::ReadAssessments, P::ReadOwnRequests) => assurance::presence::report;
    POST "/answers"                  NeedsEither(P::AnswerAll, P::AnswerOwn) => assurance::chapters::save;
    GET  "/answers/{id}"             NeedsEither(P::ReadAssessments, P::ReadOwnRequests) => assurance::detail::show;
    POST "/answers/{id}/evidence"    NeedsEither(P::AnswerAll, P::AnswerOwn) => assurance::detail::add_file;
    POST "/answers/{id}/links"       NeedsEither(P::AnswerAll, P::AnswerOwn) => assurance::detail::add_link;
    GET  "/evidence/{id}"            NeedsEither(P::ReadAssessments, P::ReadOwnRequests) => assurance::detail::download;
    GET  "/requests"                 NeedsEither(P::ReadAssessments, P::ReadOwnRequests) => assurance::requests::board;
    POST "/requests"                 Needs(P::ManageAssessments) => assurance::requests::ask;
    GET  "/requests/new"             Needs(P::ManageAssessments) => assurance::requests::new;
    POST "/requests/prepare"         Needs(P::ManageAssessments) => assurance::requests::prepare;
    GET  "/requests/reminders"       Needs(P::ReadAssessments) => assurance::requests::reminders;
    POST "/requests/reminders"       Needs(P::ManageAssessments) => assurance::requests::remind;
    GET  "/requests/{id}"            NeedsEither(P::ReadAssessments, P::ReadOwnRequests) => assurance::requests::show;
    POST "/requests/{id}/step"       NeedsEither(P::ManageAssessments, P::AnswerOwn) => assurance::requests::step;

    // API: the paths of openapi.json
    GET  "/api/v1/openapi.json"      Anybody  => api::openapi;
    GET  "/api/v1/standards"         Needs(P::ReadStandards) => api::standards;
    GET  "/api/v1/standards/{id}"    Needs(P::ReadStandards) => api::standard;
    GET  "/api/v1/standards/{id}/provisions" Needs(P::ReadStandards) => api::provisions;
    GET  "/api/v1/crosswalks"        Needs(P::ReadCrosswalk) => api::crosswalks;
    GET  "/api/v1/crosswalks/{id}/mappings" Needs(P::ReadCrosswalk) => api::mappings;
    GET  "/api/v1/crosswalks/{id}/suggestions" Needs(P::ReadCrosswalk) => api::suggestions;
    GET  "/api/v1/assessments"       Needs(P::ReadAssessments) => api::assessments;
    GET  "/api/v1/assessments/{id}/answers" NeedsEither(P::ReadAssessments, P::ReadOwnRequests) => api::assessment_answers;
    PATCH "/api/v1/answers/{id}"     NeedsEither(P::AnswerAll, P::AnswerOwn) => api::patch_answer;

    GET  "/help"                     SignedIn => help::first;
    GET  "/help/{chapter}"           SignedIn => help::chapter;

    // ホーム
    GET  "/"                         SignedIn => home::show;
}

/// There is no such page, in the reader's language.
async fn nothing(State(state): State<WebState>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let person = Person::from_request_parts(&mut parts, &state).await;
    let refused = WebError::app(Refusal::not_found().into(), &parts);
    match person {
        Ok(person) => refused.in_language(&person.actor.language),
        Err(_) => refused,
    }
    .into_response()
}

/// The address of a form that was typed in, or opened again: there is nothing to show.
async fn not_this_way(state: State<WebState>, request: Request) -> Response {
    let mut response = nothing(state, request).await;
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

/// The whole product as one service.
pub fn router(state: WebState) -> Router {
    let pages = conflict::Pages(table(&state).with_state(state.clone()));
    table(&state)
        .fallback(nothing)
        .method_not_allowed_fallback(not_this_way)
        .layer(DefaultBodyLimit::max(UPLOAD_MAX))
        .layer(from_fn_with_state(pages, conflict::keep_words))
        .layer(from_fn(security::same_origin))
        .layer(from_fn_with_state(state.clone(), edge::gate))
        .layer(from_fn_with_state(state.clone(), health::count))
        .layer(from_fn_with_state(state.clone(), edge::resolve))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(state.clone(), security::headers))
        .with_state(state)
}
