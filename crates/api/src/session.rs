//! Signing a browser in: the owner token once, then a cookie that no script can read.

use crate::Api;
use crate::error::Refused;
use crate::error::extract::Body;
use crate::wire::Problem;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;

/// Name of the cookie.
const COOKIE: &str = "foursight_owner";

/// How long a browser stays signed in, seconds: 7 days (reliability.md §6).
const LIFETIME_S: u32 = 7 * 24 * 3600;

/// The owner token, typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// As it stands in the file `setup-token`.
    token: String,
}

/// The token that a request's cookie carries.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

/// Signs a browser in.
///
/// The answer's cookie then stands for the token, and is sent to this API by our own pages alone.
#[utoipa::path(post, path = "/foursight/v1/session", tag = "server", request_body = SignIn, responses(
    (status = 204, description = "Signed in; the cookie is set."),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn sign_in(
    State(api): State<Api>,
    Body(given): Body<SignIn>,
) -> Result<Response, Refused> {
    let token = given.token.trim();
    // Whatever else stood in a cookie could end it and begin another.
    let plain = !token.is_empty()
        && token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if !plain || !api.engine().is_owner(token) {
        return Err(Refused::new(
            StatusCode::UNAUTHORIZED,
            "wrong token",
            "this is not the owner token; it lies in the file `setup-token` of the data directory",
        ));
    }
    Ok(set(token, LIFETIME_S))
}

/// Signs a browser out.
#[utoipa::path(delete, path = "/foursight/v1/session", tag = "server", responses(
    (status = 204, description = "Signed out; the cookie is gone."),
))]
pub(crate) async fn sign_out() -> Response {
    set("", 0)
}

fn set(value: &str, seconds: u32) -> Response {
    let cookie = format!(
        "{COOKIE}={value}; Path=/foursight/v1; Max-Age={seconds}; HttpOnly; SameSite=Strict"
    );
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(mut cookie) = HeaderValue::try_from(cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        assert_eq!(cookie(&headers), None);
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=b; foursight_owner_x=no"),
        );
        assert_eq!(cookie(&headers), None);
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("c=d; foursight_owner=fs_1-2"),
        );
        assert_eq!(cookie(&headers), Some("fs_1-2"));
    }

    #[test]
    fn no_script_reads_the_cookie_and_no_other_site_sends_it() {
        let response = set("fs_1", 60);
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(
            cookie.starts_with("foursight_owner=fs_1; Path=/foursight/v1; "),
            "{cookie}"
        );
        assert!(cookie.ends_with("; HttpOnly; SameSite=Strict"), "{cookie}");
    }
}
