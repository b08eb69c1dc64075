#!/usr/bin/env bash
# Does kill -9 harm nothing? Kills builds with stages at the same time at 200 random moments (or as
# many as are told) and looks after each for processes, mounts, temporary files and wrong digests.
#
#   benches/kills.sh [COUNT]         STRATA_TEST_SEED=N repeats the moments of an earlier run
set -euo pipefail
cd "$(dirname "$0")/.."
STRATA_TEST_KILLS=${1:-200} cargo test --test main faults::a_build_killed -- --nocapture
