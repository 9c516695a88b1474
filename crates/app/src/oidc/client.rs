//! Talking to a provider: addresses, code for token, and the checks on the token (openidconnect's).

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthenticationFlow, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenFields,
    IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse,
    StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Settings, refused};
use crate::{App, AppError, Result};

/// Largest answer of a provider, in bytes.
const ANSWER_MAX: usize = 1 << 20;
/// A provider that is slower does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Every other claim of a token: the role claim is one of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Others(HashMap<String, Value>);
impl AdditionalClaims for Others {}

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Provider = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Who a provider says somebody is.
#[derive(Debug)]
pub struct Said {
    pub subject: String,
    pub name: String,
    pub login: String,
    /// Values of the role claim.
    pub roles: Vec<String>,
    /// Values of `amr` and `acr`.
    pub means: Vec<String>,
}

/// Why a provider could not be asked.
#[derive(Debug)]
struct Unreachable(String);

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Unreachable {}

/// One request: no redirects (an answer must not send us elsewhere), no proxy of the environment, bounded in time and size.
async fn send(request: HttpRequest) -> Result<HttpResponse, Unreachable> {
    let broken = |error: &dyn fmt::Display| Unreachable(error.to_string());
    // Somebody else may have set the same provider before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .map_err(|error| broken(&error))?;
    let request = reqwest::Request::try_from(request).map_err(|error| broken(&error))?;
    let mut response = client.execute(request).await.map_err(|error| broken(&error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| broken(&error))? {
        body.extend_from_slice(&part);
        if body.len() > ANSWER_MAX {
            return Err(Unreachable("the provider's answer is too large".to_owned()));
        }
    }
    let mut answer = HttpResponse::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

/// The log learns why; the person only that it did not work.
fn fail(what: &str, why: &dyn fmt::Debug) -> AppError {
    tracing::warn!(what, why = format!("{why:?}"), "single sign-on refused");
    refused().into()
}

async fn provider(settings: &Settings, secret: &str) -> Result<Provider> {
    let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|error| fail("issuer", &error))?;
    let metadata =
        CoreProviderMetadata::discover_async(issuer, &send).await.map_err(|error| fail("discovery", &error))?;
    let back = format!("{}/sign-in/single/back", settings.public_url.trim_end_matches('/'));
    let back = RedirectUrl::new(back).map_err(|error| fail("public-url", &error))?;
    let secret = (!secret.is_empty()).then(|| ClientSecret::new(secret.to_owned()));
    let client = Client::from_provider_metadata(metadata, ClientId::new(settings.client_id.clone()), secret);
    Ok(client.set_redirect_uri(back))
}

/// The provider's address to which a browser is sent: code flow with PKCE, state and nonce.
///
/// # Errors
/// The provider does not answer.
pub async fn authorize_url(
    settings: &Settings,
    secret: &str,
    state: &str,
    nonce: &str,
    verifier: &str,
) -> Result<String> {
    let client = provider(settings, secret).await?;
    let (state, nonce) = (CsrfToken::new(state.to_owned()), Nonce::new(nonce.to_owned()));
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.to_owned()));
    let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
    let request = client.authorize_url(flow, move || state, move || nonce).set_pkce_challenge(challenge);
    let scopes = settings.scopes.iter().filter(|scope| *scope != "openid").map(|scope| Scope::new(scope.clone()));
    Ok(request.add_scopes(scopes).url().0.to_string())
}

/// Exchanges a code and checks the ID token: signature by the provider's keys (asymmetric only, so neither `none` nor a
/// signature by the shared secret passes), issuer, audience, time, nonce.
///
/// # Errors
/// One refusal for all of it.
pub async fn redeem(
    app: &App,
    settings: &Settings,
    secret: &str,
    code: &str,
    nonce: &str,
    verifier: &str,
) -> Result<Said> {
    let client = provider(settings, secret).await?;
    let request = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .map_err(|error| fail("token address", &error))?
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
    let answer = request.request_async(&send).await.map_err(|error| fail("code", &error))?;
    let token = answer.extra_fields().id_token().ok_or_else(|| fail("token", &"no ID token"))?;
    let now = u64::try_from(app.now().as_second()).unwrap_or(0);
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs([
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
            CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            CoreJwsSigningAlgorithm::RsaSsaPssSha384,
            CoreJwsSigningAlgorithm::RsaSsaPssSha512,
            CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            CoreJwsSigningAlgorithm::EcdsaP384Sha384,
            CoreJwsSigningAlgorithm::EdDsa,
        ])
        .set_time_fn(move || (UNIX_EPOCH + Duration::from_secs(now)).into());
    let claims = token.claims(&verifier, &Nonce::new(nonce.to_owned())).map_err(|error| fail("ID token", &error))?;
    let english = |name: Option<String>| name.unwrap_or_default();
    let role = claims.additional_claims().0.get(&settings.role_claim);
    let mut means: Vec<String> =
        claims.auth_method_refs().into_iter().flatten().map(|m| m.as_str().to_owned()).collect();
    means.extend(claims.auth_context_ref().map(|acr| acr.as_str().to_owned()));
    Ok(Said {
        subject: claims.subject().as_str().to_owned(),
        name: english(claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned())),
        login: english(claims.preferred_username().map(|name| name.as_str().to_owned())),
        roles: values(role),
        means,
    })
}

/// A claim that is one text or a list of texts.
fn values(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(|value| value.as_str().map(ToOwned::to_owned)).collect(),
        _ => Vec::new(),
    }
}
