#include "models/language/array_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "framework/plan/plan.hpp"
#include "framework/tensor/file.hpp"
#include "framework/tensor/npy.hpp"
#include "framework/tensor/safetensors.hpp"
#include "models/cell_check.hpp"
#include "models/cell_table.hpp"
#include "models/language/equation_cell.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/random_tensor.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace unroll;

namespace {

const std::string reservoir =
    "cell reservoir\n"
    "const A: (hidden, hidden) = file(\"A.npy\")\n"
    "state h\n"
    "param U init file(\"W.npz:U\")\n"
    "param b: hidden init file(\"W.safetensors:b\")\n"
    "h' = tanh(A h + U h + W x + b)\n";

/// Doubles that a shorter text would round, a float not hold, or a reader mistake for something else.
const std::vector<double> awkward = {0.1, -0.0, 1.0 / 3, 1e-300, 5e-324, 123456789.123456789, -2.5e30, 7, 0};

/// The cell with its three files, at hidden 3.
struct Files {
  Files() {
    write_file(folder / "r.cell", reservoir);
    save_npy(folder / "A.npy", A);
    save_npz(folder / "W.npz", {{"U", U}, {"V", Tensor<double>({2})}});
    save_safetensors(folder / "W.safetensors", {.tensors = {{"b", b}}});
  }
  std::string text() const { return read_cell_file(folder / "r.cell"); }
  std::string refused(const std::string& equations) const {
    try {
      define_cell("test", with_files("test.cell", "cell t\nstate h\n" + equations + "h' = tanh(W x + U h)\n",
                                     folder.path()));
      return "accepted";
    } catch (const EquationError& error) {
      return error.what();
    }
  }

  struct Folder : TemporaryFolder {
    std::filesystem::path path() const { return (*this / "").parent_path(); }
  } folder;
  Tensor<double> A = Tensor<double>({3, 3}, std::span<const double>(awkward));
  Tensor<std::int64_t> U = Tensor<std::int64_t>({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  Tensor<float> b = random_tensor<float>({3}, 4);
};

const ParameterSpec& spec_of(const std::vector<ParameterSpec>& specs, std::string_view name) {
  return *std::ranges::find(specs, name, &ParameterSpec::name);
}

}  // namespace

TEST_CASE("[language] arrays of files are constants and starts, bit by bit, with and without the files") {
  const Files files;
  const std::string text = files.text();
  for (const bool from_file : {true, false}) {
    const EquationCell cell(from_file ? define_cell("r.cell", text) : define_cell("model.cell", text),
                            {.input_size = 2, .hidden_size = 3});
    Tape tape;
    const Var A = cell.known(tape, "A")->var;
    Plan<double> plan(tape, {A});
    plan.run();
    CHECK(plan.tensor(A).same_bits(files.A));
    Stream stream(1, Purpose::parameters);
    const auto specs = cell.parameters();
    const ParameterSpec& U = spec_of(specs, "U");
    CHECK(initialise(*U.init, U.shape, stream).same_bits(convert<float>(files.U)));
    const ParameterSpec& b = spec_of(specs, "b");
    CHECK(initialise(*b.init, b.shape, stream).same_bits(files.b));
  }
  const auto by_path = make_cell((files.folder / "r.cell").string(), {.input_size = 2, .hidden_size = 3});
  CHECK(by_path->parameters().size() == 3);
  const auto checks = check_cell(*by_path, 2);
  CHECK_MESSAGE(all_ok(checks), to_text(checks, "reservoir"));
}

TEST_CASE("[language] a cell is what is in its files, not what they are called") {
  Files files;
  const auto canonical = [&] { return define_cell("r.cell", files.text())->canonical; };
  const std::string before = canonical();
  CHECK(canonical() == before);
  std::string renamed = reservoir;
  renamed.replace(renamed.find("A.npy"), 5, "B.npy");
  write_file(files.folder / "r.cell", renamed);
  save_npy(files.folder / "B.npy", files.A);
  CHECK(canonical() == before);
  files.A[4] = std::nextafter(files.A[4], 1.0);
  save_npy(files.folder / "B.npy", files.A);
  CHECK(canonical() != before);
  const std::string changed = canonical();
  files.U[8] = 10;
  save_npz(files.folder / "W.npz", {{"U", files.U}});
  CHECK(canonical() != changed);
}

TEST_CASE("[language] a text with the numbers reads no file, and stays as it is") {
  const Files files;
  const std::string text = files.text();
  CHECK_FALSE(needs_files(text));
  CHECK(needs_files(reservoir));
  CHECK_FALSE(needs_files("cell broken\nstate"));
  CHECK(with_files("r", text, "/nowhere") == text);
  CHECK(define_cell("r", text)->whole_text() == text);
  CHECK(with_files("r", "cell plain\nstate h\nh' = tanh(W x)\n\n", "/nowhere") ==
        "cell plain\nstate h\nh' = tanh(W x)\n\n");
  // Lines keep their numbers, wherever the array's line is.
  try {
    define_cell("r", "file \"A.npy\" (1) = 1\ncell c\nstate h\nh' = tanh(W x +)\n");
    FAIL("accepted");
  } catch (const EquationError& error) {
    CHECK(contains(error.what(), "r:4:"));
  }
}

TEST_CASE("[language] both shapes are said where an array is not as large as the cell wants it") {
  const Files files;
  const auto definition = define_cell("r.cell", files.text());
  const auto message = [&](std::int64_t hidden) -> std::string {
    try {
      EquationCell(definition, {.input_size = 2, .hidden_size = hidden});
      return "made";
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  CHECK(message(3) == "made");
  CHECK(message(5).starts_with(
      "r.cell:4:14: U is (5, 5) here, at hidden 5 and input 2, but W.npz:U holds (3, 3)\n"));
  const auto make = [&](const CellOptions& options) {
    return std::make_unique<EquationCell>(definition, options);
  };
  CHECK_THROWS_AS(make(small_sizes(make, {3, 2})), std::invalid_argument);  // none of 2 units
  CHECK(files.refused("const A: (3, 2) = file(\"A.npy\")\nz = A[0, 0] * h\n")
            .starts_with("test:3:19: A is a matrix (3, 2), but A.npy holds (3, 3)\n"));
  CHECK(files.refused("const A: 3 = file(\"A.npy\")\nz = A[0] * h\n")
            .starts_with("test:3:14: A is a vector (3), but A.npy holds (3, 3)\n"));
  CHECK(files.refused("const A = file(\"A.npy\")\nz = A * h\n")
            .starts_with("test:3:11: an array says its shape: const A: (3, 3) = file(\"A.npy\")\n"));
}

TEST_CASE("[language] a start from a file has the shape that is stored") {
  const Files files;
  const std::vector<double> six = {1, 2, 3, 4, 5, 6};
  save_npy(files.folder / "six.npy", Tensor<double>({6}, std::span<const double>(six)));
  save_npy(files.folder / "block.npy", Tensor<double>({6, 3}));
  const auto made = [&](const std::string& param) -> std::string {
    const std::string text = "cell s\nstate h\n" + param + "\nh' = tanh(W x + U h)\n";
    try {
      const EquationCell cell(define_cell("s", with_files("s", text, files.folder.path())), {2, 6});
      return to_string(spec_of(cell.parameters(), "U").init->values->shape());
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  CHECK(made("param U diagonal init file(\"six.npy\")") == "(6)");
  CHECK(made("param U heads(2) init file(\"block.npy\")") == "(6, 3)");
  CHECK(contains(made("param U skew init file(\"six.npy\")"), "U is (6, 6) here"));
  CHECK(contains(made("param U low_rank(2) init file(\"block.npy\")"), "U is stored as two factors"));
}

TEST_CASE("[language] what is no array is refused with the place that names it, the file, and the cause") {
  const Files files;
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinite = std::numeric_limits<double>::infinity();
  save_npy(files.folder / "nan.npy", Tensor<double>({2, 2}, {1.0, 2.0, nan, 4.0}));
  save_npy(files.folder / "inf.npy", Tensor<double>({2}, {1.0, infinite}));
  save_npy(files.folder / "large.npy", Tensor<double>({1}, {1e39}));
  save_npy(files.folder / "cube.npy", Tensor<double>({2, 2, 2}));
  save_npy(files.folder / "many.npy", Tensor<float>({600, 600}));
  save_npy(files.folder / "none.npy", Tensor<float>({0, 3}));
  const std::string whole = read_file(files.folder / "A.npy");
  write_file(files.folder / "short.npy", whole.substr(0, whole.size() - 9));
  write_file(files.folder / "header.npy", whole.substr(0, 20));
  write_file(files.folder / "empty.npy", "");
  const auto typed = [&](const std::string& file, const std::string& descr) {
    std::string text = "{'descr': " + descr + ", 'fortran_order': False, 'shape': (2,), }";
    text += std::string(118 - text.size() - 1, ' ') + "\n";
    write_file(files.folder / file, std::string("\x93NUMPY\x01\0v\0", 10) + text + std::string(64, '\0'));
  };
  typed("complex.npy", "'<c16'");
  typed("object.npy", "'|O'");
  typed("text.npy", "'<U4'");
  std::filesystem::create_directory(files.folder / "folder.npy");
  mkfifo((files.folder / "pipe.npy").c_str(), 0600);
  struct {
    std::string name, cause;
  } const rows[] = {
      {"missing.npy", "there is no such file (it is looked for beside the cell's)"},
      {"folder.npy", "expected a file, found a folder, a pipe or a device"},
      {"pipe.npy", "expected a file, found a folder, a pipe or a device"},
      {"A.csv", "expected A.npy, A.npz:NAME or A.safetensors:NAME"},
      {"nan.npy", "the element [1, 0] is nan"},
      {"inf.npy", "the element [1] is inf"},
      {"large.npy", "the element [0] is 1e+39, and training is in float"},
      {"cube.npy", "the array is (2, 2, 2); a cell's have one axis or two"},
      {"many.npy", "the array is (600, 600), 360000 numbers; a cell's files have from 1 to 262144"},
      {"none.npy", "the array is (0, 3), 0 numbers"},
      {"short.npy", "short.npy"},
      {"header.npy", "header.npy"},
      {"empty.npy", "empty.npy"},
      {"complex.npy", "complex"},
      {"object.npy", "object"},
      {"text.npy", "U4"},
      {"W.npz", "say which array, as in W.npz:U; it has U, V"},
      {"W.npz:Uu", "there is no array Uu; it has U, V; did you mean \"U\"?"},
      {"W.safetensors:c", "there is no array c; it has b"},
      {"missing.npz:a", "there is no such file"},
  };
  for (const auto& [name, cause] : rows) {
    const std::string message = files.refused("const A: 2 = file(\"" + name + "\")\nz = A[0] * h\n");
    CAPTURE(message);
    CHECK(message.starts_with("test.cell:3:14: "));
    CHECK(contains(message, name.substr(0, name.find(':'))));
    CHECK(contains(message, cause));
  }
}

TEST_CASE("[language] a line of numbers that is damaged is refused, with its number in the text") {
  const auto message = [](const std::string& line) -> std::string {
    try {
      define_cell("c",
                  "cell c\nconst u: 2 = file(\"u.npy\")\nstate h: 2\nh' = u * h + mean(x)\n" + line + "\n");
      return "accepted";
    } catch (const EquationError& error) {
      return error.what();
    }
  };
  CHECK(message("file \"u.npy\" (2) = 1 0.5") == "accepted");
  CHECK(message("  file  \"u.npy\"  ( 2 )  =  1  0.5  ") == "accepted");
  for (const std::string line :
       {"file \"u.npy\" (2) = 1", "file \"u.npy\" (2) = 1 2 3", "file \"u.npy\" (2) = 1 nan",
        "file \"u.npy\" (2) = 1 1e400", "file \"u.npy\" (2) = 1 1e39", "file \"u.npy\" (2) = 1,2",
        "file \"u.npy\" (2) 1 2", "file \"u.npy\" () = 1",
        "file \"u.npy\" (0) = ", "file \"u.npy\" (-2) = 1 2", "file \"u.npy\" (2, 1, 1) = 1 2",
        "file \"u.npy\" (99999999999999999999) = 1", "file \"u.npy\" (600, 600) = 1", "file \"u.npy = 1",
        "file \"\" (2) = 1 2"}) {
    CAPTURE(line);
    CHECK(message(line).starts_with("c:5: "));
  }
  CHECK(contains(message("file \"u.npy\" (2) = 1 2\nfile \"u.npy\" (2) = 1 2"), "stand here twice"));
  CHECK(contains(message("file \"u.npy\" (2) = 1 2\nfile \"v.npy\" (2) = 1 2"), "but nothing takes them"));
}
