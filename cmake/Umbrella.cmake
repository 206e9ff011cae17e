# What is shipped: one shared library made of all layers, the command line, the Python package.

get_property(THALWEG_LAYERS GLOBAL PROPERTY THALWEG_LAYERS)
# Uppermost first, so that the linker's order needs no archive twice.
list(REVERSE THALWEG_LAYERS)
set(THALWEG_UMBRELLA_LAYERS thalweg_builtin ${THALWEG_LAYERS})

# Whole archives, because nothing in the library itself refers to its public functions. The version
# script keeps everything but the public names inside, templates of the standard library and of
# Arrow included, so that a host that has other versions of them never meets ours.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/thalweg.cc
  CONTENT "// The library consists of the layers; a target needs one source of its own.\n")
add_library(thalweg_shared SHARED ${CMAKE_BINARY_DIR}/generated/thalweg.cc)
add_library(thalweg::thalweg ALIAS thalweg_shared)
set_target_properties(thalweg_shared PROPERTIES
  OUTPUT_NAME thalweg EXPORT_NAME thalweg
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/libthalweg.map
  BUILD_RPATH_USE_ORIGIN OFF INSTALL_RPATH "$ORIGIN")
list(JOIN THALWEG_UMBRELLA_LAYERS "," whole_archives)
set_target_properties(thalweg_shared PROPERTIES
  LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,${whole_archives}")
target_link_libraries(thalweg_shared PRIVATE thalweg_options ${THALWEG_UMBRELLA_LAYERS})
target_link_options(thalweg_shared PRIVATE
  -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/libthalweg.map -Wl,--gc-sections)
if(NOT THALWEG_SANITIZE)
  # The sanitizers' functions are found in the program; everything else has to be found here.
  target_link_options(thalweg_shared PRIVATE -Wl,-z,defs)
endif()
target_include_directories(thalweg_shared INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)

# The wheel is one folder that can stand anywhere; elsewhere the system's folders are used.
if(SKBUILD)
  set(THALWEG_INSTALL_LIB thalweg/lib)
  set(THALWEG_INSTALL_BIN thalweg/bin)
  set(THALWEG_INSTALL_INCLUDE thalweg/include)
  set(THALWEG_INSTALL_DOC thalweg/licenses)
else()
  set(THALWEG_INSTALL_LIB ${CMAKE_INSTALL_LIBDIR})
  set(THALWEG_INSTALL_BIN ${CMAKE_INSTALL_BINDIR})
  set(THALWEG_INSTALL_INCLUDE ${CMAKE_INSTALL_INCLUDEDIR})
  set(THALWEG_INSTALL_DOC ${CMAKE_INSTALL_DOCDIR})
endif()
cmake_path(RELATIVE_PATH THALWEG_INSTALL_LIB BASE_DIRECTORY ${THALWEG_INSTALL_BIN}
  OUTPUT_VARIABLE THALWEG_LIB_FROM_BIN)

# The command line sees the public headers only. `thalweg` holds what needs no Arrow and hands the
# rest over to `thalweg-engine`, which lies beside it and has every command.
file(GLOB cli_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/apps/thalweg/*.cc)
list(FILTER cli_sources EXCLUDE REGEX "_test\\.cc$")
if(cli_sources AND TARGET thalweg_imported_fmt)
  set(cli_engine_sources ${cli_sources})
  list(FILTER cli_engine_sources INCLUDE REGEX
    "/(completion|copy|engine_main|marc.*|reference|run|sql)\\.cc$")
  list(REMOVE_ITEM cli_sources ${cli_engine_sources} ${CMAKE_SOURCE_DIR}/apps/thalweg/main.cc)
  add_library(thalweg_cli_archive OBJECT ${cli_sources})
  add_executable(thalweg_cli ${CMAKE_SOURCE_DIR}/apps/thalweg/main.cc)
  add_executable(thalweg_cli_engine ${cli_engine_sources})
  add_dependencies(thalweg_cli thalweg_cli_engine)
  foreach(target IN ITEMS thalweg_cli_archive thalweg_cli thalweg_cli_engine)
    target_include_directories(${target} PRIVATE
      ${CMAKE_SOURCE_DIR}/apps ${CMAKE_SOURCE_DIR}/include)
    target_link_libraries(${target} PRIVATE
      thalweg_warnings thalweg_hardening thalweg::command_line)
    target_compile_definitions(${target} PRIVATE THALWEG_VERSION="${PROJECT_VERSION}")
  endforeach()
  set_target_properties(thalweg_cli PROPERTIES OUTPUT_NAME thalweg THALWEG_WITHOUT_ARROW ON)
  target_link_options(thalweg_cli PRIVATE -Wl,--gc-sections)
  target_link_libraries(thalweg_cli PRIVATE
    thalweg_hardening_exe thalweg_cli_archive thalweg_archive)
  set_target_properties(thalweg_cli_engine PROPERTIES
    OUTPUT_NAME thalweg-engine INSTALL_RPATH "$ORIGIN/${THALWEG_LIB_FROM_BIN}")
  target_link_libraries(thalweg_cli_engine PRIVATE
    thalweg_hardening_exe thalweg_cli_archive thalweg_shared)
  thalweg_use_mimalloc(thalweg_cli)
  thalweg_use_mimalloc(thalweg_cli_engine)
endif()

# The Python module, in a package folder of the build tree made of links to the sources.
file(GLOB python_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/python/src/*.cc)
if(THALWEG_PYTHON AND python_sources AND Python_Development.Module_FOUND AND nanobind_DIR)
  find_package(nanobind CONFIG REQUIRED)
  nanobind_add_module(thalweg_python NB_STATIC NOMINSIZE NB_DOMAIN thalweg ${python_sources})
  # Its headers, and Python's macros in them, are not ours to warn of.
  get_target_property(nanobind_includes nanobind-static INTERFACE_INCLUDE_DIRECTORIES)
  set_target_properties(nanobind-static PROPERTIES
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${nanobind_includes}")
  set(package ${CMAKE_BINARY_DIR}/python/thalweg)
  set_target_properties(thalweg_python PROPERTIES
    OUTPUT_NAME _core LIBRARY_OUTPUT_DIRECTORY ${package} INSTALL_RPATH "$ORIGIN/lib")
  target_link_libraries(thalweg_python PRIVATE thalweg_warnings thalweg_hardening thalweg_shared)
  target_compile_definitions(thalweg_python PRIVATE THALWEG_VERSION="${PROJECT_VERSION}")
  add_custom_target(thalweg_python_package ALL
    COMMAND ${Python_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/link_package.py
      ${CMAKE_SOURCE_DIR}/python/thalweg ${package}
    COMMENT "Linking the Python package" VERBATIM)
  add_dependencies(thalweg_python thalweg_python_package)
  if(THALWEG_DEV)
    # A test compares it with the one that is kept in the sources.
    nanobind_add_stub(thalweg_python_stub MODULE _core DEPENDS thalweg_python
      PYTHON_PATH $<TARGET_FILE_DIR:thalweg_python>
      PATTERN_FILE ${CMAKE_SOURCE_DIR}/python/src/core_stub.pat
      OUTPUT ${CMAKE_BINARY_DIR}/generated/_core.pyi)
  endif()
endif()

include(Install)
