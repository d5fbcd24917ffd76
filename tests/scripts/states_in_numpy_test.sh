#!/bin/bash
# What `unroll states` writes is one line of numpy to read. Skipped where there is no numpy (Debian:
# python3-numpy).
set -eu
/usr/bin/python3 -c 'import numpy' 2>/dev/null || {
  echo "SKIP: /usr/bin/python3 has no numpy"
  exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$UNROLL_PROGRAM" run task.name=adding task.length=6 model.cell=lstm model.hidden=5 train.updates=2 \
  train.validate_every=2 'diagnose=[]' --out run >/dev/null 2>&1
"$UNROLL_PROGRAM" states run --sequences 3 --out states.npz >/dev/null
shapes=$(/usr/bin/python3 -c 'import numpy; print({k: v.shape for k, v in numpy.load("states.npz").items()})')
for expected in "'h': (6, 3, 5)" "'f': (6, 3, 5)" "'outputs': (6, 3, 1)" "'inputs': (6, 3, 2)" "'lengths': (3,)"; do
  [[ $shapes == *"$expected"* ]] || { echo "expected $expected, found $shapes"; exit 1; }
done

# And the other way: an array of numpy's to predict from.
/usr/bin/python3 -c 'import numpy; numpy.save("x.npy", numpy.load("states.npz")["inputs"].transpose(1, 0, 2))'
"$UNROLL_PROGRAM" predict run --data x.npy --format csv >answers.csv
/usr/bin/python3 - <<'PYTHON'
import numpy
answers = numpy.genfromtxt("answers.csv", delimiter=",", names=True)["output"]
outputs = numpy.load("states.npz")["outputs"][-1, :, 0]
assert numpy.allclose(answers, outputs, atol=1e-6), (answers, outputs)
PYTHON
