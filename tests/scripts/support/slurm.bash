# Sourced: start_slurm starts a Slurm of one node with two cores on loopback, whose files are all in the folder
# $slurm, and ends it, with all that it started, when the test ends. Skips the test where that cannot be had.

start_slurm() {
  local program ports host
  for program in munged slurmctld slurmd sbatch squeue scancel scontrol; do
    command -v "$program" >/dev/null || { echo "$program is not installed (Debian: munge, slurm-wlm)"; exit 77; }
  done
  [[ $(id -u) == 0 ]] || { echo 'only root can start a slurmd'; exit 77; }
  slurm=$(mktemp -d /tmp/unroll-slurm.XXXXXX)  # no spaces: slurm.conf takes none
  trap end_slurm EXIT
  trap 'exit 1' INT TERM HUP
  chmod 755 "$slurm"
  mkdir "$slurm"/{state,spool}
  host=$(hostname -s)
  mapfile -t ports < <(free_ports)
  cat >"$slurm/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
SlurmUser=root
AuthType=auth/munge
# A task that is requeued waits until its old credentials have run out: not for the usual two minutes.
AuthInfo=socket=$slurm/munge.socket,cred_expire=5
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd.pid
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
  (umask 077 && head -c 128 /dev/urandom >"$slurm/munge.key")
  export SLURM_CONF=$slurm/slurm.conf
  daemons=()
  start munged --foreground --force --key-file="$slurm/munge.key" --socket="$slurm/munge.socket" \
    --pid-file="$slurm/munged.pid" --log-file="$slurm/munge.log" --seed-file="$slurm/munge.seed"
  until_it munge --no-input --socket="$slurm/munge.socket"
  start slurmctld -D
  until_it scontrol ping
  start slurmd -D -N "$host"
  until_it node_is_idle
}

free_ports() {
  python3 -c 'import socket
sockets = [socket.socket() for _ in range(2)]
for one in sockets: one.bind(("127.0.0.1", 0))
for one in sockets: print(one.getsockname()[1])'
}

start() {
  "$@" >"$slurm/$1.log" 2>&1 &
  daemons+=($!)
}

node_is_idle() { sinfo -h -o %T | grep -q idle; }

until_it() {
  local end=$((SECONDS + 60))
  until "$@" >"$slurm/until.log" 2>&1; do
    ((SECONDS < end)) && sleep 0.1 && continue
    printf 'FAILED: Slurm does not start: %s: %s\n' "$*" "$(<"$slurm/until.log")"
    tail -n 20 "$slurm"/*.log
    exit 1
  done
}

# Whatever was started with this slurm.conf in its environment, as tasks and those who watch them are.
ours() { grep -lsF "SLURM_CONF=$SLURM_CONF" /proc/[0-9]*/environ | sed 's|/proc/\(.*\)/environ|\1|'; }

end_slurm() {
  local status=$? process
  trap - EXIT INT TERM HUP
  for process in $(ours) "${daemons[@]}"; do
    [[ $process == $$ ]] || kill -9 "$process" 2>/dev/null
  done
  wait 2>/dev/null
  rm -rf "$slurm"
  exit "$status"
}
