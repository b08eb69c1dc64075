//! Remarks of strata's own: what is allowed and hardly meant. They count for nothing, and machines
//! are not told of them.

use crate::language::Language;
use crate::parser::lint::Rule;

/// A remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A line of a continued RUN looks like a command of its own.
    RunOn {
        /// The command that the line belongs to.
        command: String,
        /// Its own first word.
        word: String,
    },
    /// A line of a continued instruction looks like an instruction.
    Swallowed {
        /// The instruction that it became part of.
        instruction: &'static str,
        /// Its first word.
        word: String,
    },
    /// Brackets that are no JSON, so that they are text for a shell.
    AlmostJson {
        /// The instruction.
        instruction: &'static str,
        /// The JSON that was meant.
        meant: String,
    },
    /// A RUN without a command.
    NothingToRun,
    /// A name that is no stage, but nearly one.
    NearStage {
        /// The name as written.
        name: String,
        /// The stage.
        stage: String,
    },
    /// A stage that the image is not made from.
    UnusedStage,
    /// A source that begins above the build context.
    AboveContext {
        /// The source.
        path: String,
    },
    /// A setting names no rule.
    UnknownRule {
        /// The name as written.
        name: String,
        /// A near rule.
        suggestion: Option<String>,
    },
}

crate::messages! {
    run_on(word: &str, command: &str) {
        en: "`{word}` is no command of its own here: a \\ joins the lines, so it becomes an argument of `{command}`",
        ko: "여기서 `{word}` 줄은 따로 실행되지 않습니다. \\로 이어진 줄이라 `{command}`의 인수가 됩니다",
    }
    run_on_help() {
        en: "end the line before it with `&& \\`",
        ko: "바로 앞 줄을 `&& \\`로 끝내세요",
    }
    swallowed(word: &str, instruction: &str) {
        en: "`{word}` is no instruction here: the line before ends with a \\, so it is part of the {instruction}",
        ko: "여기서 `{word}` 줄은 따로 된 명령이 아닙니다. 앞 줄이 \\로 끝나서 {instruction}의 일부가 됩니다",
    }
    swallowed_help() {
        en: "remove the \\ at the end of the line before",
        ko: "앞 줄 끝의 \\를 지우세요",
    }
    almost_json(instruction: &str) {
        en: "these brackets are no JSON, so {instruction} takes them as plain text",
        ko: "이 대괄호는 JSON이 아니어서 {instruction} 명령은 보통 글자로 읽습니다",
    }
    write_json(instruction: &str, meant: &str) {
        en: "JSON strings stand in double quotes: {instruction} {meant}",
        ko: "JSON 문자열에는 큰따옴표를 씁니다: {instruction} {meant}",
    }
    near_stage(name: &str) {
        en: "no earlier stage is called {name}, so this is an image",
        ko: "이름이 {name}인 스테이지가 앞에 없어서 이미지 이름으로 읽습니다",
    }
    near_stage_help(stage: &str) {
        en: "did you mean the stage {stage}?",
        ko: "혹시 스테이지 {stage} 아닌가요?",
    }
    unused_stage() {
        en: "this stage is not built: the image is what the last FROM makes, and that takes nothing from here",
        ko: "이 스테이지는 빌드되지 않습니다. 이미지는 마지막 FROM에서 만들어지는데, 거기서 이 스테이지를 쓰지 않습니다",
    }
    unused_stage_help() {
        en: "two images want two Dockerfiles; or name the stage with AS NAME, and build it with --target NAME",
        ko: "이미지가 둘이면 Dockerfile도 둘로 나누세요. 또는 AS NAME으로 이름을 붙이고 --target NAME으로 빌드하세요",
    }
    above_context(path: &str) {
        en: "{path} leads out of the build context: the .. at its beginning is cut off",
        ko: "{path} 경로는 빌드 컨텍스트 밖을 가리킵니다. 맨 앞의 ..은 잘려 나갑니다",
    }
    above_context_help() {
        en: "build from the folder above: `build -f FOLDER/Dockerfile ..`",
        ko: "위 폴더에서 빌드하세요: `build -f FOLDER/Dockerfile ..`",
    }
    unknown_rule(name: &str) {
        en: "no rule is called {name}",
        ko: "이름이 {name}인 규칙이 없습니다",
    }
    did_you_mean(name: &str) {
        en: "did you mean {name}? Upper and lower case count",
        ko: "혹시 {name} 아닌가요? 대소문자를 구별합니다",
    }
    list_rules() {
        en: "`check --explain` lists the rules",
        ko: "`check --explain`으로 규칙 목록을 볼 수 있습니다",
    }
}

impl Note {
    /// Returns a stable name.
    pub fn id(&self) -> &'static str {
        match self {
            Self::RunOn { .. } => "run-on-line",
            Self::Swallowed { .. } => "swallowed-instruction",
            Self::AlmostJson { .. } => "almost-json",
            Self::NothingToRun => "nothing-to-run",
            Self::NearStage { .. } => "near-stage",
            Self::UnusedStage => "unused-stage",
            Self::AboveContext { .. } => "above-context",
            Self::UnknownRule { .. } => "unknown-rule",
        }
    }

    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::RunOn { command, word } => run_on(language, word, command),
            Self::Swallowed { instruction, word } => swallowed(language, word, instruction),
            Self::AlmostJson { instruction, .. } => almost_json(language, instruction),
            Self::NothingToRun => Rule::RunWithoutCommand.message(language),
            Self::NearStage { name, .. } => near_stage(language, name),
            Self::UnusedStage => unused_stage(language),
            Self::AboveContext { path } => above_context(language, path),
            Self::UnknownRule { name, .. } => unknown_rule(language, name),
        }
    }

    /// Returns what to type instead.
    pub fn help(&self, language: Language) -> String {
        match self {
            Self::RunOn { .. } => run_on_help(language),
            Self::Swallowed { .. } => swallowed_help(language),
            Self::AlmostJson { instruction, meant } => write_json(language, instruction, meant),
            Self::NothingToRun => Rule::RunWithoutCommand.help(language),
            Self::NearStage { stage, .. } => near_stage_help(language, stage),
            Self::UnusedStage => unused_stage_help(language),
            Self::AboveContext { .. } => above_context_help(language),
            Self::UnknownRule {
                suggestion: Some(name),
                ..
            } => did_you_mean(language, name),
            Self::UnknownRule { .. } => list_rules(language),
        }
    }
}
