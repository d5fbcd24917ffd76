# What scripts/unroll and scripts/test share: make this machine able to build, build, and say so on stderr.
# Sourced, with `root` set to the repository's folder. Nothing here reads stdin or writes to stdout.

# The one list of what is needed from the distribution (Debian 12 names).
packages=(
  g++ cmake ninja-build pkg-config
  libxtensor-dev libxtensor-blas-dev libxsimd-dev     # values and elementwise kernels
  # Products and factorisations. OpenBLAS with threads, of which one is used: its serial build hands the same
  # buffer to every thread that calls it, and products made at the same time come out wrong.
  libopenblas-pthread-dev libdnnl-dev libxsmm-dev
  libxbyak-dev                                        # machine code made at run time
  libtbb-dev librandom123-dev
  libboost-graph-dev libboost-program-options-dev
  libtomlplusplus-dev nlohmann-json3-dev libfmt-dev
  libsimdjson-dev                                     # journals and plans: the other JSON library writes, this one reads
  libzip-dev libxxhash-dev
  zlib1g-dev libcsv-dev                               # data files of one's own
  libfftw3-dev                                        # spectra of orbits and of speech: any length, also a prime one
  libsndfile1-dev libsoxr-dev                         # recordings: WAV, FLAC, Ogg Vorbis; at another rate
  libarchive-dev                                      # recordings in a tar, folders of files
  # Standard MIDI files. libsmf also reads them, but ends the program on a track that is not as it expects.
  libportsmf-dev
  libsqlite3-dev                                      # sweeps as databases
  tao-pegtl-dev libutf8proc-dev                       # the equation language
  doctest-dev librapidcheck-dev
)
# Of Slurm and munge the test starts its own daemons; where the packages start theirs, these stand beside.
test_packages=(chromium clang libclang-rt-14-dev graphviz spin slurm-wlm munge
  faketime iproute2 openssh-sftp-server procps socat sshfs   # clocks that jump, hosts that are cut off
  espeak-ng sox python3-mido                                 # speech, files of every kind, another reader of MIDI
  zsh fish man-db)                                           # where completions are typed, and who reads the manual page

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# Exit status 2, as for everything that keeps the program from starting.
give_up() {
  say "$@"
  exit 2
}

# install_packages NAME...: what dpkg does not know as installed, by apt.
install_packages() {
  command -v dpkg-query >/dev/null || {
    say "no dpkg here; expecting to find what these Debian packages hold: $*"
    return
  }
  local installed missing=() name
  installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' "$@" 2>/dev/null) "
  for name in "$@"; do
    [[ $installed == *" installed:$name "* ]] || missing+=("$name")
  done
  command -v npm >/dev/null || missing+=(npm ca-certificates)  # npm alone cannot check a registry's name
  ((${#missing[@]})) || return 0

  local install="apt-get install -y --no-install-recommends ${missing[*]}"
  if [[ $(id -u) != 0 ]]; then
    say "packages are missing and only root can install them. Run this, then the same command again:"
    printf '\n    sudo apt-get update && sudo %s\n\n' "$install" >&2
    exit 2
  fi
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q -o DPkg::Lock::Timeout=600 update 9>&- || say "apt-get update failed; trying with the old lists"
  apt-get -q -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${missing[@]}" 9>&- ||
    give_up "could not install ${missing[*]} (the reason stands above); by hand: apt-get update && $install"
}

# The report's plotting library and the browser tests' driver, exactly as in the lock file.
install_npm_modules() {
  local folder=$root/scripts
  local installed=$folder/node_modules/.package-lock.json
  [[ $installed -nt $folder/package-lock.json ]] && return
  say "installing the plotting library by npm ci"
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-update-notifier 9>&- ||
    give_up "npm ci failed in $folder (the reason stands above); it needs a network the first time"
  touch "$installed"
}

# build PRESET TARGET...: configures where that has not been done, then builds.
build() {
  local preset=$1 folder=$root/build/$1
  shift
  # A build folder knows the absolute path of its sources: after a move or a copy it is of no use.
  if [[ -e $folder/.root && $(<"$folder/.root") != "$root" ]]; then
    say "the repository has moved here from $(<"$folder/.root"); building anew"
    rm -rf "$folder"
  fi
  mkdir -p "$folder"
  printf '%s\n' "$root" >"$folder/.root"
  if [[ ! -e $folder/build.ninja || $root/CMakePresets.json -nt $folder/build.ninja ]]; then
    # CMake finds presets in the current folder.
    (cd "$root" && cmake --preset "$preset" 9>&-) || give_up "configuring failed (the reason stands above)"
  fi
  cmake --build "$folder" --parallel "$(nproc)" --target "$@" 9>&- ||
    give_up "the build failed (the reason stands above); nothing was started"
}

# The stamp is as old as the start of the build that it vouches for, and lists the libraries that the program
# loads, so that a build folder seen from another machine is not taken on trust.
stamp=$root/build/.stamp
program=$root/build/release/unroll

# Whether the program is there and newer than all it is made from. Two processes; no build tool is asked.
up_to_date() {
  [[ -x $program && -r $stamp ]] || return
  local lines library changed
  mapfile -t lines <"$stamp"
  [[ ${lines[0]-} == "$root" ]] || return
  for library in "${lines[@]:1}"; do
    [[ -e $library ]] || return
  done
  changed=$(find "$root"/{framework,models,experiments,scripts,CMakeLists.txt,CMakePresets.json} \
    -name node_modules -prune -o -newer "$stamp" -print -quit) && [[ -z $changed ]]
}

write_stamp() {
  {
    printf '%s\n' "$root"
    ldd "$program" 2>/dev/null | sed -n 's|.* => \(/.*\) (0x.*|\1|p'
  } >"$stamp.new"
  touch -r "$stamp.begin" "$stamp.new"
  mv "$stamp.new" "$stamp"
}

# set_up FUNCTION ARGUMENT...: runs it alone, however many set-ups are started at once.
set_up() (
  mkdir -p "$root/build" && exec 9>"$root/build/.lock" || give_up "cannot write to $root/build"
  flock -n 9 || {
    say "waiting for another set-up to finish"
    flock 9
  }
  "$@"
) </dev/null >&2
