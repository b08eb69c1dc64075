//! Words that are no verbs here and that people type all the same: sudo, what docker can and strata
//! cannot, and what belongs into a Dockerfile.

use crate::language::Language;

/// docker's verbs about registries, several containers and more builders.
const DOCKERS: [&str; 3] = ["buildx", "compose", "swarm"];

/// Programs that install what an image needs.
const INSTALLERS: [&str; 9] = [
    "apk", "apt", "apt-get", "dnf", "npm", "pip", "pip3", "yarn", "yum",
];

/// Returns what to do about words whose first is no verb; none for a word nobody knows.
pub(super) fn help(words: &[String], language: Language) -> Option<String> {
    let (first, rest) = words.split_first()?;
    let line = words.join(" ");
    match first.as_str() {
        "sudo" => Some(no_sudo(language, &rest.join(" "))),
        "cd" => {
            let folder = rest.first().map_or("/app", String::as_str);
            Some(workdir(language, folder))
        }
        "system" if rest.first().is_some_and(|word| word == "prune") => Some(no_prune(language)),
        word if DOCKERS.contains(&word) => Some(cannot_yet(language)),
        word if INSTALLERS.contains(&word) => Some(installs(language, &line)),
        _ => None,
    }
}

crate::messages! {
    no_sudo(line: &str) {
        en: "no sudo is needed: `{line}`",
        ko: "sudo는 필요 없습니다: `{line}`",
    }
    workdir(folder: &str) {
        en: "the folder of the image is changed by an instruction: `WORKDIR {folder}`",
        ko: "이미지 안의 폴더는 Dockerfile 명령으로 바꿉니다: `WORKDIR {folder}`",
    }
    no_prune() {
        en: "this strata cannot do that yet; `rm` and `rmi` remove containers and images one by one, `system reset` all",
        ko: "이 strata는 아직 할 수 없습니다. `rm`과 `rmi`로 컨테이너와 이미지를 하나씩, `system reset`으로 모두 지울 수 있습니다",
    }
    cannot_yet() {
        en: "this strata cannot do that yet; it builds on bases of its own that need no network: `FROM practice-os`",
        ko: "이 strata는 아직 할 수 없습니다. 네트워크 없이 쓰는 자체 베이스로 빌드합니다: `FROM practice-os`",
    }
    installs(line: &str) {
        en: "what an image needs is installed by an instruction: `RUN {line}`; on this machine: `!{line}`",
        ko: "이미지에 필요한 것은 Dockerfile 명령으로 설치합니다: `RUN {line}`. 이 컴퓨터에서 실행하려면: `!{line}`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_from_elsewhere_are_answered() {
        let said = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            help(&words, Language::En)
        };
        let cases = [
            ("sudo docker ps", "`docker ps`"),
            ("cd /srv", "`WORKDIR /srv`"),
            ("cd", "`WORKDIR /app`"),
            ("compose up", "`FROM practice-os`"),
            ("system prune", "`system reset`"),
            ("apt-get install x", "`RUN apt-get install x`"),
        ];
        for (line, words) in cases {
            assert!(said(line).is_some_and(|it| it.contains(words)), "{line}");
        }
        assert_eq!(said("nonsense"), None);
        assert_eq!(said("system fsck"), None);
    }
}
