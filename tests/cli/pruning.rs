//! rmi, the prune verbs and `system df`: what goes, what stays and why, and that nothing breaks.

use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::common::strata::{Home, entries};

/// Two images that share a layer, and a cache mount.
fn shop() -> Home {
    let home = Home::with("FROM scratch\nCOPY a.txt /a\nCOPY b.txt /b\nLABEL stage=test\n");
    home.file("a.txt", "a".repeat(1000));
    home.file("b.txt", "b".repeat(200));
    home.ok("build -q -t shop .");
    home.file("Other", "FROM scratch\nCOPY a.txt /a\nENV A=1\n");
    // What was written in this moment could change unseen: the cache would not remember it.
    thread::sleep(Duration::from_millis(100));
    home.ok("build -q -t other -f Other .");
    home
}

fn id(home: &Home, image: &str) -> String {
    home.ok(&format!("images -q --no-trunc {image}"))
        .trim_end()
        .to_owned()
}

fn df(home: &Home) -> Vec<String> {
    let format = [
        "system",
        "df",
        "--format",
        "{{.TotalCount}} {{.Active}} {{.Size}} {{.Reclaimable}}",
    ];
    let text = home.words(&format).ok();
    let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
    // How much it takes to remember a context differs from machine to machine.
    let cache = rows.pop().unwrap();
    rows.push(cache.split(' ').take(2).collect::<Vec<_>>().join(" "));
    rows
}

#[test]
fn a_byte_is_counted_once_and_goes_once() {
    let home = shop();
    // What images have is not the cache's alone.
    assert_eq!(
        df(&home),
        ["2 0 1.2kB 1.2kB (100%)", "0 0 0B 0B", "0 0 0B 0B", "3 2"]
    );
    let text = home.ok("system df -v");
    let row = |begin: &str| {
        let line = text.lines().find(|line| line.starts_with(begin));
        line.unwrap_or_else(|| panic!("{text}"))
            .split_whitespace()
            .rev()
            .take(4)
            .collect::<Vec<_>>()
    };
    assert_eq!(row("shop "), ["0", "200B", "1kB", "1.2kB"]);
    assert_eq!(row("other "), ["0", "0B", "1kB", "1kB"]);

    let (shop, other) = (id(&home, "shop"), id(&home, "other"));
    assert_eq!(
        home.ok("rmi shop"),
        format!("Untagged: shop:latest\nDeleted: {shop}\n")
    );
    // Both layers stay: one is other's, one the cache can reuse.
    assert_eq!(df(&home)[0], "1 0 1kB 1kB (100%)");
    let pruned = home.ok("builder prune -f");
    assert!(
        pruned.starts_with("Deleted build cache objects:\n"),
        "{pruned}"
    );
    assert!(pruned.contains("\n\nTotal reclaimed space: "), "{pruned}");
    home.assert_clean();
    let layers = entries(&home.store().join("layers")).len();
    assert_eq!(layers, 1, "other's");
    let inspected: serde_json::Value = serde_json::from_str(&home.ok("inspect other")).unwrap();
    let layer = inspected[0]["RootFS"]["Layers"][0]
        .as_str()
        .unwrap()
        .to_owned();
    home.ok("builder prune -af");
    assert_eq!(
        home.ok("rmi other"),
        format!("Untagged: other:latest\nDeleted: {other}\nDeleted: {layer}\n")
    );
    assert_eq!(df(&home), ["0 0 0B 0B", "0 0 0B 0B", "0 0 0B 0B", "0 0"]);
    assert_eq!(entries(&home.store().join("blobs/sha256")), [""; 0]);
    home.assert_clean();
}

#[test]
fn prune_asks_first_and_takes_what_was_meant() {
    let home = shop();
    home.ok("tag shop shop:old");
    home.file("a.txt", "changed");
    home.ok("build -q -t other -f Other .");
    let said = home.ok("image prune");
    assert!(
        said.contains("WARNING! This will remove all dangling images."),
        "{said}"
    );
    assert!(
        said.contains("Are you sure you want to continue? [y/N] "),
        "{said}"
    );
    assert!(said.ends_with("Total reclaimed space: 0B\n"), "{said}");
    let dangling = home.ok("images -q --no-trunc --filter dangling=true");
    assert_eq!(home.ok("images -q").lines().count(), 3);
    let said = home.ok("image prune -f --filter label=stage");
    assert!(said.starts_with("Total reclaimed space: "), "{said}");
    let said = home.ok("image prune -f");
    assert!(
        said.starts_with(&format!("Deleted Images:\ndeleted: {dangling}")),
        "{said}"
    );
    let said = home.ok("image prune -af --filter label=stage=test");
    assert!(
        said.starts_with("Deleted Images:\nuntagged: shop:latest\nuntagged: shop:old\n"),
        "{said}"
    );
    assert_eq!(home.ok("images --format {{.Repository}}"), "other\n");
    let said = home.ok("image prune -af --filter until=1h");
    assert_eq!(said, "Total reclaimed space: 0B\n", "it is younger");
    home.call("image prune -f --filter lable=x")
        .fails(1, "invalid filter 'lable'");
    home.call("image prune -f --filter until=soon")
        .fails(1, "invalid filter 'until=soon'");
    home.call("builder prune -f --filter label")
        .fails(125, "expected name=value");
    home.call("builder prune -f --keep-storage much")
        .fails(125, "invalid size: 'much'");
    let said = home.ok("system prune -af --volumes");
    assert!(
        said.contains("Deleted Images:\nuntagged: other:latest\n"),
        "{said}"
    );
    assert!(said.contains("Deleted build cache objects:\n"), "{said}");
    home.assert_clean();
}

#[test]
fn a_no_at_the_question_and_korean() {
    let home = shop();
    let said = home.ok("--lang ko system prune -a --volumes --filter label=stage");
    for text in [
        "다음을 지웁니다",
        "컨테이너가 쓰지 않는 이름 없는 볼륨 모두",
        "label=stage",
        "계속할까요? [y/N] ",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
    assert_eq!(home.ok("images -q").lines().count(), 2);
}

#[test]
fn cache_that_was_used_last_stays_longest() {
    let home = shop();
    home.ok("rmi shop other");
    let pruned = home.ok("builder prune -f --keep-storage 1100");
    assert_eq!(pruned.matches('\n').count(), 4, "{pruned}");
    home.file("Dockerfile", "FROM scratch\nCOPY a.txt /a\n");
    assert_eq!(home.plan("").states(), "BASE HIT");
    assert_eq!(
        home.ok("builder prune -f --filter until=1h"),
        "Total reclaimed space: 0B\n"
    );
    home.ok("builder prune -f --filter unused-for=0s");
    assert_eq!(home.plan("").states(), "BASE MISS");
    home.assert_clean();
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn an_image_that_a_container_uses_is_protected() {
    let home = Home::with("FROM practice-os\nRUN echo hi > /hi\n");
    home.ok("build -q -t shop .");
    home.ok("run --name stopped shop true");
    let id = id(&home, "shop");
    let short = &id["sha256:".len()..][..12];
    let said = home.call("rmi shop").fails(
        1,
        "conflict: unable to remove repository reference \"shop\" (must force)",
    );
    assert!(said.contains("is using its referenced image"), "{said}");
    home.call(&format!("rmi {short}"))
        .fails(1, &format!("conflict: unable to delete {short} (must be forced) - image is being used by stopped container"));
    assert_eq!(home.ok("rmi -f shop"), "Untagged: shop:latest\n");
    assert!(
        home.ok("images --filter dangling=true -q").contains(short),
        "it is still there"
    );
    assert_eq!(home.ok("image prune -f"), "Total reclaimed space: 0B\n");
    home.ok("start stopped");
    home.ok("wait stopped");
    home.ok("run -d --name runs practice-os sleep 60");
    let base = home.ok("images -q practice-os");
    home.call(&format!("rmi -f {base}")).fails(
        1,
        "(cannot be forced) - image is being used by running container",
    );
    home.ok("rm -f runs");
    let said = home.ok("system prune -f");
    assert!(said.starts_with("Deleted Containers:\n"), "{said}");
    assert!(
        said.contains(&format!("Deleted Images:\ndeleted: {id}")),
        "{said}"
    );
    assert_eq!(home.ok("ps -aq"), "");
    home.assert_clean();
}

#[test]
fn several_names_and_several_repositories() {
    let home = shop();
    home.ok("tag shop market");
    let short = home.ok("images -q shop");
    let short = short.trim_end();
    let said = home
        .call(&format!("rmi {short}"))
        .fails(1, "image is referenced in multiple repositories");
    assert!(said.contains("market:latest, shop:latest"), "{said}");
    assert_eq!(home.ok("rmi market"), "Untagged: market:latest\n");
    home.ok("tag shop shop:2");
    let said = home.ok(&format!("rmi {short}"));
    assert!(
        said.starts_with("Untagged: shop:2\nUntagged: shop:latest\nDeleted: "),
        "{said}"
    );
    home.call("rmi nosuch").fails(1, "No such image: nosuch");
    let layers = entries(&home.store().join("layers")).len();
    home.ok("rmi --no-prune other");
    assert_eq!(entries(&home.store().join("layers")).len(), layers);
    home.assert_clean();
}

fn begin(home: &Home, words: &str) -> Child {
    let mut command = home.command(words.split(' '));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn a_prune_killed_at_any_moment_leaves_a_store_that_is_whole() {
    let home = shop();
    home.ok("build -q -t kept -f Other --label kept=yes .");
    for round in 0..12_u64 {
        home.file("b.txt", format!("{round}"));
        home.ok("build -q -t shop .");
        let mut prune = begin(&home, "system prune -af --filter until=0s");
        // Anywhere between its first and its last moment; where, does not matter to what must hold.
        thread::sleep(Duration::from_millis(round * 3));
        prune.kill().unwrap();
        prune.wait().unwrap();
        home.assert_clean();
    }
    home.ok("system prune -af");
    assert_eq!(entries(&home.store().join("layers")), [""; 0]);
    home.assert_clean();
}

#[test]
fn builds_go_on_while_others_prune() {
    let home = shop();
    home.file("Kept", "FROM scratch\nCOPY a.txt /kept\n");
    home.ok("build -q -t kept -f Kept .");
    thread::scope(|scope| {
        let pruning = scope.spawn(|| {
            for verb in ["builder prune -af", "image prune -f", "system prune -f"].repeat(6) {
                home.ok(verb);
            }
        });
        let mut round = 0;
        while !pruning.is_finished() || round < 5 {
            home.file("b.txt", format!("{round}"));
            home.ok(&format!("build -q -t built:{round} ."));
            round += 1;
        }
        for tag in 0..round {
            home.ok(&format!(
                "save -o {} built:{tag}",
                home.beside("built.tar").display()
            ));
        }
    });
    home.ok("save -o kept.tar kept");
    home.assert_clean();
}
