//! How commands reach a server's own API: over HTTP, or in this process over a data directory that
//! nobody has open.

use crate::cli::Target;
use crate::serve::{self, SERVER_FILE};
use crate::settings;
use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use engine::{Engine, OpenError, SystemClock};
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tower::ServiceExt as _;

/// Whether a data directory may be made by the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is where a first start would make it.
    Make,
    /// There is nothing to be read in it.
    Refuse,
}

/// The way to a server.
pub(crate) enum Client {
    /// A running server.
    Remote {
        /// `host:port`.
        authority: String,
        token: Option<String>,
        /// Where the token was looked for.
        token_file: PathBuf,
    },
    /// The API over a directory opened by this process.
    Local { engine: Engine, router: Router },
}

impl Client {
    /// Finds the server: by `--url`; else the one that has the data directory open; else opens it.
    pub(crate) async fn open(target: &Target, missing: Missing) -> anyhow::Result<Self> {
        let dir = match &target.data_dir {
            Some(dir) => dir.clone(),
            None => settings::default_data_dir()?,
        };
        let remote = |authority: String| Self::Remote {
            authority,
            token: target.token.clone().or_else(|| token_of(&dir)),
            token_file: dir.join("setup-token"),
        };
        if let Some(url) = &target.url {
            return Ok(remote(authority_of(url)?));
        }
        if !dir.is_dir() && missing == Missing::Refuse {
            bail!(
                "there is no data directory {}; start `foursight serve` first, or say where it is with --data-dir or --url",
                dir.display()
            );
        }
        let mut config = engine::Config::new(&dir);
        // A look must not delete: how long rows stay is the server's setting.
        config.retention_days = 0;
        let opened =
            tokio::task::spawn_blocking(move || Engine::open(config, Arc::new(SystemClock)));
        match opened.await.context("opening the data directory")? {
            Ok(engine) => {
                let config = api::Config {
                    is_owner: true,
                    read_log_filter: Some(aws::cloudwatch::pattern::search),
                    log_language: Some(crate::log_language::LOG_LANGUAGE),
                    version: env!("CARGO_PKG_VERSION"),
                    ..api::Config::default()
                };
                let router = api::router(engine.clone(), config);
                Ok(Self::Local { engine, router })
            }
            Err(OpenError::Store(store::Error::Locked(why))) => match server_of(&dir) {
                Some(authority) => Ok(remote(authority)),
                None => bail!("{why}, and it tells no address; give its address with --url"),
            },
            Err(e) => Err(serve::explain(e, &dir)),
        }
    }

    /// GET.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.ask(Method::GET, path, None, &[]).await
    }

    /// GET with further headers.
    pub(crate) async fn get_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Value> {
        self.ask(Method::GET, path, None, headers).await
    }

    /// POST of JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.ask(Method::POST, path, Some(body), &[]).await
    }

    /// DELETE.
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.ask(Method::DELETE, path, None, &[]).await
    }

    /// Lets go of the data directory.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Local { engine, .. } => {
                engine.close().await.context("closing the data directory")
            }
            Self::Remote { .. } => Ok(()),
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Value> {
        let host = match self {
            Self::Remote { authority, .. } => authority,
            Self::Local { .. } => "localhost",
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/foursight/v1{path}"))
            .header(header::HOST, host)
            .header(header::ACCEPT, "application/json")
            .header(
                header::USER_AGENT,
                concat!("foursight/", env!("CARGO_PKG_VERSION")),
            );
        if let Self::Remote {
            token: Some(token), ..
        } = self
        {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let bytes = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        let request = request.body(Full::new(bytes))?;
        let (status, bytes) = match self {
            Self::Remote { authority, .. } => send(authority, request).await?,
            Self::Local { router, .. } => {
                let response = match router.clone().oneshot(request.map(Body::new)).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                let (parts, body) = response.into_parts();
                (parts.status, body.collect().await?.to_bytes())
            }
        };
        self.read(status, &bytes)
    }

    fn read(&self, status: StatusCode, bytes: &[u8]) -> anyhow::Result<Value> {
        let value = serde_json::from_slice::<Value>(bytes);
        if status.is_success() {
            return value.context("the answer is no JSON: is this a Foursight server?");
        }
        if let (
            StatusCode::UNAUTHORIZED,
            Self::Remote {
                token, token_file, ..
            },
        ) = (status, self)
        {
            match token {
                None => bail!(
                    "the server asks for the owner token: give it with --token (FOURSIGHT_TOKEN); {} cannot be read here",
                    token_file.display()
                ),
                Some(_) => bail!(
                    "the server refuses this owner token: it lies in the file setup-token of its data directory"
                ),
            }
        }
        let detail = value
            .ok()
            .and_then(|v| v["detail"].as_str().map(str::to_owned))
            .unwrap_or_else(|| format!("the server answered {status}"));
        bail!("{detail}")
    }
}

async fn send(
    authority: &str,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let stream = tokio::net::TcpStream::connect(authority).await.with_context(|| {
        format!("no server answers at {authority}; start `foursight serve`, or give its address with --url")
    })?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await?.to_bytes();
    connection.abort();
    Ok((parts.status, bytes))
}

fn authority_of(url: &str) -> anyhow::Result<String> {
    let wrong = || format!("`{url}` (--url) is no address of a server, e.g. http://127.0.0.1:8080");
    let uri: Uri = url.parse().with_context(wrong)?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("https"), _) => bail!(
            "--url with https is not supported: give the http address, on this machine or through a tunnel"
        ),
        (Some("http") | None, Some(authority)) => Ok(match authority.port() {
            Some(_) => authority.to_string(),
            None => format!("{authority}:80"),
        }),
        _ => bail!(wrong()),
    }
}

/// The owner token of a data directory, when this user may read it.
fn token_of(dir: &Path) -> Option<String> {
    let text = std::fs::read_to_string(dir.join("setup-token")).ok()?;
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}

/// Where the server that has the directory open listens.
fn server_of(dir: &Path) -> Option<String> {
    let text = std::fs::read_to_string(dir.join(SERVER_FILE)).ok()?;
    let value: Value = serde_json::from_str(&text).ok()?;
    let mut address: std::net::SocketAddr = value["http"].as_str()?.parse().ok()?;
    if address.ip().is_unspecified() {
        address.set_ip(match address.is_ipv4() {
            true => std::net::Ipv4Addr::LOCALHOST.into(),
            false => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    Some(address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers() {
        assert_eq!(
            authority_of("http://127.0.0.1:8080").unwrap(),
            "127.0.0.1:8080"
        );
        assert_eq!(authority_of("http://foursight/").unwrap(), "foursight:80");
        assert_eq!(authority_of("127.0.0.1:8080").unwrap(), "127.0.0.1:8080");
        assert!(authority_of("https://x").is_err());
        assert!(authority_of("/x").is_err());
    }
}
