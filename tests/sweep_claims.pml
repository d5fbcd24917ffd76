/* The protocol by which processes share the trials of a folder (experiments/sweep/claims.hpp), for the model
 * checker spin: tests/scripts/sweep_claims_test.sh.
 *
 * One unit of one trial is enough: units know nothing of each other. Processes may be paused at any point for
 * any time, and killed. `suspected` notes that a process was judged dead while it was not: only then may a
 * trial be trained twice. A pause is as long as another's patience: while paused a process may be taken for
 * dead, else not.
 *
 * -DBROKEN makes claims without an exclusive create, -DEARLY releases a claim before the record is written:
 * the checker must find what is wrong with each. */

#ifndef PROCESSES
#define PROCESSES 3
#endif
#define CLAIMS 5

byte owner[CLAIMS + 2];   /* of claim n: 1 + process; 0: no such file */
byte records;             /* in all journals */
bool paused[PROCESSES];
bool killed[PROCESSES];
bool suspected;
byte finished;            /* processes that have seen the trial recorded */
byte dead;

inline latest_claim() {
  latest = 0;
  n = 1;
  do
  :: n <= CLAIMS -> if :: owner[n] != 0 -> latest = n :: else fi; n++
  :: else -> break
  od;
  holder = owner[latest]
}

/* Between any two steps a process may be stopped for long, or killed. At most one is killed, so that one is
 * left to finish. */
inline may_pause() {
  if
  :: paused[me] = true; paused[me] = false
  :: dead < PROCESSES - 1 -> killed[me] = true; dead++; goto end
  :: skip
  fi
}

proctype worker(byte me) {
  byte latest, n, holder, mine;
  bool exists;
again:
  do
  :: records > 0 -> break
  :: else ->
    d_step { latest_claim() };
    if
    :: latest == 0 -> skip
    :: latest > 0 && holder == 0 -> goto again                    /* it has gone meanwhile */
    :: latest > 0 && holder != 0 && killed[holder - 1] -> skip
    :: latest > 0 && holder != 0 && paused[holder - 1] -> suspected = true
    :: else -> goto again
    fi;
    may_pause();
    if :: latest >= CLAIMS -> goto end_bound :: else fi;           /* beyond the model's size */
#ifdef BROKEN
    exists = (owner[latest + 1] != 0);
    may_pause();
    if :: exists -> goto again :: else -> owner[latest + 1] = me + 1 fi;
#else
    atomic { if :: owner[latest + 1] != 0 -> goto again :: else -> owner[latest + 1] = me + 1 fi };
#endif
    mine = latest + 1;
    may_pause();
#ifdef EARLY
    owner[mine] = 0;
#endif
    if
    :: records > 0 -> skip
    :: else ->
      may_pause();                                                  /* training */
      records++;
      assert(records == 1 || suspected)
    fi;
    may_pause();
    /* Oldest first, the own one last and only while it is the own one. */
    n = 1;
    do
    :: n < mine -> owner[n] = 0; n++
    :: else -> break
    od;
    may_pause();
    d_step { latest_claim() };
    if :: latest == mine && holder == me + 1 -> owner[mine] = 0 :: else fi
  od;
  finished++;
end_bound: skip;
end: skip
}

init {
  byte i = 0;
  atomic {
    do
    :: i < PROCESSES -> run worker(i); i++
    :: else -> break
    od
  }
}

