use super::*;
use crate::{Config, SystemClock};

fn open(dir: &std::path::Path) -> Engine {
    let config = Config {
        dev: true,
        query_threads: 1,
        ..Config::new(dir)
    };
    Engine::open(config, Arc::new(SystemClock)).unwrap()
}

fn new(name: &str) -> NewGroup {
    NewGroup {
        name: name.into(),
        class: "STANDARD".into(),
        ..NewGroup::default()
    }
}

fn names(streams: Vec<StreamInfo>) -> Vec<String> {
    streams.iter().map(|s| s.name.to_string()).collect()
}

#[tokio::test]
async fn groups_and_streams_survive_a_restart_with_all_that_was_set() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let env = engine.catalog().environments()[0].id;
    let logs = engine.logs();
    let made = logs.create_group(env, new("/Cruddur/api"), 5).unwrap();
    assert_eq!(&*made.slug, "logs--cruddur-api");
    let again = logs.create_group(env, new("/Cruddur/api"), 6);
    assert!(matches!(again, Err(Error::Taken(_))));
    // Names differ by case, slugs do not.
    let other = logs.create_group(env, new("/cruddur/api"), 7).unwrap();
    assert_eq!(&*other.slug, "logs--cruddur-api-2");
    logs.create_stream(env, "/Cruddur/api", "b", 8).unwrap();
    logs.create_stream(env, "/Cruddur/api", "a", 9).unwrap();
    let again = logs.create_stream(env, "/Cruddur/api", "a", 9);
    assert!(matches!(again, Err(Error::Taken(_))));
    let missing = logs.create_stream(env, "/no", "a", 9);
    assert_eq!(missing, Err(Error::NotFound("log group")));
    engine
        .set_log_retention(env, "/Cruddur/api", Some(7))
        .unwrap();
    let tag = |tags: &mut BTreeMap<String, String>| {
        tags.insert("team".into(), "cruddur".into());
        Ok(())
    };
    logs.change_tags(env, "/Cruddur/api", tag).unwrap();
    let written = Written {
        first_ns: 10,
        last_ns: 20,
        ingested_ns: 30,
    };
    logs.wrote(
        env,
        "/Cruddur/api",
        "b",
        written,
        100,
        Some(("api".into(), None)),
    );
    engine.close().await.unwrap();

    let engine = open(dir.path());
    let logs = engine.logs();
    let group = logs.group(env, "/Cruddur/api").unwrap();
    assert_eq!((group.retention_days, group.stored_bytes), (Some(7), 100));
    assert_eq!(group.tags["team"], "cruddur");
    let b = logs.stream(env, "/Cruddur/api", "b").unwrap();
    assert_eq!((b.written, b.created_ns), (Some(written), 8));
    assert_eq!(b.service, Some(("api".into(), None)));
    let by_line = logs.streams_by_last_line(env, "/Cruddur/api").unwrap();
    assert_eq!(names(by_line), ["b", "a"]);
    assert_eq!(logs.groups(env, "/C").len(), 1);
    assert_eq!(logs.groups(env, "").len(), 2);

    engine.delete_log_group(env, "/Cruddur/api").unwrap();
    assert_eq!(logs.group(env, "/Cruddur/api"), None);
    assert_eq!(
        engine.delete_log_group(env, "/Cruddur/api"),
        Err(Error::NotFound("log group"))
    );
    engine.close().await.unwrap();
    let engine = open(dir.path());
    assert_eq!(engine.logs().groups(env, "").len(), 1);
    // Made again, it is empty and has its old slug.
    let made = engine
        .logs()
        .create_group(env, new("/Cruddur/api"), 5)
        .unwrap();
    assert_eq!((&*made.slug, made.stored_bytes), ("logs--cruddur-api", 0));
    engine.close().await.unwrap();
}

#[tokio::test]
async fn streams_are_listed_by_prefix_in_both_directions_and_in_pages() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let env = engine.catalog().environments()[0].id;
    let logs = engine.logs();
    logs.create_group(env, new("g"), 1).unwrap();
    for name in ["a/1", "a/2", "a/3", "b/1"] {
        logs.create_stream(env, "g", name, 1).unwrap();
    }
    let list = |prefix, after, limit| names(logs.streams(env, "g", prefix, after, limit).unwrap());
    let back = |prefix, before, limit| {
        names(
            logs.streams_backwards(env, "g", prefix, before, limit)
                .unwrap(),
        )
    };
    assert_eq!(list("", None, 9), ["a/1", "a/2", "a/3", "b/1"]);
    assert_eq!(list("a/", None, 2), ["a/1", "a/2"]);
    assert_eq!(list("a/", Some("a/2"), 2), ["a/3"]);
    assert_eq!(list("b", Some("a/2"), 2), ["b/1"]);
    assert_eq!(back("", None, 2), ["b/1", "a/3"]);
    assert_eq!(back("a/", None, 2), ["a/3", "a/2"]);
    assert_eq!(back("a/", Some("a/2"), 9), ["a/1"]);
    assert_eq!(back("c", None, 9), [""; 0]);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_group_has_at_most_100_000_streams() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let env = engine.catalog().environments()[0].id;
    let logs = engine.logs();
    logs.create_group(env, new("g"), 1).unwrap();
    {
        // As if they had been made: that many transactions would take minutes.
        let group = logs.find(env, "g").unwrap();
        let mut streams = group.streams.write();
        for i in 1..limits::STREAMS_PER_GROUP {
            let stream = Stream {
                name: i.to_string().into(),
                created_ns: 1,
                state: Mutex::default(),
                changed: AtomicBool::new(false),
            };
            streams.insert(Arc::clone(&stream.name), Arc::new(stream));
        }
    }
    logs.create_stream(env, "g", "the last", 1).unwrap();
    let over = logs.create_stream(env, "g", "one more", 1);
    assert!(matches!(over, Err(Error::Limit { limit: 100_000, .. })));
    let taken = logs.create_stream(env, "g", "the last", 1);
    assert!(matches!(taken, Err(Error::Taken(_))));
    engine.close().await.unwrap();
}
