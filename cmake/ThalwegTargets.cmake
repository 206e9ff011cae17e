# The build's vocabulary: one static library a layer, one test binary a layer.

add_library(thalweg_warnings INTERFACE)
target_compile_options(thalweg_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wformat=2 -Wimplicit-fallthrough -Werror=format-security
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
# Where it inlines strings and variants, GCC 12 warns of overlaps, overflows and missing values that
# there are not (GCC bugs 105651 and 105562).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(thalweg_warnings INTERFACE
    -Wno-restrict -Wno-stringop-overflow -Wno-maybe-uninitialized)
endif()

add_library(thalweg_options INTERFACE)
target_compile_options(thalweg_options INTERFACE
  # Programs too: with the default for programs, Arrow's data would be copied into them, and Arrow,
  # which looks its own symbols up in itself, would not see the copies.
  -fPIC
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffunction-sections -fdata-sections)
target_include_directories(thalweg_options INTERFACE
  ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(thalweg_options INTERFACE thalweg_warnings thalweg_hardening)
if(THALWEG_ASSERTIONS)
  target_compile_definitions(thalweg_options INTERFACE THALWEG_ASSERTIONS=1)
endif()
if(THALWEG_FUZZ)
  target_compile_options(thalweg_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(THALWEG_SANITIZE)
  # Not vptr: it compares type names by address, and our Arrow (DT_SYMBOLIC) keeps its own copies of
  # the names of the class templates that it shares with us.
  target_compile_options(thalweg_options INTERFACE
    -fsanitize=${THALWEG_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(thalweg_options INTERFACE -fsanitize=${THALWEG_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
    # Where frames that returned are watched, the compiler misaligns vectors of 64 bytes on the
    # stack (GCC bug 110027), which ends the program on machines with AVX-512.
    set_source_files_properties(${CMAKE_SOURCE_DIR}/src/codecs/text_scan.cc PROPERTIES
      COMPILE_OPTIONS --param=asan-use-after-return=0 SKIP_PRECOMPILE_HEADERS ON)
  endif()
endif()

# Arrow's headers take seconds to read, so they are read once for all layers and once for all tests.
# They are named without a path, so that every checkout has the same file and can share its cache.
function(thalweg_precompiled name headers)
  set(source ${CMAKE_BINARY_DIR}/generated/${name}.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "// Carries the precompiled headers.\n")
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${source})
  target_link_libraries(${name} PRIVATE thalweg_options thalweg::arrow ${ARGN})
  target_precompile_headers(${name} PRIVATE ${headers})
endfunction()
thalweg_precompiled(thalweg_pch <columnar/arrow_pch.h>)
if(THALWEG_DEV)
  thalweg_precompiled(thalweg_test_pch
    "<columnar/arrow_pch.h>;<gmock/gmock.h>;<gtest/gtest.h>" thalweg::gtest)
endif()

set_property(GLOBAL PROPERTY THALWEG_LAYERS "")
set_property(GLOBAL PROPERTY THALWEG_TESTS "")

# thalweg_layer(name [ARROW] [COMPONENTS] DEPS … [PRIVATE_DEPS …] [TEST_DEPS …])
# ARROW: may include Arrow, and uses the precompiled Arrow headers.
# COMPONENTS: each x.cc is a component; the build writes the list of their registrations.
function(thalweg_layer name)
  cmake_parse_arguments(A "ARROW;COMPONENTS" "" "DEPS;PRIVATE_DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${sources})
  set(benches ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|bench)\\.cc$")
  if(NOT sources)
    return()
  endif()
  if(A_COMPONENTS)
    thalweg_component_list(${name} "${sources}" generated)
    list(APPEND sources ${generated})
  endif()
  add_library(thalweg_${name} STATIC ${sources})
  set(deps "")
  foreach(dep IN LISTS A_DEPS)
    if(TARGET ${dep})
      list(APPEND deps ${dep})
    endif()
  endforeach()
  if(A_ARROW)
    list(APPEND deps thalweg::arrow)
    target_precompile_headers(thalweg_${name} REUSE_FROM thalweg_pch)
  endif()
  # Third parties first: some of them have to precede Arrow on the linker line.
  target_link_libraries(thalweg_${name} PRIVATE thalweg_options ${A_PRIVATE_DEPS})
  target_link_libraries(thalweg_${name} PUBLIC ${deps})
  set_property(GLOBAL APPEND PROPERTY THALWEG_LAYERS thalweg_${name})
  if(THALWEG_DEV AND tests)
    thalweg_test(${name} "${tests}" "${A_ARROW}" "thalweg_${name};${A_TEST_DEPS};${A_PRIVATE_DEPS}")
  endif()
  if(THALWEG_DEV AND benches AND benchmark_FOUND)
    thalweg_bench(thalweg_${name}_bench "${benches}"
      "thalweg_${name};${A_TEST_DEPS};${A_PRIVATE_DEPS}" benchmark::benchmark_main)
  endif()
endfunction()

# One test binary a layer, found by ctest as the layer's name.
function(thalweg_test name tests arrow deps)
  thalweg_existing_targets(deps "${deps}")
  add_executable(thalweg_${name}_test ${tests})
  target_link_libraries(thalweg_${name}_test PRIVATE
    thalweg_options thalweg_testing ${deps} thalweg::gtest)
  # What a test binary takes from archives is its own: Arrow must not find it there.
  target_link_options(thalweg_${name}_test PRIVATE -Wl,--exclude-libs,ALL)
  if(arrow)
    target_precompile_headers(thalweg_${name}_test REUSE_FROM thalweg_test_pch)
    if(TARGET thalweg_testing_columnar)
      target_link_libraries(thalweg_${name}_test PRIVATE thalweg_testing_columnar)
    endif()
  endif()
  set_property(GLOBAL APPEND PROPERTY THALWEG_TESTS thalweg_${name}_test)
  add_test(NAME ${name} COMMAND thalweg_${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS unit)
endfunction()

# thalweg_bench(target sources deps [libraries…])
function(thalweg_bench target sources deps)
  thalweg_existing_targets(deps "${deps}")
  add_executable(${target} EXCLUDE_FROM_ALL ${sources})
  target_link_libraries(${target} PRIVATE thalweg_options ${deps} ${ARGN})
  target_link_options(${target} PRIVATE -Wl,--exclude-libs,ALL)
endfunction()

# Links mimalloc, which takes malloc's place in the whole program. Nothing asks for it by name, so
# the linker has to be told to keep it.
function(thalweg_use_mimalloc target)
  if(THALWEG_MIMALLOC AND TARGET thalweg_imported_mimalloc AND NOT THALWEG_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,--push-state,--no-as-needed
      $<TARGET_FILE:thalweg_imported_mimalloc> -Wl,--pop-state)
  endif()
endfunction()

function(thalweg_existing_targets out names)
  set(existing "")
  foreach(name IN LISTS names)
    if(TARGET ${name})
      list(APPEND existing ${name})
    endif()
  endforeach()
  set(${out} "${existing}" PARENT_SCOPE)
endfunction()

# Writes builtin_<name>.cc, which calls <name>::<stem>::Register(registry) for each component.
function(thalweg_component_list name sources out)
  set(declarations "")
  set(calls "")
  foreach(source IN LISTS sources)
    get_filename_component(stem ${source} NAME_WE)
    file(STRINGS ${source} registers REGEX "^void Register\\(engine::Registry& registry\\)")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    if(registers)
      string(APPEND declarations
        "namespace thalweg::${name}::${stem} { void Register(engine::Registry& registry); }\n")
      string(APPEND calls "  ${stem}::Register(registry);\n")
    endif()
  endforeach()
  set(file ${CMAKE_BINARY_DIR}/generated/builtin_${name}.cc)
  file(CONFIGURE OUTPUT ${file} @ONLY CONTENT
"// Generated from the files of src/${name}.
#include \"engine/registry.h\"

${declarations}
namespace thalweg::${name} {

void RegisterAll(engine::Registry& registry);
void RegisterAll([[maybe_unused]] engine::Registry& registry) {
${calls}}

}  // namespace thalweg::${name}
")
  set(${out} ${file} PARENT_SCOPE)
endfunction()

# thalweg_builtin_list(layers): the library that defines engine::RegisterBuiltins by calling the
# layers' lists. Of the layers, only their tests may link it.
function(thalweg_builtin_list layers)
  set(declarations "")
  set(calls "")
  set(deps "")
  foreach(layer IN ITEMS ${layers} ${ARGN})
    if(TARGET thalweg_${layer})
      string(APPEND declarations
        "namespace thalweg::${layer} { void RegisterAll(engine::Registry& registry); }\n")
      string(APPEND calls "  ${layer}::RegisterAll(registry);\n")
      list(APPEND deps thalweg_${layer})
    endif()
  endforeach()
  set(file ${CMAKE_BINARY_DIR}/generated/builtins.cc)
  file(CONFIGURE OUTPUT ${file} @ONLY CONTENT
"// Generated from the layers that have components.
#include \"engine/builtins.h\"

${declarations}
namespace thalweg::engine {

void RegisterBuiltins([[maybe_unused]] Registry& registry) {
${calls}}

}  // namespace thalweg::engine
")
  add_library(thalweg_builtin STATIC ${file})
  target_link_libraries(thalweg_builtin PRIVATE thalweg_options)
  target_link_libraries(thalweg_builtin PUBLIC ${deps} thalweg::arrow)
  target_precompile_headers(thalweg_builtin REUSE_FROM thalweg_pch)
endfunction()

# What only tests link: src/testing without Arrow, src/testing/columnar with it.
if(THALWEG_DEV)
  file(GLOB testing_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/testing/*.cc)
  list(FILTER testing_sources EXCLUDE REGEX "_test\\.cc$")
  add_library(thalweg_testing STATIC ${testing_sources})
  thalweg_existing_targets(testing_deps "thalweg_base;thalweg_runtime;thalweg_io")
  target_link_libraries(thalweg_testing
    PRIVATE thalweg_options thalweg::gtest PUBLIC ${testing_deps})
  file(GLOB testing_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/testing/columnar/*.cc)
  if(testing_sources)
    add_library(thalweg_testing_columnar STATIC ${testing_sources})
    target_link_libraries(thalweg_testing_columnar
      PRIVATE thalweg_options thalweg::gtest PUBLIC thalweg_testing thalweg_engine thalweg::arrow)
    target_precompile_headers(thalweg_testing_columnar REUSE_FROM thalweg_test_pch)
  endif()
endif()
