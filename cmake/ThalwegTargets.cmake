# The build's vocabulary: one static library a layer, one test binary a layer, one shared umbrella.

include(CheckCXXCompilerFlag)

add_library(thalweg_options INTERFACE)
target_compile_options(thalweg_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wformat=2 -Wimplicit-fallthrough -Werror=format-security)
target_include_directories(thalweg_options INTERFACE
  ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
if(THALWEG_ASSERTIONS)
  target_compile_definitions(thalweg_options INTERFACE THALWEG_ASSERTIONS=1)
endif()
if(THALWEG_SANITIZE)
  target_compile_options(thalweg_options INTERFACE
    -fsanitize=${THALWEG_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(thalweg_options INTERFACE -fsanitize=${THALWEG_SANITIZE})
endif()

set_property(GLOBAL PROPERTY THALWEG_LAYERS "")

# thalweg_layer(name [ARROW] [COMPONENTS] DEPS … [PRIVATE_DEPS …])
# ARROW: may include Arrow, and uses the precompiled Arrow headers.
# COMPONENTS: each x.cc is a component; the build writes the list of their registrations.
function(thalweg_layer name)
  cmake_parse_arguments(A "ARROW;COMPONENTS" "" "DEPS;PRIVATE_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
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
    target_precompile_headers(thalweg_${name} PRIVATE ${CMAKE_SOURCE_DIR}/src/columnar/arrow_pch.h)
  endif()
  target_link_libraries(thalweg_${name} PUBLIC ${deps} PRIVATE thalweg_options ${A_PRIVATE_DEPS})
  set_property(GLOBAL APPEND PROPERTY THALWEG_LAYERS thalweg_${name})
  if(THALWEG_DEV AND tests)
    thalweg_test(${name} "${tests}" ${A_ARROW})
  endif()
endfunction()

# One test binary a layer, found by ctest as the layer's name.
function(thalweg_test name tests)
  add_executable(thalweg_${name}_test ${tests})
  target_link_libraries(thalweg_${name}_test PRIVATE
    thalweg_${name} thalweg_testing thalweg_options thalweg::gtest)
  if(ARGN)
    target_precompile_headers(thalweg_${name}_test PRIVATE
      ${CMAKE_SOURCE_DIR}/src/columnar/arrow_pch.h)
  endif()
  add_test(NAME ${name} COMMAND thalweg_${name}_test)
endfunction()

# Writes builtin_<name>.cc, which calls <name>::<stem>::Register(registry) for each x.cc in the folder.
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
void RegisterAll(engine::Registry& registry) {
${calls}}

}  // namespace thalweg::${name}
")
  set(${out} ${file} PARENT_SCOPE)
endfunction()

function(thalweg_umbrella)
  # Filled in with the shared library, the command line and the Python module.
endfunction()

if(THALWEG_DEV)
  file(GLOB testing_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/testing/*.cc)
  list(FILTER testing_sources EXCLUDE REGEX "_test\\.cc$")
  add_library(thalweg_testing STATIC ${testing_sources})
  target_link_libraries(thalweg_testing PUBLIC thalweg_io PRIVATE thalweg_options thalweg::gtest)
endif()
