#include "experiments/config/toml_depth.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "experiments/config/config_error.hpp"
#include "experiments/config/document.hpp"

using namespace unroll;

namespace {

std::string repeated(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

std::string refusal(const std::string& text) {
  try {
    parse_document(text, "deep.toml");
    return "(read)";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("[document] twenty thousand levels of anything are refused with their place") {
  constexpr int n = 20'000;
  const std::string dotted = repeated("a.", n) + "a";
  const std::vector<std::string> deep = {dotted + " = 1",
                                         "[" + dotted + "]\nb = 1",
                                         "[[" + dotted + "]]",
                                         repeated("\"a\" . ", n) + "a = 1",
                                         repeated("'a'.", n) + "a = 1",
                                         "a = {" + dotted + " = 1}",
                                         "a = " + repeated("[", n) + repeated("]", n),
                                         "a = " + repeated("[\n", n),
                                         "a = " + repeated("{a = ", n) + "1" + repeated("}", n),
                                         "a = " + repeated("[{a.a.a = ", n) + "1" + repeated("}]", n)};
  for (const std::string& text : deep) {
    const std::string message = refusal("# first\n" + text + "\n");
    INFO(text.substr(0, 40), ": ", message);
    CHECK(message.find("deep.toml:") == 0);
    CHECK(message.find("expected a depth of at most 32") != std::string::npos);
  }
}

TEST_CASE("[document] what only looks deep is read: numbers, strings and comments with dots and brackets") {
  const std::string many = repeated("0.5, ", 1000), brackets = repeated("[.", 1000);
  for (const std::string& text : std::vector<std::string>{
           "a = [" + many + "]", "a = \"" + brackets + "\"", "a = '" + brackets + "'",
           "a = \"\\\"" + brackets + "\"", "a = \"\"\"\n" + brackets + "\n\"\" " + brackets + "\"\"\"",
           "a = '''" + brackets + "\n''" + brackets + "'''", "# " + brackets + "\na = 1",
           "a = 1 # " + brackets, repeated("[[a]]\nb.c.d = 1.5\n", 100), "a.b.c = [[1, 2], [3.5, {d = 4}]]"})
    CHECK_MESSAGE(refusal(text) == "(read)", text.substr(0, 60));
}

TEST_CASE("[document] a text that ends inside a string or a comment is no reason to look beyond its end") {
  for (const char* text : {"a = \"", "a = \"\\", "a = '", "a = '''", "a = \"\"\"x", "#", "", "a = \"\"\"\\"})
    CHECK_NOTHROW(check_toml_depth(text, "cut.toml"));
}
