# SPDX-License-Identifier: Apache-2.0
# The table of snippets, made by a small host program from the snippet files.
file(GLOB support_texts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/compiler/support/snippets/*.c.in
     ${CMAKE_SOURCE_DIR}/compiler/support/snippets/*.c)
set(support_sources
    ${CMAKE_SOURCE_DIR}/runtime/core/scalar_dd.h ${CMAKE_SOURCE_DIR}/runtime/core/scalar_round.c
    ${CMAKE_SOURCE_DIR}/runtime/core/scalar_parts.h ${CMAKE_SOURCE_DIR}/runtime/core/scalar.c
    ${CMAKE_SOURCE_DIR}/runtime/core/scalar_trig.c ${CMAKE_SOURCE_DIR}/runtime/core/scalar_gamma_parts.h
    ${CMAKE_SOURCE_DIR}/runtime/core/scalar_gamma.c ${CMAKE_SOURCE_DIR}/runtime/core/scalar_igamma.c
    ${CMAKE_SOURCE_DIR}/runtime/core/scalar_zeta.c ${support_texts})
add_executable(make_support_table ${CMAKE_SOURCE_DIR}/compiler/support/tool/make_table.c)
target_compile_options(make_support_table PRIVATE ${STEPC_WARNINGS})
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
add_custom_command(
  OUTPUT ${CMAKE_BINARY_DIR}/generated/support_snippets.h ${CMAKE_BINARY_DIR}/generated/support_all.h
  COMMAND make_support_table ${CMAKE_BINARY_DIR}/generated/support_snippets.h
          ${CMAKE_BINARY_DIR}/generated/support_all.h ${support_sources}
  DEPENDS make_support_table ${support_sources}
  COMMENT "Making the table of snippets")
add_custom_target(support_table DEPENDS ${CMAKE_BINARY_DIR}/generated/support_snippets.h
                  ${CMAKE_BINARY_DIR}/generated/support_all.h)
add_dependencies(stepc_support support_table)

