//! Syntax nodes become instructions with a type: what is unknown, missing or too much is found
//! here.

mod duration;
mod flags;
mod from;
mod health;
mod onbuild;
mod run;
mod suggest;
mod transfer;

use flags::{Flags, Known};
pub use suggest::nearest;
use suggest::suggestion;

use super::error::{ParseError, ParseErrorKind as Kind};
use super::instruction::{Argument, Instruction};
use super::syntax::{Arguments, Command, Flag, Heredoc, Node, Pair, Word};
use crate::source::Span;

/// The 18 instruction words, in the order of the alphabet.
pub const INSTRUCTIONS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

const NO_FLAGS: Known = &[];

/// Returns the flags an instruction has, without dashes; for completion at a prompt.
pub fn flags_of(instruction: &str) -> Vec<&'static str> {
    let known = match instruction.to_ascii_uppercase().as_str() {
        "FROM" => from::FROM_FLAGS,
        "RUN" => run::RUN_FLAGS,
        "COPY" => transfer::COPY_FLAGS,
        "ADD" => transfer::ADD_FLAGS,
        "HEALTHCHECK" => health::FLAGS,
        _ => NO_FLAGS,
    };
    known.iter().map(|(name, _)| *name).collect()
}

/// One instruction on its way to a type.
struct Untyped {
    pub keyword: Word,
    pub flags: Vec<Flag>,
    pub arguments: Arguments,
    pub heredocs: Vec<Heredoc>,
    onbuild: Option<Box<Node>>,
    original: String,
}

impl Untyped {
    /// Makes an error at a place of this instruction.
    pub fn error(&self, kind: Kind, span: Span) -> ParseError {
        ParseError {
            kind,
            span,
            instruction: self.keyword.span,
        }
    }

    /// Makes an error about the instruction word.
    pub fn error_here(&self, kind: Kind) -> ParseError {
        self.error(kind, self.keyword.span)
    }

    /// Takes the flags out, checked.
    pub fn take_flags(&mut self, known: Known) -> Result<Flags, ParseError> {
        Flags::new(std::mem::take(&mut self.flags), known, self.keyword.span)
    }
}

/// Gives a node its type.
pub(super) fn instruction(node: Node) -> Result<Instruction, ParseError> {
    let name = INSTRUCTIONS.into_iter().find(|name| *name == node.name);
    let mut untyped = Untyped {
        keyword: node.keyword,
        flags: node.flags,
        arguments: node.arguments,
        heredocs: node.heredocs,
        onbuild: node.onbuild,
        original: node.original,
    };
    let Some(name) = name else {
        return Err(unknown(&untyped));
    };
    match name {
        "ADD" => transfer::add(untyped).map(Instruction::Add),
        "ARG" => arg(untyped).map(Instruction::Arg),
        "CMD" => command(untyped).map(Instruction::Cmd),
        "COPY" => transfer::copy(untyped).map(Instruction::Copy),
        "ENTRYPOINT" => command(untyped).map(Instruction::Entrypoint),
        "ENV" => pairs(untyped, name).map(Instruction::Env),
        "EXPOSE" => words(untyped, name).map(Instruction::Expose),
        "FROM" => from::from(untyped).map(Instruction::From),
        "HEALTHCHECK" => health::healthcheck(untyped).map(Instruction::Healthcheck),
        "LABEL" => pairs(untyped, name).map(Instruction::Label),
        "ONBUILD" => onbuild::onbuild(untyped).map(Instruction::Onbuild),
        "RUN" => run::run(untyped).map(Instruction::Run),
        "SHELL" => shell(untyped).map(Instruction::Shell),
        "VOLUME" => volume(untyped).map(Instruction::Volume),
        _ => {
            let text = one_text(&mut untyped, name)?;
            Ok(match name {
                "MAINTAINER" => Instruction::Maintainer(text),
                "STOPSIGNAL" => Instruction::StopSignal(text),
                "USER" => Instruction::User(text),
                _ => Instruction::Workdir(text),
            })
        }
    }
}

fn unknown(untyped: &Untyped) -> ParseError {
    let name = untyped.keyword.text.clone();
    let near = suggestion(&name, INSTRUCTIONS.into_iter());
    let suggestion = near.or_else(|| suggest::meant(&name).map(str::to_owned));
    untyped.error_here(Kind::UnknownInstruction { name, suggestion })
}

fn arg(untyped: Untyped) -> Result<Vec<Argument>, ParseError> {
    let keyword = untyped.keyword.span;
    let words = words(untyped, "ARG")?;
    let arguments = words.into_iter().map(|word| {
        let argument = argument(word);
        if argument.name.text.is_empty() {
            return Err(ParseError {
                kind: Kind::BlankName { instruction: "ARG" },
                span: argument.name.span,
                instruction: keyword,
            });
        }
        Ok(argument)
    });
    arguments.collect()
}

fn argument(word: Word) -> Argument {
    let Some((name, default)) = word.text.split_once('=') else {
        return Argument {
            name: word,
            default: None,
        };
    };
    let as_written = word.span.end - word.span.start == word.text.len();
    let middle = if as_written {
        word.span.start + name.len()
    } else {
        word.span.end
    };
    Argument {
        name: Word {
            text: name.to_owned(),
            span: Span::new(word.span.start, middle),
        },
        default: Some(Word {
            text: default.to_owned(),
            span: if as_written {
                Span::new(middle + 1, word.span.end)
            } else {
                word.span
            },
        }),
    }
}

fn pairs(mut untyped: Untyped, instruction: &'static str) -> Result<Vec<Pair>, ParseError> {
    untyped.take_flags(NO_FLAGS)?;
    let Arguments::Pairs(pairs) = std::mem::replace(&mut untyped.arguments, Arguments::None) else {
        return Err(untyped.error_here(Kind::NeedsArguments { instruction }));
    };
    if let Some(blank) = pairs.iter().find(|pair| pair.key.text.is_empty()) {
        return Err(untyped.error(Kind::BlankName { instruction }, blank.key.span));
    }
    Ok(pairs)
}

fn words(mut untyped: Untyped, instruction: &'static str) -> Result<Vec<Word>, ParseError> {
    let words = take_words(&mut untyped);
    if words.is_empty() {
        return Err(untyped.error_here(Kind::NeedsArguments { instruction }));
    }
    untyped.take_flags(NO_FLAGS)?;
    Ok(words)
}

fn volume(untyped: Untyped) -> Result<Vec<Word>, ParseError> {
    let keyword = untyped.keyword.span;
    let mut words = words(untyped, "VOLUME")?;
    for word in &mut words {
        word.text = word.text.trim().to_owned();
        if word.text.is_empty() {
            return Err(ParseError {
                kind: Kind::EmptyVolume,
                span: word.span,
                instruction: keyword,
            });
        }
    }
    Ok(words)
}

fn shell(mut untyped: Untyped) -> Result<Vec<Word>, ParseError> {
    untyped.take_flags(NO_FLAGS)?;
    match std::mem::replace(&mut untyped.arguments, Arguments::None) {
        Arguments::Exec(words) if !words.is_empty() => Ok(words),
        Arguments::Shell(word) => Err(untyped.error(Kind::ShellNotJson, word.span)),
        _ => Err(untyped.error_here(Kind::NeedsArguments {
            instruction: "SHELL",
        })),
    }
}

fn command(mut untyped: Untyped) -> Result<Command, ParseError> {
    untyped.take_flags(NO_FLAGS)?;
    Ok(take_command(&mut untyped))
}

fn one_text(untyped: &mut Untyped, instruction: &'static str) -> Result<Word, ParseError> {
    let Arguments::Text(text) = std::mem::replace(&mut untyped.arguments, Arguments::None) else {
        return Err(untyped.error_here(Kind::NeedsOneArgument { instruction }));
    };
    untyped.take_flags(NO_FLAGS)?;
    Ok(text)
}

fn take_words(untyped: &mut Untyped) -> Vec<Word> {
    match std::mem::replace(&mut untyped.arguments, Arguments::None) {
        Arguments::Words(words) | Arguments::Exec(words) => words,
        _ => Vec::new(),
    }
}

/// Takes the command; an empty shell form where there is none, which BuildKit accepts.
fn take_command(untyped: &mut Untyped) -> Command {
    match std::mem::replace(&mut untyped.arguments, Arguments::None) {
        Arguments::Exec(words) => Command::Exec(words),
        Arguments::Shell(text) => Command::Shell(text),
        _ => Command::Shell(Word {
            text: String::new(),
            span: Span::new(untyped.keyword.span.end, untyped.keyword.span.end),
        }),
    }
}

#[cfg(test)]
mod tests {
    use crate::parser::{Instruction, parse, syntax};
    use crate::source::Source;

    /// The errors of a file, each with the text it points at.
    fn errors(text: &str) -> Vec<(String, String)> {
        let source = Source::new("Dockerfile", text);
        let errors = parse(&source).expect_err(text).into_iter();
        errors
            .map(|error| (error.to_string(), source.slice(error.span).to_owned()))
            .collect()
    }

    #[track_caller]
    fn refused(instruction: &str, message: &str, place: &str) {
        let text = format!("FROM a\n{instruction}\n");
        let found = errors(&text);
        assert_eq!(
            found,
            [(message.to_owned(), place.to_owned())],
            "{instruction}"
        );
        let source = Source::new("Dockerfile", text);
        assert!(
            syntax(&source).is_ok(),
            "`syntax` must not judge {instruction}"
        );
    }

    #[test]
    fn unknown_words_get_a_suggestion() {
        refused(
            "COYP a b",
            "unknown instruction: COYP (did you mean COPY?)",
            "COYP",
        );
        refused("xyzzy", "unknown instruction: xyzzy", "xyzzy");
        let message = "unknown flag: --form (did you mean from?)";
        refused("COPY --form=x a b", message, "--form=x");
        refused("ENV --x=y a=b", "unknown flag: --x", "--x=y");
    }

    #[test]
    fn flags_are_checked() {
        refused(
            "COPY --from=a --from=b c d",
            "duplicate flag specified: --from",
            "--from=b",
        );
        refused(
            "COPY --from c d",
            "missing a value on flag: --from",
            "--from",
        );
        refused(
            "COPY --link= c d",
            "missing a value on flag: --link",
            "--link=",
        );
        let message = "expecting boolean value for flag --link, not: x";
        refused("COPY --link=x c d", message, "--link=x");
        refused("RUN --network=x y", "invalid network mode \"x\"", "x");
        refused("RUN --security=x y", "security \"x\" is not valid", "x");
        let message = "variable expansion is not supported for --from, define a new stage with \
                       FROM using ARG from global scope as a workaround";
        refused("COPY --from=$x c d", message, "$x");
    }

    #[test]
    fn arguments_are_counted() {
        for name in ["USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER"] {
            refused(name, &format!("{name} requires exactly one argument"), name);
        }
        for name in [
            "ENV",
            "LABEL",
            "ARG",
            "EXPOSE",
            "VOLUME",
            "SHELL",
            "ONBUILD",
            "HEALTHCHECK",
        ] {
            refused(
                name,
                &format!("{name} requires at least one argument"),
                name,
            );
        }
        refused("SHELL []", "SHELL requires at least one argument", "SHELL");
        let tail = "was provided. Destination could not be determined";
        let message = format!("COPY requires at least two arguments, but only one {tail}");
        refused("COPY a", &message, "COPY");
        let message = format!("ADD requires at least two arguments, but none {tail}");
        refused("ADD", &message, "ADD");
        refused(
            "FROM a b",
            "FROM requires either one or three arguments",
            "FROM",
        );
        refused(
            "FROM a in b",
            "FROM requires either one or three arguments",
            "FROM",
        );
    }

    #[test]
    fn names_and_values_are_checked() {
        let message = "invalid name for build stage: \"1a\", name can't start with a number or \
                       contain symbols";
        refused("FROM a AS 1a", message, "1a");
        refused("ARG =x", "ARG names can not be blank", "");
        refused("ENV =x", "ENV names can not be blank", "");
        refused(
            "SHELL /bin/sh",
            "SHELL requires the arguments to be in JSON form",
            "/bin/sh",
        );
        refused(
            "VOLUME [\" \"]",
            "VOLUME specified can not be an empty string",
            "\" \"",
        );
        refused(
            "COPY https://x/y /z",
            "source can't be a URL for COPY",
            "https://x/y",
        );
    }

    #[test]
    fn a_health_check_needs_a_command_and_sensible_times() {
        refused(
            "HEALTHCHECK x",
            "Unknown type \"X\" in HEALTHCHECK (try CMD)",
            "x",
        );
        refused(
            "HEALTHCHECK CMD",
            "Missing command after HEALTHCHECK CMD",
            "CMD",
        );
        refused(
            "HEALTHCHECK CMD []",
            "Missing command after HEALTHCHECK CMD",
            "CMD",
        );
        refused(
            "HEALTHCHECK NONE x",
            "HEALTHCHECK NONE takes no arguments",
            "NONE",
        );
        let message = "Interval \"interval\" cannot be less than 1ms";
        refused("HEALTHCHECK --interval=1us CMD x", message, "1us");
        let message = "invalid duration for --timeout: \"5\"";
        refused("HEALTHCHECK --timeout=5 CMD x", message, "5");
        let message = "--retries cannot be negative (-1)";
        refused("HEALTHCHECK --retries=-1 CMD x", message, "-1");
    }

    #[test]
    fn a_trigger_must_be_one_that_can_be_stored() {
        let message = "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed";
        refused("ONBUILD ONBUILD RUN x", message, "ONBUILD");
        refused(
            "ONBUILD from x",
            "FROM isn't allowed as an ONBUILD trigger",
            "from",
        );
        refused(
            "ONBUILD RNU x",
            "unknown instruction: RNU (did you mean RUN?)",
            "RNU",
        );
    }

    #[test]
    fn a_heredoc_is_no_destination() {
        let message = "COPY cannot accept a heredoc as a destination";
        refused("COPY a <<X\nX", message, "<<X");
    }

    #[test]
    fn all_independent_errors_are_reported_in_order() {
        let found = errors("FORM a\nENV x\nCOPY [1, \"a\"]\nRUN --x y\n");
        let places: Vec<_> = found.iter().map(|(_, place)| place.as_str()).collect();
        assert_eq!(places, ["FORM", "x", "[1, \"a\"]", "--x"]);
    }

    fn only(instruction: &str) -> Instruction {
        let text = format!("FROM a\n{instruction}\n");
        let file = parse(&Source::new("Dockerfile", text)).expect(instruction);
        file.instructions
            .into_iter()
            .nth(1)
            .expect("two instructions")
            .value
    }

    #[test]
    fn heredocs_of_copy_are_no_sources() {
        let Instruction::Copy(copy) = only("COPY --chown=1:2 a << 'one two' /b\nx\none two") else {
            panic!("a COPY");
        };
        let transfer = copy.transfer;
        assert_eq!(transfer.sources.len(), 1);
        assert_eq!(transfer.sources[0].text, "a");
        assert_eq!(transfer.destination.text, "/b");
        assert_eq!(transfer.chown.unwrap().text, "1:2");
        assert_eq!(transfer.heredocs[0].name, "one two");
        assert!(!transfer.heredocs[0].expand);
    }

    #[test]
    fn an_onbuild_stores_its_text_with_the_heredocs() {
        let Instruction::Onbuild(onbuild) = only("onbuild  COPY <<A /a\nx\nA") else {
            panic!("an ONBUILD");
        };
        assert_eq!(onbuild.text, "COPY <<A /a\nx\nA");
        assert!(
            matches!(*onbuild.trigger, Instruction::Copy(copy) if copy.transfer.heredocs.len() == 1)
        );
    }

    #[test]
    fn arguments_keep_their_defaults_unexpanded() {
        let Instruction::Arg(arguments) = only("ARG A B=\"$A x\" C=") else {
            panic!("an ARG");
        };
        let read: Vec<_> = arguments
            .iter()
            .map(|one| {
                (
                    one.name.text.as_str(),
                    one.default.as_ref().map(|word| word.text.as_str()),
                )
            })
            .collect();
        assert_eq!(
            read,
            [("A", None), ("B", Some("\"$A x\"")), ("C", Some(""))]
        );
    }
}
