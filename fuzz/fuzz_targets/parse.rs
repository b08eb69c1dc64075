//! Does any text make reading, judging, colouring or laying out a Dockerfile panic, hang, or say
//! something else than it said?
#![no_main]

use libfuzzer_sys::fuzz_target;
use strata::check::{Request, World, check};
use strata::language::Language;
use strata::parser;

fuzz_target!(|bytes: &[u8]| {
    let Ok(source) = parser::decode("Dockerfile", bytes.to_vec()) else {
        return;
    };
    parser::highlight(source.text());
    parser::completeness(source.text());
    match parser::syntax(&source) {
        Ok(file) => {
            strata::render::json(&parser::json::json("Dockerfile", &file));
            parser::format(&source).expect("what can be read can be laid out");
        }
        Err(errors) => assert!(!errors.is_empty()),
    }
    let world = World {
        image: &|_| None,
        ignore: None,
    };
    for finding in check(&source, &Request::default(), &world).findings {
        assert!(finding.span.end <= source.text().len());
        finding.diagnostic(&source, Language::Ko);
    }
});
