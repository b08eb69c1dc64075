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

time_of() { hyperfine -N -w 2 -r "$runs" --export-json "$work/json" "$@" >/dev/null 2>&1; }
medians() { python3 - "$work/json" "$@" <<'PY'
import json, sys
results = json.load(open(sys.argv[1]))["results"]
times = [result["median"] * 1000 for result in results]
floor = max(times[1:], default=times[0])  # the slower of the peers
for name, time in zip(sys.argv[2:], times):
    print(f"  {name:<44} {time:9.1f} ms   {time / floor:5.2f} x")
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
            RUNS=3 runs=3 time_of "$strata build -q --no-cache ." "true"
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
        runs=3 time_of --prepare "sh -c '$strata system reset -f; rm -rf ../copy; sync'" \
            "$strata build -q ." "cp -a tree ../copy" "sh -c 'find tree -type f -exec sha256sum {} +'"
        medians "cold" "cp -a" "sha256sum"
        "$strata" build -q . >/dev/null
        time_of "$strata build -q ." "find tree -printf %p%s%T@%C@%i"
        medians "nothing to do" "find -printf"
        runs=3 time_of --prepare "sh -c 'date +%N >> tree/d0/f0; sleep 0.1'" "$strata build -q ." "sha256sum tree/big.bin"
        medians "one small file changed" "sha256sum of the large file"
        echo "  peak memory of a cold build: $(/usr/bin/time -f '%M kB' "$strata" build -q --no-cache . 2>&1 >/dev/null | tail -1)"
    )
}

list() { # images, ps -a, history, inspect: at most 8 ms with 100 images and 1,000 containers
    echo "lists, with 100 images"
    (
        small_context
        for n in $(seq 100); do "$strata" build -q -t "image:$n" --build-arg "N=$n" . >/dev/null; done
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
        runs=3 time_of "$strata save -o big.tar big" "sh -c 'cp big.bin copy && sha256sum copy'"
        medians "save" "cp and sha256sum"
        runs=3 time_of --prepare "$strata system reset -f" "$strata load -q -i big.tar" "sh -c 'cp big.bin copy && sha256sum copy'"
        medians "load" "cp and sha256sum"
    )
}

[[ $# -gt 0 ]] || set -- start small many big list save
for part in "$@"; do "$part"; done
