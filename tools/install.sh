# shellcheck shell=bash
# shellcheck disable=SC2154
# Installs what cmake/packages.txt and the package-lock.json files name and this machine lacks.
# The second time finds nothing to do and takes well under a second.

npm_dir="$root/tests/e2e"

# The packages of cmake/packages.txt that are not there, one a line.
missing_packages() {
  local package command installed
  installed=$'\n'$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')$'\n'
  while read -r package command; do
    if [[ -n $command ]] && command -v "$command" >/dev/null; then continue; fi
    if [[ $installed == *$'\n'"$package"$'\n'* ]]; then continue; fi
    echo "$package"
  done < <(sed 's/#.*//; /^[[:space:]]*$/d' "$root/cmake/packages.txt")
}

as_root() {
  if ((EUID == 0)); then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

install_packages() {
  command -v dpkg-query >/dev/null ||
    stop 4 "This is not a Debian system, so nothing can be installed from here." \
      "cmake/packages.txt lists what is needed under the names of Debian 12."
  local missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || return 0
  if ((EUID != 0)) && ! sudo -n true 2>/dev/null; then
    stop 4 "These packages are missing, and installing them needs root: ${missing[*]}" \
      "Ask for: apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "Installing ${#missing[@]} packages (Debian): ${missing[*]}"
  local hint="Is the network there, and is this Debian 12 or newer? Then run the same command again."
  logged apt-update "$hint" as_root apt-get update
  logged apt-install "$hint" as_root apt-get install -y --no-install-recommends "${missing[@]}"
}

# install_node_modules FOLDER WHAT: what the folder's package-lock.json names.
install_node_modules() {
  local folder=$1 stamp="$1/node_modules/.installed-for"
  if [[ -f $stamp ]] && cmp -s "$stamp" "$folder/package-lock.json"; then return 0; fi
  say "Installing $2 (npm)"
  logged npm "Is the npm registry within reach? Then run the same command again." \
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund
  cp "$folder/package-lock.json" "$stamp"
}

install_all() {
  install_packages
  install_node_modules "$npm_dir" "the demo clip and the test players"
  install_node_modules "$root/web/pages" "what the server's pages are built from"
}
