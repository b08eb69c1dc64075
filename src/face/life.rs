//! Create, attach, restart, pause, unpause, rename.

use super::{Answer, Face};
use crate::command;
use crate::runtime::attach::{DetachKeys, Manner, Outcome, Streams};
use crate::runtime::manage::Stop;
use crate::session::{Session, SessionError, Trouble};

impl Face<'_> {
    pub(super) fn create(&mut self, call: &command::Create) -> Answer {
        let call = &call.run;
        let Some((image, words)) = call.words.split_first() else {
            let trouble = Trouble::new(needs_image(self.language()));
            return Err(trouble.with_help(needs_image_help(self.language())).into());
        };
        if call.detach {
            let trouble = Trouble::new(never_runs(self.language())).with_exit(125);
            return Err(trouble.with_help(never_runs_help(self.language())).into());
        }
        self.bring(image, call.pull)?;
        let record = self.session.create(&self.run_call(call, image, words)?)?;
        self.line(record.id.as_str());
        self.last.container = Some(record);
        Ok(0)
    }

    pub(super) fn attach(&mut self, call: &command::Attach) -> Answer {
        let manner = self.manner(call.detach_keys.as_deref(), call.sig_proxy)?;
        let stdin = self.around.stdin.filter(|_| !call.no_stdin);
        let streams = Streams {
            stdin,
            stdout: &mut *self.out,
            stderr: &mut *self.err,
        };
        let outcome = self
            .session
            .attach_container(&call.container, streams, manner)?;
        Ok(exit_of(outcome))
    }

    pub(super) fn restart(&mut self, call: &command::Stop) -> Answer {
        let how = stop_of(call);
        self.each_named(&call.containers, |session, name| {
            session.restart_container(name, &how)
        })
    }

    pub(super) fn pause_containers(&mut self, call: &command::Names) -> Answer {
        self.each_named(&call.names, Session::pause_container)
    }

    pub(super) fn unpause_containers(&mut self, call: &command::Names) -> Answer {
        self.each_named(&call.names, Session::unpause_container)
    }

    pub(super) fn rename(&self, call: &command::Rename) -> Answer {
        let name = &call.container;
        self.done(self.session.rename_container(name, &call.name))
    }

    /// Reads `--detach-keys` and `--sig-proxy`.
    pub(super) fn manner(
        &self,
        keys: Option<&str>,
        pass_signals: bool,
    ) -> Result<Manner, SessionError> {
        let language = self.language();
        let keys = DetachKeys::parse(keys.unwrap_or_default()).map_err(|error| {
            Trouble::new(error.message(language)).with_help(error.help(language))
        })?;
        Ok(Manner { keys, pass_signals })
    }
}

/// Returns the exit code of having watched a container.
pub(super) fn exit_of(outcome: Outcome) -> i32 {
    match outcome {
        Outcome::Exited(code) => code,
        Outcome::Started | Outcome::Detached => 0,
    }
}

/// Reads the options of `stop` and `restart`.
pub(super) fn stop_of(call: &command::Stop) -> Stop {
    Stop {
        timeout: call.time,
        signal: call.signal.clone(),
        keep: false,
    }
}

crate::messages! {
    needs_image() {
        en: "\"create\" requires at least 1 argument: an image",
        ko: "\"create\"에는 이미지가 필요합니다(requires at least 1 argument)",
    }
    needs_image_help() {
        en: "for example `create practice-os echo hello`",
        ko: "예: `create practice-os echo hello`",
    }
    never_runs() {
        en: "unknown flag: --detach",
        ko: "create에는 --detach가 없습니다(unknown flag: --detach)",
    }
    never_runs_help() {
        en: "`create` only makes the container: `start` runs it in the background",
        ko: "`create`는 컨테이너를 만들기만 합니다. `start`가 백그라운드로 실행합니다",
    }
}
