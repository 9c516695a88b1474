//! Bodies of writing requests. Each of these extractors demands a signed-in person and the session's CSRF token, so a
//! handler that takes one cannot forget either.

use std::collections::HashMap;

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::{AppError, Refusal, RefusalKind};
use serde::de::DeserializeOwned;

use crate::assurance::told;
use crate::error::WebError;
use crate::person::Person;
use crate::state::WebState;

/// Largest form or JSON body, in bytes.
pub const FORM_MAX: usize = 2 << 20;
/// Largest uploaded file, in bytes.
pub const UPLOAD_MAX: usize = 64 << 20;

/// Fields of a form, repeated names allowed.
#[derive(Debug, Default, Clone)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Parses `application/x-www-form-urlencoded`.
    pub fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The first value of a field, trimmed of nothing; empty when absent.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field (check boxes).
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    /// Every name and value, in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// A form sent by a signed-in person.
pub struct PersonForm {
    pub person: Person,
    pub fields: Fields,
}

/// JSON sent by a signed-in person.
pub struct PersonJson<T> {
    pub person: Person,
    pub body: T,
}

/// A form with files sent by a signed-in person.
pub struct PersonUpload {
    pub person: Person,
    pub fields: Fields,
    /// By field name; empty file fields are left out.
    pub files: HashMap<String, UploadedFile>,
}

/// A file as it came.
pub struct UploadedFile {
    pub name: String,
    pub media_type: String,
    pub bytes: Bytes,
}

/// What became of a form: done, or a refusal of what was typed, for its page. Anything else is an error page.
///
/// # Errors
/// Every refusal that is not about what was typed, and faults of ours.
pub fn typed<T>(person: &Person, result: Result<T, AppError>) -> Result<Result<T, Refusal>, WebError> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(AppError::Refused(refusal)) if refusal.kind == RefusalKind::Invalid => Ok(Err(*refusal)),
        Err(error) => Err(told(person)(error)),
    }
}

/// A form's page once more, with what was typed and why it was not taken.
pub fn again(page: Response) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

fn bad_token() -> Refusal {
    Refusal::new(
        RefusalKind::Forbidden,
        "csrf",
        "画面の有効期限が切れたため、保存していません。",
        "This page has expired; nothing was saved.",
    )
    .next("ページを開き直して、もう一度操作してください。", "Open the page again and repeat.")
}

/// The body is larger than its route takes.
pub fn too_large() -> Refusal {
    Refusal::new(RefusalKind::Limit, "too-large", "送信された内容が大きすぎます。", "What was sent is too large.")
        .next("ファイルは64 MBまでです。分けて送ってください。", "Files may have up to 64 MB; send it in parts.")
}

/// Compares in the same time whatever the difference, so that a token cannot be guessed letter by letter.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0_u8, |acc, (x, y)| acc | (x ^ y)) == 0
}

fn check(person: &Person, token: &str) -> Result<(), WebError> {
    if !person.csrf.is_empty() && same(&person.csrf, token) { Ok(()) } else { Err(bad_token().into()) }
}

impl FromRequest<WebState> for PersonForm {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, WebError> {
        let (mut parts, body) = request.into_parts();
        let person = Person::from_request_parts(&mut parts, state).await?;
        let bytes = to_bytes(body, FORM_MAX).await.map_err(|_| WebError::from(too_large()))?;
        let fields = Fields::parse(&bytes);
        check(&person, fields.get("csrf"))?;
        Ok(Self { person, fields })
    }
}

impl<T: DeserializeOwned> FromRequest<WebState> for PersonJson<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, WebError> {
        let (mut parts, body) = request.into_parts();
        let person = Person::from_request_parts(&mut parts, state).await.map_err(WebError::in_json)?;
        let token = parts.headers.get("x-csrf-token").and_then(|value| value.to_str().ok()).unwrap_or("");
        // No other site can make a browser send a program's token.
        if !person.is_token {
            check(&person, token).map_err(WebError::in_json)?;
        }
        let bytes = to_bytes(body, FORM_MAX).await.map_err(|_| WebError::from(too_large()).in_json())?;
        let body = Json::<T>::from_bytes(&bytes).map_err(|error| {
            let refusal = Refusal::invalid(
                "json",
                format!("JSON として読めません（{error}）。"),
                format!("not the JSON expected: {error}"),
            );
            WebError::from(refusal).in_json()
        })?;
        Ok(Self { person, body: body.0 })
    }
}

impl FromRequest<WebState> for PersonUpload {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, WebError> {
        let (mut parts, body) = request.into_parts();
        let person = Person::from_request_parts(&mut parts, state).await?;
        let request = Request::from_parts(parts, body);
        let broken = || {
            WebError::from(
                Refusal::invalid("upload", "送信が途中で切れました。", "The upload broke off.")
                    .next("もう一度送ってください。", "Send it again."),
            )
        };
        let mut multipart = Multipart::from_request(request, state).await.map_err(|_| broken())?;
        let (mut fields, mut files) = (Vec::new(), HashMap::new());
        while let Some(field) = multipart.next_field().await.map_err(|_| broken())? {
            let name = field.name().unwrap_or("").to_owned();
            let file_name = field.file_name().map(ToOwned::to_owned);
            let media_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
            let bytes = field.bytes().await.map_err(|_| WebError::from(too_large()))?;
            match file_name {
                Some(file_name) if !bytes.is_empty() => {
                    files.insert(name, UploadedFile { name: clean_name(&file_name), media_type, bytes });
                }
                Some(_) => {}
                None => fields.push((name, String::from_utf8_lossy(&bytes).into_owned())),
            }
        }
        let fields = Fields(fields);
        check(&person, fields.get("csrf"))?;
        Ok(Self { person, fields, files })
    }
}

/// Signs that turn the direction of writing: with them `gpj.exe` reads as a picture.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A file name without folders, control characters and signs that turn the writing, at most 200 characters.
fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    last.chars().filter(|c| !c.is_control() && !turns(*c)).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::clean_name;

    #[test]
    fn a_file_name_is_what_it_looks_like() {
        assert_eq!(clean_name("..\\..\\win.ini"), "win.ini");
        assert_eq!(clean_name("図\u{202e}gpj.exe"), "図gpj.exe");
        assert_eq!(clean_name("a\r\nSet-Cookie: b"), "aSet-Cookie: b");
    }
}
