# unroll_embed(OUTPUT FILE...) writes a C++ file that holds the given files and finds them by their names
# without folders:
#
#     std::string_view unroll::web_file(std::string_view name);
#
# The bytes are read by the assembler, so that megabytes cost no compile time. A changed file is embedded anew.
function(unroll_embed output)
  set(blobs "")
  set(rows "")
  set(names "")
  set(index 0)
  foreach(file ${ARGN})
    get_filename_component(name ${file} NAME)
    if(name IN_LIST names)
      message(FATAL_ERROR "Two embedded files have the name ${name}; they are found by it.")
    endif()
    list(APPEND names ${name})
    string(APPEND blobs
      "asm(\".pushsection .rodata\\n\"\n"
      "    \"unroll_web_${index}_begin: .incbin \\\"${file}\\\"\\n\"\n"
      "    \"unroll_web_${index}_end: .byte 0\\n\"\n"
      "    \".popsection\\n\");\n"
      "extern const char begin_${index}[] asm(\"unroll_web_${index}_begin\");\n"
      "extern const char end_${index}[] asm(\"unroll_web_${index}_end\");\n\n")
    string(APPEND rows "  if (name == \"${name}\") return {begin_${index}, end_${index}};\n")
    math(EXPR index "${index} + 1")
  endforeach()

  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT [==[
// Written by CMake.
#include <stdexcept>
#include <string>
#include <string_view>

namespace unroll {

@blobs@std::string_view web_file(std::string_view name);

std::string_view web_file(std::string_view name) {
@rows@  throw std::out_of_range("no file " + std::string(name) + " is embedded in the program");
}

}  // namespace unroll
]==])
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS "${ARGN}")
endfunction()
