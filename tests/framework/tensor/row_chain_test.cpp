#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "framework/tensor/chain.hpp"
#include "framework/tensor/jit/record_chain.hpp"
#include "framework/tensor/jit/routine.hpp"

using namespace unroll;
using Form = ChainStep::Form;

namespace {

/// f(x y, column) over rows, with sums of all kinds: over the rows, along each, of all, and of groups.
template <class T>
struct SummedRows {
  enum Operand { x, y, column, group, result, over_rows, along, of_all, of_groups, inner, r0, r1, r2, r3 };
  static constexpr int count = r3 + 1;

  std::int64_t rows, n;
  bool groups;
  jit::RowPiece piece;
  std::vector<std::vector<T>> memory;

  /// `moving`: the column, the groups and their sums go on from row to row.
  SummedRows(std::int64_t how_many, std::int64_t elements, bool with_groups, bool with_totals, bool moving,
             std::mt19937_64& random)
      : rows(how_many), n(elements), groups(with_groups) {
    const auto code = [](auto f) { return static_cast<std::uint8_t>(f); };
    piece.steps = {{.form = Form::load, .operand = x},
                   {.form = Form::binary, .function = code(Binary::mul), .operand = y},
                   {.form = Form::store, .operand = inner},
                   {.form = Form::binary, .function = code(Binary::add), .operand = column},
                   {.form = Form::unary, .function = code(Unary::tanh)},
                   {.form = Form::unary, .function = code(Unary::relu)},
                   {.form = Form::sum, .operand = over_rows, .other = r0}};
    if (groups) {
      piece.steps.push_back({.form = Form::binary, .function = code(Binary::sub), .operand = group});
      piece.steps.push_back({.form = Form::sum, .operand = of_groups, .other = r3});
    }
    if (with_totals) {
      piece.steps.insert(piece.steps.begin() + 3, {.form = Form::sum, .operand = along, .other = r1});
      piece.steps.push_back({.form = Form::sum, .operand = of_all, .other = r2});
      piece.totals = {{along, r1, true}, {of_all, r2, false}};
    }
    piece.steps.push_back({.form = Form::binary, .function = code(Binary::mul), .operand = inner});
    piece.steps.push_back({.form = Form::store, .operand = result});
    using enum ChainOperand;
    piece.kinds = {elements, elements, one_for_all,         grouped, elements, elements, total,
                   total,    grouped,  ChainOperand::inner, running, running,  running,  running};
    if (moving && !with_totals) piece.kinds[of_groups] = group_sums;
    if (!groups) piece.kinds[group] = piece.kinds[of_groups] = elements;
    piece.strides.assign(count, 0);
    if (with_totals) piece.strides[along] = 1;
    if (moving) piece.strides[column] = 1;
    piece.strides[x] = piece.strides[result] = n;
    if (moving) piece.strides[group] = piece.strides[of_groups] = n / grouped_elements;
    piece.elements = n;
    piece.asked_for.assign(count, false);
    for (const int operand : {x, y, result}) piece.asked_for[operand] = true;
    std::normal_distribution<double> normal;
    for (int i = 0; i < count; ++i) {
      std::vector<T>& values = memory.emplace_back(static_cast<std::size_t>(rows * n + chain_group));
      if (i <= group || piece.kinds[static_cast<std::size_t>(i)] == group_sums)
        for (T& v : values) v = static_cast<T>(normal(random));
    }
  }

  std::vector<T*> pointers() {
    std::vector<T*> all;
    for (std::vector<T>& operand : memory) all.push_back(operand.data());
    return all;
  }

  void by_steps(const Kernels<T>& table) {
    std::vector<T*> at = pointers();
    for (std::int64_t row = 0; row < rows; ++row) {
      run_chain<T>(piece.steps, piece.kinds, at.data(), n, table);
      finish_sum(at[r1], at[along], table);
      for (std::size_t i = 0; i < count; ++i) at[i] += piece.strides[i];
    }
    finish_sum(at[r2], at[of_all], table);
  }

  void by_routine(const jit::Routine& routine, const Kernels<T>& table) {
    std::vector<void*> arguments;
    for (T* pointer : pointers()) arguments.push_back(pointer);
    arguments.push_back(nullptr);
    routine(arguments.data(), rows);
    finish_sum(memory[r2].data(), memory[of_all].data(), table);
  }
};

/// Of rows; those of groups fill the running values.
std::vector<std::int64_t> lengths(bool groups) {
  std::vector<std::int64_t> all;
  for (std::int64_t n = running_values; n < 200; n += running_values) all.push_back(n);
  all.push_back(37 * running_values);
  if (!groups) all.insert(all.end(), {1, 3, 4, 7, 8, 9, 12, 15, 17, 24, 31, 33, 40, 50, 100, 200, 1001});
  return all;
}

}  // namespace

TEST_CASE_TEMPLATE("[jit] rows of a chain with their sums have the bits of the span kernels", T, float,
                   double) {
  std::mt19937_64 random(1);
  for (const Isa isa : {Isa::avx2, Isa::avx512}) {
    if (!supported(isa)) continue;
    for (const auto& [groups, totals] : {std::pair{false, true}, {true, true}, {false, false}, {true, false}})
      for (const std::int64_t n : lengths(groups))
        for (const auto& [rows, moving] :
             {std::pair{1, true}, {2, true}, {5, true}, {2, false}, {5, false}, {6, false}}) {
          INFO(name(isa), ", ", rows, " rows of ", n, groups ? ", groups" : "", totals ? ", totals" : "",
               moving ? ", moving" : "");
          SummedRows<T> steps(rows, n, groups, totals, moving, random), code = steps;
          const jit::Routine routine = jit::row_routine<T>(steps.piece, isa);
          const bool narrow = isa == Isa::avx2 && sizeof(T) == 8;
          REQUIRE(static_cast<bool>(routine) == !(groups && narrow));
          if (!routine) continue;
          steps.by_steps(kernels<T>(isa));
          code.by_routine(routine, kernels<T>(isa));
          for (std::size_t i = 0; i < SummedRows<T>::inner; ++i) REQUIRE(steps.memory[i] == code.memory[i]);
        }
  }
}

namespace {

/// Sums over the rows of each input, which moves, times a vector and a number, which do not, in memory of
/// their own: out of `inputs` operands that move, the first `sums` are added up, and the last product is
/// stored.
template <class T>
struct ManySums {
  std::int64_t rows, n;
  jit::RowPiece piece;
  std::vector<std::vector<T>> memory;

  ManySums(std::int64_t how_many, std::int64_t elements, int inputs, int sums, std::mt19937_64& random)
      : rows(how_many), n(elements) {
    const auto number = [](int i) { return static_cast<std::int16_t>(i); };
    const auto times = [&](int operand) {
      return ChainStep{.form = Form::binary,
                       .function = static_cast<std::uint8_t>(Binary::mul),
                       .operand = number(operand)};
    };
    const int vector = inputs, scalar = inputs + 1, result = inputs + 2, first_sum = inputs + 3;
    for (int i = 0; i < inputs; ++i) {
      piece.steps.push_back({.form = Form::load, .operand = number(i)});
      piece.steps.push_back(times(vector));
      piece.steps.push_back(times(scalar));
      if (i < sums) piece.steps.push_back({.form = Form::sum, .operand = number(first_sum + i)});
    }
    piece.steps.push_back({.form = Form::store, .operand = number(result)});
    const auto count = static_cast<std::size_t>(first_sum + sums);
    piece.kinds.assign(count, ChainOperand::elements);
    piece.kinds[static_cast<std::size_t>(scalar)] = ChainOperand::one_for_all;
    piece.strides.assign(count, 0);
    std::fill_n(piece.strides.begin(), inputs, n);
    piece.strides[static_cast<std::size_t>(result)] = n;
    piece.asked_for.assign(count, false);
    piece.elements = n;
    std::normal_distribution<double> normal;
    for (std::size_t i = 0; i < count; ++i)
      for (T& v : memory.emplace_back(static_cast<std::size_t>(rows * n))) v = static_cast<T>(normal(random));
  }

  void by_steps(const Kernels<T>& table) {
    std::vector<T*> at;
    for (std::vector<T>& operand : memory) at.push_back(operand.data());
    for (std::int64_t row = 0; row < rows; ++row) {
      run_chain<T>(piece.steps, piece.kinds, at.data(), n, table);
      for (std::size_t i = 0; i < at.size(); ++i) at[i] += piece.strides[i];
    }
  }

  void by_routine(const jit::Routine& routine) {
    std::vector<void*> arguments;
    for (std::vector<T>& operand : memory) arguments.push_back(operand.data());
    arguments.push_back(nullptr);
    routine(arguments.data(), rows);
  }
};

}  // namespace

// Four sums of 128 elements are two tiles of columns and those of 16 a whole row, 20 inputs are more pointers
// than registers hold, and 12 and 20 sums, or 37 registers to a row, leave no tile.
TEST_CASE_TEMPLATE("[jit] sums over rows by tiles of columns have the bits of the span kernels", T, float,
                   double) {
  std::mt19937_64 random(3);
  for (const Isa isa : {Isa::avx2, Isa::avx512}) {
    if (!supported(isa)) continue;
    for (const auto& [inputs, sums] : {std::pair{1, 1}, {4, 4}, {8, 3}, {20, 2}, {12, 12}, {20, 20}})
      for (const std::int64_t n : {16, 48, 64, 112, 128, 200, 256, 592})
        for (const std::int64_t rows : {1, 2, 5}) {
          INFO(name(isa), ", ", rows, " rows of ", n, ", ", inputs, " inputs, ", sums, " sums");
          ManySums<T> steps(rows, n, inputs, sums, random), code = steps;
          const jit::Routine routine = jit::row_routine<T>(steps.piece, isa);
          REQUIRE(routine);
          steps.by_steps(kernels<T>(isa));
          code.by_routine(routine);
          REQUIRE(steps.memory == code.memory);
        }
  }
}

TEST_CASE("[kernels] sums in a chain are those of the kernels over the same elements") {
  std::mt19937_64 random(2);
  SummedRows<double> chain(3, 48, true, true, true, random);
  const Kernels<double>& k = kernels<double>();
  using Chain = SummedRows<double>;
  chain.by_steps(k);
  std::vector<double> all;
  for (std::int64_t row = 0; row < 3; ++row) {
    std::vector<double> product(48);
    k[Binary::mul](chain.memory[Chain::x].data() + row * 48, 1, chain.memory[Chain::y].data(), 1,
                   product.data(), 48);
    CHECK(chain.memory[Chain::along][static_cast<std::size_t>(row)] == k.sum(product.data(), 48));
    const double column = chain.memory[Chain::column][static_cast<std::size_t>(row)];
    k[Binary::add](product.data(), 1, &column, 0, product.data(), 48);
    k[Unary::tanh](product.data(), product.data(), 48);
    k[Unary::relu](product.data(), product.data(), 48);
    for (std::int64_t i = 0; i < 48; ++i)
      all.push_back(product[static_cast<std::size_t>(i)] -
                    chain.memory[Chain::group][static_cast<std::size_t>(row * 6 + i / 8)]);
  }
  CHECK(chain.memory[Chain::of_all][0] == k.sum(all.data(), 144));
  for (std::int64_t g = 0; g < 18; ++g)
    CHECK(chain.memory[Chain::of_groups][static_cast<std::size_t>(g)] == k.sum(all.data() + 8 * g, 8));
}

TEST_CASE_TEMPLATE("[jit] sums of groups of negative zeros are 0, as those of the kernels", T, float,
                   double) {
  for (const ChainOperand kind : {ChainOperand::grouped, ChainOperand::group_sums}) {
    jit::RowPiece piece{{{.form = Form::load, .operand = 0}, {.form = Form::sum, .operand = 1}},
                        {ChainOperand::elements, kind},
                        {16, 2}};
    piece.elements = 16;
    piece.asked_for.assign(2, false);
    const jit::Routine routine = jit::row_routine<T>(piece);
    if (!routine) continue;
    std::vector<T> x(48, T{-0.0}), sums(6, T{-0.0});
    void* arguments[] = {x.data(), sums.data(), nullptr};
    routine(arguments, 3);
    std::vector<T> by_kernels(2, T{-0.0});
    T* const pointers[] = {x.data(), by_kernels.data()};
    run_chain<T>(piece.steps, piece.kinds, pointers, 16);
    for (const T sum : sums) CHECK(std::signbit(sum) == std::signbit(by_kernels[0]));
    CHECK(!std::signbit(by_kernels[0]));
  }
}

TEST_CASE("[jit] rows of groups that do not fill the running values have no routine") {
  std::mt19937_64 random(1);
  CHECK(jit::row_routine<float>(SummedRows<float>(2, 48, true, false, false, random).piece));
  CHECK_FALSE(jit::row_routine<float>(SummedRows<float>(2, 40, true, false, false, random).piece));
}

TEST_CASE("[jit] rows with more sums than registers hold have no routine") {
  jit::RowPiece piece;
  for (std::int16_t i = 0; i < 40; ++i) {
    piece.steps.push_back({.form = Form::load, .operand = 0});
    piece.steps.push_back({.form = Form::sum,
                           .operand = static_cast<std::int16_t>(1 + i),
                           .other = static_cast<std::int16_t>(41 + i)});
    piece.totals.push_back({1 + i, 41 + i, true});
  }
  piece.kinds.assign(81, ChainOperand::running);
  piece.kinds[0] = ChainOperand::elements;
  std::fill_n(piece.kinds.begin() + 1, 40, ChainOperand::total);
  piece.strides.assign(81, 0);
  piece.strides[0] = 16;
  piece.asked_for.assign(81, false);
  piece.elements = 16;
  CHECK_FALSE(jit::row_routine<float>(piece));
  CHECK_FALSE(jit::row_routine<double>(piece));
}

TEST_CASE("[jit] two rows read once what is the same for both, and write a sum over them once") {
  enum { x, y, total };
  const std::array<ChainStep, 3> steps = {
      ChainStep{.form = Form::load, .operand = x},
      {.form = Form::binary, .function = static_cast<std::uint8_t>(Binary::mul), .operand = y},
      {.form = Form::sum, .operand = total}};
  const std::array<ChainOperand, 3> kinds = {};
  const jit::Recording one = jit::record_chain<float>(steps, kinds, Isa::avx512);
  const auto counts = [&](std::span<const std::int64_t> strides) {
    std::array<std::int64_t, 4> found{};  // by operand: loads; stores of the total
    for (const jit::Instruction& i : side_by_side(one, {2, 1}, strides).code)
      if (i.operation == jit::Operation::load || i.operation == jit::Operation::store)
        ++found[i.operation == jit::Operation::load ? static_cast<std::size_t>(i.number) : 3];
    return found;
  };
  CHECK(counts(std::array<std::int64_t, 3>{16, 0, 0}) == std::array<std::int64_t, 4>{2, 1, 1, 1});
  CHECK(counts(std::array<std::int64_t, 3>{16, 16, 16}) == std::array<std::int64_t, 4>{2, 2, 2, 2});
}

TEST_CASE("[jit] rows that need a function of the C library have no routine") {
  jit::RowPiece piece{{{.form = Form::load, .operand = 0},
                       {.form = Form::unary, .function = static_cast<std::uint8_t>(Unary::sin)},
                       {.form = Form::store, .operand = 1}},
                      {ChainOperand::elements, ChainOperand::elements},
                      {16, 16}};
  piece.elements = 16;
  CHECK_FALSE(jit::row_routine<float>(piece));
}
