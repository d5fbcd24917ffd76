#!/bin/bash
# `unroll export MODEL --to header`: from a training run to a program that runs the model, with both compilers and all
# their warnings, which says the same as `unroll predict` and notices a weight that is another. And the other forms.
source "$UNROLL_SOURCE_DIR/tests/scripts/support/program.bash"
command -v g++ >/dev/null || { echo 'skipped: there is no g++'; exit 77; }

train() {  # train FOLDER SETTING...
  "$unroll" run train.updates=3 train.validate_every=1 train.validation_sequences=4 train.test_sequences=4 'diagnose=[]' \
    "${@:2}" --out "$1" >log 2>&1 || fail "run $*: $(<log)"
}
flags='-std=c++17 -Wall -Wextra -Wpedantic -Wshadow -Werror -fno-exceptions -fno-rtti'

# ---- The three cells of PyTorch and five others, each with its own struct, in one program
cells='vanilla lstm gru mgu indrnn lem scrn spiking_lif'
{
  for cell in $cells; do echo "#include \"$cell.hpp\""; done
  echo '#include <cstdio>'
  echo 'template <class Model> int test(const char* name) {'
  echo '  Model model, other;'
  echo '  float x[8] = {0.5f, -0.25f}, y[8];'
  echo '  model.step(x, y);'
  echo '  other.step(x, x);  // both may lie in the same place'
  echo '  if (x[0] != y[0]) return 1;'
  echo '  std::printf("%s %g\n", name, static_cast<double>(Model::self_test()));'
  echo '  return Model::self_test() < Model::self_test_limit ? 0 : 1;'
  echo '}'
  echo 'int main() {'
  echo '  int bad = 0;'
} >all.cpp
for cell in $cells; do
  train "$cell" task.name=adding task.length=5 model.hidden=9 "model.cell=$cell"
  expect 0 "export: $cell.hpp" "$unroll" export "$cell" --to header --out "$cell.hpp"
  name=$(sed -n 's/^struct \(.*\) {$/\1/p' "$cell.hpp")
  echo "  bad += test<$name>(\"$cell\");" >>all.cpp
done
echo '  return bad; }' >>all.cpp
for compiler in 'g++ -O2' 'clang++ -O1' 'g++ -O1 -fsanitize=address,undefined -fno-sanitize-recover=all'; do
  command -v "${compiler%% *}" >/dev/null || { echo "without ${compiler%% *}: not tried"; continue; }
  # shellcheck disable=SC2086
  $compiler $flags all.cpp -o all >log 2>&1 || fail "$compiler: $(<log)"
  ./all >log 2>&1 || fail "$compiler, self-tests: $(<log)"
  [[ $(grep -c . log) == 8 ]] || fail "not eight self-tests: $(<log)"
done

# A compiler without vectors gets plain loops.
mkdir plain
for cell in $cells; do sed 's/defined(__GNUC__)/0/' "$cell.hpp" >"plain/$cell.hpp"; done
cp all.cpp plain
# shellcheck disable=SC2086
g++ -O1 $flags -Iplain plain/all.cpp -o all >log 2>&1 && ./all >log || fail "without vectors: $(<log)"

# ---- It asks for nothing: no memory, no lock, no exception
# shellcheck disable=SC2086
g++ -O2 $flags -c all.cpp -o all.o
! nm -u all.o | grep -E 'malloc|_Zn|_Zd|pthread|__cxa|throw' || fail 'a header allocates, locks or throws'

# ---- The page's program, on a model that answers at every step
page=$UNROLL_SOURCE_DIR/experiments/export/README.md
while IFS= read -r line; do
  eval "\"\$unroll\" ${line#./scripts/unroll }" >log 2>&1 || fail "of the page, $line: $(<log)"
done < <(sed -n '/^```sh$/,/^```$/{/^```/d;p}' "$page")
mv out/drum drum || fail 'the page trains no drum'
sed -n '/^```cpp$/,/^```$/{/^```/d;p}' "$page" >page.cpp
[[ $(grep -c . page.cpp) -ge 8 ]] || fail 'the page shows no program'
# shellcheck disable=SC2086
g++ -O2 $flags -Idrum page.cpp -o page || fail 'the program of the page does not compile'
awk 'BEGIN { srand(3); for (t = 0; t < 500; ++t) printf "%.6f\n", rand() * 2 - 1 }' >samples
{ echo x; cat samples; } >samples.csv
./page <samples >answers || fail "the program of the page exits with $?"
expect 0 step "$unroll" predict drum --data samples.csv --format csv
awk -F, 'NR > 1 { print $NF }' output >expected
[[ $(grep -c . expected) == 500 ]] || fail "not 500 answers: $(head -3 output)"
paste answers expected | awk '{ d = $1 - $2; if (d < 0) d = -d; if (!(d < 2e-6)) bad = 1 } END { exit bad }' ||
  fail "the header answers otherwise than predict: $(paste answers expected | head -3)"

# ---- The same model gives the same bytes; what an export did not write stays
cp drum/model.hpp before.hpp
expect 0 'export' "$unroll" export drum --to header
cmp before.hpp drum/model.hpp || fail 'another header of the same model'
echo mine >own.hpp
expect 2 'replaces only what it wrote itself' "$unroll" export drum --to header --out own.hpp
[[ $(<own.hpp) == mine ]] || fail 'a file of somebody else was replaced'

# ---- A weight that is another is noticed
sed '/static constexpr float weights_2/{n;s/\([0-9]\)\.\([0-9]\)/\1.9\2/}' drum/model.hpp >drum/changed.hpp
! cmp -s drum/model.hpp drum/changed.hpp || fail 'no weight was changed'
printf '#include "changed.hpp"\nint main() { return Model::self_test() < Model::self_test_limit; }\n' >changed.cpp
# shellcheck disable=SC2086
g++ $flags -Idrum changed.cpp -o changed && ./changed || fail 'another weight passes the self-test'

# ---- Tokens: their names, and what is none
train words task.name=cat model.cell=lstm model.hidden=8
expect 0 'export' "$unroll" export words --to header
cat >words.cpp <<'CPP'
#include <cstdio>
#include "model.hpp"
int main() {
  Model model;
  float scores[Model::outputs];
  const bool refused = !model.step(-1, scores) && !model.step(Model::inputs, scores);
  int the = -1;
  for (int i = 0; i < Model::inputs; ++i)
    if (std::strcmp(Model::input_names[i], "The") == 0) the = i;
  return refused && the >= 0 && model.step(the, scores) && Model::self_test() < Model::self_test_limit ? 0 : 1;
}
CPP
# shellcheck disable=SC2086
g++ $flags -Iwords words.cpp -o tokens && ./tokens || fail 'the model of words does not run'

# ---- A table: the scaling goes with the header, which reads and answers in the unit of the data
awk 'BEGIN { print "temp,load"; for (i = 0; i < 300; i++) printf "%.3f,%.4f\n", 300 + 20 * sin(i / 5), cos(i / 7) / 50 }' \
  >table.csv
train table task.name=file task.data=table.csv task.target=next model.cell=lstm model.hidden=7 task.window=20
expect 0 'export' "$unroll" export table --to header
expect 0 step "$unroll" predict table --data table.csv --format csv
awk -F, 'NR > 1 { print $(NF - 1), $NF }' output >expected
cat >table.cpp <<'CPP'
#include <cstdio>
#include "model.hpp"
int main() {
  Model model;
  float x[2], y[2];
  static_assert(Model::inputs == 2 && Model::outputs == 2, "two columns, and what comes next in both");
  if (std::strcmp(Model::input_names[1], "load") != 0 || !(Model::self_test() < Model::self_test_limit)) return 1;
  while (std::scanf("%f,%f", x, x + 1) == 2) {
    model.step(x, y);
    std::printf("%.9g %.9g\n", static_cast<double>(y[0]), static_cast<double>(y[1]));
  }
}
CPP
# shellcheck disable=SC2086
g++ $flags -Itable table.cpp -o rows && tail -n +2 table.csv | ./rows >answers || fail 'the model of a table does not run'
paste -d ' ' answers expected |
  awk '{ n++; a = ($1 - $3) / 20; b = ($2 - $4) * 50; if (!(a * a < 25e-12 && b * b < 25e-12)) bad = 1 }
       END { exit bad || n != 300 }' || fail "the table's header answers otherwise: $(paste answers expected | head -3)"

# ---- What cannot be exported is refused by name, and leaves nothing
train both task.name=adding task.length=5 model.cell=gru model.bidirectional=true
expect 2 'model.bidirectional' "$unroll" export both --to header
train noisy task.name=adding task.length=5 model.cell=ctrnn
expect 2 'the op random_normal' "$unroll" export noisy --to header
expect 2 '"8" gives none' "$unroll" export drum --to header --out 8.hpp
expect 2 'no place for it' "$unroll" export drum --to header --timing
expect 2 'did you mean "header"' "$unroll" export drum --to heder
expect 2 'there is no such folder' "$unroll" export nowhere --to header
[[ ! -e both/model.hpp && ! -e noisy/model.hpp && ! -e 8.hpp ]] || fail 'a refused header is there'

# ---- The parameters for NumPy and PyTorch, under PyTorch's names
expect 0 'export: drum/model.npz' "$unroll" export drum --to npz
expect 0 'export: drum/state_dict.safetensors' "$unroll" export drum --to pytorch
cp drum/model.npz first.npz
expect 0 'export' "$unroll" export drum --to npz
cmp first.npz drum/model.npz || fail 'another .npz of the same model'
expect 2 'replaces only' "$unroll" export drum --to npz --out drum/model.hpp
python3 - <<'PYTHON' || fail 'the parameters are others than those of the model'
import json, struct, zipfile
def tensors(path):
    data = open(path, "rb").read()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    return {name: (one["shape"], data[8 + size:][slice(*one["data_offsets"])])
            for name, one in header.items() if name != "__metadata__"}, header.get("__metadata__")
own, _ = tensors("drum/model.safetensors")
state, metadata = tensors("drum/state_dict.safetensors")
assert own == state and metadata == {"format": "pt"}, metadata
assert own["rnn.weight_hh_l0"][0] == [24, 8], own.keys()
arrays = zipfile.ZipFile("drum/model.npz")
assert sorted(arrays.namelist()) == sorted(name + ".npy" for name in own), arrays.namelist()
for name, (shape, values) in own.items():
    assert arrays.read(name + ".npy").endswith(values), name
PYTHON
echo ok
