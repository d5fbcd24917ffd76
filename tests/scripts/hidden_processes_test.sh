#!/bin/bash
# Processes that cannot see each other in /proc do not take each other for dead: in a pid namespace whose /proc is that
# of another one, and where /proc shows each user his own processes only. Each trial is trained once.
set -u
[[ $(id -u) == 0 ]] && unshare --pid --mount --fork true 2>/dev/null || { echo 'needs root and namespaces'; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 777 "$work"
cp "$UNROLL_PROGRAM" "$work/unroll"  # where other users may start it
cd "$work" || exit 1
fail() {
  printf 'FAILED: %s\n' "$1"
  tail -n 3 ./*.said
  exit 1
}

cat >tiny.toml <<'END'
jobs = 1
diagnose = []
[task]
name = "adding"
length = 40
[model]
hidden = 32
[train]
updates = 60
validate_every = 10
batch = 20
validation_sequences = 20
test_sequences = 20
early_stop = false
[sweep]
seed = { count = 40 }
END
trials=40

# both FOLDER COMMAND...: the sweep twice at once, each begun by the command with its number at the end; once the
# numbers of processes are some that the system outside does not have.
cat >both <<'END'
folder=$1
umask 0
shift
for ((i = 0; i < 700; ++i)); do (:); done
for number in 1 2; do
  "$@" "$number" ./unroll sweep tiny.toml --out "$folder" >"$folder.$number.said" 2>&1 &
  processes+=($!)
done
[[ ! -e /proc/${processes[0]} || $folder == hidden ]] || exit 3
for process in "${processes[@]}"; do wait "$process" || exit 1; done
END
printf '#!/bin/bash\nexec "${@:2}"\n' >as_root
printf '#!/bin/bash\nexec setpriv --reuid "$((60000 + $1))" --regid 60000 --clear-groups "${@:2}"\n' >as_user
chmod 755 as_root as_user

check_once() {
  local all different
  all=$(cat "$1"/journal-*.jsonl | grep -c '^{"id"')
  different=$(cat "$1"/journal-*.jsonl | grep -o '^{"id":"[0-9a-f]*"' | sort -u | wc -l)
  ((different == trials && all == trials)) || fail "$1: $all records of $different trials, of $trials"
  (($(ls "$1"/journal-*.jsonl | wc -l) == 2)) || fail "$1: one process did nothing"
}

unshare --pid --fork bash both foreign ./as_root
case $? in
  0) check_once foreign ;;
  3) echo 'skipped: the system outside has as many processes' ;;
  *) fail 'with the /proc of another namespace' ;;
esac

unshare --pid --mount --fork bash -c 'mount -t proc -o hidepid=2 proc /proc && exec bash both hidden ./as_user' ||
  fail 'with a /proc that hides processes of other users'
check_once hidden
[[ $(stat -c %u hidden/journal-*.jsonl | sort -u | wc -l) == 2 ]] || fail 'not two users'
echo 'hidden processes: checked'
