//! Who may ask: the Host allow-list, same-origin, and the owner token.

use crate::Api;
use crate::error::Refused;
use crate::session;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::net::IpAddr;
use std::sync::Arc;

/// Names by which UI and own API answer.
///
/// A page of a foreign name that is made to resolve to us (DNS rebinding) carries that name in
/// `Host`; so only `localhost`, addresses, and names the operator listed are answered.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts(Arc<[String]>);

impl AllowedHosts {
    /// `names` beside `localhost` and addresses; `*` allows every name.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|n| n.to_ascii_lowercase()).collect())
    }

    /// Whether a request may carry that `Host`.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        let name = authority.host().to_ascii_lowercase();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        name == "localhost"
            || name.ends_with(".localhost")
            || bare.parse::<IpAddr>().is_ok()
            || self
                .0
                .iter()
                .any(|allowed| *allowed == name || allowed == "*")
    }

    /// Refuses a request that carries another name.
    ///
    /// # Errors
    /// 403, naming the setting.
    pub fn check(&self, request: &Request) -> Result<(), Refused> {
        let host = host_of(request);
        if host.is_some_and(|h| self.allows(h)) {
            return Ok(());
        }
        let name = host.unwrap_or("(none)");
        Err(Refused::new(
            StatusCode::FORBIDDEN,
            "host not allowed",
            format!(
                "this server does not answer under the name `{name}`; if it is yours, add it to `http.allow_hosts` \
                 (--http-allow-hosts, FOURSIGHT_HTTP_ALLOW_HOSTS)"
            ),
        ))
    }
}

/// `Host`, or HTTP/2's authority.
fn host_of(request: &Request) -> Option<&str> {
    match request.headers().get(header::HOST) {
        Some(host) => host.to_str().ok(),
        None => request.uri().authority().map(Authority::as_str),
    }
}

/// Refuses what another site's page sends: a browser then says so in `Origin` or `Sec-Fetch-Site`.
fn check_origin(request: &Request) -> Result<(), Refused> {
    let headers = request.headers();
    let refuse = |what: &str| {
        Err(Refused::new(
            StatusCode::FORBIDDEN,
            "foreign origin",
            format!("requests of other sites' pages are refused ({what})"),
        ))
    };
    if let Some(site) = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok())
        && !matches!(site, "same-origin" | "none")
    {
        return refuse(&format!("Sec-Fetch-Site: {site}"));
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let same = origin
            .to_str()
            .ok()
            .and_then(|o| o.split_once("://"))
            .is_some_and(|(_, authority)| Some(authority) == host_of(request));
        if !same {
            return refuse(&format!(
                "Origin: {}",
                String::from_utf8_lossy(origin.as_bytes())
            ));
        }
    }
    Ok(())
}

/// Whether the request carries the owner token, as a header or a cookie, or none is asked.
pub(crate) fn authorized(api: &Api, headers: &HeaderMap) -> bool {
    api.engine().is_dev()
        || api.config().is_owner
        || bearer(headers).is_some_and(|given| api.engine().is_owner(given))
        || session::cookie(headers).is_some_and(|given| api.engine().is_owner(given))
}

/// Whether a request that writes comes from our own page.
///
/// A browser adds the cookie by itself, but only a page of our origin can add a header of its own.
fn meant(method: &Method, headers: &HeaderMap) -> bool {
    method.is_safe()
        || bearer(headers).is_some()
        || session::cookie(headers).is_none()
        || headers.contains_key("x-foursight-csrf")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, given)| given)
}

/// For every request of our own API: Host and origin; answers are never kept by caches.
pub(crate) async fn place(State(api): State<Api>, request: Request, next: Next) -> Response {
    let checked = api
        .config()
        .allow_hosts
        .check(&request)
        .and_then(|()| check_origin(&request));
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// For what needs the owner token.
pub(crate) async fn owner(State(api): State<Api>, request: Request, next: Next) -> Response {
    if !meant(request.method(), request.headers()) {
        return Refused::new(
            StatusCode::FORBIDDEN,
            "header needed",
            "requests that write and carry the session's cookie also carry `x-foursight-csrf: 1`",
        )
        .into_response();
    }
    if authorized(&api, request.headers()) {
        return next.run(request).await;
    }
    let told = if request.headers().contains_key(header::AUTHORIZATION) {
        "this is not the owner token"
    } else {
        "the owner token is needed, as `Authorization: Bearer …`"
    };
    Refused::new(
        StatusCode::UNAUTHORIZED,
        "owner token needed",
        format!("{told}; it lies in the file `setup-token` of the data directory"),
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_names_addresses_and_listed_names_are_answered() {
        let hosts = AllowedHosts::new(["Foursight".to_owned()]);
        for ok in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:8080",
            "[::1]:8080",
            "foursight:8080",
            "FOURSIGHT",
        ] {
            assert!(hosts.allows(ok), "{ok}");
        }
        for bad in ["evil.example:8080", "localhost.evil.example", "", "a b"] {
            assert!(!hosts.allows(bad), "{bad}");
        }
        assert!(AllowedHosts::new(["*".to_owned()]).allows("any.example"));
    }

    #[test]
    fn a_write_by_cookie_needs_our_own_page() {
        let meant = |method: Method, headers: &[(&'static str, &'static str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
                .collect();
            super::meant(&method, &headers)
        };
        let cookie = ("cookie", "foursight_owner=fs_1");
        assert!(meant(Method::GET, &[cookie]));
        assert!(!meant(Method::POST, &[cookie]));
        assert!(!meant(Method::DELETE, &[cookie]));
        assert!(meant(Method::POST, &[cookie, ("x-foursight-csrf", "1")]));
        assert!(meant(Method::POST, &[("authorization", "Bearer fs_1")]));
    }

    #[test]
    fn a_foreign_page_is_refused() {
        let check = |headers: &[(&str, &str)]| {
            let mut request = Request::builder().header("host", "localhost:8080");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            check_origin(&request.body(axum::body::Body::empty()).unwrap()).is_ok()
        };
        assert!(check(&[]));
        assert!(check(&[("origin", "http://localhost:8080")]));
        assert!(check(&[("sec-fetch-site", "same-origin")]));
        assert!(!check(&[("origin", "http://evil.example")]));
        assert!(!check(&[("origin", "null")]));
        assert!(!check(&[("sec-fetch-site", "cross-site")]));
    }
}
