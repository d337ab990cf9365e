# SPDX-License-Identifier: Apache-2.0
# TensorFlow's C API as a shared library. It is installed beside nothing else, so that no program takes it for TensorFlow's
# own unless it is told to.
set(STEPC_TENSORFLOW_VERSION "2.21.0-stepc" CACHE STRING "what TF_Version answers; its numbers name the library's file")
if(NOT STEPC_TENSORFLOW_VERSION MATCHES "^([0-9]+)\\.[0-9]+\\.[0-9]+")
  message(FATAL_ERROR "STEPC_TENSORFLOW_VERSION must begin with a version such as 2.21.0")
endif()
set(tensorflow_numbers ${CMAKE_MATCH_0})
set(tensorflow_major ${CMAKE_MATCH_1})

file(GLOB tensorflow_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)
if(tensorflow_sources)
  include(GNUInstallDirs)
  find_package(Threads REQUIRED)
  add_library(tensorflow SHARED ${tensorflow_sources})
  target_link_libraries(tensorflow PRIVATE stepc_session Threads::Threads m)
  target_include_directories(tensorflow INTERFACE ${CMAKE_SOURCE_DIR}/include)
  set_property(SOURCE ${CMAKE_CURRENT_LIST_DIR}/status.c APPEND PROPERTY
               COMPILE_DEFINITIONS STEPC_TENSORFLOW_VERSION="${STEPC_TENSORFLOW_VERSION}")
  add_library(tensorflow_framework SHARED ${CMAKE_CURRENT_LIST_DIR}/framework/framework.c)
  set_target_properties(tensorflow tensorflow_framework PROPERTIES
                        VERSION ${tensorflow_numbers} SOVERSION ${tensorflow_major}
                        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    set(tensorflow_exports ${CMAKE_CURRENT_LIST_DIR}/exports.map)
    target_link_options(tensorflow PRIVATE -Wl,--version-script=${tensorflow_exports})
    set_target_properties(tensorflow PROPERTIES LINK_DEPENDS ${tensorflow_exports})
    if(NOT STEPC_SANITIZE)
      target_link_options(tensorflow PRIVATE -Wl,--no-undefined)
    endif()
  endif()

  configure_file(${CMAKE_CURRENT_LIST_DIR}/tensorflow.pc.in ${CMAKE_BINARY_DIR}/lib/tensorflow.pc @ONLY)
  install(TARGETS tensorflow tensorflow_framework LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/stepc)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/tensorflow DESTINATION ${CMAKE_INSTALL_LIBDIR}/stepc/include)
  install(FILES ${CMAKE_BINARY_DIR}/lib/tensorflow.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/stepc/pkgconfig)
endif()
