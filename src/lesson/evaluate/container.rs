//! Facts about containers: one by name, the newest, or any.

use super::command::{exit_fits, exit_word};
use super::sheet::{NOTHING, Sheet, listed};
use super::subject::Subject;
use crate::language::Language;
use crate::lesson::check::{Bytes, ContainerExpectation, KernelExpectation};
use crate::lesson::{ContainerDetails, ContainerFacts, sentences};

/// Judges everything that is expected of one container, of the `last`, or of any (`*`).
pub(super) fn judge(name: &str, expected: &ContainerExpectation, sheet: &mut Sheet) {
    let all = sheet.evidence.containers();
    if let Some(count) = &expected.count {
        let got = all
            .iter()
            .filter(|c| selects(name, c) && fits(expected, c))
            .count();
        let fact = format!("container.{name}.count");
        sheet.equal(fact, count, Some(got), sentences::container_count);
    }
    let container = choose(name, expected, &all);
    let subject = Subject::new(format!("container.{name}"), |language| {
        named(language, name)
    });
    if let Some(state) = &expected.state {
        let got = container.map_or("absent", |container| container.state.as_str());
        subject.value("state", sentences::state, got == state, (state, got), sheet);
    }
    if let Some(exit) = &expected.exit {
        let got = container.and_then(|container| container.exit);
        let ok = got.is_some_and(|got| exit_fits(exit, got));
        let shown = got.map_or(NOTHING.to_owned(), |got| got.to_string());
        let values = (exit_word(exit), shown);
        subject.value("exit", sentences::ended, ok, values, sheet);
    }
    judge_plain(&subject, expected, container, sheet);
    judge_details(&subject, expected, container, sheet);
}

fn named(language: Language, name: &str) -> String {
    match name {
        "*" => sentences::any_container(language),
        "last" => sentences::last_container(language),
        name => sentences::named_container(language, name),
    }
}

/// Tells whether a name may mean a container, whatever else is expected.
fn selects(name: &str, container: &ContainerFacts) -> bool {
    name == "*" || name == "last" || container.name == name || is_id(name, container)
}

fn is_id(name: &str, container: &ContainerFacts) -> bool {
    // A shorter prefix would mistake names such as `a` or `db` for ids.
    name.len() >= 4 && container.id.starts_with(name)
}

/// Returns the container that a name means; of any, one that fits best.
fn choose<'a>(
    name: &str,
    expected: &ContainerExpectation,
    all: &'a [ContainerFacts],
) -> Option<&'a ContainerFacts> {
    match name {
        "last" => all.first(),
        "*" => all.iter().find(|c| fits(expected, c)).or(all.first()),
        name => all
            .iter()
            .find(|c| c.name == name)
            .or_else(|| all.iter().find(|c| is_id(name, c))),
    }
}

/// Tells whether a container is as expected in all that `ps` knows.
fn fits(expected: &ContainerExpectation, container: &ContainerFacts) -> bool {
    let exit = |exit| container.exit.is_some_and(|got| exit_fits(exit, got));
    expected
        .state
        .as_ref()
        .is_none_or(|state| *state == container.state)
        && expected.exit.as_ref().is_none_or(exit)
        && expected
            .image
            .as_ref()
            .is_none_or(|image| *image == container.image)
        && expected
            .argv
            .as_ref()
            .is_none_or(|argv| *argv == container.argv)
}

fn judge_plain(
    subject: &Subject,
    expected: &ContainerExpectation,
    container: Option<&ContainerFacts>,
    sheet: &mut Sheet,
) {
    let image = container.map(|container| container.image.clone());
    let wanted = expected.image.as_ref();
    subject.equal("image", sentences::image, wanted, image, sheet);
    let argv = container.map(|container| listed(&container.argv));
    let wanted = expected.argv.as_deref().map(listed);
    subject.equal(
        "argv",
        sentences::command_line,
        wanted.as_ref(),
        argv,
        sheet,
    );
    let ports = container.map(|container| container.ports.as_slice());
    let wanted = expected.ports.as_deref();
    subject.all_in("ports", sentences::ports, wanted, ports, sheet);
    let mounts = container.map(|container| container.mounts.as_slice());
    let wanted = expected.mounts.as_deref();
    subject.all_in("mounts", sentences::mounts, wanted, mounts, sheet);
    let restarts = container.map(|container| container.restarts);
    let least = expected.restarts;
    subject.at_least("restarts", sentences::restarts, least, restarts, sheet);
}

/// Judges what costs a look into the container, only where a lesson asks for it.
fn judge_details(
    subject: &Subject,
    expected: &ContainerExpectation,
    container: Option<&ContainerFacts>,
    sheet: &mut Sheet,
) {
    let asks = expected.pid1.is_some()
        || expected.logs.is_some()
        || expected.changed.is_some()
        || expected.kernel.is_some();
    if !asks {
        return;
    }
    let details = container.and_then(|it| sheet.evidence.container_details(&it.id));
    let details = details.as_ref();
    let pid1 = details.and_then(|details| details.pid1.clone());
    subject.equal("pid1", sentences::pid1, expected.pid1.as_ref(), pid1, sheet);
    let logs = details.map(|details| details.logs.as_str());
    subject.contains("logs", sentences::logs, expected.logs.as_ref(), logs, sheet);
    let changed = details.map(|details| details.changed.as_slice());
    let wanted = expected.changed.as_deref();
    subject.all_in("changed", sentences::changes, wanted, changed, sheet);
    if let Some(kernel) = &expected.kernel {
        judge_kernel(subject, kernel, details, sheet);
    }
}

fn judge_kernel(
    subject: &Subject,
    expected: &KernelExpectation,
    details: Option<&ContainerDetails>,
    sheet: &mut Sheet,
) {
    let what = |key: &'static str| move |language| sentences::kernel(language, key);
    let names = details.map(|details| details.namespaces_differ.as_slice());
    let wanted = expected.namespaces_differ.as_deref();
    let key = "kernel.namespaces_differ";
    subject.all_in(key, what("namespaces"), wanted, names, sheet);
    let numbers = [
        (
            "kernel.overlay_lower",
            "overlay",
            expected.overlay_lower,
            details.and_then(|details| details.overlay_lower),
        ),
        (
            "kernel.memory_max",
            "memory.max",
            expected.memory_max.map(|Bytes(number)| number),
            details.and_then(|details| details.memory_max),
        ),
        (
            "kernel.pids_max",
            "pids.max",
            expected.pids_max,
            details.and_then(|details| details.pids_max),
        ),
    ];
    for (key, name, wanted, got) in numbers {
        subject.equal(key, what(name), wanted.as_ref(), got, sheet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::scene::{Scene, failing_in};

    fn container(id: &str, argv: &[&str], exit: i32) -> ContainerFacts {
        ContainerFacts {
            id: id.repeat(12),
            name: format!("name-{id}"),
            image: "practice-os".to_owned(),
            state: "exited".to_owned(),
            exit: Some(exit),
            argv: argv.iter().map(|&word| word.to_owned()).collect(),
            ..ContainerFacts::default()
        }
    }

    fn failing(check: &str) -> Vec<String> {
        let scene = Scene::default()
            .with_container(container("a1", &["sh"], 0))
            .with_container(container("b2", &["false"], 1));
        failing_in(check, &scene)
    }

    #[test]
    fn last_is_the_newest() {
        assert!(
            failing("[expect.container.last]\nargv = [\"false\"]\nexit = \"nonzero\"\n").is_empty()
        );
        assert_eq!(
            failing("[expect.container.last]\nexit = 0\n"),
            ["container.last.exit"]
        );
    }

    #[test]
    fn any_finds_the_one_that_fits() {
        let check = "[expect.container.\"*\"]\nargv = [\"sh\"]\nexit = 0\ncount = 1\n";
        assert!(failing(check).is_empty());
        assert_eq!(
            failing("[expect.container.\"*\"]\ncount = 3\n"),
            ["container.*.count"]
        );
    }

    #[test]
    fn one_is_found_by_name_or_id_and_may_be_absent() {
        assert!(failing("[expect.container.name-a1]\nstate = \"exited\"\n").is_empty());
        assert!(failing("[expect.container.b2b2b2]\nexit = 1\n").is_empty());
        assert!(failing("[expect.container.gone]\nstate = \"absent\"\n").is_empty());
    }

    #[test]
    fn details_are_looked_up_where_asked_for() {
        assert_eq!(
            failing("[expect.container.last]\nlogs = \"hi\"\nkernel.pids_max = 20\n"),
            ["container.last.logs", "container.last.kernel.pids_max"]
        );
    }
}
