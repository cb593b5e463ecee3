//! TCP port 2000: what the daemon's proxy answers, for SDKs that sign nothing (design.md §4.16).

use super::operations::{self, Entry, Kind};
use super::{App, answer_signed, lost, run};
use crate::wire::{self, Fail, Service};
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use engine::{Delivery, Outcome, Protocol, Reason};
use http::{Method, StatusCode, header};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Whether a `Host` names this server.
pub type AllowsHost = Arc<dyn Fn(&str) -> bool + Send + Sync>;

#[derive(Clone)]
struct Port {
    app: App,
    allows_host: AllowsHost,
}

/// Everything on TCP port 2000.
pub fn daemon_router(app: App, allows_host: AllowsHost) -> Router {
    Router::new()
        .fallback(answer)
        .with_state(Port { app, allows_host })
}

async fn answer(State(port): State<Port>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if request.headers().contains_key(header::AUTHORIZATION) && request.method() == Method::POST {
        return answer_signed(port.app, &path, request).await;
    }
    let delivery = delivery(&request);
    let refuse = |fail: Fail| {
        let outcome = Outcome::refused(1, fail.reason).detail(fail.message.clone());
        port.app
            .engine
            .arrivals()
            .note(&delivery, None, None, outcome);
        wire::failed(Service::Xray, &wire::request_id(), &fail)
    };
    let entry = match allowed(&port, &request, &path, delivery.sender) {
        Ok(entry) => entry,
        Err(fail) => return refuse(fail),
    };
    let grant = match port.app.engine.admit_keyless() {
        Ok(grant) => grant,
        Err(refusal) => {
            let reason = refusal.reason();
            let text = format!("{}; {}", reason.text(), reason.fix());
            return refuse(Fail::new("InvalidRequestException", text).reason(reason));
        }
    };
    let app = port.app.clone();
    let mut noted = delivery.clone();
    noted.signal = entry.operation.signal;
    // What was taken is finished, and noted, also when the sender leaves meanwhile.
    let under_way = tokio::spawn(async move {
        let opened = wire::open_unsigned(
            &app.engine,
            Service::Xray,
            &entry.operation,
            grant,
            noted,
            request,
        );
        match opened.await {
            Ok(call) => {
                if entry.kind.is_sampling() {
                    // That a sender polls, and sends nothing, is what people look for.
                    call.grant.note(&call.delivery, Outcome::default());
                }
                run(&app, Some(entry), call).await
            }
            Err(refused) => *refused,
        }
    });
    under_way.await.unwrap_or_else(|error| lost(&error))
}

/// What may be asked without a signature, by whom, under which name.
fn allowed(
    port: &Port,
    request: &Request,
    path: &str,
    sender: IpAddr,
) -> Result<&'static Entry, Fail> {
    let forbidden = |reason: Reason, text: String| {
        Fail::new("AccessDeniedException", text)
            .status(StatusCode::FORBIDDEN)
            .reason(reason)
    };
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|h| h.to_str().ok()).unwrap_or("(none)");
    if !(port.allows_host)(host) {
        let text = format!(
            "this server is not known by the name `{host}`; if it is yours, add it to http.allow_hosts (--http-allow-hosts)"
        );
        return Err(forbidden(Reason::HostNotAllowed, text));
    }
    if request.method() != Method::POST {
        let text = format!(
            "this is the X-Ray daemon's port: segments come by UDP, operations by POST, not {}",
            request.method()
        );
        return Err(Fail::new("InvalidRequestException", text)
            .status(StatusCode::METHOD_NOT_ALLOWED)
            .reason(Reason::Unsupported));
    }
    if !is_near(sender) {
        let text = format!("{sender}: {}", Reason::PeerNotAllowed.text());
        return Err(forbidden(Reason::PeerNotAllowed, text));
    }
    match operations::find(path) {
        Some(entry) if entry.kind.is_unsigned() => Ok(entry),
        Some(entry) => Err(Fail::new(
            "MissingAuthenticationTokenException",
            format!("{} asks for a signature", entry.operation.name),
        )
        .status(StatusCode::FORBIDDEN)
        .reason(Reason::MissingKey)),
        None => Err(Fail::unknown_operation(
            Service::Xray,
            operations::name_of(path),
        )),
    }
}

fn delivery(request: &Request) -> Delivery {
    let sender = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let agent = request.headers().get(header::USER_AGENT);
    Delivery {
        protocol: Protocol::XrayDaemon,
        sender: sender.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |c| c.0.ip()),
        user_agent: agent.and_then(|a| a.to_str().ok()).map(str::to_owned),
        signal: None,
        wire_bytes: 0,
    }
}

/// This machine, and networks that are nobody else's.
pub(crate) fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(a) => a.is_loopback() || a.is_private() || a.is_link_local(),
        IpAddr::V6(a) => a.is_loopback() || a.is_unique_local() || a.is_unicast_link_local(),
    }
}

impl Kind {
    fn is_sampling(self) -> bool {
        matches!(self, Self::GetSamplingRules | Self::GetSamplingTargets)
    }

    fn is_unsigned(self) -> bool {
        self.is_sampling() || matches!(self, Self::PutTraceSegments | Self::PutTelemetryRecords)
    }
}

#[cfg(test)]
mod tests;
