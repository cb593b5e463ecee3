//! §4: Rollbar.

use super::stage::{FAILURES, OLD_TOKEN, OLD_TOKEN_REPORTS, Stage, WAITING_PROJECT, text};
use super::{Check, Sdk};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

const R: &[Sdk] = &[Sdk::Rollbar];

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "4.1",
        does: "calls /rollbar/test",
        shows: "an item \"Hello World!\", level warning, environment production",
        needs: R,
        look: hello,
    },
    Check {
        id: "4.2",
        does: "deletes a return so that a view returns nothing",
        shows: "a TypeError with traceback, code, locals, the request and the person",
        needs: R,
        look: type_error,
    },
    Check {
        id: "4.3",
        does: "triggers it 50 times",
        shows: "one item, 50 occurrences, first and last seen, a graph",
        needs: R,
        look: fifty,
    },
    Check {
        id: "4.4",
        does: "keeps an old token in a container by mistake",
        shows: "the project still waits and says: 14 items refused in the last 5 minutes, token abcd…, from where, and the fix",
        needs: R,
        look: old_token,
    },
];

fn get(stage: &Stage, path: &str) -> anyhow::Result<Value> {
    let headers = [("x-rollbar-access-token", stage.keys.rollbar_read.as_str())];
    let reply = support::request("GET", &stage.server.url(path), &headers, None);
    ensure!(
        reply.status == 200,
        "{path}: {} {}",
        reply.status,
        reply.text()
    );
    Ok(reply.json()["result"].clone())
}

/// The one item whose title says so.
fn item(stage: &Stage, title: &str) -> anyhow::Result<Value> {
    let listed = get(stage, "/api/1/items/")?;
    let items = listed["items"].as_array().context("no items")?;
    let mut found = items.iter().filter(|i| text(&i["title"]).contains(title));
    let item = found.next().context("no such item")?;
    ensure!(found.next().is_none(), "two items of title {title}");
    Ok(item.clone())
}

fn hello(stage: &Stage) -> anyhow::Result<String> {
    let item = item(stage, "Hello World!")?;
    ensure!(item["title"] == "Hello World!", "{}", item["title"]);
    ensure!(item["level"] == "warning", "{}", item["level"]);
    ensure!(
        item["environment"] == "production",
        "{}",
        item["environment"]
    );
    Ok(format!("item {}, warning, production", item["counter"]))
}

/// An occurrence of the view that returns nothing.
fn occurrence(stage: &Stage) -> anyhow::Result<Value> {
    let item = item(stage, "TypeError")?;
    let listed = get(stage, &format!("/api/1/item/{}/instances/", item["id"]))?;
    Ok(listed["instances"][0]["data"].clone())
}

fn type_error(stage: &Stage) -> anyhow::Result<String> {
    let data = occurrence(stage)?;
    let trace = &data["body"]["trace"];
    ensure!(trace["exception"]["class"] == "TypeError", "{trace}");
    let message = text(&trace["exception"]["message"]);
    ensure!(message.contains("data_handle"), "{message}");
    let frames = trace["frames"].as_array().context("no frames")?;
    let last = frames.last().context("no frame")?;
    // Flask itself raises it, where it makes a response of nothing.
    ensure!(last["method"] == "make_response", "{last}");
    ensure!(last["code"] == "raise TypeError(", "{last}");
    // What the view returned: nothing.
    let locals = last["locals"].as_object().context("no locals")?;
    ensure!(
        locals.get("rv") == Some(&Value::Null) && locals.get("status") == Some(&Value::Null),
        "{last}"
    );
    let request = &data["request"];
    ensure!(
        request["method"] == "GET" && request["user_ip"] == "127.0.0.1",
        "{request}"
    );
    ensure!(
        text(&request["url"]).ends_with("/api/activities/@lore"),
        "{request}"
    );
    ensure!(request["headers"]["Host"].is_string(), "{request}");
    ensure!(data["person"]["id"] == "1", "{}", data["person"]);
    Ok(format!(
        "{} frames, locals, {}, person 1",
        frames.len(),
        text(&request["url"])
    ))
}

fn fifty(stage: &Stage) -> anyhow::Result<String> {
    let item = item(stage, "TypeError")?;
    ensure!(
        item["total_occurrences"] == json!(FAILURES),
        "{}",
        item["total_occurrences"]
    );
    let first = item["first_occurrence_timestamp"]
        .as_i64()
        .context("no first")?;
    let last = item["last_occurrence_timestamp"]
        .as_i64()
        .context("no last")?;
    // Both of this run: in seconds.
    let began = stage.app_started_ms / 1_000;
    ensure!(began <= first && first <= last, "{first} to {last}");
    let query = json!({"calculations": [{"op": "COUNT"}],
        "filters": [{"column": "exception.type", "op": "=", "value": "TypeError"}]});
    let answer = stage.query(&stage.keys.project, &query)?;
    ensure!(
        answer["total"]["COUNT"] == json!(FAILURES),
        "{}",
        answer["total"]
    );
    let graph = answer["series"][0]["lines"][0]["values"]
        .as_array()
        .context("no graph")?;
    let drawn: f64 = graph.iter().filter_map(Value::as_f64).sum();
    ensure!((drawn - FAILURES as f64).abs() < 0.5, "{drawn} are drawn");
    Ok(format!(
        "item {}: {FAILURES} occurrences, {first} to {last}",
        item["counter"]
    ))
}

fn old_token(stage: &Stage) -> anyhow::Result<String> {
    let rows = stage.arrivals(|r| r["protocol"] == "rollbar" && r["outcome"] == "refused")?;
    let row = rows.first().context("no refusal in Arrivals")?;
    let prefix = text(&row["key_prefix"]);
    let shown = prefix.trim_end_matches('…');
    ensure!(
        shown.len() >= 4 && OLD_TOKEN.starts_with(shown),
        "{prefix:?} does not tell the token"
    );
    ensure!(row["reason"]["code"] == "unknown_key", "{}", row["reason"]);
    ensure!(
        row["received_last_5m"] == json!(OLD_TOKEN_REPORTS),
        "{}",
        row["received_last_5m"]
    );
    ensure!(row["sender"] == "127.0.0.1", "{}", row["sender"]);
    // By the name in the item: over HTTP pyrollbar calls itself python-requests.
    let agent = text(&row["user_agent"]);
    ensure!(agent.starts_with("pyrollbar/1."), "{agent}");
    let fix = text(&row["reason"]["fix"]);
    ensure!(
        fix.contains("old key") && fix.contains("foursight keys create"),
        "{fix}"
    );
    waiting(stage, &prefix)
}

/// The sentence that the page of a project without any item says.
fn waiting(stage: &Stage, prefix: &str) -> anyhow::Result<String> {
    let env = &stage.keys.environment;
    let told = stage.api("GET", &format!("/environments/{env}/projects"), None)?;
    let projects = told["projects"].as_array().context("no projects")?;
    let project = projects
        .iter()
        .find(|p| p["name"] == WAITING_PROJECT)
        .context("the project is not listed")?;
    ensure!(
        project["occurrences"] == 0 && project["last_ns"].is_null(),
        "{project}"
    );
    let refused = told["refused"].as_array().context("nothing refused")?;
    ensure!(refused.len() == 1, "{refused:?}");
    let said = text(&refused[0]["text"]);
    let begins =
        format!("{OLD_TOKEN_REPORTS} items refused in the last 5 minutes, token {prefix}: ");
    ensure!(said.starts_with(&begins), "{said}");
    for words in [
        "no environment has this key",
        "from 127.0.0.1, pyrollbar/1.",
        "foursight keys create",
    ] {
        ensure!(said.contains(words), "{words}: {said}");
    }
    Ok(said)
}
