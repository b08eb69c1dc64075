//! Each Dockerfile instruction in a few lines: its form, what it does, an example.
//!
//! The first line is the form, lines that begin with two spaces are examples.

use crate::language::Language;

/// Explains an instruction, named in capitals; none for other words.
pub(super) fn explained(language: Language, name: &str) -> Option<String> {
    let explain = match name {
        "FROM" => from,
        "RUN" => run,
        "COPY" => copy,
        "ADD" => add,
        "WORKDIR" => workdir,
        "ENV" => env,
        "ARG" => arg,
        "USER" => user,
        "CMD" => cmd,
        "ENTRYPOINT" => entrypoint,
        "EXPOSE" => expose,
        "LABEL" => label,
        "VOLUME" => volume,
        "SHELL" => shell,
        "STOPSIGNAL" => stopsignal,
        "HEALTHCHECK" => healthcheck,
        "ONBUILD" => onbuild,
        "MAINTAINER" => maintainer,
        _ => return None,
    };
    Some(explain(language))
}

crate::messages! {
    from() {
        en: "FROM IMAGE [AS NAME]
Begins a stage on the layers of another image. `scratch` is nothing at all;
practice-os and practice-node need no network. Later stages can copy from a
stage by its NAME.
  FROM practice-os AS build",
        ko: "FROM 이미지 [AS 이름]
다른 이미지의 레이어 위에서 스테이지를 시작합니다. `scratch`는 빈 이미지이고,
practice-os와 practice-node는 네트워크 없이 쓸 수 있습니다. 뒤의 스테이지가
이름으로 이 스테이지에서 파일을 복사할 수 있습니다.
  FROM practice-os AS build",
    }
    run() {
        en: "RUN COMMAND   or   RUN [\"PROGRAM\", \"ARGUMENT\"]
Runs a command while the image is built; the files it changes become a layer.
Its cache key is its text, what is under it, ENV and ARG, not what it would
download today.
  RUN apk add curl && rm -rf /var/cache/apk",
        ko: "RUN 명령   또는   RUN [\"프로그램\", \"인자\"]
이미지를 빌드하는 동안 명령을 실행합니다. 바뀐 파일이 레이어가 됩니다.
캐시 키는 명령의 글자, 그 아래의 단계, ENV와 ARG로 정해집니다. 오늘 무엇을
내려받을지는 키에 들어가지 않습니다.
  RUN apk add curl && rm -rf /var/cache/apk",
    }
    copy() {
        en: "COPY [--from=STAGE] [--chown=U:G] [--chmod=MODE] SOURCE... DESTINATION
Copies files of the build context, or of a stage or image, into a layer.
Content, mode and owner decide whether it is reused; times do not. Several
sources need a destination that ends in `/`; .dockerignore keeps files out.
  COPY package.json ./
  COPY --from=build /out/app /usr/bin/",
        ko: "COPY [--from=스테이지] [--chown=U:G] [--chmod=모드] 원본... 대상
빌드 컨텍스트나 다른 스테이지, 이미지의 파일을 레이어로 복사합니다. 재사용은
내용과 모드, 소유자로 정해지고 시각은 상관없습니다. 원본이 여럿이면 대상이
`/`로 끝나야 합니다. .dockerignore로 파일을 뺄 수 있습니다.
  COPY package.json ./
  COPY --from=build /out/app /usr/bin/",
    }
    add() {
        en: "ADD SOURCE... DESTINATION
Like COPY, but unpacks local tar archives and fetches URLs. Where plain files
are copied, COPY says more clearly what happens.
  ADD rootfs.tar.gz /",
        ko: "ADD 원본... 대상
COPY와 같지만, 로컬 tar 아카이브를 풀고 URL을 내려받습니다. 보통 파일이라면
COPY가 무슨 일이 일어나는지 더 분명하게 보여 줍니다.
  ADD rootfs.tar.gz /",
    }
    workdir() {
        en: "WORKDIR /FOLDER
Sets the folder in which later instructions and the container begin, and makes
it if it is missing. A relative path goes on from the last WORKDIR. Unlike
`RUN cd`, it lasts.
  WORKDIR /app",
        ko: "WORKDIR /폴더
뒤의 명령과 컨테이너가 시작할 폴더를 정하고, 없으면 만듭니다. 상대 경로는 앞의
WORKDIR에서 이어집니다. `RUN cd`와 달리 계속 유지됩니다.
  WORKDIR /app",
    }
    env() {
        en: "ENV NAME=VALUE ...
Sets variables for later instructions and for the container. No layer: a note in
the image's settings. A change makes every later RUN miss the cache.
  ENV NODE_ENV=production",
        ko: "ENV 이름=값 ...
뒤의 명령과 컨테이너에서 쓸 변수를 정합니다. 레이어 없이 이미지 설정에만
남습니다. 값을 바꾸면 뒤의 모든 RUN이 캐시를 놓칩니다.
  ENV NODE_ENV=production",
    }
    arg() {
        en: "ARG NAME[=DEFAULT]
A variable of the build only, set with `build --build-arg NAME=VALUE`. Before
the first FROM it is for FROM lines; a stage that wants it says ARG NAME again.
Not for secrets: the history shows it.
  ARG VERSION=1.0",
        ko: "ARG 이름[=기본값]
빌드할 때만 쓰는 변수로, `build --build-arg 이름=값`으로 정합니다. 첫 FROM
앞에 쓰면 FROM 줄에서만 쓰이고, 스테이지 안에서는 ARG 이름을 다시 써야 합니다.
기록에 남으니 비밀번호에는 쓰지 마세요.
  ARG VERSION=1.0",
    }
    user() {
        en: "USER NAME[:GROUP]   or   USER UID[:GID]
Chooses who runs later RUN, CMD and ENTRYPOINT. A name must be in the image's
/etc/passwd; a number need not. COPY still makes files of root without --chown.
  USER learner",
        ko: "USER 이름[:그룹]   또는   USER UID[:GID]
뒤의 RUN, CMD, ENTRYPOINT를 실행할 사용자를 정합니다. 이름은 이미지의
/etc/passwd에 있어야 하고, 숫자는 없어도 됩니다. COPY는 --chown이 없으면
여전히 root의 파일을 만듭니다.
  USER learner",
    }
    cmd() {
        en: "CMD [\"PROGRAM\", \"ARGUMENT\"]   or   CMD COMMAND
What a container runs when `run` names none; with ENTRYPOINT, its arguments.
Only the last CMD counts. The JSON form starts the program itself, the other a
shell that starts it.
  CMD [\"node\", \"server.js\"]",
        ko: "CMD [\"프로그램\", \"인자\"]   또는   CMD 명령
`run`에 명령이 없을 때 컨테이너가 실행할 것입니다. ENTRYPOINT가 있으면 그
인자가 됩니다. 마지막 CMD만 유효합니다. JSON 꼴은 프로그램을 직접 시작하고,
다른 꼴은 셸을 거쳐 시작합니다.
  CMD [\"node\", \"server.js\"]",
    }
    entrypoint() {
        en: "ENTRYPOINT [\"PROGRAM\", \"ARGUMENT\"]   or   ENTRYPOINT COMMAND
The program of the container. Words after the image of `run` are its arguments
in place of CMD; `--entrypoint` replaces it. The shell form ignores them.
  ENTRYPOINT [\"/usr/bin/app\"]",
        ko: "ENTRYPOINT [\"프로그램\", \"인자\"]   또는   ENTRYPOINT 명령
컨테이너의 프로그램입니다. `run`에서 이미지 뒤에 쓴 단어가 CMD 대신 인자가
됩니다. `--entrypoint`로 바꿀 수 있습니다. 셸 꼴은 그 단어들을 무시합니다.
  ENTRYPOINT [\"/usr/bin/app\"]",
    }
    expose() {
        en: "EXPOSE PORT[/tcp|/udp] ...
Notes which ports the program listens on. It opens nothing: publishing a port is
up to whoever runs the container.
  EXPOSE 8080",
        ko: "EXPOSE 포트[/tcp|/udp] ...
프로그램이 어느 포트에서 기다리는지 적어 둡니다. 포트를 열지는 않습니다.
실제로 여는 것은 컨테이너를 실행하는 사람의 몫입니다.
  EXPOSE 8080",
    }
    label() {
        en: "LABEL KEY=VALUE ...
Notes for people and tools, such as who made the image. `inspect` shows them.
  LABEL org.opencontainers.image.authors=\"me@example.com\"",
        ko: "LABEL 키=값 ...
누가 만들었는지 같은, 사람과 도구를 위한 메모입니다. `inspect`로 볼 수 있습니다.
  LABEL org.opencontainers.image.authors=\"me@example.com\"",
    }
    volume() {
        en: "VOLUME /FOLDER ...
Notes folders whose content is to live outside the image. What later steps write
there is easily lost: put VOLUME last.
  VOLUME /var/lib/data",
        ko: "VOLUME /폴더 ...
내용을 이미지 밖에 둘 폴더를 적어 둡니다. 그 뒤의 단계가 그 폴더에 쓴 것은
사라지기 쉬우니 마지막에 쓰세요.
  VOLUME /var/lib/data",
    }
    shell() {
        en: "SHELL [\"PROGRAM\", \"-c\"]
Chooses the shell for the shell form of later RUN, CMD and ENTRYPOINT;
/bin/sh -c without it.
  SHELL [\"/bin/sh\", \"-ec\"]",
        ko: "SHELL [\"프로그램\", \"-c\"]
뒤의 RUN, CMD, ENTRYPOINT를 셸 꼴로 쓸 때의 셸을 정합니다. 없으면
/bin/sh -c입니다.
  SHELL [\"/bin/sh\", \"-ec\"]",
    }
    stopsignal() {
        en: "STOPSIGNAL SIGNAL
The signal that `stop` sends first; SIGTERM without it.
  STOPSIGNAL SIGQUIT",
        ko: "STOPSIGNAL 시그널
`stop`이 먼저 보낼 시그널입니다. 없으면 SIGTERM입니다.
  STOPSIGNAL SIGQUIT",
    }
    healthcheck() {
        en: "HEALTHCHECK [--interval=30s] [--timeout=30s] [--retries=3] CMD COMMAND
A command that tells whether the container still does its work; NONE takes the
base's check away. Only the last one counts.
  HEALTHCHECK CMD wget -qO- http://localhost/ || exit 1",
        ko: "HEALTHCHECK [--interval=30s] [--timeout=30s] [--retries=3] CMD 명령
컨테이너가 제대로 일하는지 알려 주는 명령입니다. NONE은 베이스의 검사를
없앱니다. 마지막 것만 유효합니다.
  HEALTHCHECK CMD wget -qO- http://localhost/ || exit 1",
    }
    onbuild() {
        en: "ONBUILD INSTRUCTION
An instruction for later: it is carried out when another Dockerfile builds FROM
this image.
  ONBUILD COPY . /app",
        ko: "ONBUILD 명령
나중을 위한 명령입니다. 다른 Dockerfile이 이 이미지를 FROM으로 쓸 때
실행됩니다.
  ONBUILD COPY . /app",
    }
    maintainer() {
        en: "MAINTAINER NAME
Who looks after the image. Deprecated; a label says the same:
  LABEL org.opencontainers.image.authors=\"me@example.com\"",
        ko: "MAINTAINER 이름
이미지를 돌보는 사람입니다. 이제는 쓰지 않고 LABEL로 적습니다.
  LABEL org.opencontainers.image.authors=\"me@example.com\"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::INSTRUCTIONS;
    use crate::render::width;

    #[test]
    fn every_instruction_is_explained_briefly_with_an_example() {
        for language in Language::ALL {
            for name in INSTRUCTIONS {
                let text = explained(language, name).expect("it is explained");
                let lines: Vec<&str> = text.lines().collect();
                assert!((3..=7).contains(&lines.len()), "{name} {language:?}");
                assert!(
                    lines.last().unwrap().starts_with("  "),
                    "{name} {language:?}"
                );
                assert!(
                    lines.iter().all(|line| width(line) <= 80),
                    "{name} {language:?}"
                );
            }
        }
    }
}
