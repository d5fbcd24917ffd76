#!/bin/bash
# The pages are true: their C++ compiles, runs and prints what stands there; their commands run as they stand.
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/unroll readme.XXXXXX")
trap 'rm -rf "$work"' EXIT
source=$UNROLL_SOURCE_DIR
sweeps=$source/experiments/sweep/README.md

fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

# block LANGUAGE FILE: the contents of all fenced blocks of that language in a page.
block() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/{/^\`\`\`/d;p}" "$2"; }

# compiled PAGE: the C++ of a page as a program, and what it prints in $work/printed.
compiled() {
  block cpp "$1" >"$work/page.cpp"
  [[ -s $work/page.cpp ]] || fail "$1 shows no C++"
  g++ -std=c++20 -I"$UNROLL_BINARY_DIR/include" -I"$source" "$work/page.cpp" "$UNROLL_BINARY_DIR/libunroll.a" \
    -ltbb -lxsmm -lopenblas -ldnnl -lgomp -lfmt -lzip -lxxhash -lutf8proc -o "$work/page" || fail "the C++ of $1 does not compile"
  "$work/page" >"$work/printed" || fail "the C++ of $1 exits with $?"
}

# ---- The proof; the last digits of an error depend on the CPU, all that stands before them does not ----
engine=$source/framework/README.md
compiled "$engine"
diff <(sed 's/ [0-9.]*e-[0-9]*$//' "$work/printed") <(block text "$engine" | grep '^gradients agree' | sed 's/ [0-9.]*e-[0-9]*$//') ||
  fail "the C++ of $engine prints something else than stands there"
diff <("$UNROLL_PROGRAM" cells passes vanilla --input 3 --hidden 4) <(block text "$engine" | grep -v '^gradients agree') ||
  fail "the passes print something else than $engine says"

# ---- The program of the page on cells ----
cells=$source/models/README.md
compiled "$cells"
[[ $(wc -l <"$work/page.cpp") -le 60 ]] || fail "the program of $cells has more than 60 lines"
diff "$work/printed" <(block text "$cells") || fail "the program of $cells prints something else"

# ---- The study of the page on studies ----
(cd "$work" && block toml "$source/experiments/studies/README.md" >own_study.toml && "$UNROLL_PROGRAM" study own_study.toml >study.out 2>&1) ||
  fail "the study of experiments/studies/README.md: $(<"$work/study.out")"

# ---- The commands of the pages, each page's in a folder of its own, but for those that have tests of their own: the
# long-range sweep, all tests, the pages of tasks on files and of exports ----
ran=0
# run_page PAGE FOLDER
run_page() {
  mkdir -p "$2/scripts" && cd "$2" || exit
  ln -s "$UNROLL_PROGRAM" scripts/unroll
  ln -s "$source/experiments" experiments
  block cell "$source/README.md" >mgu.cell
  while IFS= read -r command; do
    case $command in
      ./scripts/test | './scripts/unroll sweep experiments/configs/long_range.toml') continue ;;
    esac
    bash -c "$command" >command.out 2>&1 </dev/null
    status=$?
    # doctor says with 1 that something is wrong with this machine, which is not the page's fault.
    [[ $status == 0 || ($status == 1 && $command == *doctor) ]] || fail "$1: '$command' exits with $status: $(<command.out)"
    ran=$((ran + 1))
  done < <(block sh "$1")
}

number=0
while IFS= read -r page; do
  number=$((number + 1))
  run_page "$page" "$work/page $number"
done < <(find "$source" -name '*.md' -not -path '*/node_modules/*' -not -path '*/build/*' \
  -not -path '*/experiments/tasks/*/*' -not -path '*/experiments/export/*' | sort)
[[ $ran -ge 25 ]] || fail "only $ran commands of the pages were run"
for left in cells/report.html rates/report.html compared/report.html cat/model.safetensors inside/series.csv; do
  compgen -G "$work/page */out/$left" >/dev/null || fail "no page left out/$left"
done
cat=$(dirname "$(compgen -G "$work/page */out/cat/model.safetensors" | head -1)")
[[ $("$UNROLL_PROGRAM" predict "$cat" --text "The cat sat on the ___" --top 1 --format csv) == *$'\n'mat,* ]] ||
  fail "the cat does not sit on the mat"
mkdir -p "$work/alone/scripts" && cd "$work/alone" || exit
ln -s "$UNROLL_PROGRAM" scripts/unroll
ln -s "$source/experiments" experiments

# Links between pages lead somewhere.
while IFS= read -r page; do
  while IFS= read -r link; do
    [[ $link == http* || -e $(dirname "$page")/${link%%#*} ]] || fail "$page: nothing is at $link"
  done < <(sed '/^```/,/^```$/d' "$page" | grep -o '](\([^)]*\))' | sed 's/^](//; s/)$//')
done < <(find "$source" -name '*.md' -not -path '*/node_modules/*' -not -path '*/build/*')

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
