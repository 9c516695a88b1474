//! The front-end files, embedded. Their address carries the version, so browsers keep them for a year.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

const YEAR: &str = "public, max-age=31536000, immutable";

/// `/assets/{version}/{file}`.
pub async fn file(Path((_version, name)): Path<(String, String)>) -> Response {
    let (media_type, bytes): (&str, &[u8]) = match name.as_str() {
        "sakimori.css" => ("text/css; charset=utf-8", include_bytes!("../assets/dist/sakimori.css")),
        "sakimori.js" => ("text/javascript; charset=utf-8", include_bytes!("../assets/dist/sakimori.js")),
        "htmx.min.js" => ("text/javascript; charset=utf-8", include_bytes!("../assets/dist/htmx.min.js")),
        "icons.svg" => ("image/svg+xml", include_bytes!("../assets/dist/icons.svg")),
        "favicon.svg" => ("image/svg+xml", include_bytes!("../assets/dist/favicon.svg")),
        "licenses.txt" => ("text/plain; charset=utf-8", include_bytes!("../assets/dist/licenses.txt")),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, YEAR)], bytes).into_response()
}

/// The address of a file, with the version of the build in it.
pub fn url(name: &str) -> String {
    const VERSION: &str = include_str!("../assets/dist/version.txt");
    format!("/assets/{}/{name}", VERSION.trim())
}
