# unroll_embed(OUTPUT FUNCTION FILE...) writes a C++ file that holds the given files:
#
#     std::span<const unroll::EmbeddedFile> unroll::FUNCTION();
#
# The bytes are read by the assembler, so that megabytes cost no compile time. A changed file is embedded anew.
function(unroll_embed output function)
  set(blobs "")
  set(rows "")
  set(index 0)
  foreach(file ${ARGN})
    get_filename_component(name ${file} NAME)
    string(APPEND blobs
      "asm(\".pushsection .rodata\\n\"\n"
      "    \"unroll_${function}_${index}_begin: .incbin \\\"${file}\\\"\\n\"\n"
      "    \"unroll_${function}_${index}_end: .byte 0\\n\"\n"
      "    \".popsection\\n\");\n"
      "extern const char begin_${index}[] asm(\"unroll_${function}_${index}_begin\");\n"
      "extern const char end_${index}[] asm(\"unroll_${function}_${index}_end\");\n\n")
    string(APPEND rows "      {\"${name}\", {begin_${index}, end_${index}}},\n")
    math(EXPR index "${index} + 1")
  endforeach()

  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT [==[
// Written by CMake.
#include <span>

#include "framework/tensor/embedded_file.hpp"

namespace unroll {

@blobs@std::span<const EmbeddedFile> @function@();

std::span<const EmbeddedFile> @function@() {
  static const EmbeddedFile files[] = {
@rows@  };
  return files;
}

}  // namespace unroll
]==])
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS "${ARGN}")
endfunction()
