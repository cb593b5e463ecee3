use super::*;
use std::path::Path;

const NOW: i64 = 1_700_000_000_000_000_000;
const COUNT: Question<'_> = Question {
    dataset: Some("backend"),
    spec: r#"{"calculations":[{"op":"COUNT"}]}"#,
};

fn open(dir: &Path) -> (Catalog, EnvId, EnvId) {
    let catalog = Catalog::open(dir).unwrap();
    let env = |name: &str| {
        let found = catalog.environment_by_slug(name);
        let env = found.unwrap_or_else(|| catalog.create_environment(name, None, NOW).unwrap());
        env.id
    };
    let (a, b) = (env("a"), env("b"));
    (catalog, a, b)
}

fn names(catalog: &Catalog, env: EnvId) -> Vec<String> {
    let all = catalog.named_queries(env).unwrap();
    all.into_iter().map(|q| q.name).collect()
}

#[test]
fn are_kept_by_environment_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (c, a, b) = open(dir.path());
    let slow = c
        .save_named_query(a, "  slow requests ", " why\nso ", COUNT, NOW)
        .unwrap();
    assert_eq!(
        (&*slow.name, &*slow.description),
        ("slow requests", "why\nso")
    );
    assert_eq!((slow.created_ns, slow.changed_ns), (NOW, NOW));
    c.save_named_query(a, "by name", "", COUNT, NOW + 1)
        .unwrap();
    // The other environment has names of its own, and no hold on these.
    c.save_named_query(b, "slow requests", "", COUNT, NOW)
        .unwrap();
    assert_eq!(
        c.delete_named_query(b, &slow.id),
        Err(Error::NotFound("saved query"))
    );
    let change = NamedQueryChange::default();
    assert_eq!(
        c.change_named_query(b, &slow.id, change, NOW),
        Err(Error::NotFound("saved query"))
    );
    drop(c);
    let (c, a, b) = open(dir.path());
    assert_eq!(names(&c, a), ["by name", "slow requests"]);
    assert_eq!(c.named_queries(a).unwrap()[1], slow);
    assert_eq!(names(&c, b), ["slow requests"]);
    c.delete_named_query(a, &slow.id).unwrap();
    assert_eq!(
        c.delete_named_query(a, &slow.id),
        Err(Error::NotFound("saved query"))
    );
    assert_eq!(names(&c, a), ["by name"]);
    // What was asked under the name can still be asked by its own id.
    let kept = c.query(a, &slow.query_id).unwrap().unwrap();
    assert_eq!(
        (kept.dataset.as_deref(), &*kept.spec),
        (COUNT.dataset, COUNT.spec)
    );
}

#[test]
fn a_change_leaves_what_it_does_not_name() {
    let dir = tempfile::tempdir().unwrap();
    let (c, env, _) = open(dir.path());
    let old = c.save_named_query(env, "one", "first", COUNT, NOW).unwrap();
    let two = c.save_named_query(env, "two", "", COUNT, NOW + 1).unwrap();
    let renamed = NamedQueryChange {
        name: Some("eins"),
        ..Default::default()
    };
    let eins = c
        .change_named_query(env, &old.id, renamed, NOW + 2)
        .unwrap();
    let want = NamedQuery {
        name: "eins".into(),
        changed_ns: NOW + 2,
        ..old.clone()
    };
    assert_eq!(eins, want);
    assert_eq!(names(&c, env), ["eins", "two"]);

    let other = Question {
        dataset: None,
        spec: r#"{"breakdowns":["name"]}"#,
    };
    let replaced = NamedQueryChange {
        question: Some(other),
        ..Default::default()
    };
    let now = c
        .change_named_query(env, &two.id, replaced, NOW + 3)
        .unwrap();
    assert_eq!((now.dataset.as_deref(), &*now.spec), (None, other.spec));
    assert_eq!((&*now.name, now.created_ns), ("two", NOW + 1));
    assert_ne!(now.query_id, two.query_id);
    // The question before is as it was: answers that were kept name it.
    assert_eq!(
        c.query(env, &two.query_id).unwrap().unwrap().spec,
        COUNT.spec
    );
}

#[test]
fn a_name_is_given_once() {
    let dir = tempfile::tempdir().unwrap();
    let (c, env, _) = open(dir.path());
    c.save_named_query(env, "one", "", COUNT, NOW).unwrap();
    let two = c.save_named_query(env, "two", "", COUNT, NOW).unwrap();
    let taken = |r: Result<NamedQuery, Error>| matches!(r, Err(Error::Taken(_)));
    assert!(taken(c.save_named_query(env, " one ", "", COUNT, NOW)));
    let named = |name| NamedQueryChange {
        name: Some(name),
        ..Default::default()
    };
    assert!(taken(c.change_named_query(env, &two.id, named("one"), NOW)));
    // Its own it may keep.
    c.change_named_query(env, &two.id, named("two"), NOW)
        .unwrap();
    assert_eq!(names(&c, env), ["one", "two"]);
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (c, env, _) = open(dir.path());
    let save = |name: &str, description: &str, spec: &str| {
        let question = Question {
            dataset: None,
            spec,
        };
        match c.save_named_query(env, name, description, question, NOW) {
            Ok(_) => String::new(),
            Err(Error::Invalid(why)) => why,
            Err(other) => panic!("{other}"),
        }
    };
    for name in ["", "  \u{a0}", "\u{200b}\u{202e}", "a\nb", "a\u{7}b"] {
        assert!(save(name, "", "{}").contains("name"), "{name:?}");
    }
    // Characters are counted, not bytes.
    assert_eq!(save(&"ä".repeat(320), &"ö".repeat(1_023), "{}"), "");
    assert!(save(&"ä".repeat(321), "", "{}").contains("not 321"));
    assert!(save("x", &"ö".repeat(1_024), "{}").contains("not 1024"));
    assert!(save("x", "a\u{1b}[31m", "{}").contains("control"));
    // Markup and other people's writing are text like any other.
    assert_eq!(save("<img src=x onerror=alert(1)> 🔥 שלום", "", "{}"), "");
    assert_eq!(save("long", "", &" ".repeat(16 << 10)), "");
    assert!(save("longer", "", &" ".repeat((16 << 10) + 1)).contains("16385 bytes"));
    // Nothing of what was refused is there.
    assert_eq!(c.named_queries(env).unwrap().len(), 3);
}

#[test]
fn there_are_at_most_a_thousand_in_an_environment() {
    let dir = tempfile::tempdir().unwrap();
    let (c, env, other) = open(dir.path());
    let first = c.save_named_query(env, "0", "", COUNT, NOW).unwrap();
    // One by one each would be synced.
    c.change(|tx| {
        for n in 1..1_000 {
            let row = rusqlite::params![n.to_string(), env.0, first.query_id];
            tx.execute(
                "INSERT INTO named_queries VALUES (?1, ?2, ?1, '', ?3, 0, 0)",
                row,
            )?;
        }
        Ok(())
    })
    .unwrap();
    let full = c.save_named_query(env, "one more", "", COUNT, NOW);
    assert!(matches!(full, Err(Error::Limit { limit: 1_000, .. })));
    c.save_named_query(other, "elsewhere", "", COUNT, NOW)
        .unwrap();
    c.delete_named_query(env, "7").unwrap();
    c.save_named_query(env, "one more", "", COUNT, NOW).unwrap();
}
