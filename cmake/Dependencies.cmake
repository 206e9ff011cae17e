# The only file that names third parties.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# Header-only; found on the system's include path.
add_library(thalweg_fast_float INTERFACE)
add_library(thalweg::fast_float ALIAS thalweg_fast_float)

add_library(thalweg_compression INTERFACE)
add_library(thalweg::compression ALIAS thalweg_compression)
target_link_libraries(thalweg_compression INTERFACE zstd lz4 brotlienc brotlidec brotlicommon z)

add_library(thalweg_simdjson INTERFACE)
add_library(thalweg::simdjson ALIAS thalweg_simdjson)
target_link_libraries(thalweg_simdjson INTERFACE simdjson)

add_library(thalweg_re2 INTERFACE)
add_library(thalweg::re2 ALIAS thalweg_re2)
target_link_libraries(thalweg_re2 INTERFACE re2)

add_library(thalweg_tz INTERFACE)
add_library(thalweg::tz ALIAS thalweg_tz)
target_link_libraries(thalweg_tz INTERFACE date-tz)

add_library(thalweg_config INTERFACE)
add_library(thalweg::config ALIAS thalweg_config)
target_link_libraries(thalweg_config INTERFACE yaml-cpp)

# Arrow C++: headers and libraries prepared by tools/prepare_arrow.py under build/deps/arrow.
set(THALWEG_ARROW_ROOT "${CMAKE_SOURCE_DIR}/build/deps/arrow" CACHE PATH "Prepared Arrow C++")
add_library(thalweg_arrow INTERFACE)
add_library(thalweg::arrow ALIAS thalweg_arrow)
target_include_directories(thalweg_arrow SYSTEM INTERFACE ${THALWEG_ARROW_ROOT}/include)
file(GLOB arrow_libraries ${THALWEG_ARROW_ROOT}/lib/libthalweg_*.so*)
target_link_libraries(thalweg_arrow INTERFACE ${arrow_libraries})

if(THALWEG_DEV)
  find_package(GTest REQUIRED)
  add_library(thalweg_gtest INTERFACE)
  add_library(thalweg::gtest ALIAS thalweg_gtest)
  target_link_libraries(thalweg_gtest INTERFACE GTest::gmock GTest::gtest_main)
endif()
