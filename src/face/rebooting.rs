//! Health checks and restart policies as `run` takes them; `update`, and what starts after a reboot.

use std::time::Duration;

use super::{Answer, Face};
use crate::command;
use crate::parser::nanoseconds;
use crate::runtime::restarting::RestartPolicy;
use crate::session::{Changes, HealthCall, SessionError, Trouble};

impl Face<'_> {
    /// Reads `--restart`.
    pub(super) fn restart_policy(
        &self,
        text: &str,
        removes: bool,
    ) -> Result<RestartPolicy, SessionError> {
        let language = self.language();
        let trouble = |message| Trouble::new(message).with_exit(125);
        let policy: RestartPolicy = text
            .parse()
            .map_err(|()| trouble(bad_policy(language, text)).with_help(policies(language)))?;
        if removes && !policy.is_no() {
            return Err(trouble(conflict(language)).into());
        }
        Ok(policy)
    }

    /// Reads `--health-*`.
    pub(super) fn health_call(
        &self,
        call: &command::Healthchecking,
    ) -> Result<HealthCall, SessionError> {
        let language = self.language();
        let trouble = |message| SessionError::from(Trouble::new(message).with_exit(125));
        let time = |flag: &str, text: &Option<String>| -> Result<_, SessionError> {
            let Some(text) = text else { return Ok(None) };
            let wrong = || trouble(bad_time(language, text, flag));
            match nanoseconds(text).ok_or_else(wrong)? {
                nanoseconds if nanoseconds < 0 => Err(trouble(negative(language, flag))),
                1..=999_999 => Err(trouble(too_short(language, flag))),
                nanoseconds => {
                    let nanoseconds = u64::try_from(nanoseconds).unwrap_or(u64::MAX);
                    Ok(Some(Duration::from_nanos(nanoseconds)))
                }
            }
        };
        let retries = call.health_retries.map(u32::try_from).transpose();
        let asked = HealthCall {
            none: call.no_healthcheck,
            command: call.health_cmd.clone(),
            interval: time("--health-interval", &call.health_interval)?,
            timeout: time("--health-timeout", &call.health_timeout)?,
            start_period: time("--health-start-period", &call.health_start_period)?,
            start_interval: time("--health-start-interval", &call.health_start_interval)?,
            retries: retries.map_err(|_| trouble(negative(language, "--health-retries")))?,
        };
        if asked.none && asked != HealthCall::none() {
            return Err(trouble(health_conflict(language)));
        }
        Ok(asked)
    }

    pub(super) fn update(&mut self, call: &command::Update) -> Answer {
        let restart = call.restart.as_deref();
        let restart = restart.map(|text| self.restart_policy(text, false));
        let changes = Changes {
            restart: restart.transpose()?,
            limits: self.limits(
                call.memory.as_deref(),
                call.cpus.as_deref(),
                call.pids_limit,
            )?,
            without_pids_limit: call.pids_limit.is_some_and(|limit| limit <= 0),
        };
        self.each_named(&call.containers, |session, name| {
            session.update_container(name, &changes)
        })
    }

    /// Starts what is to run after a reboot.
    pub(super) fn start_restartable(&mut self) -> Answer {
        let names = self.session.restartable()?;
        self.each_named(&names, |session, name| session.start_container(name, None))
    }

    /// Prints a unit for systemd, and to people where it goes.
    pub(super) fn generate_systemd(&mut self) -> Answer {
        let language = self.language();
        let program = std::env::current_exe();
        let program = program.map_err(|error| Trouble::system("find strata itself", &error))?;
        let rootful = self.session.is_root();
        let target = if rootful {
            "multi-user.target"
        } else {
            "default.target"
        };
        let store = self.around.folder.join(self.session.root());
        let unit = format!(
            "[Unit]\n\
             Description=Containers of strata that start with the machine\n\
             After=network-online.target\n\
             Wants=network-online.target\n\
             \n\
             [Service]\n\
             Type=oneshot\n\
             RemainAfterExit=yes\n\
             ExecStart={} --root {} start --all-restartable\n\
             # What still runs is ended with the machine, and counts as running at the next start.\n\
             KillSignal=SIGKILL\n\
             \n\
             [Install]\n\
             WantedBy={target}\n",
            quoted(&program.display().to_string()),
            quoted(&store.display().to_string()),
        );
        self.write(&unit);
        let place = if rootful {
            for_root(language)
        } else {
            for_user(language)
        };
        if self.around.terminal {
            self.mutter(&format!("{place}\n"));
        }
        Ok(0)
    }
}

/// A word of a command line as systemd reads it (systemd.service(5), "Command lines").
fn quoted(word: &str) -> String {
    let escaped = word
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%")
        .replace('$', "$$");
    format!("\"{escaped}\"")
}

crate::messages! {
    bad_policy(text: &str) {
        en: "invalid restart policy: \"{text}\"",
        ko: "재시작 정책이 올바르지 않습니다(invalid restart policy): \"{text}\"",
    }
    policies() {
        en: "there are no, on-failure, on-failure:TIMES, always and unless-stopped",
        ko: "no, on-failure, on-failure:횟수, always, unless-stopped가 있습니다",
    }
    bad_time(text: &str, flag: &str) {
        en: "invalid argument \"{text}\" for \"{flag}\" flag: invalid duration, such as 30s or 1m30s",
        ko: "{flag}의 값이 올바르지 않습니다(invalid duration): \"{text}\". 30s나 1m30s처럼 쓰세요",
    }
    negative(flag: &str) {
        en: "{flag} cannot be negative",
        ko: "{flag}에 음수를 쓸 수 없습니다(cannot be negative)",
    }
    too_short(flag: &str) {
        en: "{flag} cannot be less than 1ms",
        ko: "{flag}는 1ms보다 짧을 수 없습니다(cannot be less than 1ms)",
    }
    health_conflict() {
        en: "--no-healthcheck conflicts with --health-* options",
        ko: "--no-healthcheck는 --health-* 옵션과 함께 쓸 수 없습니다(conflicts)",
    }
    conflict() {
        en: "Conflicting options: --restart and --rm",
        ko: "--restart와 --rm은 함께 쓸 수 없습니다(Conflicting options)",
    }
    for_root() {
        en: "write it to /etc/systemd/system/strata.service, then `systemctl enable strata`",
        ko: "/etc/systemd/system/strata.service 파일에 쓴 다음 `systemctl enable strata`를 실행하세요",
    }
    for_user() {
        en: "write it to ~/.config/systemd/user/strata.service, then `systemctl --user enable strata` and `loginctl enable-linger`",
        ko: "~/.config/systemd/user/strata.service 파일에 쓴 다음 `systemctl --user enable strata`와 `loginctl enable-linger`를 실행하세요",
    }
}
