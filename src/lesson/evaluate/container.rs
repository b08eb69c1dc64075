//! Facts about containers: one by name, the newest, or any.

use super::command::{exit_fits, exit_word};
use super::sheet::{NOTHING, Sheet, listed};
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
    let about = About { name, container };
    if let Some(state) = &expected.state {
        let got = container.map_or("absent", |container| container.state.as_str());
        sheet.value(
            about.fact("state"),
            got == state,
            (state, got),
            about.noun(sentences::state),
        );
    }
    if let Some(exit) = &expected.exit {
        let got = container.and_then(|container| container.exit);
        let ok = got.is_some_and(|got| exit_fits(exit, got));
        let shown = got.map_or(NOTHING.to_owned(), |got| got.to_string());
        sheet.value(
            about.fact("exit"),
            ok,
            (exit_word(exit), shown),
            about.noun(sentences::ended),
        );
    }
    judge_plain(&about, expected, sheet);
    judge_details(&about, expected, sheet);
}

struct About<'a> {
    name: &'a str,
    container: Option<&'a ContainerFacts>,
}

impl About<'_> {
    fn fact(&self, key: &str) -> String {
        format!("container.{}.{key}", self.name)
    }

    fn noun(&self, what: fn(Language) -> String) -> impl Fn(Language) -> String {
        let name = self.name.to_owned();
        move |language| {
            let container = match name.as_str() {
                "*" => sentences::any_container(language),
                "last" => sentences::last_container(language),
                name => sentences::named_container(language, name),
            };
            sentences::of_container(language, &container, &what(language))
        }
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

fn judge_plain(about: &About, expected: &ContainerExpectation, sheet: &mut Sheet) {
    let container = about.container;
    if let Some(image) = &expected.image {
        let got = container.map(|container| container.image.clone());
        sheet.equal(
            about.fact("image"),
            image,
            got,
            about.noun(sentences::image),
        );
    }
    if let Some(argv) = &expected.argv {
        let got = container.map(|container| listed(&container.argv));
        sheet.equal(
            about.fact("argv"),
            &listed(argv),
            got,
            about.noun(sentences::command_line),
        );
    }
    if let Some(ports) = &expected.ports {
        let got = container.map(|container| container.ports.as_slice());
        sheet.all_in(
            &about.fact("ports"),
            ports,
            got,
            about.noun(sentences::ports),
        );
    }
    if let Some(mounts) = &expected.mounts {
        let got = container.map(|container| container.mounts.as_slice());
        sheet.all_in(
            &about.fact("mounts"),
            mounts,
            got,
            about.noun(sentences::mounts),
        );
    }
    if let Some(least) = expected.restarts {
        let got = container.map(|container| container.restarts);
        let ok = got.is_some_and(|got| got >= least);
        let shown = got.map_or(NOTHING.to_owned(), |got| got.to_string());
        let wanted = format!(">= {least}");
        sheet.value(
            about.fact("restarts"),
            ok,
            (wanted, shown),
            about.noun(sentences::restarts),
        );
    }
}

/// Judges what costs a look into the container, only where a lesson asks for it.
fn judge_details(about: &About, expected: &ContainerExpectation, sheet: &mut Sheet) {
    let asks = expected.pid1.is_some()
        || expected.logs.is_some()
        || expected.changed.is_some()
        || expected.kernel.is_some();
    if !asks {
        return;
    }
    let id = about.container.map(|container| container.id.as_str());
    let details = id.and_then(|id| sheet.evidence.container_details(id));
    if let Some(pid1) = &expected.pid1 {
        let got = details.as_ref().and_then(|details| details.pid1.clone());
        sheet.equal(about.fact("pid1"), pid1, got, about.noun(sentences::pid1));
    }
    if let Some(words) = &expected.logs {
        let text = details.as_ref().map(|details| details.logs.as_str());
        sheet.contains(
            &about.fact("logs"),
            words,
            text,
            about.noun(sentences::logs),
        );
    }
    if let Some(paths) = &expected.changed {
        let got = details.as_ref().map(|details| details.changed.as_slice());
        sheet.all_in(
            &about.fact("changed"),
            paths,
            got,
            about.noun(sentences::changes),
        );
    }
    if let Some(kernel) = &expected.kernel {
        judge_kernel(about, kernel, details.as_ref(), sheet);
    }
}

fn judge_kernel(
    about: &About,
    expected: &KernelExpectation,
    details: Option<&ContainerDetails>,
    sheet: &mut Sheet,
) {
    let what = |key: &'static str| move |language| sentences::kernel(language, key);
    let fact = |key: &str| about.fact(&format!("kernel.{key}"));
    if let Some(names) = &expected.namespaces_differ {
        let got = details.map(|details| details.namespaces_differ.as_slice());
        sheet.all_in(&fact("namespaces_differ"), names, got, what("namespaces"));
    }
    if let Some(number) = &expected.overlay_lower {
        let got = details.and_then(|details| details.overlay_lower);
        sheet.equal(fact("overlay_lower"), number, got, what("overlay"));
    }
    if let Some(Bytes(number)) = &expected.memory_max {
        let got = details.and_then(|details| details.memory_max);
        sheet.equal(fact("memory_max"), number, got, what("memory.max"));
    }
    if let Some(number) = &expected.pids_max {
        let got = details.and_then(|details| details.pids_max);
        sheet.equal(fact("pids_max"), number, got, what("pids.max"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::evaluate;
    use crate::lesson::scene::{Scene, step_with};

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
        let facts = evaluate(&step_with(check), &scene);
        facts
            .into_iter()
            .filter(|f| !f.ok)
            .map(|f| f.name)
            .collect()
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
