//! Every URL on one page.
//!
//! [`ROUTES`] is the same list as data: the access test walks it, each role against each route, so a route that is not
//! listed here cannot be reached and one without a rule fails the test.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};
use sakimori_domain::identity::Permission;
use tower_http::catch_panic::CatchPanicLayer;

use crate::forms::UPLOAD_MAX;
use crate::state::WebState;
use crate::{administration, assets, health, home, identity, security, trail};

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

        fn table() -> Router<WebState> {
            let router = Router::new();
            $(let router = router.route($path, method(stringify!($method), $handler));)+
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

use Access::{Anybody, Needs, SignedIn};
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
    POST "/sign-out"                 SignedIn => identity::sign_out;
    POST "/language"                 SignedIn => identity::choose_language;
    GET  "/me"                       SignedIn => identity::me;
    POST "/me/password"              SignedIn => identity::change_password;

    GET  "/trail"                    Needs(P::ReadTrail) => trail::list;
    GET  "/administration"           Needs(P::ManageAccounts) => administration::people;
    POST "/administration/accounts"  Needs(P::ManageAccounts) => administration::add_account;
    POST "/administration/accounts/{id}/state" Needs(P::ManageAccounts) => administration::set_state;
    POST "/administration/departments" Needs(P::ManageAccounts) => administration::add_department;

    // ホーム
    GET  "/"                         SignedIn => home::show;
}

/// The whole product as one service.
pub fn router(state: WebState) -> Router {
    table()
        .fallback(|| async { crate::error::WebError::from(sakimori_app::Refusal::not_found()) })
        .layer(DefaultBodyLimit::max(UPLOAD_MAX))
        .layer(from_fn(security::same_origin))
        .layer(from_fn_with_state(state.clone(), health::count))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(security::headers))
        .with_state(state)
}
