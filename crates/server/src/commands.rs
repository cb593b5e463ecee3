//! `environments`, `keys`, `query`: a server's own API from the command line.

use crate::cli::{
    EnvironmentsAction, EnvironmentsArgs, KeysAction, KeysArgs, Kind, QueryArgs, Target,
};
use crate::client::{Client, Missing};
use crate::serve::print;
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::process::ExitCode;

/// A table on stdout: columns as wide as their widest cell.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |i: usize| {
        let cells = rows
            .iter()
            .filter_map(|r| r.get(i))
            .map(|c| c.chars().count());
        cells.chain([head[i].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&mut head.iter().copied())];
    lines.extend(rows.iter().map(|r| line(&mut r.iter().map(String::as_str))));
    lines.join("\n")
}

/// Text from elsewhere, safe on a terminal: no control characters.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(s) => plain(s),
        Value::Object(o) if o.contains_key("buckets") => {
            let bins = o["buckets"].as_array().map_or(0, Vec::len);
            format!("histogram of {bins} bins")
        }
        other => other.to_string(),
    }
}

fn time(value: &Value) -> String {
    let at = value
        .as_str()
        .and_then(|s| s.parse::<i128>().ok())
        .and_then(|ns| jiff::Timestamp::from_nanosecond(ns).ok());
    at.map_or("-".to_owned(), |t| format!("{t:.0}"))
}

fn show(target: &Target, value: &Value, human: impl FnOnce(&Value) -> String) {
    match target.json {
        true => print(&format!("{value:#}")),
        false => print(&human(value)),
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("starting threads")?;
    runtime.block_on(work).map(|_| ExitCode::SUCCESS)
}

/// `foursight environments`.
pub(crate) fn environments(args: &EnvironmentsArgs) -> anyhow::Result<ExitCode> {
    block_on(async {
        match &args.action {
            EnvironmentsAction::Create {
                name,
                color,
                target,
            } => {
                let client = Client::open(target, Missing::Make).await?;
                let made = client
                    .post("/environments", &json!({ "name": name, "color": color }))
                    .await;
                client.close().await?;
                show(target, &made?, |e| {
                    let slug = text(&e["slug"]);
                    format!(
                        "made environment {slug} ({}); next: foursight keys create --environment {slug}",
                        text(&e["color"])
                    )
                });
            }
            EnvironmentsAction::List { target } => {
                let client = Client::open(target, Missing::Refuse).await?;
                let found = client.get("/environments").await;
                client.close().await?;
                show(target, &found?, |found| {
                    let rows: Vec<_> = list(found, "environments")
                        .iter()
                        .map(|e| {
                            vec![
                                text(&e["slug"]),
                                text(&e["name"]),
                                text(&e["color"]),
                                time(&e["created_ns"]),
                            ]
                        })
                        .collect();
                    table(&["SLUG", "NAME", "COLOUR", "MADE"], &rows)
                });
            }
        }
        Ok(())
    })
}

/// The environment meant: the one named, or the only one there is.
async fn environment(client: &Client, named: Option<&str>) -> anyhow::Result<String> {
    if let Some(slug) = named {
        return Ok(slug.to_owned());
    }
    let slugs = all_environments(client).await?;
    match &slugs[..] {
        [only] => Ok(only.clone()),
        [] => bail!("there is no environment; make one: foursight environments create <name>"),
        _ => bail!(
            "say which environment with --environment: {}",
            slugs.join(", ")
        ),
    }
}

async fn all_environments(client: &Client) -> anyhow::Result<Vec<String>> {
    let found = client.get("/environments").await?;
    Ok(list(&found, "environments")
        .iter()
        .map(|e| text(&e["slug"]))
        .collect())
}

/// `foursight keys`.
pub(crate) fn keys(args: &KeysArgs) -> anyhow::Result<ExitCode> {
    block_on(async {
        match &args.action {
            KeysAction::Create {
                environment,
                kind,
                name,
                project,
                scopes,
                own_from,
                own_id_from,
                target,
            } => {
                let own = |from: &Option<String>| from.as_deref().map(own_secret).transpose();
                let mut body = json!({
                    "kind": kind_name(*kind),
                    "name": name,
                    "secret": own(own_from)?,
                    "signing_id": own(own_id_from)?,
                });
                if let Some(project) = project {
                    body["project"] = project.as_str().into();
                }
                if !scopes.is_empty() {
                    body["scopes"] = scopes.clone().into();
                }
                let client = Client::open(target, Missing::Make).await?;
                let made = create(&client, environment.as_deref(), &body).await;
                client.close().await?;
                let (env, made) = made?;
                show(target, &made, |made| {
                    // The secret alone on stdout's last line: it is shown this once.
                    let id = match &made["key"]["signing_id"] {
                        Value::Null => String::new(),
                        id => format!("{}\n", text(id)),
                    };
                    format!(
                        "made {} key {} of environment {env}; it is shown this once:\n{id}{}",
                        text(&made["key"]["kind"]),
                        text(&made["key"]["id"]),
                        text(&made["secret"])
                    )
                });
            }
            KeysAction::List {
                environment,
                target,
            } => {
                let client = Client::open(target, Missing::Refuse).await?;
                let found = listed(&client, environment.as_deref()).await;
                client.close().await?;
                show(target, &found?, |found| {
                    let state = |k: &Value| match &k["revoked_ns"] {
                        Value::Null => "works".to_owned(),
                        at => format!("revoked {}", time(at)),
                    };
                    let rows: Vec<_> = list(found, "keys")
                        .iter()
                        .map(|k| {
                            vec![
                                text(&k["id"]),
                                text(&k["environment"]),
                                text(&k["kind"]),
                                text(&k["prefix"]),
                                text(&k["name"]),
                                time(&k["last_used_ns"]),
                                state(k),
                            ]
                        })
                        .collect();
                    table(
                        &[
                            "ID",
                            "ENVIRONMENT",
                            "KIND",
                            "KEY",
                            "NAME",
                            "LAST USED",
                            "STATE",
                        ],
                        &rows,
                    )
                });
            }
            KeysAction::Revoke {
                key,
                environment,
                target,
            } => {
                let client = Client::open(target, Missing::Refuse).await?;
                let revoked = revoke(&client, environment.as_deref(), key).await;
                client.close().await?;
                show(target, &revoked?, |k| {
                    format!(
                        "revoked {} {}: it is refused from now on",
                        text(&k["kind"]),
                        text(&k["prefix"])
                    )
                });
            }
            KeysAction::Whoami { key, target } => {
                let key = match key {
                    Some(key) => key.clone(),
                    None => own_secret("HONEYCOMB_API_KEY")
                        .context("give the key, or set the variable")?,
                };
                let client = Client::open(target, Missing::Refuse).await?;
                let found = client
                    .get_with("/whoami", &[("x-honeycomb-team", &key)])
                    .await;
                client.close().await?;
                show(target, &found?, |found| {
                    let state = match &found["key"]["revoked_ns"] {
                        Value::Null => "it works".to_owned(),
                        at => format!("it was revoked {}", time(at)),
                    };
                    format!(
                        "{} key {} of environment {}; {state}; last used {}",
                        text(&found["key"]["kind"]),
                        text(&found["key"]["prefix"]),
                        text(&found["environment"]["slug"]),
                        time(&found["key"]["last_used_ns"])
                    )
                });
            }
        }
        Ok(())
    })
}

fn own_secret(variable: &str) -> anyhow::Result<String> {
    match std::env::var(variable) {
        Ok(secret) if !secret.trim().is_empty() => Ok(secret.trim().to_owned()),
        _ => bail!("the variable {variable} is not set"),
    }
}

async fn create(
    client: &Client,
    named: Option<&str>,
    body: &Value,
) -> anyhow::Result<(String, Value)> {
    let env = environment(client, named).await?;
    let made = client
        .post(&format!("/environments/{env}/keys"), body)
        .await?;
    Ok((env, made))
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Ingest => "ingest",
        Kind::Configuration => "configuration",
        Kind::Signing => "signing",
        Kind::Project => "project",
    }
}

/// Keys of one environment or of all, each with its environment.
async fn listed(client: &Client, named: Option<&str>) -> anyhow::Result<Value> {
    let envs = match named {
        Some(slug) => vec![slug.to_owned()],
        None => all_environments(client).await?,
    };
    let mut keys = Vec::new();
    for env in envs {
        let found = client.get(&format!("/environments/{env}/keys")).await?;
        keys.extend(list(&found, "keys").iter().cloned().map(|mut key| {
            key["environment"] = env.clone().into();
            key
        }));
    }
    Ok(json!({ "keys": keys }))
}

async fn revoke(client: &Client, named: Option<&str>, key: &str) -> anyhow::Result<Value> {
    let found = listed(client, named).await?;
    let wanted = key.trim_end_matches('…');
    let matches: Vec<&Value> = list(&found, "keys")
        .iter()
        .filter(|k| {
            let prefix = k["prefix"]
                .as_str()
                .unwrap_or_default()
                .trim_end_matches('…');
            let is_prefix = !prefix.is_empty() && (wanted == prefix || key.starts_with(prefix));
            k["id"] == key || (is_prefix && k["revoked_ns"].is_null())
        })
        .collect();
    match matches[..] {
        [one] => {
            let (env, id) = (text(&one["environment"]), text(&one["id"]));
            client
                .delete(&format!("/environments/{env}/keys/{id}"))
                .await
        }
        [] => bail!(
            "no working key `{}` is listed; see foursight keys list",
            plain(key)
        ),
        _ => bail!("several keys begin so; give the id, as in foursight keys list"),
    }
}

/// `foursight query`.
pub(crate) fn query(args: &QueryArgs) -> anyhow::Result<ExitCode> {
    block_on(async {
        let client = Client::open(&args.target, Missing::Refuse).await?;
        let answer = ask(&client, args).await;
        client.close().await?;
        show(&args.target, &answer?, answer_as_text);
        Ok(())
    })
}

async fn ask(client: &Client, args: &QueryArgs) -> anyhow::Result<Value> {
    let env = environment(client, args.environment.as_deref()).await?;
    // A table shows no series; as JSON the answer is whole.
    let totals_only = !args.target.json;
    let mut body = json!({ "env": env, "dataset": args.dataset, "totals_only": totals_only });
    if args.question.trim_start().starts_with('{') {
        body["query"] = serde_json::from_str(&args.question).context("the question is no JSON")?;
    } else {
        body["text"] = args.question.clone().into();
    }
    client.post("/query", &body).await
}

/// Groups and totals as a table, then what it took and what to know.
fn answer_as_text(answer: &Value) -> String {
    let breakdowns = list(answer, "breakdowns").iter().filter_map(Value::as_str);
    let labels = list(answer, "calculations")
        .iter()
        .filter_map(|c| c["label"].as_str());
    let head: Vec<&str> = breakdowns.clone().chain(labels).collect();
    let row = |r: &Value| head.iter().map(|h| text(&r[*h])).collect::<Vec<_>>();
    let mut rows: Vec<_> = list(answer, "results").iter().map(row).collect();
    if breakdowns.count() > 0 {
        let mut total = row(&answer["total"]);
        "TOTAL".clone_into(&mut total[0]);
        rows.push(total);
    }
    let mut out = table(&head, &rows);
    let stats = &answer["stats"];
    out.push_str(&format!(
        "\n{} to {}: {} rows looked at in {} ms",
        time(&answer["start_ns"]),
        time(&answer["end_ns"]),
        stats["rows_examined"],
        stats["elapsed_us"].as_u64().unwrap_or(0) / 1_000
    ));
    for notice in list(answer, "notices") {
        out.push_str(&format!("\nnote: {}", text(notice)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_table_with_a_total() {
        let answer = json!({
            "breakdowns": ["name"],
            "calculations": [{"label": "COUNT", "op": "COUNT", "column": null}],
            "results": [{"name": "GET /", "COUNT": 3}, {"COUNT": 1}],
            "total": {"COUNT": 4},
            "start_ns": "0", "end_ns": "60000000000",
            "stats": {"rows_examined": 4, "elapsed_us": 2500},
            "notices": ["look\u{1b}[2J"]
        });
        assert_eq!(
            answer_as_text(&answer),
            "name   COUNT\nGET /  3\n-      1\nTOTAL  4\n\
             1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z: 4 rows looked at in 2 ms\n\
             note: look\u{fffd}[2J"
        );
    }
}
