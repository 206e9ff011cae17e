# The only file that names third parties.

find_package(Threads REQUIRED)

# thalweg_third_party(name [SHADOWS_ARROW] [OPTIONAL define] [HEADER h] [LIBRARIES l…])
# Makes thalweg::<name> from the system's headers and libraries.
# SHADOWS_ARROW: the Arrow libraries export the same names from copies of their own, so this library
#   has to stand before them wherever both are linked.
# ALONE: for layers that are linked without Arrow; nothing is said about the order of libraries.
# OPTIONAL: where it is not found, the target stays empty; where it is, <define>=1 is set.
function(thalweg_third_party name)
  cmake_parse_arguments(A "SHADOWS_ARROW;ALONE" "OPTIONAL;HEADER" "LIBRARIES" ${ARGN})
  add_library(thalweg_${name} INTERFACE)
  add_library(thalweg::${name} ALIAS thalweg_${name})
  set(found "")
  if(A_HEADER)
    find_path(THALWEG_${name}_INCLUDE ${A_HEADER})
    list(APPEND found THALWEG_${name}_INCLUDE)
  endif()
  foreach(library IN LISTS A_LIBRARIES)
    find_library(THALWEG_${library}_LIBRARY ${library})
    list(APPEND found THALWEG_${library}_LIBRARY)
  endforeach()
  foreach(variable IN LISTS found)
    mark_as_advanced(${variable})
    if(NOT ${variable})
      if(A_OPTIONAL)
        return()
      endif()
      message(FATAL_ERROR "${name}: ${A_HEADER} or one of ${A_LIBRARIES} is missing. "
        "`python3 tools/setup.py` installs what the build needs.")
    endif()
  endforeach()
  foreach(library IN LISTS A_LIBRARIES)
    if(A_ALONE)
      target_link_libraries(thalweg_${name} INTERFACE ${THALWEG_${library}_LIBRARY})
      continue()
    endif()
    thalweg_imported(${library} ${THALWEG_${library}_LIBRARY} ${A_SHADOWS_ARROW})
    target_link_libraries(thalweg_${name} INTERFACE thalweg_imported_${library})
  endforeach()
  if(A_OPTIONAL)
    target_compile_definitions(thalweg_${name} INTERFACE ${A_OPTIONAL}=1)
  endif()
endfunction()

function(thalweg_imported library location shadows_arrow)
  set(target thalweg_imported_${library})
  if(TARGET ${target})
    return()
  endif()
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${location})
  if(shadows_arrow)
    # The linker line lists a library before what it depends on. A program that says that it is
    # without Arrow stays so: the linker would take templates of the standard library from there.
    set(alone "$<BOOL:$<TARGET_PROPERTY:THALWEG_WITHOUT_ARROW>>")
    target_link_libraries(${target} INTERFACE $<LINK_ONLY:$<$<NOT:${alone}>:thalweg_arrow>>)
  endif()
endfunction()

thalweg_third_party(fast_float HEADER fast_float/fast_float.h)
thalweg_third_party(compression HEADER zstd.h LIBRARIES zstd lz4 brotlienc brotlidec brotlicommon z)
thalweg_third_party(simdjson SHADOWS_ARROW HEADER simdjson.h LIBRARIES simdjson)
thalweg_third_party(re2 SHADOWS_ARROW HEADER re2/re2.h LIBRARIES re2)
thalweg_third_party(unicode HEADER utf8proc.h LIBRARIES utf8proc)
thalweg_third_party(marc_text ALONE HEADER simdjson.h LIBRARIES simdjson re2)
thalweg_third_party(xml HEADER expat.h LIBRARIES expat)
thalweg_third_party(crypto SHADOWS_ARROW HEADER openssl/evp.h LIBRARIES crypto)
thalweg_third_party(argon2 HEADER argon2.h LIBRARIES argon2)
thalweg_third_party(parity HEADER isa-l.h LIBRARIES isal)
thalweg_third_party(tz HEADER date/tz.h LIBRARIES date-tz)
thalweg_third_party(config HEADER toml++/toml.h LIBRARIES yaml-cpp)
thalweg_third_party(mimalloc OPTIONAL THALWEG_HAVE_MIMALLOC LIBRARIES mimalloc)
thalweg_third_party(command_line OPTIONAL THALWEG_HAVE_COMMAND_LINE HEADER CLI/CLI.hpp
  LIBRARIES spdlog fmt)
target_compile_definitions(thalweg_tz INTERFACE USE_OS_TZDB=1 ONLY_C_LOCALE=1 HAS_STRING_VIEW=1)
target_compile_definitions(thalweg_command_line INTERFACE SPDLOG_COMPILED_LIB SPDLOG_SHARED_LIB
  SPDLOG_FMT_EXTERNAL FMT_SHARED)

# Python of the project's own environment, where there is one: it carries the pinned packages.
if(NOT DEFINED Python_EXECUTABLE AND EXISTS ${CMAKE_SOURCE_DIR}/.venv/bin/python)
  set(Python_EXECUTABLE ${CMAKE_SOURCE_DIR}/.venv/bin/python)
endif()
find_package(Python 3.10 COMPONENTS Interpreter OPTIONAL_COMPONENTS Development.Module)

# Arrow C++, Parquet and the compute kernels.
add_library(thalweg_arrow INTERFACE)
add_library(thalweg::arrow ALIAS thalweg_arrow)
if(THALWEG_ARROW STREQUAL "system")
  find_package(Arrow REQUIRED)
  find_package(Parquet REQUIRED)
  target_link_libraries(thalweg_arrow INTERFACE Parquet::parquet_shared Arrow::arrow_shared)
  find_package(ArrowCompute QUIET)
  if(ArrowCompute_FOUND)
    target_link_libraries(thalweg_arrow INTERFACE ArrowCompute::arrow_compute_shared)
  endif()
else()
  set(THALWEG_ARROW_ROOT "${CMAKE_SOURCE_DIR}/build/deps/arrow" CACHE PATH "Prepared Arrow C++")
  if(NOT EXISTS ${THALWEG_ARROW_ROOT}/include/arrow/api.h)
    message(STATUS "Preparing Arrow C++")
    execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND ${Python_EXECUTABLE}
      ${CMAKE_SOURCE_DIR}/tools/prepare_arrow.py --output ${THALWEG_ARROW_ROOT})
  endif()
  target_include_directories(thalweg_arrow SYSTEM INTERFACE ${THALWEG_ARROW_ROOT}/include)
  file(GLOB THALWEG_ARROW_LIBRARIES ${THALWEG_ARROW_ROOT}/lib/libthalweg_*.so*)
  target_link_libraries(thalweg_arrow INTERFACE ${THALWEG_ARROW_LIBRARIES})
endif()

# Databases: the header of ADBC, and the drivers, which lie beside the library and are loaded late.
set(THALWEG_ADBC_ROOT "${CMAKE_SOURCE_DIR}/build/deps/adbc" CACHE PATH "Prepared ADBC drivers")
if(NOT EXISTS ${THALWEG_ADBC_ROOT}/include/arrow-adbc/adbc.h)
  message(STATUS "Preparing ADBC drivers")
  execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND ${Python_EXECUTABLE}
    ${CMAKE_SOURCE_DIR}/tools/prepare_adbc.py --output ${THALWEG_ADBC_ROOT})
endif()
add_library(thalweg_adbc INTERFACE)
add_library(thalweg::adbc ALIAS thalweg_adbc)
target_include_directories(thalweg_adbc SYSTEM INTERFACE ${THALWEG_ADBC_ROOT}/include)
target_link_libraries(thalweg_adbc INTERFACE ${CMAKE_DL_LIBS})
file(GLOB THALWEG_ADBC_DRIVERS ${THALWEG_ADBC_ROOT}/lib/*.so)
foreach(driver IN LISTS THALWEG_ADBC_DRIVERS)
  cmake_path(GET driver FILENAME name)
  file(CREATE_LINK ${driver} ${CMAKE_BINARY_DIR}/${name} SYMBOLIC)
endforeach()

if(THALWEG_DEV)
  find_package(GTest REQUIRED)
  add_library(thalweg_gtest INTERFACE)
  add_library(thalweg::gtest ALIAS thalweg_gtest)
  target_link_libraries(thalweg_gtest INTERFACE GTest::gmock GTest::gtest_main)
  find_package(benchmark QUIET)
endif()

# nanobind is a Python package with a CMake part.
if(THALWEG_PYTHON AND Python_Development.Module_FOUND AND NOT nanobind_DIR)
  execute_process(COMMAND ${Python_EXECUTABLE} -m nanobind --cmake_dir
    OUTPUT_VARIABLE nanobind_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
