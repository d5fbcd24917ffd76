#include "framework/autodiff/attrs.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <set>

#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/autodiff/ops/sources.hpp"
#include "framework/random/stream.hpp"
#include "tests/framework/autodiff/case_runner.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

struct OtherAttrs {
  bool transpose_a = false, transpose_b = false;
  std::int64_t count = -1;
  static constexpr auto fields =
      std::tuple(field("transpose_a", &OtherAttrs::transpose_a),
                 field("transpose_b", &OtherAttrs::transpose_b), field("count", &OtherAttrs::count));
};

const Op& row(std::string_view name) { return *conformance::find_row(name); }

std::string parse_message(std::string_view op, std::string_view text) {
  try {
    parse_attrs(row(op), text);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

Dim random_dim(Stream& stream) {
  Dim dim = stream.below(20) - 3;
  for (const Dim symbol : {T, B, Dim::block(), Dim::segment(), Dim::segments()})
    for (std::int64_t power = stream.below(6); power > 3; --power) dim = dim * symbol;
  return dim;
}

}  // namespace

TEST_CASE("[attrs] they are equal by struct and value, numbers by their bits") {
  CHECK(Attrs(MatmulAttrs{true, false}) == Attrs(MatmulAttrs{true, false}));
  CHECK_FALSE(Attrs(MatmulAttrs{true, false}) == Attrs(MatmulAttrs{false, true}));
  CHECK_FALSE(Attrs(MatmulAttrs{}) == Attrs(OtherAttrs{}));
  CHECK_FALSE(Attrs(MatmulAttrs{}) == Attrs());
  CHECK(Attrs() == Attrs());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(Attrs(FillAttrs{0.0, {}}) == Attrs(FillAttrs{-0.0, {}}));
  CHECK(Attrs(FillAttrs{nan, {}}) == Attrs(FillAttrs{nan, {}}));
}

TEST_CASE("[attrs] a copy holds the same value, and only its own struct can be read") {
  const Attrs attrs = RangeAttrs{2, T, 3 * B};
  const Attrs copy = attrs;
  CHECK(&copy.as<RangeAttrs>() == &attrs.as<RangeAttrs>());
  CHECK(copy.as<RangeAttrs>().extent == 3 * B);
  CHECK(copy.get_if<MatmulAttrs>() == nullptr);
  CHECK_THROWS_AS(copy.as<MatmulAttrs>(), std::logic_error);
  CHECK(Attrs().get_if<MatmulAttrs>() == nullptr);
  CHECK_FALSE(Attrs().as<MatmulAttrs>().transpose_a);
}

TEST_CASE("[attrs] they name the extents that they hold") {
  CHECK(Attrs(RangeAttrs{1, T, B}).extents() == Dims{T, B});
  CHECK(Attrs(DimsAttrs{{T, 3}}).extents() == Dims{T, 3});
  CHECK(Attrs(TransposeAttrs{{1, 0}}).extents().empty());
  CHECK(Attrs().extents().empty());
}

TEST_CASE("[attrs] their text has what is not a default") {
  CHECK(to_text(Attrs()).empty());
  CHECK(to_text(Attrs(MatmulAttrs{})).empty());
  CHECK(to_text(Attrs(MatmulAttrs{false, true})) == "{transpose_b}");
  CHECK(to_text(Attrs(RangeAttrs{1, 2 * T, 3 * T * B})) == "{axis=1, begin=2·T, extent=3·T·B}");
  CHECK(to_text(Attrs(DimsAttrs{{B, 3}})) == "{dims=(B, 3)}");
  CHECK(to_text(Attrs(TransposeAttrs{{1, 0}})) == "{permutation=(1, 0)}");
  CHECK(to_text(Attrs(FillAttrs{-0.0, {}})) == "{value=-0}");
  CHECK(to_text(Attrs(FillAttrs{0.1, {T}})) == "{value=0.1, dims=(T)}");
  CHECK(to_text(Attrs(InputAttrs{"a \"b\\"})) == R"({name="a \"b\\"})");
  CHECK(to_text(Attrs(OtherAttrs{true, true, 0})) == "{transpose_a, transpose_b, count=0}");
}

TEST_CASE("[attrs] what every row records is read back from its text") {
  std::set<const AttrsType*> seen;
  for (const conformance::OpCase& c : conformance::all_cases()) {
    const conformance::Recorded recorded(c);
    for (const Node& node : recorded.tape->nodes()) {
      CHECK(node.attrs.type() == node.op->attrs);
      if (node.op == &constant_op) continue;
      CAPTURE(node.op->name);
      CAPTURE(to_text(node.attrs));
      CHECK(parse_attrs(*node.op, to_text(node.attrs)) == node.attrs);
      seen.insert(node.attrs.type());
    }
  }
  for (const Op* op : op_table())
    if (op->name != "scan" && op->name != "constant") CHECK_MESSAGE(seen.contains(op->attrs), op->name);
}

TEST_CASE("[attrs] numbers keep their bits through their text") {
  Stream stream(5, Purpose::check);
  const double inf = std::numeric_limits<double>::infinity();
  for (const double value : {0.1, -0.0, inf, -inf, std::nan(""), 5e-324, 1e300, stream.normal()}) {
    const Attrs attrs = FillAttrs{value, {T}};
    CHECK(parse_attrs(fill_op, to_text(attrs)) == attrs);
  }
}

TEST_CASE("[attrs] text is read with any space and in any order, strings with commas and braces in them") {
  CHECK(parse_attrs(row("slice"), " { begin = 2 ,extent=T, axis= 1 } ") == Attrs(RangeAttrs{1, 2, T}));
  CHECK(parse_attrs(row("slice"), "{}") == Attrs(RangeAttrs{}));
  const Attrs name = InputAttrs{"}, name=\"(x"};
  CHECK(parse_attrs(input_op, to_text(name)) == name);
}

TEST_CASE("[attrs] what cannot be read names op and attribute, and says what was expected") {
  CHECK(parse_message("slice", "{axes=1}") ==
        "[slice] there is no attribute 'axes'; attributes are axis, begin, extent");
  CHECK(parse_message("slice", "{axis=x}") == "[slice] attribute 'axis': 'x' is no whole number");
  CHECK(parse_message("slice", "{axis}") == "[slice] attribute 'axis': 'true' is no whole number");
  CHECK(parse_message("slice", "{axis=1, axis=1}") == "[slice] attribute 'axis' is given twice");
  CHECK(parse_message("slice", "axis=1") ==
        "[slice] attributes stand in braces, as {axis=1}, not as 'axis=1'");
  CHECK(parse_message("slice", "{begin=Q}").starts_with("[slice] attribute 'begin': 'Q' is no extent: "));
  CHECK(parse_message("reshape", "{dims=3}").starts_with("[reshape] attribute 'dims': '3' is no shape: "));
  CHECK(parse_message("transpose", "{permutation=1}").find("is no list of whole numbers") !=
        std::string::npos);
  CHECK(parse_message("matmul", "{transpose_a=1}") ==
        "[matmul] attribute 'transpose_a': '1' is neither true nor false");
  CHECK(parse_message("fill", "{value=1x}") == "[fill] attribute 'value': '1x' is no number");
  CHECK(parse_message("input", "{name=x}") == "[input] attribute 'name': 'x' is no text in double quotes");
  CHECK(parse_message("tanh", "{axis=1}") == "[tanh] it has no attributes, but '{axis=1}' was given");
  CHECK(parse_message("constant", "").starts_with("[constant] attribute 'tensor' cannot be read from text"));
  CHECK(parse_message("scan", "{length=T}").starts_with("[scan] attribute 'body' cannot be read from text"));
}

TEST_CASE("[attrs] those of another op are refused while recording, and missing ones are the defaults") {
  Tape tape;
  const Var x = tape.input("x", {2, 2});
  CHECK_THROWS_WITH_AS(record(row("matmul"), {x, x}, DimsAttrs{{B}}),
                       "[matmul] attributes {dims=(B)} were given, which are another op's",
                       std::invalid_argument);
  CHECK(tape.producer(record(row("matmul"), {x, x}).id()).attrs == Attrs(MatmulAttrs{}));
}

TEST_CASE("[dims] extents and shapes are read back from their text") {
  Stream stream(6, Purpose::check);
  for (int i = 0; i < 500; ++i) {
    Dims dims;
    for (std::int64_t axis = stream.below(5); axis > 0; --axis) dims.push_back(random_dim(stream));
    CAPTURE(to_string(dims));
    CHECK(parse_dims(to_string(dims)) == dims);
    for (const Dim dim : dims) CHECK(parse_dim(to_string(dim)) == dim);
  }
}

TEST_CASE("[dims] what is no extent or shape is refused, and named") {
  for (const char* text : {"", "Q", "3T", "3·", "·T", "T·3", "3.5", "T T", "99999999999999999999"})
    CHECK_THROWS_AS(parse_dim(text), std::invalid_argument);
  for (const char* text : {"", "3", "(3", "3)", "(3, )", "(, 3)", "(3,4)", "(Q)", "(,)"})
    CHECK_THROWS_AS(parse_dims(text), std::invalid_argument);
  CHECK_THROWS_WITH(parse_dims("(B, Q)"),
                    "'Q' is no extent: a number, T, B, R, S or N, or their product, as 3·T·B, is expected");
}
