# What is checked besides the unit tests of the layers.

get_property(tests GLOBAL PROPERTY THALWEG_TESTS)

# tests/slt and its kind: every folder of tests/ that has C++ files is one more test binary.
file(GLOB test_folders LIST_DIRECTORIES true CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/*)
foreach(folder IN LISTS test_folders)
  get_filename_component(name ${folder} NAME)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cc)
  if(sources AND NOT name STREQUAL "install")
    thalweg_test(${name} "${sources}" TRUE "${THALWEG_UMBRELLA_LAYERS};thalweg_builtin")
    list(APPEND tests thalweg_${name}_test)
  endif()
endforeach()
add_custom_target(thalweg_tests DEPENDS ${tests})

# bench/<suite>.cc: bench_<suite> with the system's allocator, bench_<suite>_mimalloc with mimalloc.
file(GLOB benches CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*.cc)
set(bench_targets "")
foreach(source IN LISTS benches)
  get_filename_component(stem ${source} NAME_WE)
  thalweg_bench(bench_${stem} ${source} "${THALWEG_UMBRELLA_LAYERS}")
  list(APPEND bench_targets bench_${stem})
  if(TARGET thalweg_imported_mimalloc)
    thalweg_bench(bench_${stem}_mimalloc ${source} "${THALWEG_UMBRELLA_LAYERS}")
    thalweg_use_mimalloc(bench_${stem}_mimalloc)
    list(APPEND bench_targets bench_${stem}_mimalloc)
  endif()
endforeach()
add_custom_target(thalweg_benches DEPENDS ${bench_targets})

# examples/*.cc: one program a file, which sees what a user sees.
file(GLOB examples CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/examples/*.cc)
foreach(source IN LISTS examples)
  get_filename_component(stem ${source} NAME_WE)
  add_executable(example_${stem} EXCLUDE_FROM_ALL ${source})
  target_link_libraries(example_${stem} PRIVATE thalweg_warnings thalweg_shared)
endforeach()

# fuzz/<target>_fuzz.cc. With THALWEG_FUZZ they search; otherwise they replay fuzz/corpus/<target>.
file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/*.cc)
set(fuzz_targets "")
foreach(source IN LISTS fuzzers)
  get_filename_component(stem ${source} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" stem ${stem})
  add_executable(fuzz_${stem} EXCLUDE_FROM_ALL ${source})
  list(APPEND fuzz_targets fuzz_${stem})
  target_link_libraries(fuzz_${stem} PRIVATE
    thalweg_options ${THALWEG_UMBRELLA_LAYERS} thalweg_builtin)
  if(THALWEG_FUZZ)
    # clang's sanitizers are static: hidden, their `operator new` would not be that of libstdc++.
    target_link_options(fuzz_${stem} PRIVATE -fsanitize=fuzzer)
  else()
    target_link_options(fuzz_${stem} PRIVATE -Wl,--exclude-libs,ALL)
    target_sources(fuzz_${stem} PRIVATE ${CMAKE_SOURCE_DIR}/fuzz/replay/replay.cc)
    add_test(NAME fuzz_${stem} COMMAND fuzz_${stem} ${CMAKE_SOURCE_DIR}/fuzz/corpus/${stem})
    set_tests_properties(fuzz_${stem} PROPERTIES LABELS fuzz TIMEOUT 180)
  endif()
endforeach()
add_custom_target(thalweg_fuzz DEPENDS ${fuzz_targets})

# Checks of the sources and of what was linked. The sanitizer builds have the same sources.
function(thalweg_script_test name label)
  add_test(NAME ${name} COMMAND ${Python_EXECUTABLE} ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS ${label})
endfunction()
if(NOT THALWEG_SANITIZE AND NOT THALWEG_FUZZ)
  thalweg_script_test(tidy source tools/tidy.py --build ${CMAKE_BINARY_DIR})
  thalweg_script_test(tools source -m unittest discover -s tools/tests -p "*_test.py")
endif()

# Tests of what users touch, by pytest: folder, name, and what has to be there for it to run.
function(thalweg_pytest name folder)
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${folder} OR THALWEG_SANITIZE OR THALWEG_FUZZ)
    return()
  endif()
  foreach(target IN LISTS ARGN)
    if(NOT TARGET ${target})
      return()
    endif()
  endforeach()
  thalweg_script_test(${name} product -m pytest -q ${folder})
  set_tests_properties(${name} PROPERTIES TIMEOUT 900
    ENVIRONMENT "PYTHONPATH=${CMAKE_BINARY_DIR}/python;THALWEG_BUILD=${CMAKE_BINARY_DIR}")
endfunction()
thalweg_pytest(cli tests/cli thalweg_cli)
thalweg_pytest(python python/tests thalweg_python)
thalweg_pytest(duckdb tests/duckdb thalweg_python)
thalweg_pytest(pymarc tests/pymarc thalweg_python)
thalweg_pytest(interoperation tests/archive thalweg_cli)
thalweg_pytest(bindings tests/bindings thalweg_cli thalweg_python)
thalweg_pytest(install tests/install thalweg_cli thalweg_python)
if(TEST install)
  # It builds everything once more, with all cores.
  set_tests_properties(install PROPERTIES TIMEOUT 3600 RUN_SERIAL TRUE)
endif()

if(TARGET thalweg_cli AND NOT THALWEG_SANITIZE AND NOT THALWEG_FUZZ)
  thalweg_script_test(reference product tools/reference.py --check --build ${CMAKE_BINARY_DIR})
endif()

if(TARGET thalweg_python_stub)
  add_test(NAME stub COMMAND ${CMAKE_COMMAND} -E compare_files --ignore-eol
    ${CMAKE_SOURCE_DIR}/python/thalweg/_core.pyi ${CMAKE_BINARY_DIR}/generated/_core.pyi)
  set_tests_properties(stub PROPERTIES LABELS product)
endif()
