//! What a build has to be allowed to do before anything of it is done.

use super::error::BuildError;
use crate::language::Language;
use crate::plan::{Entitlement, LayerStep, Step, StepKind};

/// Refuses a RUN that asks for more than the build is allowed.
pub fn judge(step: &Step, allowed: &[Entitlement]) -> Result<(), BuildError> {
    let StepKind::Layer(LayerStep::Run(run)) = &step.kind else {
        return Ok(());
    };
    match run.sandbox.needs().find(|need| !allowed.contains(need)) {
        Some(needed) => Err(BuildError::NotAllowed {
            needed,
            span: step.span,
        }),
        None => Ok(()),
    }
}

crate::messages! {
    not_allowed(name: &str) {
        en: "{name} is not allowed",
        ko: "허락되지 않았습니다(not allowed): {name}",
    }
    help_network() {
        en: "the step would reach whatever this machine reaches; if that is meant: `build --allow network.host`",
        ko: "이 단계는 이 컴퓨터가 닿는 모든 곳에 닿게 됩니다. 그래도 된다면 `build --allow network.host`",
    }
    help_insecure() {
        en: "the step would run with all of root's powers; if that is meant: `build --allow security.insecure`",
        ko: "이 단계는 root의 모든 권한으로 실행됩니다. 그래도 된다면 `build --allow security.insecure`",
    }
}

/// Returns the sentence.
pub fn message(needed: Entitlement, language: Language) -> String {
    not_allowed(language, needed.name())
}

/// Returns what to do about it.
pub fn help(needed: Entitlement, language: Language) -> String {
    match needed {
        Entitlement::HostNetwork => help_network(language),
        Entitlement::Insecure => help_insecure(language),
    }
}
