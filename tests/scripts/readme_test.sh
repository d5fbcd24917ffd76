#!/bin/bash
# The README is true: its C++ compiles, runs and prints what stands there; its commands run as they stand.
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/unroll readme.XXXXXX")
trap 'rm -rf "$work"' EXIT
readme=$UNROLL_SOURCE_DIR/README.md
sweeps=$UNROLL_SOURCE_DIR/experiments/sweep/README.md

fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

# block LANGUAGE [FILE]: the contents of all fenced blocks of that language, in the README or another page.
block() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/{/^\`\`\`/d;p}" "${2-$readme}"; }

# ---- The proof ----
block cpp >"$work/proof.cpp"
[[ -s $work/proof.cpp ]] || fail "the README shows no C++"
# shellcheck disable=SC2086
g++ -std=c++20 -I"$UNROLL_BINARY_DIR/include" -I"$UNROLL_SOURCE_DIR" "$work/proof.cpp" "$UNROLL_BINARY_DIR/libunroll.a" \
  -ltbb -lxsmm -lopenblas -ldnnl -lgomp -lfmt -lzip -lxxhash -lutf8proc -o "$work/proof" || fail "the C++ does not compile"
"$work/proof" >"$work/proof.out" || fail "the C++ example exits with $?"
# The last digits of an error depend on the CPU; all that stands before them does not.
diff <(sed 's/ [0-9.]*e-[0-9]*$//' "$work/proof.out") <(block text | grep '^gradients' | sed 's/ [0-9.]*e-[0-9]*$//') ||
  fail "the C++ example prints something else than the README says"

# ---- The program of the page on cells ----
cells=$UNROLL_SOURCE_DIR/models/README.md
block cpp "$cells" >"$work/cells.cpp"
[[ $(wc -l <"$work/cells.cpp") -le 60 ]] || fail "the program of models/README.md has more than 60 lines"
# shellcheck disable=SC2086
g++ -std=c++20 -I"$UNROLL_BINARY_DIR/include" -I"$UNROLL_SOURCE_DIR" "$work/cells.cpp" "$UNROLL_BINARY_DIR/libunroll.a" \
  -ltbb -lxsmm -lopenblas -ldnnl -lgomp -lfmt -lzip -lxxhash -lutf8proc -o "$work/cells" ||
  fail "the program of models/README.md does not compile"
diff <("$work/cells") <(block text "$cells") || fail "the program of models/README.md prints something else"

# ---- The study of the page on studies ----
(cd "$work" && block toml "$UNROLL_SOURCE_DIR/experiments/studies/README.md" >own_study.toml && "$UNROLL_PROGRAM" study own_study.toml >study.out 2>&1) ||
  fail "the study of experiments/studies/README.md: $(<"$work/study.out")"

# ---- The commands, but for the two that other tests are: the long-range sweep, and all tests ----
mkdir -p "$work/scripts"
ln -s "$UNROLL_PROGRAM" "$work/scripts/unroll"
ln -s "$UNROLL_SOURCE_DIR/experiments" "$work/experiments"
cd "$work" || exit
block cell >mgu.cell
[[ -s mgu.cell ]] || fail "the README shows no cell"
ran=0
while IFS= read -r command; do
  case $command in
    ./scripts/test | './scripts/unroll sweep experiments/configs/long_range.toml') continue ;;
  esac
  bash -c "$command" >command.out 2>&1 </dev/null
  status=$?
  # doctor says with 1 that something is wrong with this machine, which is not the README's fault.
  [[ $status == 0 || ($status == 1 && $command == *doctor) ]] || fail "'$command' exits with $status: $(<command.out)"
  ran=$((ran + 1))
done < <(
  block sh
  block sh "$sweeps"
)
[[ $ran -ge 5 ]] || fail "only $ran commands of the README were run"
[[ -s out/cells/report.html && -s out/rates/report.html && -s out/relu/report.html ]] || fail "a command left no report"
[[ $("$UNROLL_PROGRAM" predict out/cat --text "The cat sat on the ___" --top 1 --format csv) == *$'\n'mat,* ]] ||
  fail "the cat does not sit on the mat"
# ---- Ask and tell, with what the example needs of Optuna in place of it ----
if command -v python3 >/dev/null; then
  block python "$sweeps" >ask_and_tell.py
  cat >optuna.py <<'EOF'
import types
trial = types.SimpleNamespace(TrialState=types.SimpleNamespace(FAIL="fail"))
class Trial:
    def __init__(self, number): self.number = number
    def suggest_float(self, name, low, high, log): self.params = {name: low * (high / low) ** (self.number / 19)}; return self.params[name]
class Study:
    told = []
    asked = 0
    def ask(self): self.asked += 1; return Trial(self.asked - 1)
    def tell(self, trial, value=None, state=None):
        assert value is None or value > 0
        self.told.append((float("inf") if value is None else value, trial.number, trial.params))
    @property
    def best_params(self): assert len(self.told) == 20; return min(self.told)[2]
def create_study(direction): return Study()
EOF
  python3 ask_and_tell.py >best.out 2>ask.err </dev/null || fail "the ask-and-tell example exits with $?: $(tail -3 ask.err)"
  [[ $(<best.out) == "{'rate': 0."* ]] || fail "the ask-and-tell example prints $(<best.out)"
fi

printf '%d commands ran\n' "$ran"
