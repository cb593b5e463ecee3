//! `GetCallerIdentity` of the Security Token Service: clients ask it which account they are in, to make
//! ARNs of it (cloudwatch.md §2.2). Nothing else of the service is built: refused by name.

use crate::App;
use crate::wire::{self, ACCOUNT, Call, Fail, Operation, Service, query};
use axum::extract::Request;
use axum::response::Response;
use engine::Permission;
use http::{HeaderMap, header};

/// Of the answers' XML.
pub(crate) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

static GET_CALLER_IDENTITY: Operation = Operation::small("GetCallerIdentity", Permission::Identify);

/// Whether a request's form is meant for this service: its signature says so.
pub(crate) fn is_meant(headers: &HeaderMap) -> bool {
    let of = |name| {
        headers
            .get(name)
            .and_then(|v: &http::HeaderValue| v.to_str().ok())
    };
    let is_form = of(header::CONTENT_TYPE)
        .is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
    is_form && of(header::AUTHORIZATION).is_some_and(|a| a.contains("/sts/aws4_request"))
}

/// Answers one call. Which operation is meant stands in the body, so it is known last.
pub(crate) async fn answer(app: &App, request: Request) -> Response {
    let name = GET_CALLER_IDENTITY.name;
    let operation = Some(&GET_CALLER_IDENTITY);
    match wire::open(&app.engine, Service::Sts, name, operation, request).await {
        Ok(call) => run(&call),
        Err(refused) => *refused,
    }
}

fn run(call: &Call) -> Response {
    let asked = query::field(&call.body, "Action").unwrap_or_default();
    if asked != call.operation.name {
        let fail = Fail::unknown_operation(Service::Sts, &asked);
        return call.answer(Err(fail), false);
    }
    let key = call.grant.key();
    let id = key.signing_id.as_deref().unwrap_or(&key.id);
    let members = [
        query::element("Arn", &format!("arn:aws:iam::{ACCOUNT}:user/{id}")),
        query::element("UserId", id),
        query::element("Account", ACCOUNT),
    ];
    query::answer(&asked, NAMESPACE, &members.concat(), &call.request_id)
}

#[cfg(test)]
mod tests {
    use crate::wire::testing::{Fixture, Request};

    const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

    fn asks(action: &str) -> Request {
        let body = format!("Action={action}&Version=2011-06-15");
        Request::new("sts", "/", body).header("content-type", FORM)
    }

    /// The shape of the vendor's reference, `GetCallerIdentity`.
    #[tokio::test]
    async fn a_caller_is_told_its_account() {
        let f = Fixture::new(true);
        let answer = f.send(asks("GetCallerIdentity").sign()).await;
        assert_eq!(
            (answer.status, &answer.headers["content-type"]),
            (200, &"text/xml".parse().unwrap())
        );
        let text = String::from_utf8(answer.body).unwrap();
        let head = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>arn:aws:iam::000000000000:user/AKIAFOURSIGHTDEV0000</Arn><UserId>AKIAFOURSIGHTDEV0000</UserId>\
             <Account>000000000000</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>";
        assert!(text.starts_with(head), "{text}");
        f.close().await;
    }

    #[tokio::test]
    async fn refusals_are_xml_with_codes_of_the_query_protocol() {
        let f = Fixture::new(true);
        let wrong = Request {
            secret: "wrong".into(),
            ..asks("GetCallerIdentity")
        };
        let unknown = Request {
            key_id: "AKIAUNKNOWN".into(),
            ..asks("GetCallerIdentity")
        };
        for (request, status, code, reason) in [
            (wrong, 403, "SignatureDoesNotMatch", "bad_signature"),
            (unknown, 403, "InvalidClientTokenId", "unknown_key"),
            (asks("AssumeRole"), 400, "InvalidAction", "unsupported"),
        ] {
            let answer = f.send(request.sign()).await;
            let text = String::from_utf8(answer.body).unwrap();
            assert_eq!(answer.status, status, "{text}");
            let head = format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code><Message>"
            );
            assert!(text.starts_with(&head), "{text}");
            assert_eq!(f.last_refusal().0, reason);
        }
        assert!(f.last_refusal().1.contains("AssumeRole"));
        f.close().await;
    }
}
