//! `lid`: what a container is made of.

use serde_json::Value;

use crate::common::strata::Home;

#[test]
fn a_running_container_shows_its_namespaces_folders_and_rights() {
    let home = Home::new();
    home.ok("run -d --name web practice-os sleep 1000");
    let lid: Value = serde_json::from_str(&home.ok("lid --json web")).unwrap();
    let pid = lid["host_pid"].as_u64().unwrap();
    let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
    assert_eq!(comm, "sleep\n");
    let kernel = &lid["kernel"];
    for kind in ["pid", "mnt", "uts", "ipc", "net"] {
        let all = kernel["namespaces"].as_array().unwrap();
        let found = all.iter().find(|it| it["kind"] == kind).unwrap();
        assert!(found["container"].is_u64(), "{found}");
        assert_ne!(found["container"], found["host"], "{kind}");
    }
    let mounts = kernel["mounts"].as_array().unwrap();
    assert!(mounts.iter().any(|it| it["target"] == "/proc"), "{kernel}");
    assert_eq!(kernel["capabilities"].as_array().unwrap().len(), 14);
    assert!(kernel["seccomp_filters"].as_u64().unwrap() >= 1);
    let text = home.ok("lid web");
    for word in ["PID 1", "sleep 1000", "seccomp", "CHOWN", &pid.to_string()] {
        assert!(text.contains(word), "no {word} in {text}");
    }
    assert!(home.ok("--lang ko lid web").contains("네임스페이스"));
}

#[test]
fn one_that_rests_shows_its_folders_only() {
    let home = Home::new();
    home.ok("create --name made practice-os true");
    let lid: Value = serde_json::from_str(&home.ok("lid --json made")).unwrap();
    assert_eq!(lid["kernel"], Value::Null);
    let layers = lid["root"]["lower"].as_array().unwrap().len();
    assert!(layers > 0 || lid["root"]["copied"].is_string(), "{lid}");
    home.call("lid nobody")
        .fails(1, "No such container: nobody");
}
