# Where the pieces go. The installed tree needs no Arrow headers: ours name no Arrow type.

include(CMakePackageConfigHelpers)

install(TARGETS thalweg_shared EXPORT thalwegTargets
  LIBRARY DESTINATION ${THALWEG_INSTALL_LIB} NAMELINK_COMPONENT development
  INCLUDES DESTINATION ${THALWEG_INSTALL_INCLUDE})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/NOTICE
  DESTINATION ${THALWEG_INSTALL_DOC})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/thalweg DESTINATION ${THALWEG_INSTALL_INCLUDE}
  FILES_MATCHING PATTERN "*.h")
if(THALWEG_ARROW STREQUAL "bundled")
  install(PROGRAMS ${THALWEG_ARROW_LIBRARIES} DESTINATION ${THALWEG_INSTALL_LIB})
  foreach(text LICENSE.txt NOTICE.txt)
    install(FILES ${THALWEG_ARROW_ROOT}/${text} DESTINATION ${THALWEG_INSTALL_DOC}
      RENAME arrow-${text} OPTIONAL)
  endforeach()
endif()
install(PROGRAMS ${THALWEG_ADBC_DRIVERS} DESTINATION ${THALWEG_INSTALL_LIB})
file(GLOB adbc_texts ${THALWEG_ADBC_ROOT}/*.txt)
install(FILES ${adbc_texts} DESTINATION ${THALWEG_INSTALL_DOC})
if(TARGET thalweg_cli)
  install(TARGETS thalweg_cli thalweg_cli_engine RUNTIME DESTINATION ${THALWEG_INSTALL_BIN})
endif()
if(TARGET thalweg_python AND SKBUILD)
  install(TARGETS thalweg_python LIBRARY DESTINATION thalweg)
endif()

set(package_dir ${THALWEG_INSTALL_LIB}/cmake/thalweg)
install(EXPORT thalwegTargets NAMESPACE thalweg:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/thalwegConfig.cmake.in
  ${CMAKE_BINARY_DIR}/generated/thalwegConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/thalwegConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/thalwegConfig.cmake
  ${CMAKE_BINARY_DIR}/generated/thalwegConfigVersion.cmake DESTINATION ${package_dir})
