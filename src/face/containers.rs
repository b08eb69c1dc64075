//! Run, exec, ps, logs, stop, kill, start, wait, rm.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::layout::{self, Layout};
use super::life::{exit_of, stop_of};
use super::networking::ports;
use super::{Answer, Face};
use crate::command;
use crate::render::{self, Narrow};
use crate::runtime::Resources;
use crate::runtime::attach::{Outcome, Streams};
use crate::runtime::health::Condition;
use crate::runtime::log::Show;
use crate::runtime::state::{Record, Status};
use crate::session::{
    CONTAINER_FILTERS, ExecCall, Filters, RunCall, SessionError, Trouble, moment,
};

/// docker cuts the text of a command in `ps` here.
const COMMAND_TEXT: usize = 20;

/// The heads of docker's `ps` by field.
const CONTAINER_HEADS: [(&str, &str); 14] = [
    ("ID", "CONTAINER ID"),
    ("Names", "NAMES"),
    ("Image", "IMAGE"),
    ("Command", "COMMAND"),
    ("CreatedAt", "CREATED AT"),
    ("RunningFor", "CREATED"),
    ("Ports", "PORTS"),
    ("State", "STATE"),
    ("Status", "STATUS"),
    ("Size", "SIZE"),
    ("Labels", "LABELS"),
    ("Mounts", "MOUNTS"),
    ("LocalVolumes", "LOCAL VOLUMES"),
    ("Networks", "NETWORKS"),
];

/// How `ps` becomes narrow: which container it is, whether it runs and its name stay to the last.
const NARROW_PS: [Narrow; 6] = [
    Narrow::Empty("PORTS"),
    Narrow::Cut("COMMAND", 10),
    Narrow::Leave("CREATED"),
    Narrow::Cut("IMAGE", 12),
    Narrow::Leave("COMMAND"),
    Narrow::Leave("IMAGE"),
];

impl Face<'_> {
    pub(super) fn run_container(&mut self, call: &command::Run) -> Answer {
        let Some((image, words)) = call.words.split_first() else {
            let trouble = Trouble::new(needs_image(self.language()));
            return Err(trouble.with_help(needs_image_help(self.language())).into());
        };
        let request = self.run_call(call, image, words)?;
        self.bring(image, call.pull)?;
        self.run_asked(&request)
    }

    /// Runs a container as it is described.
    pub fn run_asked(&mut self, request: &RunCall) -> Answer {
        if request.tty && request.interactive && !self.around.terminal && !request.detach {
            let trouble = Trouble::new(no_terminal(self.language()));
            return Err(trouble.with_help(no_terminal_help(self.language())).into());
        }
        let stdin = self.around.stdin.filter(|_| request.interactive);
        let streams = Streams {
            stdin,
            stdout: &mut *self.out,
            stderr: &mut *self.err,
        };
        let streams = (!request.detach).then_some(streams);
        let started = self.session.run(request, streams, self.around.own_stdio)?;
        let notes: Vec<String> = started
            .notes
            .iter()
            .map(|note| note.message(self.language()))
            .collect();
        for note in notes {
            self.mutter(&format!("{note}\n"));
        }
        let id = started.record.id.clone();
        self.last.container = Some(started.record);
        match started.outcome {
            Outcome::Started => {
                self.line(id.as_str());
                Ok(0)
            }
            Outcome::Detached => Ok(0),
            Outcome::Exited(code) => Ok(code),
        }
    }

    pub(super) fn run_call(
        &self,
        call: &command::Run,
        image: &str,
        words: &[String],
    ) -> Result<RunCall, SessionError> {
        let network = self.network_call(&call.networking)?;
        Ok(RunCall {
            image: image.to_owned(),
            command: words.to_vec(),
            name: call.name.clone(),
            interactive: call.interactive,
            tty: call.tty,
            detach: call.detach,
            remove: call.rm,
            env: self.pairs(&call.env),
            workdir: call.workdir.clone(),
            user: call.user.clone(),
            volumes: call.mounting.volume.clone(),
            mounts: call.mounting.mount.clone(),
            tmpfs: call.mounting.tmpfs.clone(),
            volumes_from: call.mounting.volumes_from.clone(),
            folder: self.around.folder.clone(),
            entrypoint: call.entrypoint.clone(),
            network,
            hostname: call.hostname.clone(),
            labels: labels(&call.label),
            read_only: call.read_only,
            cap_add: call.cap_add.clone(),
            cap_drop: call.cap_drop.clone(),
            resources: self.resources(call)?,
            health: self.health_call(&call.health)?,
            restart: self.restart_policy(&call.restart, call.rm)?,
            init: call.init,
            stop_signal: call.stop_signal.clone(),
            stop_timeout: call.stop_timeout,
            manner: self.manner(call.detach_keys.as_deref(), call.sig_proxy)?,
            cid_file: call.cidfile.as_deref().map(|path| self.path(path)),
            pid_file: call.pidfile.as_deref().map(|path| self.path(path)),
            term: (self.around.variable)("TERM"),
        })
    }

    fn resources(&self, call: &command::Run) -> Result<Resources, SessionError> {
        Ok(Resources {
            best_effort: call.best_effort,
            ..self.limits(
                call.memory.as_deref(),
                call.cpus.as_deref(),
                call.pids_limit,
            )?
        })
    }

    /// Reads limits as docker's words give them.
    pub(super) fn limits(
        &self,
        memory: Option<&str>,
        cpus: Option<&str>,
        pids: Option<i64>,
    ) -> Result<Resources, SessionError> {
        let invalid = |flag: &str, value: &str| {
            Trouble::new(bad_value(self.language(), value, flag)).with_exit(125)
        };
        let memory = memory
            .map(|text| bytes(text).ok_or_else(|| invalid("--memory", text)))
            .transpose()?;
        if memory.is_some_and(|memory| memory < LEAST_MEMORY) {
            return Err(Trouble::new(too_little_memory(self.language()))
                .with_exit(125)
                .into());
        }
        let number = |text: &str| match text.parse::<f64>() {
            Ok(number) if number > 0.0 => Ok(number),
            _ => Err(invalid("--cpus", text)),
        };
        Ok(Resources {
            memory,
            cpus: cpus.map(number).transpose()?,
            // docker: 0 and below mean no limit.
            pids: pids
                .and_then(|limit| u64::try_from(limit).ok())
                .filter(|n| *n > 0),
            ..Resources::default()
        })
    }

    pub(super) fn exec(&mut self, call: &command::Exec) -> Answer {
        if call.tty && call.interactive && !self.around.terminal {
            let trouble = Trouble::new(no_terminal(self.language()));
            return Err(trouble.with_help(no_terminal_help(self.language())).into());
        }
        let request = ExecCall {
            container: call.container.clone(),
            command: call.words.clone(),
            tty: call.tty,
            env: self.pairs(&call.env),
            user: call.user.clone(),
            workdir: call.workdir.clone(),
            manner: self.manner(call.detach_keys.as_deref(), true)?,
            term: (self.around.variable)("TERM"),
        };
        let stdin = self.around.stdin.filter(|_| call.interactive);
        let streams = Streams {
            stdin,
            stdout: &mut *self.out,
            stderr: &mut *self.err,
        };
        let streams = (!call.detach).then_some(streams);
        let outcome = self
            .session
            .exec(&request, streams, self.around.own_stdio)?;
        Ok(exit_of(outcome))
    }

    pub(super) fn ps(&mut self, call: &command::Ps) -> Answer {
        let filters = Filters::parse(&call.filter, &CONTAINER_FILTERS, self.language())?;
        let newest = call.last.and_then(|number| usize::try_from(number).ok());
        let newest = newest
            .filter(|number| *number > 0)
            .or(call.latest.then_some(1));
        let all = call.all || newest.is_some();
        let records = self.session.containers_list()?;
        let mut records = self.session.filter_containers(records, &filters, all)?;
        // They come newest first.
        records.truncate(newest.unwrap_or(usize::MAX));
        if call.json {
            self.write(&render::json(&records));
            return Ok(0);
        }
        let layout = Layout::read(call.format.as_deref(), self.language())?;
        if !matches!(layout, Layout::Usual) {
            return self.lay_out_containers(&layout, call, &records);
        }
        let id = |record: &Record| {
            if call.no_trunc {
                record.id.as_str().to_owned()
            } else {
                record.id.short().to_owned()
            }
        };
        if call.quiet {
            let ids: String = records
                .iter()
                .map(|record| format!("{}\n", id(record)))
                .collect();
            self.write(&ids);
            return Ok(0);
        }
        let sizes = if call.size {
            self.session.sizes_of_containers(&records)?
        } else {
            Vec::new()
        };
        let mut sizes = sizes.into_iter();
        let row = |record: Record| {
            let mut row = vec![
                id(&record),
                record.image.clone(),
                shown_command(&record.command, call.no_trunc),
                self.since(record.created),
                self.status(&record),
                ports(&record),
                record.name,
            ];
            row.extend(sizes.next().map(render::docker_size));
            row
        };
        // A record goes when its row is made: a thousand of both at once are a lot of memory.
        let rows: Vec<Vec<String>> = records.into_iter().map(row).collect();
        let mut heads = vec![
            "CONTAINER ID",
            "IMAGE",
            "COMMAND",
            "CREATED",
            "STATUS",
            "PORTS",
            "NAMES",
        ];
        heads.extend(call.size.then_some("SIZE"));
        let columns = if call.no_trunc {
            usize::MAX
        } else {
            self.screen.width
        };
        self.write(&render::narrow_table(&heads, &rows, columns, &NARROW_PS));
        Ok(0)
    }

    fn lay_out_containers(
        &mut self,
        layout: &Layout,
        call: &command::Ps,
        records: &[Record],
    ) -> Answer {
        // Adding up what containers wrote takes time.
        let sizes = if layout.names("Size") {
            self.session.sizes_of_containers(records)?
        } else {
            vec![0; records.len()]
        };
        // So does reading how each of them was made.
        let made = ["Mounts", "LocalVolumes", "Networks"];
        let looks = matches!(layout, Layout::Json) || made.iter().any(|it| layout.names(it));
        let rows: Vec<Value> = records
            .iter()
            .zip(sizes)
            .map(|(record, size)| {
                let mut row = self.container_fields(record, size, call.no_trunc);
                if looks {
                    self.add_made_with(&mut row, record, call.no_trunc);
                }
                row
            })
            .collect();
        self.lay_out(layout, &CONTAINER_HEADS, rows)
    }

    /// Adds the fields of a row of `ps` that only the container's description knows.
    fn add_made_with(&self, row: &mut Value, record: &Record, whole: bool) {
        // One that is removed in this moment has none.
        let Ok(made) = self.session.made_with(record) else {
            return;
        };
        let cut = |label: &String| match label.char_indices().nth(MOUNT_TEXT) {
            Some((end, _)) if !whole => format!("{}…", &label[..end]),
            _ => label.clone(),
        };
        let mounts: Vec<String> = made.mounts.iter().map(cut).collect();
        row["Mounts"] = mounts.join(",").into();
        row["LocalVolumes"] = made.volumes.to_string().into();
        row["Networks"] = made.networks.into();
    }

    /// docker's fields of a row of `ps`.
    fn container_fields(&self, record: &Record, size: u64, whole: bool) -> Value {
        let id = if whole {
            record.id.as_str()
        } else {
            record.id.short()
        };
        let label = |(name, value): (&String, &String)| format!("{name}={value}");
        let labels: Vec<String> = record.labels.iter().map(label).collect();
        json!({
            "ID": id,
            "Names": record.name,
            "Image": record.image,
            "Command": shown_command(&record.command, whole),
            "CreatedAt": layout::moment(Some(record.created)),
            "RunningFor": self.since(record.created),
            "Ports": ports(record),
            "State": record.state.word(),
            "Status": self.status(record),
            "Size": render::docker_size(size),
            "Labels": labels.join(","),
            "Label": record.labels,
            "Mounts": "",
            "LocalVolumes": "0",
            "Networks": "",
        })
    }

    pub(super) fn since(&self, then: Timestamp) -> String {
        render::ago(self.language(), then.as_second(), (self.around.now)())
    }

    /// docker's words: `Up 2 minutes`, `Exited (0) 5 seconds ago`, `Created`.
    pub(super) fn status(&self, record: &Record) -> String {
        match &record.state {
            Status::Created => "Created".to_owned(),
            Status::Running(running) => {
                let seconds = (self.around.now)() - running.started.as_second();
                let seconds = u64::try_from(seconds).unwrap_or(0);
                let up = format!("Up {}", render::human_duration(self.language(), seconds));
                match record.health {
                    _ if running.paused => format!("{up} (Paused)"),
                    None => up,
                    Some(Condition::Starting) => format!("{up} (health: starting)"),
                    Some(condition) => format!("{up} ({})", condition.word()),
                }
            }
            Status::Restarting(restarting) => format!(
                "Restarting ({}) {}",
                restarting.code,
                self.since(restarting.finished)
            ),
            Status::Exited(exited) if record.state.is_lost() => {
                format!("Exited ({}) supervisor lost", exited.code)
            }
            Status::Exited(exited) => {
                format!("Exited ({}) {}", exited.code, self.since(exited.finished))
            }
        }
    }

    pub(super) fn logs(&mut self, call: &command::Logs) -> Answer {
        let show = self.shown(call)?;
        self.session.logs(
            &call.container,
            show,
            call.follow,
            &mut *self.out,
            &mut *self.err,
        )?;
        Ok(0)
    }

    fn shown(&self, call: &command::Logs) -> Result<Show, SessionError> {
        let tail = match call.tail.as_str() {
            // docker: below 0 is all.
            all if all == "all" || all.parse::<i64>().is_ok_and(|number| number < 0) => None,
            number => Some(number.parse().map_err(|_| {
                Trouble::new(bad_value(self.language(), number, "--tail")).with_exit(125)
            })?),
        };
        let moment = |flag: &str, text: &Option<String>| {
            let time = text.as_ref().map(|text| {
                let time = moment(text, Timestamp::now());
                time.ok_or_else(|| Trouble::new(bad_time(self.language(), flag, text)))
            });
            time.transpose()
        };
        Ok(Show {
            tail,
            timestamps: call.timestamps,
            since: moment("since", &call.since)?,
            until: moment("until", &call.until)?,
            details: call.details,
        })
    }

    pub(super) fn stop(&mut self, call: &command::Stop) -> Answer {
        let how = stop_of(call);
        self.each_named(&call.containers, |session, name| {
            session.stop_container(name, &how)
        })
    }

    pub(super) fn kill(&mut self, call: &command::Kill) -> Answer {
        self.each_named(&call.containers, |session, name| {
            session.kill_container(name, &call.signal)
        })
    }

    pub(super) fn start(&mut self, call: &command::Start) -> Answer {
        if call.all_restartable {
            return self.start_restartable();
        }
        if !(call.attach || call.interactive) {
            return self.each_named(&call.containers, |session, name| {
                session.start_container(name, None)
            });
        }
        let [name] = &call.containers[..] else {
            return Err(Trouble::new(one_container(self.language())).into());
        };
        let manner = self.manner(call.detach_keys.as_deref(), call.sig_proxy)?;
        let stdin = self.around.stdin.filter(|_| call.interactive);
        let streams = Streams {
            stdin,
            stdout: &mut *self.out,
            stderr: &mut *self.err,
        };
        let outcome = self
            .session
            .start_container(name, Some((streams, manner)))?;
        Ok(exit_of(outcome))
    }

    pub(super) fn wait(&mut self, call: &command::Names) -> Answer {
        self.each(&call.names, |face, name| {
            let code = face.session.wait_container(name)?;
            face.line(&code.to_string());
            Ok(())
        })
    }

    pub(super) fn rm(&mut self, call: &command::Rm) -> Answer {
        self.each_named(&call.containers, |session, name| {
            session.remove_container(name, call.force, call.volumes)
        })
    }
}

/// docker shows so many characters of what is mounted.
const MOUNT_TEXT: usize = 14;

/// The least that docker takes for `--memory`: 6 MiB.
const LEAST_MEMORY: u64 = 6 << 20;

/// Reads `64m`: a number and b, k, m or g, which count in powers of 1024 as docker's do.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let text = text
        .strip_suffix('b')
        .filter(|rest| !rest.is_empty())
        .unwrap_or(&text);
    let (digits, shift) = match text.as_bytes().last()? {
        b'k' => (&text[..text.len() - 1], 10),
        b'm' => (&text[..text.len() - 1], 20),
        b'g' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

fn labels(words: &[String]) -> Vec<(String, String)> {
    let pair = |word: &String| {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        (name.to_owned(), value.to_owned())
    };
    words.iter().map(pair).collect()
}

pub(super) fn shown_command(words: &[String], whole: bool) -> String {
    let text = words.join(" ");
    if whole || text.chars().count() <= COMMAND_TEXT {
        return format!("\"{text}\"");
    }
    let cut: String = text.chars().take(COMMAND_TEXT - 1).collect();
    format!("\"{cut}…\"")
}

crate::messages! {
    needs_image() {
        en: "\"run\" requires at least 1 argument: an image",
        ko: "\"run\"에는 이미지가 필요합니다(requires at least 1 argument)",
    }
    needs_image_help() {
        en: "for example `run practice-os echo hello`",
        ko: "예: `run practice-os echo hello`",
    }
    no_terminal() {
        en: "the input device is not a TTY",
        ko: "입력이 터미널이 아닙니다(the input device is not a TTY)",
    }
    no_terminal_help() {
        en: "leave out -t: `-i` alone passes a pipe or a file on; or run it from a terminal",
        ko: "-t를 빼세요. 파이프나 파일은 `-i`만으로 전달됩니다. 아니면 터미널에서 실행하세요",
    }
    pub(super) bad_value(value: &str, flag: &str) {
        en: "invalid argument \"{value}\" for \"{flag}\" flag",
        ko: "\"{flag}\"의 값이 올바르지 않습니다(invalid argument): \"{value}\"",
    }
    bad_time(flag: &str, text: &str) {
        en: "invalid value for \"{flag}\": failed to parse value as time or duration: \"{text}\"",
        ko: "\"{flag}\"의 값은 시각이나 지난 시간이어야 합니다(invalid value): \"{text}\"",
    }
    too_little_memory() {
        en: "Minimum memory limit allowed is 6MB",
        ko: "메모리 제한은 6MB 이상이어야 합니다(Minimum memory limit)",
    }
    one_container() {
        en: "you cannot start and attach multiple containers at once",
        ko: "여러 컨테이너를 한꺼번에 시작하면서 연결할 수는 없습니다",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_counted_in_powers_of_1024() {
        assert_eq!(bytes("64m"), Some(64 << 20));
        assert_eq!(bytes("1gb"), Some(1 << 30));
        assert_eq!(bytes("7"), Some(7));
        for wrong in ["", "b", "m", "1.5m", "x"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn long_commands_are_cut_as_docker_cuts_them() {
        let words = |text: &str| vec![text.to_owned()];
        assert_eq!(shown_command(&words("echo hi"), false), "\"echo hi\"");
        let long = "/bin/sh -c nosuchcommand";
        assert_eq!(
            shown_command(&words(long), false),
            "\"/bin/sh -c nosuchco…\""
        );
        assert_eq!(shown_command(&words(long), true), format!("\"{long}\""));
    }
}
