#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "framework/tensor/chain.hpp"
#include "framework/tensor/jit/routine.hpp"
#include "tests/framework/tensor/guarded_array.hpp"

using namespace unroll;
using Form = ChainStep::Form;

namespace {

template <class F>
void for_isas_with_code(F f) {
  for (const Isa isa : {Isa::avx2, Isa::avx512})
    if (supported(isa)) {
      INFO(name(isa));
      f(isa);
    }
}

constexpr auto code(Unary f) { return static_cast<std::uint8_t>(f); }
constexpr auto code(Binary f) { return static_cast<std::uint8_t>(f); }

template <class T>
void fill(T* x, std::int64_t n, std::mt19937_64& random) {
  std::generate_n(x, n, [&] { return static_cast<T>(std::normal_distribution<double>()(random)); });
}

/// tanh(x + y) of n elements.
jit::ChainPiece sum_and_tanh(std::int64_t n, std::vector<int> slots) {
  return {{{.form = Form::load, .operand = 0},
           {.form = Form::binary, .function = code(Binary::add), .operand = 1},
           {.form = Form::unary, .function = code(Unary::tanh)},
           {.form = Form::store, .operand = 2}},
          std::vector<ChainOperand>(3, ChainOperand::elements),
          std::move(slots),
          n};
}

template <class T>
void check_row_product(Isa isa, std::int64_t n, std::int64_t k, bool add, std::mt19937_64& random) {
  for (const Edge edge : {Edge::begin, Edge::end}) {
    GuardedArray<T> a(k, edge), b(k * n, edge), c(n, edge);
    fill(a.data(), k, random), fill(b.data(), k * n, random), fill(c.data(), n, random);
    std::vector<T> expected(c.data(), c.data() + n);
    kernels<T>(isa).row_product(a.data(), b.data(), n, expected.data(), n, k, add);
    jit::RoutineBuilder<T> builder(isa);
    builder.add(jit::RowProductPiece{0, 1, 2, n, k, add});
    const jit::Routine routine = builder.finish();
    REQUIRE(routine);
    const std::array<void*, 3> pointers{a.data(), b.data(), c.data()};
    routine(pointers.data());
    REQUIRE(std::equal(expected.begin(), expected.end(), c.data()));
  }
}

}  // namespace

TEST_CASE_TEMPLATE("[jit] a row times a matrix has the bits of the kernel, and touches nothing else", T,
                   float, double) {
  std::mt19937_64 random(1);
  for_isas_with_code([&](Isa isa) {
    for (std::int64_t n = 1; n <= 40; ++n)
      for (const std::int64_t k : {1, 2, 3, 4, 5, 8, 13, 64})
        for (const bool add : {false, true}) check_row_product<T>(isa, n, k, add, random);
    for (const std::int64_t n : {48, 63, 64, 65, 96, 111, 112, 113, 130})
      check_row_product<T>(isa, n, 7, true, random);
  });
}

TEST_CASE_TEMPLATE("[jit] products of one row keep their bits beside each other", T, float, double) {
  std::mt19937_64 random(5);
  for_isas_with_code([&](Isa isa) {
    for (const std::int64_t k : {1, 4, 9})
      for (const std::vector<std::int64_t>& widths :
           {std::vector<std::int64_t>{8, 8, 8}, {1, 2, 3, 5}, {64, 64, 64, 64}, {20, 3, 70}, {14, 14}}) {
        // The last two add to the first one's result: one after the other.
        std::vector<std::vector<T>> memory{std::vector<T>(k)};
        std::vector<jit::RowProductPiece> products;
        for (const std::int64_t n : widths) {
          const int b = static_cast<int>(memory.size());
          memory.emplace_back(k * n), memory.emplace_back(n);
          products.push_back({0, b, b + 1, n, k, n % 2 == 0});
        }
        for (int again = 0; again < 2; ++again) {
          products.push_back({0, static_cast<int>(memory.size()), 2, widths[0], k, true});
          memory.emplace_back(k * widths[0]);
        }
        for (std::vector<T>& values : memory) fill(values.data(), std::ssize(values), random);
        std::vector<std::vector<T>> expected = memory;
        const auto at = [&](int slot) { return expected[static_cast<std::size_t>(slot)].data(); };
        jit::RoutineBuilder<T> builder(isa);
        for (const jit::RowProductPiece& p : products) {
          kernels<T>(isa).row_product(at(p.a), at(p.b), p.n, at(p.c), p.n, p.k, p.add);
          builder.add(p);
        }
        std::vector<void*> pointers;
        for (std::vector<T>& values : memory) pointers.push_back(values.data());
        builder.finish()(pointers.data());
        REQUIRE(memory == expected);
      }
  });
}

TEST_CASE_TEMPLATE("[jit] a loop moves, carries and exchanges pointers", T, float, double) {
  // h' = tanh(x + h W), from buffer to buffer; the products are rows of a stack.
  std::mt19937_64 random(6);
  for_isas_with_code([&](Isa isa) {
    for (const std::int64_t n : {3, 8, 20})
      for (const std::int64_t steps : {1, 2, 7}) {
        std::vector<T> x(n * steps), w(n * n), start(n), products(n * steps), buffers[2] = {start, start};
        fill(x.data(), n * steps, random), fill(w.data(), n * n, random), fill(start.data(), n, random);
        std::vector<T> h = start, product(n), expected_products;
        for (std::int64_t t = 0; t < steps; ++t) {
          kernels<T>(isa).row_product(h.data(), w.data(), n, product.data(), n, n, false);
          expected_products.insert(expected_products.end(), product.begin(), product.end());
          T* const step[] = {x.data() + t * n, product.data(), h.data()};
          run_chain<T>(sum_and_tanh(n, {}).steps, sum_and_tanh(n, {}).kinds, step, n, kernels<T>(isa));
        }
        jit::RoutineBuilder<T> builder(isa);
        builder.add(jit::RowProductPiece{2, 1, 3, n, n, false});
        builder.add(sum_and_tanh(n, {0, 3, 4}));
        builder.repeat({.carried = {{2, 4}}, .moved = {{0, 5}, {3, 5}}, .exchanged = {{4, 6}}});
        const auto bits = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p); };
        const auto pointer = [](std::uintptr_t number) { return reinterpret_cast<void*>(number); };
        std::array<void*, 7> pointers{x.data(),
                                      w.data(),
                                      start.data(),
                                      products.data(),
                                      buffers[0].data(),
                                      pointer(static_cast<std::uintptr_t>(n) * sizeof(T)),
                                      pointer(bits(buffers[0].data()) ^ bits(buffers[1].data()))};
        builder.finish()(pointers.data(), steps);
        REQUIRE(products == expected_products);
        REQUIRE(buffers[(steps - 1) % 2] == h);
      }
  });
}

namespace {

/// h W, as code that a loop calls.
template <class T>
struct CalledProduct {
  Isa isa;
  std::int64_t n;
  int calls = 0, misaligned = 0;

  static void run(CalledProduct& self, void* const* p) {
    ++self.calls;
    self.misaligned += reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) % 16 != 0;
    kernels<T>(self.isa).row_product(static_cast<const T*>(p[0]), static_cast<const T*>(p[1]), self.n,
                                     static_cast<T*>(p[2]), self.n, self.n, false);
  }
};

}  // namespace

TEST_CASE_TEMPLATE("[jit] a loop calls other code between its pieces", T, float, double) {
  // h' = tanh(x + h W), in place.
  std::mt19937_64 random(7);
  const auto bits = [](auto* p) { return reinterpret_cast<std::uintptr_t>(p); };
  for_isas_with_code([&](Isa isa) {
    for (const std::int64_t n : {3, 20, 40})
      for (const bool chain_is_called : {false, true}) {
        constexpr std::int64_t steps = 3;
        std::vector<T> x(n * steps), w(n * n), start(n), product(n), h;
        fill(x.data(), n * steps, random), fill(w.data(), n * n, random), fill(start.data(), n, random);
        CalledProduct<T> called{isa, n};
        const jit::Routine chain = jit::chain_routine<T>(sum_and_tanh(n, {0, 1, 2}), isa);
        std::array<void*, 3> of_product{}, of_chain{};
        const jit::Call calls[] = {
            {bits(&CalledProduct<T>::run), {bits(&called), bits(of_product.data())}, of_product.data()},
            jit::routine_call(chain, of_chain.data(), n)};
        jit::RoutineBuilder<T> builder(isa);
        builder.add(jit::CallPiece{&calls[0], {2, 1, 3}});
        if (chain_is_called)
          builder.add(jit::CallPiece{&calls[1], {0, 3, 2}});
        else
          builder.add(sum_and_tanh(n, {0, 3, 2}));
        builder.add(jit::RowProductPiece{2, 1, 3, n, n, true});
        builder.repeat({.carried = {}, .moved = {{0, 4}}, .exchanged = {}});
        const jit::Routine loop = builder.finish();
        REQUIRE(loop);
        std::vector<T> expected = start, expected_product(n);
        const auto multiply = [&](bool add) {
          kernels<T>(isa).row_product(expected.data(), w.data(), n, expected_product.data(), n, n, add);
        };
        for (std::int64_t t = 0; t < steps; ++t) {
          multiply(false);
          T* const step[] = {x.data() + t * n, expected_product.data(), expected.data()};
          run_chain<T>(sum_and_tanh(n, {}).steps, sum_and_tanh(n, {}).kinds, step, n, kernels<T>(isa));
          multiply(true);
        }
        h = start;
        const auto step_bytes = static_cast<std::uintptr_t>(n) * sizeof(T);
        std::array<void*, 5> pointers{x.data(), w.data(), h.data(), product.data(),
                                      reinterpret_cast<void*>(step_bytes)};
        loop(pointers.data(), steps);
        REQUIRE(h == expected);
        REQUIRE(product == expected_product);
        REQUIRE(called.calls == steps);
        REQUIRE(called.misaligned == 0);
      }
  });
}

TEST_CASE_TEMPLATE("[jit] a chain touches nothing beyond its elements", T, float, double) {
  std::mt19937_64 random(2);
  for_isas_with_code([&](Isa isa) {
    for (std::int64_t n = 1; n <= 140; ++n)
      for (const Edge edge : {Edge::begin, Edge::end}) {
        GuardedArray<T> x(n, edge), y(n, edge), exact(n, edge), counted(n, edge);
        fill(x.data(), n, random), fill(y.data(), n, random);
        jit::RoutineBuilder<T> builder(isa);
        builder.add(sum_and_tanh(n, {0, 1, 2}));
        builder.finish()(std::array<void*, 3>{x.data(), y.data(), exact.data()}.data());
        const jit::Routine loop = jit::chain_routine<T>(sum_and_tanh(n, {0, 1, 2}), isa);
        loop(std::array<void*, 3>{x.data(), y.data(), counted.data()}.data(), n);
        REQUIRE(std::equal(exact.data(), exact.data() + n, counted.data()));
      }
  });
}

TEST_CASE_TEMPLATE("[jit] pieces of a routine read what those before them wrote", T, float, double) {
  std::mt19937_64 random(3);
  for_isas_with_code([&](Isa isa) {
    for (const std::int64_t n : {1, 3, 8, 14, 32}) {
      // h = tanh(x + h W) twice, in place.
      std::vector<T> x(n), w(n * n), h(n), product(n);
      fill(x.data(), n, random), fill(w.data(), n * n, random), fill(h.data(), n, random);
      std::vector<T> expected = h, expected_product(n);
      jit::RoutineBuilder<T> builder(isa);
      for (int step = 0; step < 2; ++step) {
        builder.add(jit::RowProductPiece{2, 1, 3, n, n, false});
        builder.add(sum_and_tanh(n, {0, 3, 2}));
        kernels<T>(isa).row_product(expected.data(), w.data(), n, expected_product.data(), n, n, false);
        T* const pointers[] = {x.data(), expected_product.data(), expected.data()};
        run_chain<T>(sum_and_tanh(n, {}).steps, sum_and_tanh(n, {}).kinds, pointers, n, kernels<T>(isa));
      }
      builder.finish()(std::array<void*, 4>{x.data(), w.data(), h.data(), product.data()}.data());
      REQUIRE(h == expected);
    }
  });
}

TEST_CASE("[jit] more values than there are registers go through memory") {
  // x0 + (x1 + (x2 + ...)) of tanh(x_i), all of which are made before the first is added.
  constexpr int many = 100;
  std::mt19937_64 random(4);
  for_isas_with_code([&](Isa isa) {
    jit::ChainPiece piece{{}, std::vector<ChainOperand>(2 * many + 1, ChainOperand::elements), {}, 37};
    for (int i = 0; i < many; ++i) {
      const auto input = static_cast<std::int16_t>(i), made = static_cast<std::int16_t>(many + i);
      piece.kinds[static_cast<std::size_t>(made)] = ChainOperand::inner;
      piece.steps.push_back({.form = Form::load, .operand = input});
      piece.steps.push_back({.form = Form::unary, .function = code(Unary::tanh)});
      piece.steps.push_back({.form = Form::store, .operand = made});
    }
    for (int i = many - 2; i >= 0; --i)
      piece.steps.push_back({.form = Form::reversed,
                             .function = code(Binary::add),
                             .operand = static_cast<std::int16_t>(many + i)});
    piece.steps.push_back({.form = Form::store, .operand = 2 * many});
    std::vector<std::vector<float>> memory(2 * many + 1, std::vector<float>(128));
    std::vector<float*> pointers;
    for (std::vector<float>& operand : memory) {
      fill(operand.data(), 128, random);
      pointers.push_back(operand.data());
    }
    for (int i = 0; i <= 2 * many; ++i) piece.slots.push_back(i);
    run_chain<float>(piece.steps, piece.kinds, pointers.data(), piece.n, kernels<float>(isa));
    const std::vector<float> expected = memory.back();
    const jit::Routine counted = jit::chain_routine<float>(piece, isa);
    jit::RoutineBuilder<float> builder(isa);
    builder.add(piece);
    const jit::Routine exact = builder.finish();
    for (const jit::Routine& routine : {counted, exact}) {
      REQUIRE(routine);
      std::fill(memory.back().begin(), memory.back().begin() + piece.n, 0.0f);
      routine(reinterpret_cast<void* const*>(pointers.data()), piece.n);
      REQUIRE(memory.back() == expected);
    }
  });
}

TEST_CASE("[jit] nothing to do and no code for this CPU are no routine") {
  CHECK_FALSE(jit::RoutineBuilder<float>().finish());
  jit::RoutineBuilder<float> builder(Isa::baseline);
  builder.add(jit::RowProductPiece{0, 1, 2, 4, 4, false});
  CHECK_FALSE(builder.finish());
}
