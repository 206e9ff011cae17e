# The MARC-8 code tables, made from the published mappings in src/marc/marc8_codetables.tsv.

if(TARGET thalweg_marc)
  set(marc8_table ${CMAKE_SOURCE_DIR}/src/marc/marc8_codetables.tsv)
  set(marc8_source ${CMAKE_BINARY_DIR}/generated/marc8_tables.cc)
  set(marc8_tool ${CMAKE_SOURCE_DIR}/tools/marc8_tables.py)
  add_custom_command(OUTPUT ${marc8_source}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated
    COMMAND ${Python_EXECUTABLE} ${marc8_tool} ${marc8_table} ${marc8_source}
    DEPENDS ${marc8_table} ${marc8_tool} VERBATIM)
  target_sources(thalweg_marc PRIVATE ${marc8_source})
endif()
