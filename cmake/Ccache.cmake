# Compiles through ccache where it is installed. Precompiled headers need the settings below: the
# compiler sees only their file, so ccache must be allowed to judge them by it. Paths are taken
# relative to the checkout, so that all build folders share one cache. What a source includes is
# taken from the compiler's own list, so that nothing is preprocessed twice where the cache is cold.

find_program(THALWEG_CCACHE ccache)
if(THALWEG_CCACHE)
  foreach(language C CXX)
    set(launcher CMAKE_${language}_COMPILER_LAUNCHER)
    if(NOT ${launcher} OR ${launcher} STREQUAL "ccache")
      set(${launcher}
        env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_DEPEND=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${THALWEG_CCACHE})
    endif()
  endforeach()
endif()
