//! What is unknown, missing or too much is refused, and named where it stands.

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
