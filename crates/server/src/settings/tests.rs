use super::*;
use std::io::Write as _;

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn resolve(text: &str, flags: ServeFlags) -> anyhow::Result<Settings> {
    let file = file(text);
    Settings::resolve(&ServeFlags {
        config: Some(file.path().to_owned()),
        data_dir: flags.data_dir.clone().or(Some("x".into())),
        ..flags
    })
}

#[test]
fn a_flag_beats_the_file_and_the_file_beats_the_default() {
    let text = "[http]\nlisten = '127.0.0.1:1'\nallow_hosts = ['a']\n[retention]\ndays = 0\nmax_bytes = 7\n";
    let flags = ServeFlags {
        http: Some("127.0.0.1:2".into()),
        ..ServeFlags::default()
    };
    let settings = resolve(text, flags).unwrap();
    assert_eq!(settings.http.address, "127.0.0.1:2");
    assert_eq!(settings.allow_hosts, ["a"]);
    assert_eq!(settings.retention_days, 0);
    assert_eq!(settings.retention_max_bytes, Some(7));
    assert_eq!(settings.otlp_http.address, "127.0.0.1:4318");
}

#[test]
fn an_unknown_key_is_one_line_that_names_it_and_its_place() {
    let error = resolve(
        "dev = false\n[http]\nlisten_on = 1\n",
        ServeFlags::default(),
    )
    .err()
    .map(|e| format!("{e:#}"))
    .unwrap();
    assert!(error.contains(":3: unknown field `listen_on`"), "{error}");
    assert!(error.contains("docs/config.md"), "{error}");
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn dev_is_for_loopback() {
    let flags = ServeFlags {
        dev: true,
        http: Some("0.0.0.0:0".into()),
        ..ServeFlags::default()
    };
    let error = resolve("", flags).err().map(|e| e.to_string()).unwrap();
    assert!(
        error.contains("--http") && error.contains("loopback"),
        "{error}"
    );
}

#[test]
fn initial_keys_are_read_and_their_secrets_never_repeated() {
    let signing = initial_key("bootcamp:signing:AKIDEXAMPLE:a/b:c", "keys.initial").unwrap();
    assert_eq!(
        (signing.signing_id.as_deref(), signing.secret.as_str()),
        (Some("AKIDEXAMPLE"), "a/b:c")
    );
    let key = initial_key("bootcamp:ingest:a:b", "keys.initial").unwrap();
    assert_eq!((&*key.environment, &*key.secret), ("bootcamp", "a:b"));
    for wrong in [
        "hunter2hunter2",
        "a:hunter2hunter2",
        "a:b:hunter2hunter2",
        "a:ingest:",
    ] {
        let error = initial_key(wrong, "keys.initial")
            .err()
            .map(|e| e.to_string())
            .unwrap();
        assert!(!error.contains("hunter2hunter2"), "{error}");
    }
}

#[test]
fn networks() {
    let contains = |c: &str, a: &str| Cidr::parse(c).unwrap().contains(a.parse().unwrap());
    assert!(contains("10.0.0.0/8", "10.9.8.7"));
    assert!(!contains("10.0.0.0/8", "11.0.0.1"));
    assert!(contains("0.0.0.0/0", "8.8.8.8"));
    assert!(contains("10.0.0.1", "10.0.0.1"));
    assert!(contains("10.0.0.0/8", "::ffff:10.1.1.1"));
    assert!(contains("fd00::/8", "fd12::1"));
    assert!(Cidr::parse("10.0.0.0/33").is_err());
}

/// Guarantees: every flag, variable and key is in docs/config.md.
#[test]
fn every_setting_is_documented() {
    use clap::Args as _;
    let page = include_str!("../../../../docs/config.md");
    let command = ServeFlags::augment_args(clap::Command::new(""));
    for argument in command.get_arguments() {
        let flag = format!("`--{}`", argument.get_long().unwrap());
        assert!(page.contains(&flag), "{flag}");
        let variable = argument.get_env().unwrap().to_str().unwrap();
        assert!(page.contains(&format!("`{variable}`")), "{variable}");
    }
    assert!(page.contains(INITIAL_KEYS));
}
