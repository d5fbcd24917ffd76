#!/bin/bash
# Two hosts, each with a network, a host name, processes and mounts of its own (namespaces), work on one folder that
# a file server has (sshfs, without caches). One is cut off, with its process paused or not, and comes back after the
# other has taken over: nothing is lost, nothing counts twice, and the tables are those of one process alone.
set -u
[[ $(id -u) == 0 && -e /dev/fuse ]] || { echo 'needs root and /dev/fuse'; exit 77; }
server=/usr/lib/openssh/sftp-server
for tool in ip unshare nsenter sshfs socat pgrep "$server"; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
program=$UNROLL_PROGRAM
work=$(mktemp -d)
name=unroll$$
mkdir "$work/disk" "$work/mount"
declare -A inside
ip netns add "$name.s" || { echo 'no network namespaces here'; rm -rf "$work"; exit 77; }

clean_up() {
  ip -n "$name.2" link set eth0 up 2>/dev/null  # or a mount waits for ever
  local holder
  for holder in "${inside[@]}"; do kill -9 "$holder" 2>/dev/null; done
  kill $(jobs -p) 2>/dev/null
  wait 2>/dev/null
  ip netns del "$name.1" 2>/dev/null
  ip netns del "$name.2" 2>/dev/null
  ip netns del "$name.s"
  rm -rf "$work"
}
trap clean_up EXIT
fail() {
  printf 'FAILED: %s\n' "$1"
  tail -n 5 "$work"/*.said 2>/dev/null
  exit 1
}
# eventually COMMAND...: until it is true, for a minute.
eventually() {
  local i
  for ((i = 0; i < 600; ++i)); do "$@" && return; sleep 0.1; done
  return 1
}

# What a client has opened is as it is on the server, as NFS promises.
fresh=cache=no,dir_cache=no,attr_timeout=0,entry_timeout=0,negative_timeout=0
# start_host N: with the folder of the server mounted at $work/mount, which nobody else sees.
start_host() {
  local host=$1 net=$name.$1
  ip netns add "$net"
  ip link add "$name-$host" netns "$name.s" type veth peer name eth0 netns "$net"
  ip -n "$name.s" addr add "10.77.$host.1/24" dev "$name-$host"
  ip -n "$name.s" link set "$name-$host" up
  ip -n "$net" addr add "10.77.$host.2/24" dev eth0
  ip -n "$net" link set eth0 up
  ip netns exec "$name.s" socat "TCP-LISTEN:2222,bind=10.77.$host.1,reuseaddr,fork" "EXEC:$server" &
  ip netns exec "$net" unshare --uts --pid --mount --fork --mount-proc --kill-child bash -c "
    hostname host$host
    until sshfs -o directport=2222,$fresh 10.77.$host.1:'$work/disk' '$work/mount' 2>/dev/null; do sleep 0.1; done
    echo \$\$ >'$work/disk/host$host'
    exec sleep 1000" &
  local outer=$!
  eventually test -s "$work/disk/host$host" || { echo "sshfs does not mount here"; exit 77; }
  inside[$host]=$(pgrep -P "$outer" | head -n 1)
  [[ -n ${inside[$host]} ]] || fail "host $host has no process"
}
# on HOST COMMAND...: in its place, below its mount.
on() {
  nsenter -t "${inside[$1]}" --net --uts --pid --mount bash -c 'cd "$0" && exec "$@"' "$work" "${@:2}"
}

cat >"$work/disk/tiny.toml" <<'END'
jobs = 1
diagnose = []
[task]
name = "adding"
length = 40
[model]
hidden = 128
[train]
updates = 200
validate_every = 10
batch = 20
validation_sequences = 20
test_sequences = 20
[sweep]
seed = { count = 10 }
"train.learning_rate" = [1e-4, 2e-4]
END
trials=20
"$program" sweep "$work/disk/tiny.toml" --out "$work/alone" >"$work/alone.said" 2>&1 || fail 'a process alone'

sweep_on() {
  on "$1" "$program" sweep mount/tiny.toml --out "mount/$2" --takeover-after 3 >"$work/$2.$1.said" 2>&1
}
records() { cat "$work/disk/$1"/journal-*.jsonl 2>/dev/null | grep -c '^{"id"'; }
has_records() { (($(records "$1") >= $2)); }
# The process of the program on a host, as this namespace numbers it, and before it its parent: nsenter stops itself
# when it sees its child stopped.
processes_on() {
  local process
  process=$(pgrep --ns "${inside[$1]}" --nslist pid -x unroll | head -n 1)
  [[ -n $process ]] && ps -o ppid= -p "$process" && echo "$process"
}

# wake PROCESS...: until they have ended, as nsenter may hear of the pause only now, and stops itself for it.
wake() { while kill -CONT "$@" 2>/dev/null; do sleep 0.2; done; }

check_folder() {
  local file
  for file in results.csv series.csv; do
    cmp "$work/disk/$1/$file" "$work/alone/$file" || fail "$1: $file is not that of one process"
  done
  "$program" status "$work/disk/$1" >"$work/status.said" 2>&1 || fail "$1: status"
  grep -q "$trials trials: $trials done, 0 diverged, 0 failed, 0 missing" "$work/status.said" || fail "$1: status counts otherwise"
  grep -qi 'disagree\|warning' "$work/status.said" && fail "$1: status warns"
  # Journals, not what is made of them: every trial is there, and whoever was paused had one at most.
  local all different
  all=$(records "$1")
  different=$(cat "$work/disk/$1"/journal-*.jsonl | grep -o '^{"id":"[0-9a-f]*"' | sort -u | wc -l)
  ((different == trials)) || fail "$1: $different trials are recorded"
  ((all - different <= ${2:-0})) || fail "$1: $((all - different)) trials are recorded twice"
}

start_host 1
start_host 2

sweep_on 1 shared & first=$!
sweep_on 2 shared & second=$!
wait $first || fail 'host 1'
wait $second || fail 'host 2'
check_folder shared
(($(ls "$work/disk/shared"/journal-*.jsonl | wc -l) == 2)) || fail 'one host did nothing'

for way in paused cut; do
  sweep_on 2 $way & second=$!
  eventually has_records $way 2 || fail "$way: host 2 does not begin"
  owner=($(processes_on 2))
  ((${#owner[@]} == 2)) || fail "$way: no process on host 2"
  [[ $way == paused ]] && kill -STOP "${owner[@]}"
  ip -n "$name.2" link set eth0 down
  before=$(records $way)
  ((before < trials)) || fail "$way: host 2 had finished before it was cut off"
  sweep_on 1 $way || fail "$way: host 1 does not finish alone"
  check_folder $way
  ip -n "$name.2" link set eth0 up
  [[ $way == paused ]] && wake "${owner[@]}" & waking=$!
  wait $second || fail "$way: host 2 does not end well when it is back"
  wait $waking
  check_folder $way 1
  compgen -G "$work/disk/$way/claim-*" >/dev/null && fail "$way: claims are left"
  compgen -G "$work/disk/$way/worker-*" >/dev/null && fail "$way: workers are left"
done

echo 'two hosts: checked'
