# shellcheck shell=bash
# shellcheck disable=SC2154
# What the task scripts say, and how: steps, problems with a hint, logs under build/logs.
# Plain lines where nobody watches (no terminal, NO_COLOR), never a control character in a pipe.

logs="$root/build/logs"

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  watched=1 bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
  watched=0 bold='' dim='' red='' green='' plain=''
fi

say() { printf '%s==>%s %s%s%s\n' "$green" "$plain" "$bold" "$*" "$plain"; }
note() { printf '    %s\n' "$*"; }

# stop STATUS MESSAGE [HINT]: ends the script with one clear sentence.
stop() {
  printf '%serror:%s %s\n' "$red" "$plain" "$2" >&2
  [[ -n ${3:-} ]] && printf '       %s\n' "$3" >&2
  exit "$1"
}

# logged NAME HINT COMMAND...: runs the command into build/logs/NAME.log, and shows the log's last
# lines with the hint where it fails.
logged() {
  local name=$1 hint=$2 log="$logs/$1.log"
  shift 2
  mkdir -p "$logs"
  if "$@" >"$log" 2>&1 </dev/null; then return 0; fi
  tail -n 15 "$log" | sed 's/^/    | /' >&2
  stop 5 "\"$name\" failed; the whole log is ${log#"$root/"}." "$hint"
}

# Reads ninja's output: the log gets every line, the person a count that moves (a terminal) or a
# line each tenth (a pipe).
follow_ninja() {
  local log=$1 line shown=-1 now total
  : >"$log"
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$log"
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
    now=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    if ((watched)); then
      printf '\r    %s%3d %%  %d of %d%s\e[K' "$dim" $((100 * now / total)) "$now" "$total" "$plain"
    elif ((10 * now / total > shown)); then
      shown=$((10 * now / total))
      note "$((100 * now / total)) %  $now of $total"
    fi
  done
  if ((watched)); then printf '\r\e[K'; fi
}
