//! What reads bodies of settings, as plain functions: for the fuzz targets, which should not have to know of
//! what a request is made.

use crate::manage::read;

/// Reads a body as the input of every call of the management API. Returns of how many it is one.
///
/// # Panics
/// When a text longer than its limit is taken, or a time before `now`, nanoseconds since 1970.
#[must_use]
pub fn management_body(content_type: Option<&str>, body: &[u8], now: i64) -> usize {
    let Ok(members) = read::members(content_type, body) else {
        return 0;
    };
    let within = |text: Option<&String>, limit: usize| {
        assert!(text.is_none_or(|t| (1..=limit).contains(&t.chars().count())));
    };
    let mut read_as = 0;
    if let Ok((change, echo)) = read::change(&members, now) {
        within(change.title.as_ref(), 255);
        within(change.resolved_in.as_ref(), 40);
        let until = change.snoozed_until_ns.flatten();
        assert!(until.is_none_or(|until| until > now));
        assert_eq!(
            echo.as_object(),
            Some(&members),
            "what was changed is echoed"
        );
        read_as += 1;
    }
    if let Ok(deploy) = read::new_deploy(1, &members) {
        for text in [&deploy.environment, &deploy.revision] {
            within(Some(text), 255);
        }
        for text in [&deploy.local_username, &deploy.username] {
            within(text.as_ref(), 255);
        }
        within(deploy.comment.as_ref(), 64 << 10);
        read_as += 1;
    }
    if let Ok((_, comment)) = read::deploy_change(&members) {
        within(comment.as_ref(), 64 << 10);
        read_as += 1;
    }
    if let Ok(name) = read::project_name(&members) {
        within(Some(&name), 32);
        assert!(name.is_ascii());
        read_as += 1;
    }
    if let Ok((name, permissions, _)) = read::new_token(&members) {
        assert!(!name.is_empty() && !permissions.is_empty());
        read_as += 1;
    }
    if let Ok(token) = read::token_named(None, &members) {
        assert!(!token.is_empty());
        read_as += 1;
    }
    read_as + usize::from(read::limit_of(&members).is_ok_and(|limit| limit.is_some()))
}
