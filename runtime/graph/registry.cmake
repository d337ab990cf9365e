# SPDX-License-Identifier: Apache-2.0
# The operator registry: operators.tsv becomes registry_table.h at build time.
get_target_property(graph_type stepc_graph TYPE)
if(graph_type STREQUAL "STATIC_LIBRARY")
  add_executable(registry_generate ${CMAKE_CURRENT_LIST_DIR}/tools/registry_generate.c)
  target_compile_options(registry_generate PRIVATE -Wall -Wextra)
  set(registry_table ${CMAKE_BINARY_DIR}/generated/registry_table.h)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
  add_custom_command(
    OUTPUT ${registry_table}
    COMMAND registry_generate ${CMAKE_CURRENT_LIST_DIR}/operators.tsv ${registry_table}
    DEPENDS registry_generate ${CMAKE_CURRENT_LIST_DIR}/operators.tsv
    COMMENT "Generating the operator registry"
    VERBATIM)
  target_sources(stepc_graph PRIVATE ${registry_table})
endif()
