#include "experiments/verbs/text_memory.hpp"

#include <doctest/doctest.h>

using namespace unroll;

TEST_CASE("[text memory] a text that would need more than there is is refused with the bytes") {
  constexpr std::uint64_t gigabyte = 1'000'000'000;
  CHECK(objection_to_text("task.text", 0, 0).empty());
  CHECK(objection_to_text("task.text", 100'000'000, 3 * gigabyte).empty());
  const std::string why = objection_to_text("task.text", gigabyte, 8 * gigabyte);
  for (const char* part : {"task.text", "1000000000 bytes", "24000000000 bytes", "22.4 GiB", "7.5 GiB"})
    CHECK_MESSAGE(why.find(part) != std::string::npos, why);
}
