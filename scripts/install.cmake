# cmake --install: the library, its headers and a CMake package for projects of the user's own (one of them is
# tests/consumer), and the program.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/unroll)

# `#include <unroll/unroll.hpp>` and `#include <unroll/framework/...>` are found in include, what these include
# in turn, as "framework/...", in include/unroll.
install(TARGETS unroll EXPORT unroll ARCHIVE
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/unroll
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES models/unroll.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/unroll)

install(EXPORT unroll NAMESPACE unroll:: FILE unrollTargets.cmake DESTINATION ${package})
install(FILES scripts/dependencies.cmake scripts/laboratory_dependencies.cmake DESTINATION ${package})
install(FILES scripts/install_config.cmake DESTINATION ${package} RENAME unrollConfig.cmake)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/unrollConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/unrollConfigVersion.cmake DESTINATION ${package})

if(TARGET unroll_laboratory)
  install(TARGETS unroll_laboratory unroll_rivals EXPORT laboratory ARCHIVE
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/unroll
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT laboratory NAMESPACE unroll:: FILE laboratoryTargets.cmake DESTINATION ${package})
endif()
if(TARGET unroll_program)
  install(TARGETS unroll_program RUNTIME)
endif()

# What helps at a prompt is printed by the program itself; configs and cells are there to start from.
if(TARGET unroll_program)
  foreach(printed
      "completion bash=share/bash-completion/completions/unroll"
      "completion zsh=share/zsh/site-functions/_unroll"
      "completion fish=share/fish/vendor_completions.d/unroll.fish"
      "man=share/man/man1/unroll.1")
    string(REPLACE "=" ";" printed "${printed}")
    list(GET printed 0 words)
    list(GET printed 1 file)
    string(REPLACE " " ";" words "${words}")
    install(CODE "
      set(to \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${file}\")
      get_filename_component(folder \"\${to}\" DIRECTORY)
      file(MAKE_DIRECTORY \"\${folder}\")
      execute_process(COMMAND \"$<TARGET_FILE:unroll_program>\" ${words} OUTPUT_FILE \"\${to}\" COMMAND_ERROR_IS_FATAL ANY)
      message(STATUS \"Installing: \${to}\")")
  endforeach()
  install(DIRECTORY experiments/configs DESTINATION ${CMAKE_INSTALL_DATADIR}/unroll FILES_MATCHING PATTERN "*.toml")
  install(DIRECTORY models/cells DESTINATION ${CMAKE_INSTALL_DATADIR}/unroll FILES_MATCHING PATTERN "*.cell")
endif()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
