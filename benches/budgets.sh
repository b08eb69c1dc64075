#!/usr/bin/env bash
# Are the budgets of docs/budgets.md kept? Measures strata beside a peer or the bare work on this
# machine, in one run, with hyperfine; the figures that matter are the ratios. As root or not.
#
#   STRATA=target/release/strata benches/budgets.sh [start|small|many|big|list|save]...
set -euo pipefail
cd "$(dirname "$0")/.."
strata=$(realpath "${STRATA:-target/release/strata}")
work=$(mktemp -d)
export STRATA_ROOT=$work/store LANG=C.UTF-8
trap '"$strata" system reset -f >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
runs=${RUNS:-20}

# Measures in turns, a run of each and again: whoever comes first on a virtual machine pays for the
# memory that its host has yet to give it. The first round is thrown away.
time_of() { # [--prepare COMMAND] COMMAND...
    local prepare=() round at
    [[ $1 != --prepare ]] || { prepare=(--prepare "$2") && shift 2; }
    rm -f "$work"/json.*
    for round in $(seq 0 "$runs"); do
        at=0
        for command in "$@"; do
            at=$((at + 1))
            hyperfine -N -w 0 -r 1 "${prepare[@]}" --export-json "$work/json.$at.$round" "$command" >/dev/null 2>&1
        done
    done
}
medians() { python3 - "$work/json" "$runs" "$@" <<'PY'
import json, statistics, sys
json_path, runs, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
def runs_of(at):
    files = (f"{json_path}.{at}.{round}" for round in range(1, runs + 1))
    return [json.load(open(file))["results"][0]["median"] * 1000 for file in files]
times = [runs_of(at) for at in range(1, len(names) + 1)]
median = [statistics.median(it) for it in times]
floor = max(median[1:], default=median[0])  # the slower of the peers
for name, all_of_it, time in zip(names, times, median):
    print(f"  {name:<44} {time:9.1f} ms   {time / floor:5.2f} x   ({min(all_of_it):.1f} at best)")
PY
}

start() { # run --rm practice-os true, at most 2 x bubblewrap
    echo "start to exit"
    "$strata" run --rm practice-os true
    local tree
    tree=$(echo "$STRATA_ROOT"/layers/*/tree | cut -d' ' -f1)
    time_of "$strata run --rm practice-os true" \
        "bwrap --unshare-all --ro-bind $tree / --proc /proc --dev /dev true"
    medians "strata run --rm practice-os true" "bwrap --unshare-all ... true"
}

small_context() {
    mkdir -p "$work/small" && cd "$work/small"
    for n in 1 2 3; do echo "$n" >"f$n"; done
    printf '%s\n' 'FROM practice-os' 'ENV A=1' 'WORKDIR /app' 'COPY f1 .' 'COPY f2 .' 'COPY f3 .' \
        'RUN echo x > /f1' 'RUN echo x > /f2' 'RUN echo x > /f3' 'CMD ["true"]' >Dockerfile
    "$strata" build -q . >/dev/null
}

small() { # no-op at most 10 ms, cold at most 100 ms
    echo "ten instructions, three COPY and three RUN"
    (
        small_context
        sleep 0.1
        time_of "$strata build -q --no-cache ." "$strata build -q ."
        medians "cold" "nothing to do"
    )
}

many() { # 100 RUN layers, at most 20 ms each, flat
    echo "RUN layers, cold"
    mkdir -p "$work/many" && (
        cd "$work/many"
        for count in 10 100; do
            { echo FROM practice-os; for n in $(seq "$count"); do echo "RUN echo $n > /n$n"; done; } >Dockerfile
            runs=3
            time_of "$strata build -q --no-cache ." "true"
            medians "$count layers" "-" | head -1
        done
    )
}

big() { # COPY of 20,000 small files and one of 512 MiB
    echo "COPY of 20,000 files and one of 512 MiB"
    mkdir -p "$work/big/tree" && (
        cd "$work/big"
        python3 - <<'PY'
import os
for folder in range(200):
    os.makedirs(f"tree/d{folder}", exist_ok=True)
    for file in range(100):
        with open(f"tree/d{folder}/f{file}", "w") as out:
            out.write(f"file {folder} {file}\n" * (file % 40 + 1))
PY
        head -c 536870912 /dev/urandom >tree/big.bin
        printf 'FROM scratch\nCOPY tree /app\n' >Dockerfile
        sleep 0.1
        runs=5
        time_of --prepare "sh -c '$strata system reset -f; rm -rf ../copy; sync'" \
            "$strata build -q ." "cp -a tree ../copy" "sh -c 'find tree -type f -exec sha256sum {} +'"
        medians "cold" "cp -a" "sha256sum"
        "$strata" build -q . >/dev/null
        time_of "$strata build -q ." "find tree -printf %p%s%T@%C@%i"
        medians "nothing to do" "find -printf"
        time_of --prepare "sh -c 'date +%N >> tree/d0/f0; sleep 0.1'" "$strata build -q ." "sha256sum tree/big.bin"
        medians "one small file changed" "sha256sum of the large file"
        echo "  peak memory of a cold build: $(/usr/bin/time -f '%M kB' "$strata" build -q --no-cache . 2>&1 >/dev/null | tail -1)"
    )
}

list() { # images, ps -a, history, inspect: at most 8 ms with 100 images and 1,000 containers
    echo "lists, with 100 images and 1,000 containers"
    (
        small_context
        for n in $(seq 100); do "$strata" build -q -t "image:$n" --build-arg "N=$n" . >/dev/null; done
        for n in $(seq 1000); do "$strata" run practice-os true; done
        time_of "$strata images" "$strata ps -a" "$strata history image:1" "$strata inspect image:1" "$strata version"
        medians images "ps -a" history inspect "version (start of the process)"
    )
}

save() { # save and load of 512 MiB, at most 1.3 x cp and sha256
    echo "save and load"
    mkdir -p "$work/save" && (
        cd "$work/save"
        head -c 536870912 /dev/urandom >big.bin
        printf 'FROM scratch\nCOPY big.bin /\n' >Dockerfile
        "$strata" build -q -t big . >/dev/null
        runs=5
        time_of "$strata save -o big.tar big" "sh -c 'cp big.bin copy && sha256sum copy'"
        medians "save" "cp and sha256sum"
        time_of --prepare "$strata system reset -f" "$strata load -q -i big.tar" "sh -c 'cp big.bin copy && sha256sum copy'"
        medians "load" "cp and sha256sum"
    )
}

[[ $# -gt 0 ]] || set -- start small many big list save
for part in "$@"; do "$part"; done
