//! The UI: files built from `ui/` and embedded by the build script.

use api::guard::AllowedHosts;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// A file of the UI.
struct Asset {
    /// Path in addresses, beginning with `/`.
    path: &'static str,
    kind: &'static str,
    /// Quoted, as in `ETag`.
    etag: &'static str,
    plain: &'static [u8],
    /// Compressed with brotli, where that is smaller.
    brotli: Option<&'static [u8]>,
}

/// Stands in `index.html` where the nonce goes, if it wants one in a place of its own.
const NONCE_PLACE: &str = "__CSP_NONCE__";

// `ASSETS`, sorted by path.
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Files by exact path; every other GET is a place in the UI and gets `index.html`.
pub(crate) fn router(hosts: AllowedHosts) -> Router {
    Router::new().fallback(serve).with_state(hosts)
}

async fn serve(State(hosts): State<AllowedHosts>, request: Request) -> Response {
    if let Err(refused) = hosts.check(&request) {
        return refused.into_response();
    }
    let path = request.uri().path();
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let text = format!("there is nothing at {} {path}\n", request.method());
        return (StatusCode::NOT_FOUND, text).into_response();
    }
    let mut response = match find(path) {
        Some(asset) if asset.path != "/index.html" => file(asset, request.headers()),
        // A file with a hash in its name that is not there: an old page after an upgrade.
        None if path.starts_with("/assets/") => {
            (StatusCode::NOT_FOUND, "no such file\n").into_response()
        }
        _ => page(),
    };
    secure(response.headers_mut());
    response
}

fn find(path: &str) -> Option<&'static Asset> {
    let i = ASSETS.binary_search_by(|a| a.path.cmp(path)).ok()?;
    ASSETS.get(i)
}

fn file(asset: &'static Asset, asked: &HeaderMap) -> Response {
    let is_immutable = asset.path.starts_with("/assets/");
    let cache = match is_immutable {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let known = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|tags| {
            tags.split(',')
                .any(|t| t.trim().trim_start_matches("W/") == asset.etag)
        });
    let brotli = asset.brotli.filter(|_| accepts_brotli(asked));
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => brotli.unwrap_or(asset.plain).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::ETAG, HeaderValue::from_static(asset.etag));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if brotli.is_some() && !known {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

fn accepts_brotli(asked: &HeaderMap) -> bool {
    asked
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| {
            v.split(',')
                .any(|e| e.split(';').next().is_some_and(|e| e.trim() == "br"))
        })
}

/// `index.html` with a nonce of its own, told in a `<meta name="csp-nonce">`.
fn page() -> Response {
    let Some(index) = find("/index.html") else {
        let text = "this binary was built without the UI\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    let mut random = [0u8; 16];
    if getrandom::fill(&mut random).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let nonce = hex::encode(random);
    let html = String::from_utf8_lossy(index.plain);
    let html = match html.contains(NONCE_PLACE) {
        true => html.replace(NONCE_PLACE, &nonce),
        false => html.replacen(
            "<head>",
            &format!("<head><meta name=\"csp-nonce\" content=\"{nonce}\">"),
            1,
        ),
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types foursight-worker"
    );
    let mut response = html.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(index.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// For every answer of the UI (reliability.md §6).
fn secure(headers: &mut HeaderMap) {
    // A worker lives by the policy of its own file; any file may be opened as a page.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'",
        ));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
