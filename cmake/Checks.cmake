# What is checked besides the unit tests of the layers.

get_property(tests GLOBAL PROPERTY THALWEG_TESTS)

# tests/slt and its kind: every folder of tests/ that has C++ files is one more test binary.
file(GLOB test_folders LIST_DIRECTORIES true CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/*)
foreach(folder IN LISTS test_folders)
  get_filename_component(name ${folder} NAME)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cc)
  if(sources AND NOT name STREQUAL "install")
    thalweg_test(${name} "${sources}" TRUE "${THALWEG_UMBRELLA_LAYERS}")
    list(APPEND tests thalweg_${name}_test)
  endif()
endforeach()
add_custom_target(thalweg_tests DEPENDS ${tests})

# bench/<suite>/*.cc: one program a suite.
file(GLOB bench_folders LIST_DIRECTORIES true CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*)
foreach(folder IN LISTS bench_folders)
  get_filename_component(name ${folder} NAME)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cc)
  if(sources)
    thalweg_bench(suite_${name} "${sources}" "${THALWEG_UMBRELLA_LAYERS}")
  endif()
endforeach()

# examples/*.cc: one program a file, which sees what a user sees.
file(GLOB examples CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/examples/*.cc)
foreach(source IN LISTS examples)
  get_filename_component(stem ${source} NAME_WE)
  add_executable(example_${stem} EXCLUDE_FROM_ALL ${source})
  target_link_libraries(example_${stem} PRIVATE thalweg_warnings thalweg_shared)
endforeach()

# fuzz/<target>.cc. With THALWEG_FUZZ they search; otherwise they replay fuzz/corpus/<target>.
file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/*.cc)
set(fuzz_targets "")
foreach(source IN LISTS fuzzers)
  get_filename_component(stem ${source} NAME_WE)
  add_executable(fuzz_${stem} EXCLUDE_FROM_ALL ${source})
  list(APPEND fuzz_targets fuzz_${stem})
  target_link_libraries(fuzz_${stem} PRIVATE thalweg_options ${THALWEG_UMBRELLA_LAYERS})
  target_link_options(fuzz_${stem} PRIVATE -Wl,--exclude-libs,ALL)
  if(THALWEG_FUZZ)
    target_link_options(fuzz_${stem} PRIVATE -fsanitize=fuzzer)
  else()
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
