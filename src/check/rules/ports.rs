//! EXPOSE: what has no effect there, and protocols in capitals.

use super::super::judge::Judge;
use super::super::remark::Remark;
use crate::parser::instruction::Word;
use crate::parser::{Instruction, Located};
use crate::plan::port_parts;
use crate::plan::scope::Scope;

/// `ExposeInvalidFormat` and `ExposeProtoCasing`.
pub(super) fn ports(
    judge: &mut Judge<'_>,
    at: &Located<Instruction>,
    words: &[Word],
    scope: &Scope,
) {
    for word in words {
        let expanded = scope.expand(&word.text).map(|it| it.words);
        for port in expanded.unwrap_or_default() {
            let parts = port_parts(&port);
            if parts.protocol != parts.protocol.to_lowercase() {
                let port = port.clone();
                judge.warn(at, word.span, Remark::ExposeProtoCasing { port });
            }
            if !parts.address.is_empty() || !parts.host.is_empty() {
                let meant = match parts.protocol {
                    "tcp" => parts.container.to_owned(),
                    other => format!("{}/{}", parts.container, other.to_lowercase()),
                };
                let remark = Remark::ExposeInvalidFormat {
                    port: port.clone(),
                    meant,
                };
                judge.warn(at, word.span, remark);
            }
        }
    }
}
