//! Who we are to a registry.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::common::registry::{Door, Made, Odd, Registry};
use crate::common::strata::{Called, Home};

/// `me:secret`.
const ME: &str = "bWU6c2VjcmV0";

fn login(home: &Home, words: &[&str], password: &str) -> Called {
    let mut command = home.command(words);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A refused call reads no password.
    let _ = stdin.write_all(password.as_bytes());
    drop(stdin);
    Called::new(words.join(" "), child.wait_with_output().unwrap())
}

#[test]
fn a_password_is_tried_kept_and_forgotten() {
    for door in [Door::Basic(ME), Door::Token(ME)] {
        let (registry, home) = (Registry::new(), Home::new().online());
        registry.put_image("private", "latest", &Made::gzipped(b"text"));
        registry.door(door);
        let (host, name) = (registry.host(), registry.name("private"));
        let pull = format!("pull {name}");
        home.call(&pull).fails(1, "may require 'docker login'");
        let words = ["login", "-u", "me", "--password-stdin", &host];
        login(&home, &words, "wrong\n").fails(1, "unauthorized: incorrect username or password");
        let config = home.beside(".docker/config.json");
        assert!(!config.exists());
        let said = login(&home, &words, "secret\n");
        assert!(said.err.contains("stored unencrypted"), "{said:?}");
        assert_eq!(said.ok(), "Login Succeeded\n");
        assert_eq!(
            fs::metadata(&config).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(fs::read_to_string(&config).unwrap().contains(ME));
        home.ok(&pull);
        home.ok(&format!("push {name}"));
        let gone = home.ok(&format!("logout {host}"));
        assert_eq!(gone, format!("Removing login credentials for {host}\n"));
        assert_eq!(
            home.ok(&format!("logout {host}")),
            format!("Not logged in to {host}\n")
        );
        home.call(&pull).fails(1, "may require 'docker login'");
    }
}

#[test]
fn a_helper_keeps_the_password_where_the_file_names_one() {
    let registry = Registry::new();
    registry.put_image("private", "latest", &Made::gzipped(b"text"));
    registry.door(Door::Basic(ME));
    let folder = tempfile::tempdir().unwrap();
    let helper = folder.path().join("docker-credential-test");
    let kept = folder.path().join("kept");
    let script = format!(
        "#!/bin/sh\ncase $1 in\nstore) cat > {0} ;;\nget) [ -f {0} ] && cat {0} || {{ echo credentials not found in native keychain; exit 1; }} ;;\nerase) rm {0} ;;\nesac\n",
        kept.display()
    );
    fs::write(&helper, script).unwrap();
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(
        folder.path().join("config.json"),
        r#"{"credsStore":"test"}"#,
    )
    .unwrap();
    let path = std::env::var("PATH").unwrap();
    let home = Home::new()
        .online()
        .variable("PATH", format!("{}:{path}", folder.path().display()))
        .variable("DOCKER_CONFIG", folder.path().display().to_string());
    let (host, name) = (registry.host(), registry.name("private"));
    home.call(&format!("pull {name}"))
        .fails(1, "may require 'docker login'");
    let said = login(
        &home,
        &["login", "-u", "me", "--password-stdin", &host],
        "secret",
    );
    assert!(!said.err.contains("unencrypted"), "{said:?}");
    said.ok();
    let config = fs::read_to_string(folder.path().join("config.json")).unwrap();
    assert!(!config.contains(ME) && config.contains(&host), "{config}");
    home.ok(&format!("pull {name}"));
    home.ok(&format!("logout {host}"));
    assert!(!kept.exists());
}

#[test]
fn only_the_registry_itself_is_told_who_we_are() {
    let (registry, other) = (Registry::new(), Registry::new());
    let made = Made::gzipped(b"text");
    let (_, layer) = registry.put_image("private", "latest", &made);
    other.put_blob("private", &made.blob);
    registry.door(Door::Basic(ME));
    let elsewhere = format!("http://{}/v2/private/blobs/{layer}", other.host());
    let path = format!("/v2/private/blobs/{layer}");
    registry.odd(&path, &[Odd::status(307).header("Location", elsewhere)]);
    let home = Home::new().online();
    let words = ["login", "-u", "me", "--password-stdin", &registry.host()];
    login(&home, &words, "secret").ok();
    home.ok(&format!("pull {}", registry.name("private")));
    assert!(registry.asked().iter().any(|it| it.ends_with(" known")));
    assert_eq!(other.asked(), [format!("GET {path} 200")]);
}

#[test]
fn what_login_lacks_is_said() {
    let home = Home::new().online();
    home.call("login -u me 127.0.0.1:1")
        .fails(1, "non TTY device");
    home.call("login --password-stdin 127.0.0.1:1")
        .fails(1, "Must provide --username with --password-stdin");
    home.call("login -u me -p x --password-stdin 127.0.0.1:1")
        .fails(125, "--password");
    login(
        &home,
        &["login", "-u", "me", "--password-stdin", "127.0.0.1:1"],
        "",
    )
    .fails(1, "password is empty");
    login(
        &home,
        &["login", "-u", "me", "--password-stdin", "127.0.0.1:1"],
        "x",
    )
    .fails(1, "cannot be reached");
    fs::create_dir(home.beside(".docker")).unwrap();
    fs::write(home.beside(".docker/config.json"), "{").unwrap();
    home.call("logout").fails(1, "config.json");
}
