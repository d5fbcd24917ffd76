#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <numbers>

#include "tests/framework/autodiff/case_runner.hpp"

namespace unroll::conformance {
namespace {

using sizes::B;
using sizes::T;

std::int64_t integer(Real x) { return static_cast<std::int64_t>(x); }

Index joined_index(Index a, const Index& b, std::size_t from) {
  a.insert(a.end(), b.begin() + static_cast<std::ptrdiff_t>(from), b.end());
  return a;
}

Shape joined_shape(std::vector<std::int64_t> first, const Shape& rest, std::size_t from) {
  for (std::size_t axis = from; axis < rest.rank(); ++axis) first.push_back(rest[axis]);
  return Shape(first);
}

OpCase rows_case(std::string op, Var (*take)(Var, Var), Dims table, Dims index) {
  const std::int64_t rows = table[0].number();
  return {.op = std::move(op),
          .label = "",
          .operands = {{std::move(table)}, index_operand(std::move(index), rows)},
          .record = [take](const std::vector<Var>& in) { return take(in[0], in[1]); },
          .reference =
              [](const std::vector<Array>& in) {
                const Shape& index_shape = in[1].shape;
                const Shape shape = joined_shape({index_shape.begin(), index_shape.end()}, in[0].shape, 1);
                return generate(shape, [&](const Index& i) {
                  const Index at(i.begin(), i.begin() + static_cast<std::ptrdiff_t>(index_shape.rank()));
                  return in[0].at(joined_index({integer(in[1].at(at))}, i, index_shape.rank()));
                });
              }};
}

OpCase gather_case(Dims table, Dims index) {
  return rows_case("gather", gather, std::move(table), std::move(index));
}

OpCase scatter_add_case(Dims index, Dims updates, std::int64_t rows) {
  return {.op = "scatter_add",
          .label = "into " + std::to_string(rows) + " rows",
          .operands = {index_operand(std::move(index), rows), {std::move(updates)}},
          .record = [=](const std::vector<Var>& in) { return scatter_add(in[0], in[1], rows); },
          .reference =
              [=](const std::vector<Array>& in) {
                const std::size_t rank = in[0].shape.rank();
                Array result(joined_shape({rows}, in[1].shape, rank));
                each_index(in[1].shape, [&](const Index& i) {
                  const Index at(i.begin(), i.begin() + static_cast<std::ptrdiff_t>(rank));
                  result.at(joined_index({integer(in[0].at(at))}, i, rank)) += in[1].at(i);
                });
                return result;
              }};
}

OpCase pick_case(Dims x, Dims index) {
  const std::int64_t n = x.back().number();
  return {.op = "pick",
          .label = "",
          .operands = {{std::move(x)}, index_operand(std::move(index), n)},
          .record = [](const std::vector<Var>& in) { return pick(in[0], in[1]); },
          .reference =
              [](const std::vector<Array>& in) {
                return generate(in[1].shape, [&](const Index& i) {
                  return in[0].at(joined_index(i, {integer(in[1].at(i))}, 0));
                });
              }};
}

OpCase place_case(Dims values, std::int64_t n) {
  return {.op = "place",
          .label = "among " + std::to_string(n),
          .operands = {{values}, index_operand(values, n)},
          .record = [=](const std::vector<Var>& in) { return place(in[0], in[1], n); },
          .reference =
              [=](const std::vector<Array>& in) {
                Shape shape = in[0].shape;
                shape.push_back(n);
                Array result(shape);
                each_index(in[0].shape, [&](const Index& i) {
                  result.at(joined_index(i, {integer(in[1].at(i))}, 0)) = in[0].at(i);
                });
                return result;
              }};
}

OpCase index_identity_case(Dims dims) {
  return {.op = "index_identity",
          .label = "",
          .operands = {index_operand(std::move(dims), 1000)},
          .record = [](const std::vector<Var>& in) { return identity(in[0]); },
          .reference = [](const std::vector<Array>& in) { return in[0]; }};
}

OpCase index_reshape_case(Dims from, Dims to, std::function<Shape(const Shape&)> shape) {
  return {.op = "index_reshape",
          .label = "",
          .operands = {index_operand(std::move(from), 1000)},
          .record = [to = std::move(to)](const std::vector<Var>& in) { return reshape(in[0], to); },
          .reference =
              [shape = std::move(shape)](const std::vector<Array>& in) {
                Array result = in[0];
                result.shape = shape(in[0].shape);
                return result;
              }};
}

OpCase argmax_case(Dims x) {
  return {.op = "argmax",
          .label = "",
          .operands = {{std::move(x)}},
          .record = [](const std::vector<Var>& in) { return argmax(in[0]); },
          .reference =
              [](const std::vector<Array>& in) {
                const std::int64_t n = in[0].shape.back();
                const Shape shape(std::vector(in[0].shape.begin(), in[0].shape.end() - 1));
                return generate(shape, [&](const Index& i) {
                  std::int64_t best = 0;
                  for (std::int64_t k = n - 1; k >= 0; --k) {
                    const Real here = in[0].at(joined_index(i, {k}, 0)),
                               top = in[0].at(joined_index(i, {best}, 0));
                    if (std::isnan(here) || here > top || (here == top && k < best)) best = k;
                  }
                  return static_cast<Real>(best);
                });
              }};
}

using Words = std::array<std::uint32_t, 4>;

/// Philox 4x32-10 written down from the paper (Salmon et al. 2011, section 3.3 and table 2).
Words philox_from_the_paper(std::uint64_t key, Words c) {
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0], p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c;
}

constexpr std::uint64_t mask_seed = 0x123456789ABCDEF;
constexpr std::uint32_t mask_layer = 7;

/// A layer's key comes from the seed's stream of masks (purpose 4, marked 0xFF00); the counter of a unit is
/// (unit / 4, row, time step, update).
Words block_of(std::int64_t number, Real row, Real time_step, Real update) {
  const Words words = philox_from_the_paper(mask_seed, {0, mask_layer, 0, 4 | 0xFF00});
  const std::uint64_t key = std::uint64_t{words[1]} << 32 | words[0];
  return philox_from_the_paper(key,
                               {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(row),
                                static_cast<std::uint32_t>(time_step), static_cast<std::uint32_t>(update)});
}

Real mask_element(double keep, Real update, Real time_step, Real row, std::int64_t unit) {
  const Words block = block_of(unit / 4, row, time_step, update);
  return static_cast<double>(block[static_cast<std::size_t>(unit % 4)]) < keep * 4294967296.0 ? 1 : 0;
}

/// By Box and Muller 1958: the first half of a block is an angle in (-pi, pi), the second a probability.
Real normal_element(Real update, Real time_step, Real row, std::int64_t unit) {
  const Words block = block_of(unit / 2, row, time_step, update);
  const auto whole = [&](std::size_t i) { return std::uint64_t{block[i + 1]} << 32 | block[i]; };
  const Real turn =
      (static_cast<Real>(static_cast<std::int64_t>(whole(0))) + Real(0.5)) * std::exp2(Real(-63));
  const Real probability = (static_cast<Real>(whole(2)) + Real(0.5)) * std::exp2(Real(-64));
  const Real angle = turn * std::numbers::pi_v<Real>, radius = std::sqrt(-2 * std::log(probability));
  return radius * (unit % 2 == 0 ? std::sin(angle) : std::cos(angle));
}

OpCase normal_case(std::int64_t rows, std::int64_t units) {
  return {.op = "random_normal",
          .label = "",
          .operands = {index_operand({}, 1000), index_operand({}, 1000), index_operand({}, 1000)},
          .record =
              [=](const std::vector<Var>& in) {
                return random_normal(in[0], in[1], in[2], {rows, units}, mask_seed, mask_layer);
              },
          .reference =
              [=](const std::vector<Array>& in) {
                return generate(Shape{rows, units}, [&](const Index& i) {
                  return normal_element(in[0].at({}), in[1].at({}), in[2].at({}) + static_cast<Real>(i[0]),
                                        i[1]);
                });
              }};
}

OpCase as_real_case(Dims dims) {
  return {.op = "as_real",
          .label = "",
          .operands = {index_operand(std::move(dims), 1000)},
          .record = [](const std::vector<Var>& in) { return as_real(in[0]); },
          .reference = [](const std::vector<Array>& in) { return in[0]; }};
}

OpCase mask_case(std::int64_t rows, std::int64_t units, double keep) {
  return {.op = "random_mask",
          .label = "keep " + std::to_string(keep),
          .operands = {index_operand({}, 1000), index_operand({}, 1000), index_operand({}, 1000)},
          .record =
              [=](const std::vector<Var>& in) {
                return random_mask(in[0], in[1], in[2], {rows, units}, keep, mask_seed, mask_layer);
              },
          .reference =
              [=](const std::vector<Array>& in) {
                return generate(Shape{rows, units}, [&](const Index& i) {
                  return mask_element(keep, in[0].at({}), in[1].at({}),
                                      in[2].at({}) + static_cast<Real>(i[0]), i[1]);
                });
              }};
}

}  // namespace

std::vector<OpCase> indexing_cases() {
  return {gather_case({5, 3}, {4}),
          gather_case({5, 3}, {}),
          gather_case({5}, {2, 3}),
          gather_case({4, 2, 2}, {T, B}),
          gather_case({1, 1}, {1}),
          gather_case({3, T}, {B}),
          gather_case({2, 0}, {3}),
          scatter_add_case({7}, {7, 3}, 4),
          scatter_add_case({}, {3}, 5),
          scatter_add_case({2, 3}, {2, 3}, 4),
          scatter_add_case({T}, {T, B}, 2),
          scatter_add_case({T, B}, {T, B, 2, 1}, 6),
          scatter_add_case({1}, {1}, 1),
          pick_case({4, 5}, {4}),
          pick_case({5}, {}),
          pick_case({T, B, 3}, {T, B}),
          pick_case({1, 1}, {1}),
          place_case({4}, 5),
          place_case({}, 5),
          place_case({T, B}, 3),
          place_case({1}, 1),
          argmax_case({5, 4}),
          argmax_case({4}),
          argmax_case({T, B, 3}),
          argmax_case({1, 1}),
          as_real_case({3, 2}),
          as_real_case({}),
          as_real_case({T, B}),
          as_real_case({0, 2}),
          index_identity_case({3, 2}),
          index_identity_case({T, B}),
          index_reshape_case({3, 2}, {2, 3},
                             [](const Shape&) {
                               return Shape{2, 3};
                             }),
          index_reshape_case({0, 2}, {0}, [](const Shape&) { return Shape{0}; }),
          index_reshape_case({T, B}, {T * B}, [](const Shape& s) { return Shape{s[0] * s[1]}; })};
}

std::vector<OpCase> random_cases() {
  return {mask_case(3, 6, 0.5),  mask_case(2, 9, 0.8), mask_case(4, 3, 0),   mask_case(4, 3, 1),
          mask_case(1, 1, 0.25), mask_case(0, 3, 0.5), mask_case(3, 0, 0.5), normal_case(3, 6),
          normal_case(2, 9),     normal_case(1, 1),    normal_case(0, 3)};
}

namespace {

/// The message of the std::out_of_range that running throws, or "".
std::string out_of_range_message(const OpCase& c, std::size_t operand, std::int64_t index) {
  const Recorded recorded(c);
  Point point = sample(c, ordinary);
  point.index[operand][point.index[operand].numel() - 1] = index;
  try {
    evaluate<double>(recorded, point, {recorded.result});
  } catch (const std::out_of_range& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE(
    "[conformance] an index outside its range stops the run and is named with its place and the range") {
  struct Wrong {
    OpCase c;
    std::size_t operand;
  };
  const std::vector<Wrong> wrongs = {{gather_case({5, 3}, {4}), 1},
                                     {scatter_add_case({4}, {4, 3}, 5), 0},
                                     {pick_case({4, 5}, {4}), 1},
                                     {place_case({4}, 5), 1}};
  for (const auto& [c, operand] : wrongs)
    for (const std::int64_t index : {std::int64_t{5}, std::int64_t{-1}, std::int64_t{1} << 40}) {
      const std::string message = out_of_range_message(c, operand, index);
      CAPTURE(message);
      CHECK(message.find("[" + c.op + "]") != std::string::npos);
      CHECK(message.find("index " + std::to_string(index) + " at position 3") != std::string::npos);
      CHECK(message.find("0..4") != std::string::npos);
    }
}

TEST_CASE("[conformance] a mask's probability outside [0, 1] is refused while recording") {
  for (const double keep : {-0.1, 1.1, std::nan("")})
    CHECK_THROWS_AS(Recorded(mask_case(2, 2, keep)), std::invalid_argument);
}

}  // namespace unroll::conformance
