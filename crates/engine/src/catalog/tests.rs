use super::*;
use crate::admit::Permission;
use crate::arrivals::{CounterKey, Counts};
use crate::{Protocol, dev};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const NOW: i64 = 1_700_000_000_000_000_000;

fn open(dir: &tempfile::TempDir) -> Catalog {
    Catalog::open(dir.path()).unwrap()
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn files(dir: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            all.extend(fs::read(path).unwrap());
        }
    }
    all
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|w| w == text.as_bytes())
}

#[test]
fn environments_get_slugs_and_colours_that_differ() {
    let dir = dir();
    let c = open(&dir);
    let a = c.create_environment("Bootcamp", None, NOW).unwrap();
    let b = c.create_environment("prod", Some(Color::Red), NOW).unwrap();
    let third = c.create_environment("test", None, NOW).unwrap();
    assert_eq!((a.slug.as_str(), a.color), ("bootcamp", Color::Blue));
    assert_eq!((b.color, third.color), (Color::Red, Color::Green));
    assert!(matches!(
        c.create_environment("bootcamp", None, NOW),
        Err(Error::Taken(_))
    ));
    assert!(matches!(
        c.create_environment("--", None, NOW),
        Err(Error::Invalid(_))
    ));
    drop(c);
    let names: Vec<_> = open(&dir)
        .environments()
        .iter()
        .map(|e| e.name.clone())
        .collect();
    assert_eq!(names, ["Bootcamp", "prod", "test"]);
}

/// Guarantees: an environment's slug is neither an option of a command nor a way out of an address.
#[test]
fn an_environment_s_slug_begins_and_ends_in_a_word() {
    let dir = dir();
    let c = open(&dir);
    for (name, slug) in [
        ("--env", "env"),
        ("../prod", "prod"),
        ("My App!", "my-app"),
        ("v1.2", "v1.2"),
    ] {
        assert_eq!(c.create_environment(name, None, NOW).unwrap().slug, slug);
    }
    for nameless in ["..", "-", "_", "日本"] {
        let answer = c.create_environment(nameless, None, NOW);
        assert!(matches!(answer, Err(Error::Invalid(_))), "{nameless}");
    }
    // One that was made under another rule is found by its name, and not made twice.
    c.0.conn
        .lock()
        .execute(
            "INSERT INTO environments (name, slug, color, created_ns) VALUES ('Old!', 'old-', 'blue', 0)",
            [],
        )
        .unwrap();
    drop(c);
    let c = open(&dir);
    assert_eq!(c.ensure_environment("Old!", NOW).unwrap().slug, "old-");
    let again = c.create_environment("Old!", None, NOW);
    assert!(matches!(again, Err(Error::Taken(_))));
    assert_eq!(
        c.ensure_environment(" My App! ", NOW).unwrap().slug,
        "my-app"
    );
    assert_eq!(c.ensure_environment("my-app", NOW).unwrap().slug, "my-app");
}

/// Guarantees: no secret lies on disk in the clear, and the signing secret can be read again.
#[test]
fn secrets_are_hashed_or_sealed_at_rest() {
    let dir = dir();
    let c = open(&dir);
    let env = c.create_environment("e", None, NOW).unwrap().id;
    let mut secrets = Vec::new();
    for kind in KeyKind::ALL {
        secrets.push(c.create_key(NewKey::new(env, kind, "k"), NOW).unwrap());
    }
    let mut own = NewKey::new(env, KeyKind::Configuration, "own");
    own.secret = Some("0123456789abcdef0123456789abcdef".into());
    secrets.push(c.create_key(own, NOW).unwrap());
    c.backup().unwrap();
    let signing = secrets
        .iter()
        .find(|k| k.info.signing_id.is_some())
        .unwrap();
    let id = signing.info.signing_id.clone().unwrap();
    drop(c);
    let bytes = files(dir.path());
    for key in &secrets {
        assert!(!holds(&bytes, &key.secret), "{:?}", key.info.kind);
    }
    let mode = fs::metadata(dir.path().join("master.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let c = open(&dir);
    let (record, secret) = c.signing_key(&id).unwrap();
    assert_eq!(
        (secret, &record.info.id),
        (signing.secret.clone(), &signing.info.id)
    );
    for key in secrets.iter().filter(|k| k.info.signing_id.is_none()) {
        assert_eq!(c.whois(&key.secret).unwrap().id, key.info.id);
    }
    // The secret of a signing key is no key by itself.
    assert!(c.whois(&signing.secret).is_none());
}

#[test]
fn forms_of_secrets() {
    let dir = dir();
    let c = open(&dir);
    let env = c.create_environment("e", None, NOW).unwrap().id;
    let make = |kind| c.create_key(NewKey::new(env, kind, "k"), NOW).unwrap();
    for (kind, tag) in [
        (KeyKind::Ingest, "fs_in_"),
        (KeyKind::Configuration, "fs_cfg_"),
        (KeyKind::Personal, "fs_pat_"),
    ] {
        let key = make(kind);
        assert!(key.secret.starts_with(tag) && key.secret.len() == tag.len() + 43);
        assert!(key.info.prefix.starts_with(tag) && key.info.prefix.len() < 20);
    }
    let key = make(KeyKind::Signing);
    assert_eq!(
        (key.info.signing_id.unwrap().len(), key.secret.len()),
        (20, 40)
    );
    let ingest = KeyKind::Ingest.default_permissions();
    assert!(ingest.has(Permission::SendEvents) && !ingest.has(Permission::RunQueries));
}

#[test]
fn a_secret_belongs_to_one_environment_and_dev_secrets_to_none() {
    let dir = dir();
    let c = open(&dir);
    let a = c.create_environment("a", None, NOW).unwrap().id;
    let b = c.create_environment("b", None, NOW).unwrap().id;
    let own = |env, secret: &str| {
        let mut key = NewKey::new(env, KeyKind::Ingest, "own");
        key.secret = Some(secret.into());
        c.create_key(key, NOW)
    };
    own(a, "my-old-key-123").unwrap();
    assert!(matches!(own(b, "my-old-key-123"), Err(Error::Taken(_))));
    assert!(matches!(own(a, "short"), Err(Error::Invalid(_))));
    assert!(matches!(own(a, "with a space"), Err(Error::Invalid(_))));
    assert!(matches!(own(a, dev::INGEST_KEY), Err(Error::Invalid(_))));
    assert!(matches!(
        own(EnvId(99), "another-key-1"),
        Err(Error::NotFound(_))
    ));
}

#[test]
fn revoking_and_use_survive_a_restart() {
    let dir = dir();
    let c = open(&dir);
    let env = c.create_environment("e", None, NOW).unwrap().id;
    let key = c
        .create_key(NewKey::new(env, KeyKind::Ingest, "k"), NOW)
        .unwrap();
    c.key_of_secret(&key.secret).unwrap().touch(NOW + 5);
    c.save_key_uses().unwrap();
    assert_eq!(
        c.revoke_key(&key.info.id, NOW + 9).unwrap().revoked_ns,
        Some(NOW + 9)
    );
    assert_eq!(
        c.revoke_key(&key.info.id, NOW + 99).unwrap().revoked_ns,
        Some(NOW + 9)
    );
    assert!(matches!(c.revoke_key("none", NOW), Err(Error::NotFound(_))));
    drop(c);
    let listed = open(&dir).keys(Some(env)).remove(0);
    assert_eq!(
        (listed.last_used_ns, listed.revoked_ns),
        (Some(NOW + 5), Some(NOW + 9))
    );
    assert!(open(&dir).key_of_secret(&key.secret).unwrap().is_revoked());
}

#[test]
fn datasets_are_found_by_name_and_told_apart_by_slug() {
    let dir = dir();
    let c = open(&dir);
    let env = c.create_environment("e", None, NOW).unwrap().id;
    let make = |name: &str, kind| {
        let (info, made) = c.create_dataset(env, name, kind, NOW).unwrap();
        (info.slug.to_string(), made)
    };
    use DatasetKind::{Events, Service};
    assert_eq!(make("My App", Service), ("my-app".into(), true));
    assert_eq!(make("my app", Service), ("my-app".into(), false));
    assert_eq!(make("my/app", Service), ("my-app-2".into(), true));
    assert_eq!(make("My_App", Service), ("my_app".into(), true));
    assert_eq!(make("my-app", Events), ("my-app".into(), false));
    assert_eq!(make("My-App-2", Events), ("my-app-2".into(), false));
    assert_eq!(make("my-app", Service), ("my-app-3".into(), true));
    for bad in ["", "  ", "__all__", "__ALL__"] {
        assert!(matches!(
            c.create_dataset(env, bad, Service, NOW),
            Err(Error::Invalid(_))
        ));
    }
    c.written(env, "my-app", 7, NOW + 3);
    c.save_writes().unwrap();
    drop(c);
    let c = open(&dir);
    assert_eq!(c.datasets(env).len(), 4);
    let app = c.dataset(env, "my-app").unwrap();
    assert_eq!(
        (app.name.as_str(), app.rows, app.last_written_ns),
        ("My App", 7, Some(NOW + 3))
    );
}

#[test]
fn an_environment_has_at_most_500_datasets() {
    let dir = dir();
    let c = open(&dir);
    let env = c.create_environment("e", None, NOW).unwrap().id;
    c.0.conn
        .lock()
        .pragma_update(None, "synchronous", "OFF")
        .unwrap();
    for i in 0..crate::limits::DATASETS_PER_ENVIRONMENT {
        c.create_dataset(env, &format!("d{i}"), DatasetKind::Service, NOW)
            .unwrap();
    }
    let over = c.create_dataset(env, "one more", DatasetKind::Service, NOW);
    assert!(matches!(over, Err(Error::Limit { limit: 500, .. })));
    assert!(
        c.create_dataset(env, "D7", DatasetKind::Service, NOW)
            .is_ok()
    );
}

#[test]
fn an_environment_has_at_most_10_000_log_groups_beside_its_datasets() {
    let dir = dir();
    let c = open(&dir);
    let env = c.create_environment("e", None, NOW).unwrap().id;
    c.0.conn
        .lock()
        .pragma_update(None, "synchronous", "OFF")
        .unwrap();
    for i in 0..crate::limits::LOG_GROUPS_PER_ENVIRONMENT {
        c.create_dataset(env, &format!("g{i}"), DatasetKind::LogGroup, NOW)
            .unwrap();
    }
    let over = c.create_dataset(env, "one more", DatasetKind::LogGroup, NOW);
    assert!(matches!(over, Err(Error::Limit { limit: 10_000, .. })));
    assert!(
        c.create_dataset(env, "d", DatasetKind::Service, NOW)
            .is_ok()
    );
}

#[test]
fn there_are_at_most_100_environments() {
    let dir = dir();
    let c = open(&dir);
    for i in 0..crate::limits::ENVIRONMENTS {
        c.create_environment(&format!("e{i}"), None, NOW).unwrap();
    }
    let over = c.create_environment("one more", None, NOW);
    assert!(matches!(over, Err(Error::Limit { limit: 100, .. })));
    assert_eq!(c.environments().len(), 100);
}

#[test]
fn a_protected_dataset_stays() {
    let dir = dir();
    let c = open(&dir);
    let env = c.create_environment("e", None, NOW).unwrap().id;
    c.create_dataset(env, "d", DatasetKind::Events, NOW)
        .unwrap();
    assert!(matches!(
        c.delete_dataset(env, "d", NOW),
        Err(Error::Protected(_))
    ));
    let open_it = DatasetUpdate {
        delete_protected: Some(false),
        ..DatasetUpdate::default()
    };
    c.update_dataset(env, "d", open_it).unwrap();
    c.delete_dataset(env, "d", NOW).unwrap();
    assert!(c.dataset(env, "d").is_none());
    assert_eq!(c.deleted_datasets().unwrap(), [(env, "d".to_owned())]);
    assert!(matches!(
        c.delete_dataset(env, "d", NOW),
        Err(Error::NotFound(_))
    ));
}

#[test]
fn questions_answers_and_links_stay_in_their_environment() {
    let dir = dir();
    let c = open(&dir);
    let a = c.create_environment("a", None, NOW).unwrap().id;
    let b = c.create_environment("b", None, NOW).unwrap().id;
    let q = c.save_query(a, Some("d"), r#"{"limit": 10}"#, NOW).unwrap();
    assert_eq!(c.query(a, &q).unwrap().unwrap().spec, r#"{"limit": 10}"#);
    assert_eq!(c.query(b, &q).unwrap(), None);
    let r = c.begin_result(a, Some("d"), &q, "{}", NOW).unwrap();
    assert_eq!(c.result(a, &r).unwrap().unwrap().answer, None);
    c.finish_result(a, &r, r#"{"x":1}"#).unwrap();
    assert_eq!(
        c.result(a, &r).unwrap().unwrap().answer.as_deref(),
        Some(r#"{"x":1}"#)
    );
    assert_eq!(c.result(b, &r).unwrap(), None);
    let link = c.create_link(a, "/e/a/explore?q=1", NOW).unwrap();
    assert_eq!(c.create_link(a, "/e/a/explore?q=1", NOW).unwrap(), link);
    assert_eq!(c.link(&link).unwrap(), Some((a, "/e/a/explore?q=1".into())));
    for bad in ["https://evil", "//evil", "/\\evil", "x", "/a\nb"] {
        assert!(
            matches!(c.create_link(a, bad, NOW), Err(Error::Invalid(_))),
            "{bad}"
        );
    }
}

#[test]
fn columns_are_described_by_dataset() {
    let dir = dir();
    let c = open(&dir);
    let say = |hidden| ColumnUpdate {
        ty: "float".into(),
        description: "how long".into(),
        hidden,
        deleted: false,
    };
    let env = EnvId(1);
    c.describe_column(env, "d", "duration_ms", &say(false), NOW)
        .unwrap();
    let again = c
        .describe_column(env, "d", "duration_ms", &say(true), NOW + 1)
        .unwrap();
    assert_eq!(
        (again.created_ns, again.updated_ns, again.hidden),
        (NOW, NOW + 1, true)
    );
    assert_eq!(c.columns(env, "d").unwrap().len(), 1);
    assert!(c.columns(env, "other").unwrap().is_empty());
    assert_eq!(ColumnInfo::id_of("d", "x"), ColumnInfo::id_of("d", "x"));
    assert_ne!(ColumnInfo::id_of("d", "x"), ColumnInfo::id_of("dx", ""));
}

#[test]
fn counters_survive_a_restart() {
    let dir = dir();
    let c = open(&dir);
    let key = |env, prefix: Option<&str>| CounterKey {
        env,
        key_prefix: prefix.map(Into::into),
        protocol: Protocol::OtlpGrpc,
    };
    let counts = Counts {
        deliveries: 2,
        received: 9,
        stored: 4,
        refused: 3,
        merged: 2,
        ..Counts::default()
    };
    let all = vec![
        (key(Some(EnvId(1)), Some("a…")), counts),
        (key(None, None), counts),
    ];
    c.save_counters(&all).unwrap();
    drop(c);
    let loaded = open(&dir).load_counters().unwrap();
    assert_eq!(loaded, all.into_iter().collect());
}

/// Scenario: pages of the catalog are overwritten; an hourly copy exists.
/// Guarantees: it opens from the copy, tells so, and keeps the damaged file.
#[test]
fn a_damaged_catalog_falls_back_to_its_copy() {
    let dir = dir();
    let c = open(&dir);
    let env = c.create_environment("kept", None, NOW).unwrap().id;
    let key = c
        .create_key(NewKey::new(env, KeyKind::Ingest, "k"), NOW)
        .unwrap();
    c.backup().unwrap();
    c.create_environment("made after the copy", None, NOW)
        .unwrap();
    drop(c);
    let path = dir.path().join("catalog.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    let len = bytes.len();
    bytes[100..len - 100].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let c = open(&dir);
    let told = c.fallback().unwrap();
    assert!(told.copy_age.is_some() && told.set_aside.as_ref().unwrap().exists());
    assert_eq!(c.environments().len(), 1);
    assert!(c.whois(&key.secret).is_some());
    drop(c);
    assert!(open(&dir).fallback().is_none());
}

#[test]
fn a_damaged_catalog_without_a_copy_starts_empty_and_tells() {
    let dir = dir();
    drop(open(&dir));
    fs::write(dir.path().join("catalog.sqlite"), b"no database at all").unwrap();
    fs::write(dir.path().join("catalog.sqlite.bak"), b"nor is this").unwrap();
    let c = open(&dir);
    assert_eq!(c.fallback().unwrap().copy_age, None);
    assert!(c.environments().is_empty());
}

#[test]
fn a_newer_catalog_is_refused_and_left_alone() {
    let dir = dir();
    let c = open(&dir);
    c.0.conn
        .lock()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    drop(c);
    let refused = Catalog::open(dir.path()).map(|_| ());
    assert_eq!(
        refused,
        Err(Error::NewerFormat {
            found: 99,
            known: schema::FORMAT
        })
    );
    assert!(!dir.path().join("quarantine").exists());
}
