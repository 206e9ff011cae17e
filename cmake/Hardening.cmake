# The hardening flags, each one kept only where the compiler or the linker knows it.
#
# thalweg_hardening: what every target takes. thalweg_hardening_exe: what only programs may take:
# a library marked as not loadable at run time could not serve the Python module.

include(CheckCXXCompilerFlag)
include(CheckLinkerFlag)

add_library(thalweg_hardening INTERFACE)
add_library(thalweg_hardening_exe INTERFACE)

function(thalweg_probe_compile flag)
  string(MAKE_C_IDENTIFIER "THALWEG_HAS${flag}" known)
  check_cxx_compiler_flag("${flag}" ${known})
  if(${known})
    target_compile_options(thalweg_hardening INTERFACE "${flag}")
  endif()
endfunction()

function(thalweg_probe_link target flag)
  string(MAKE_C_IDENTIFIER "THALWEG_HAS_LINK${flag}" known)
  check_linker_flag(CXX "${flag}" ${known})
  if(${known})
    target_link_options(${target} INTERFACE "${flag}")
  endif()
endfunction()

if(THALWEG_HARDENING)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(branches -mbranch-protection=standard)
  else()
    set(branches -fcf-protection=full)
  endif()
  foreach(flag -fstack-protector-strong -fstack-clash-protection ${branches}
      -fstrict-flex-arrays=3 -ftrivial-auto-var-init=zero)
    thalweg_probe_compile(${flag})
  endforeach()
  foreach(flag -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
    thalweg_probe_link(thalweg_hardening ${flag})
  endforeach()
  thalweg_probe_link(thalweg_hardening_exe -Wl,-z,nodlopen)
  target_link_options(thalweg_hardening_exe INTERFACE -pie)
  target_compile_definitions(thalweg_hardening INTERFACE _GLIBCXX_ASSERTIONS)
  # The sanitizers bring checks of their own in place of the fortified functions, and those need
  # optimised code.
  if(NOT THALWEG_SANITIZE AND NOT THALWEG_FUZZ)
    target_compile_options(thalweg_hardening INTERFACE
      $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
  endif()
endif()
