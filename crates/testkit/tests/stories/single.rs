//! Single sign-on against a provider of the test's own, honest and hostile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use sakimori_app::oidc::{self, Rule, Settings};
use sakimori_domain::identity::Role;
use sakimori_testkit::people::{PASSWORD, carrier_profile};
use sakimori_testkit::web::{Answer, Browser};
use sakimori_testkit::{BOTH, Database, TestApp};
use serde_json::{Value, json};

/// A provider that says what the test tells it to.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) issuer: String,
    /// Algorithm in the token's header, and its claims.
    token: Arc<Mutex<(String, Value)>>,
    /// The key that it publishes, and the one that it signs with.
    key: Arc<String>,
    signer: Arc<Mutex<String>>,
    /// Codes given out with the challenge they were given for.
    codes: Arc<Mutex<HashMap<String, String>>>,
}

impl Provider {
    fn key(pem: &str) -> CoreEdDsaPrivateSigningKey {
        CoreEdDsaPrivateSigningKey::from_ed25519_pem(pem, Some(JsonWebKeyId::new("test".to_owned()))).expect("a key")
    }

    fn id_token(&self) -> String {
        let (algorithm, claims) = self.token.lock().expect("unpoisoned").clone();
        let part = |value: &Value| BASE64.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": algorithm, "kid": "test" })), part(&claims));
        let signature = match algorithm.as_str() {
            "EdDSA" => {
                let signer = Self::key(&self.signer.lock().expect("unpoisoned"));
                signer.sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).expect("signed")
            }
            _ => Vec::new(),
        };
        format!("{signed}.{}", BASE64.encode(signature))
    }
}

async fn token(
    State(provider): State<Provider>,
    Form(form): Form<HashMap<String, String>>,
) -> (StatusCode, axum::Json<Value>) {
    use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
    let verifier = PkceCodeVerifier::new(form.get("code_verifier").cloned().unwrap_or_default());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    let given = provider.codes.lock().expect("unpoisoned").remove(form.get("code").map_or("", String::as_str));
    if given.as_deref() != Some(challenge.as_str()) {
        return (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": "invalid_grant" })));
    }
    let answer =
        json!({ "access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": provider.id_token() });
    (StatusCode::OK, axum::Json(answer))
}

fn new_key() -> String {
    rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key").serialize_pem()
}

/// Starts one.
pub(crate) async fn provider() -> Provider {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    let (key, signer) = (new_key(), Arc::new(Mutex::default()));
    *signer.lock().expect("unpoisoned") = key.clone();
    let provider = Provider { issuer, token: Arc::default(), key: Arc::new(key), signer, codes: Arc::default() };
    let (discovery, keys) = (provider.clone(), provider.clone());
    let router = Router::new()
        .route(
            "/.well-known/openid-configuration",
            get(async move || {
                let at = |path: &str| format!("{}{path}", discovery.issuer);
                axum::Json(json!({
                    "issuer": discovery.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
                    "jwks_uri": at("/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["EdDSA", "none", "HS256"],
                }))
            }),
        )
        .route("/keys", get(async move || axum::Json(json!({ "keys": [Provider::key(&keys.key).as_verification_key()] }))))
        .route("/token", post(token))
        .with_state(provider.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    provider
}

/// A carrier that trusts a provider.
async fn scene(database: Database, create_accounts: bool) -> (TestApp, Provider) {
    let test = TestApp::new(database).await;
    test.organisation("alpha", carrier_profile()).await;
    let provider = provider().await;
    let settings = Settings {
        issuer: provider.issuer.clone(),
        client_id: "sakimori".to_owned(),
        public_url: "https://sakimori.example".to_owned(),
        scopes: vec!["profile".to_owned()],
        role_claim: "groups".to_owned(),
        second_factor: vec!["mfa".to_owned()],
        create_accounts,
        label: "組織のアカウント".to_owned(),
        rules: vec![
            Rule { value: "officers".to_owned(), role: "security-officer".to_owned(), department: String::new() },
            Rule {
                value: "staff".to_owned(),
                role: "department-member".to_owned(),
                department: "設備運用部".to_owned(),
            },
        ],
    };
    oidc::set_up(&test.app, "alpha", &settings, "the-secret").await.expect("set up");
    (test, provider)
}

/// A browser that has left for the provider: its cookie and what the provider was asked.
struct Left {
    cookie: String,
    asked: HashMap<String, String>,
}

async fn leave(browser: &Browser) -> Left {
    let answer = browser.get("/sign-in/single/alpha").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let query = answer.location().split_once('?').expect("a query").1.to_owned();
    let asked = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let cookie = answer.headers.get(SET_COOKIE).and_then(|value| value.to_str().ok()).expect("a cookie");
    Left { cookie: cookie.split(';').next().unwrap_or("").to_owned(), asked }
}

fn claims(test: &TestApp, provider: &Provider, left: &Left) -> Value {
    let now = test.app.now().as_second();
    json!({
        "iss": provider.issuer, "aud": "sakimori", "sub": "person-1", "exp": now + 300, "iat": now,
        "nonce": left.asked["nonce"], "groups": ["staff"], "preferred_username": "tanaka", "name": "田中", "amr": ["pwd", "mfa"],
    })
}

/// The provider gives a code for what was asked, with a token of these claims behind it.
fn answer(provider: &Provider, left: &Left, algorithm: &str, claims: &Value) {
    *provider.token.lock().expect("unpoisoned") = (algorithm.to_owned(), claims.clone());
    let challenge = left.asked["code_challenge"].clone();
    provider.codes.lock().expect("unpoisoned").insert("the-code".to_owned(), challenge);
}

async fn back(browser: &Browser, left: &Left) -> Answer {
    let path = format!("/sign-in/single/back?code=the-code&state={}", left.asked["state"]);
    browser.get_with_cookie(&path, &left.cookie).await
}

#[tokio::test]
async fn somebody_comes_in_by_a_rule_and_their_seat_follows_it() {
    for database in BOTH {
        let (test, provider) = scene(database, true).await;
        let stranger = test.stranger();
        let left = leave(&stranger).await;
        assert_eq!(left.asked["code_challenge_method"], "S256");
        assert!(left.asked["scope"].contains("openid") && left.asked["redirect_uri"].ends_with("/sign-in/single/back"));
        answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
        let entered = back(&stranger, &left).await;
        assert_eq!((entered.status, entered.location()), (StatusCode::SEE_OTHER, "/"), "{}", entered.text());
        let cookie =
            entered.headers.get(SET_COOKIE).and_then(|value| value.to_str().ok()).expect("a session").to_owned();
        let cookie = cookie.split(';').next().unwrap_or("");
        let me = stranger.get_with_cookie("/me", cookie).await.text();
        assert!(me.contains("tanaka") && me.contains("部署担当者"), "{database:?}");

        let left = leave(&stranger).await;
        let mut promoted = claims(&test, &provider, &left);
        promoted["groups"] = json!(["officers", "staff"]);
        answer(&provider, &left, "EdDSA", &promoted);
        assert_eq!(back(&stranger, &left).await.status, StatusCode::SEE_OTHER);
        let me = stranger.get_with_cookie("/me", cookie).await.text();
        assert!(me.contains("セキュリティ責任者"), "the role follows, for sessions that are open too");

        let left = leave(&stranger).await;
        let mut nobody = claims(&test, &provider, &left);
        nobody["groups"] = json!(["others"]);
        answer(&provider, &left, "EdDSA", &nobody);
        assert_eq!(back(&stranger, &left).await.status, StatusCode::FORBIDDEN, "no rule, no entry");
    }
}

#[tokio::test]
async fn a_login_of_the_same_name_is_not_taken_over() {
    let (test, provider) = scene(Database::Sqlite, true).await;
    let stranger = test.stranger();
    let left = leave(&stranger).await;
    let mut same_name = claims(&test, &provider, &left);
    same_name["preferred_username"] = json!("alpha-security-officer");
    same_name["email"] = json!("alpha-security-officer");
    answer(&provider, &left, "EdDSA", &same_name);
    assert_eq!(back(&stranger, &left).await.status, StatusCode::FORBIDDEN);

    oidc::link(&test.app, "alpha", "alpha-department-member", "person-1").await.expect("linked by the operator");
    let left = leave(&stranger).await;
    answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
    assert_eq!(back(&stranger, &left).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_provider_opens_no_other_organisation() {
    for database in BOTH {
        let (test, provider) = scene(database, true).await;
        test.organisation("beta", carrier_profile()).await;
        oidc::link(&test.app, "alpha", "alpha-department-member", "person-1").await.expect("linked by the operator");
        let mut c = test.app.read().await.expect("a connection");
        let account = sakimori_store::identity::account_by_login(&mut c, "alpha-department-member").await;
        let id = account.expect("a query").expect("an account").id;
        drop(c);
        let mut write = test.app.store().write().await.expect("a transaction");
        sakimori_store::identity::put_membership(&mut write, &id, "beta", Role::SecurityOfficer, "")
            .await
            .expect("a seat");
        write.commit().await.expect("a commit");
        let mut person = test.stranger();
        let left = leave(&person).await;
        answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
        let entered = back(&person, &left).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{database:?}: into alpha");
        person.follow(&entered).await;
        let refused = person.post("/seats/beta/choose", &[]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{database:?}: what alpha's provider says");
        assert!(refused.text().contains("/confirm"), "{database:?}: and what to do");
        let proof = [("confirm-secret", PASSWORD), ("confirm-next", "/seats")];
        assert_eq!(person.post("/confirm", &proof).await.location(), "/seats", "{database:?}: one's own password");
        assert_eq!(person.post("/seats/beta/choose", &[]).await.status, StatusCode::SEE_OTHER, "{database:?}");
    }
}

#[tokio::test]
async fn without_a_switch_nobody_gets_an_account() {
    let (test, provider) = scene(Database::Sqlite, false).await;
    let stranger = test.stranger();
    let left = leave(&stranger).await;
    answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
    assert_eq!(back(&stranger, &left).await.status, StatusCode::FORBIDDEN);
    assert_eq!(stranger.get("/sign-in/single/no-such").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_does_not_hold_lets_nobody_in() {
    let (test, provider) = scene(Database::Sqlite, true).await;
    let stranger = test.stranger();
    let now = test.app.now().as_second();
    let wrong = [
        ("EdDSA", "nonce", json!("another")),
        ("EdDSA", "iss", json!("https://evil.example")),
        ("EdDSA", "aud", json!("another-client")),
        ("EdDSA", "aud", json!(["sakimori", "another-client"])),
        ("EdDSA", "exp", json!(now - 1)),
        ("none", "sub", json!("person-1")),
        ("HS256", "sub", json!("person-1")),
    ];
    for (algorithm, claim, value) in wrong {
        let left = leave(&stranger).await;
        let mut claims = claims(&test, &provider, &left);
        claims[claim] = value.clone();
        answer(&provider, &left, algorithm, &claims);
        assert_eq!(back(&stranger, &left).await.status, StatusCode::FORBIDDEN, "{algorithm} {claim} {value}");
    }

    // A signature by another key under the same name.
    let left = leave(&stranger).await;
    *provider.signer.lock().expect("unpoisoned") = new_key();
    answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
    assert_eq!(back(&stranger, &left).await.status, StatusCode::FORBIDDEN, "signed with another key");
    (*provider.key).clone_into(&mut provider.signer.lock().expect("unpoisoned"));

    // Another browser, another state, the same answer twice, too late.
    let left = leave(&stranger).await;
    answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
    let stolen = Left { cookie: "sakimori-single=0".to_owned(), asked: left.asked.clone() };
    assert_eq!(back(&stranger, &stolen).await.status, StatusCode::FORBIDDEN, "another browser");
    assert_eq!(back(&stranger, &left).await.status, StatusCode::FORBIDDEN, "an attempt is used up by a thief too");
    let left = leave(&stranger).await;
    answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
    assert_eq!(back(&stranger, &left).await.status, StatusCode::SEE_OTHER);
    answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
    assert_eq!(back(&stranger, &left).await.status, StatusCode::FORBIDDEN, "the same state twice");
    let left = leave(&stranger).await;
    let elsewhere = leave(&stranger).await;
    answer(&provider, &elsewhere, "EdDSA", &claims(&test, &provider, &left));
    assert_eq!(back(&stranger, &left).await.status, StatusCode::FORBIDDEN, "a code for another challenge");
    let left = leave(&stranger).await;
    test.pass(11 * 60);
    answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
    assert_eq!(back(&stranger, &left).await.status, StatusCode::FORBIDDEN, "too late");
}

/// The cookie header that an answer sets.
fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.headers.get(SET_COOKIE).and_then(|value| value.to_str().ok()).expect("a cookie");
    cookie.split(';').next().unwrap_or("").to_owned()
}

/// A person who has left for the provider to link their own account.
async fn leave_to_link(browser: &Browser) -> Left {
    let proof = [("confirm-next", "/me"), ("confirm-secret", PASSWORD)];
    assert_eq!(browser.post("/confirm", &proof).await.status, StatusCode::SEE_OTHER, "proves anew who they are");
    let page = browser.post("/me/single", &[]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let text = page.text();
    let url = text.split("class=\"button\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let url = url.replace("&amp;", "&").replace("&#38;", "&");
    let query = url.split_once('?').expect("a query").1.to_owned();
    let asked = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    Left { cookie: cookie_of(&page), asked }
}

#[tokio::test]
async fn somebody_links_their_own_account_and_takes_the_link_away() {
    for database in BOTH {
        let (test, provider) = scene(database, false).await;
        let member = test.browser("alpha-department-member").await;
        assert!(member.get("/me").await.text().contains("自分の身元を結び付ける"), "{database:?}");
        test.pass(16 * 60);
        let unproven = member.post("/me/single", &[]).await;
        assert!(unproven.text().contains("confirm-secret"), "first prove anew who you are");
        let left = leave_to_link(&member).await;
        answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
        // Another browser, with its own session, brings back what this one began.
        let officer = test.browser("alpha-security-officer").await;
        assert_eq!(back(&officer, &left).await.status, StatusCode::FORBIDDEN, "not who asked");
        let left = leave_to_link(&member).await;
        answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
        assert_eq!(back(&test.stranger(), &left).await.status, StatusCode::FORBIDDEN, "nobody is signed in");
        let left = leave_to_link(&member).await;
        answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
        let linked = back(&member, &left).await;
        assert_eq!((linked.status, linked.location()), (StatusCode::SEE_OTHER, "/me"), "{}", linked.text());
        assert!(member.get("/me").await.text().contains("person-1"));

        // From now on the provider lets them in, with this account.
        let stranger = test.stranger();
        let left = leave(&stranger).await;
        answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
        let entered = back(&stranger, &left).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.text());
        let me = stranger.get_with_cookie("/me", &cookie_of(&entered)).await.text();
        assert!(me.contains("alpha-department-member"));

        // What is somebody's stays theirs, and an account has one identity.
        let left = leave_to_link(&officer).await;
        answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
        assert_eq!(back(&officer, &left).await.status, StatusCode::CONFLICT);
        assert_eq!(member.post("/me/single/remove", &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(
            member.post("/me/single/remove", &[]).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "there is none"
        );
        let left = leave(&stranger).await;
        answer(&provider, &left, "EdDSA", &claims(&test, &provider, &left));
        assert_eq!(back(&stranger, &left).await.status, StatusCode::FORBIDDEN, "no account any more");
    }
}
