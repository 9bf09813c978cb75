# shellcheck shell=bash
# shellcheck disable=SC2154
# Configures and builds a CMake preset.

# One compiler for each core, but no more than the memory holds: the largest file takes about 1.2 GB.
build_jobs() {
  local cores available limit
  cores=$(nproc)
  available=$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo)
  if [[ -r /sys/fs/cgroup/memory.max ]]; then
    limit=$(</sys/fs/cgroup/memory.max)
    if [[ $limit != max ]] && ((limit / 1048576 < available)); then available=$((limit / 1048576)); fi
  fi
  local jobs=$((available / 1200))
  if ((jobs > cores)); then jobs=$cores; fi
  if ((jobs < 1)); then jobs=1; fi
  echo "$jobs"
}

# The folder a preset builds in, as CMakePresets.json has it.
build_folder() {
  if [[ $1 == release ]]; then echo "$root/build"; else echo "$root/build/$1"; fi
}

# full_tests ON|OFF: the long forms of the tests have a longer time limit, which CMake writes down.
full_tests() {
  if grep -qs "^VF_FULL_TESTS:BOOL=$1\$" "$root/build/CMakeCache.txt"; then return 0; fi
  (cd "$root" && logged configure-release "./run deps installs what may be missing." cmake --preset release "-DVF_FULL_TESTS=$1")
}

# Paths below the project are hashed relative to it: a second clone finds what the first compiled.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

# build PRESET [TARGET...]
build() {
  local preset=$1 folder log="$logs/build-$1.log"
  shift
  folder=$(build_folder "$preset")
  if [[ ! -f $folder/build.ninja ]]; then
    say "Configuring ($preset)"
    (cd "$root" && logged "configure-$preset" "./run deps installs what may be missing." cmake --preset "$preset")
  fi
  mkdir -p "$logs"
  if ninja -C "$folder" -n "$@" 2>/dev/null | grep -q 'no work to do'; then return 0; fi
  say "Building ($preset, $(build_jobs) at once)"
  if ! ninja -C "$folder" -j "$(build_jobs)" "$@" 2>&1 | follow_ninja "$log"; then
    grep -E -A 12 '(: error:|: fatal error:|FAILED:|CMake Error|undefined symbol)' "$log" | grep -v '^\[' | head -n 30 |
      cut -c 1-300 | sed 's/^/    | /' >&2
    stop 5 "The build failed; the whole log is ${log#"$root/"}."
  fi
}
