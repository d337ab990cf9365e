# SPDX-License-Identifier: Apache-2.0
# Run by hand: build/bin/ulp STEP COUNT, build/bin/ulp_time, for this machine, beside glibc's libmvec and SLEEF where they
# are installed. tests/bench/ulp.py BUILD builds and runs them for several compilers and instruction sets.
find_library(MVEC mvec)
find_library(SLEEF sleef)
foreach(program ulp ulp_time)
  add_executable(${program} EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/${program}.c)
  target_link_libraries(${program} PRIVATE stepc_support m)
  target_compile_options(${program} PRIVATE -O3 -march=native -Wno-pedantic -Wno-missing-prototypes -Wno-conversion
                         -Wno-undef -Wno-psabi -Wno-unused-function)
  foreach(peer MVEC SLEEF)
    if(${peer})
      target_link_libraries(${program} PRIVATE ${${peer}})
      target_compile_definitions(${program} PRIVATE PEERS_${peer})
    endif()
  endforeach()
endforeach()
if(NOT MVEC OR NOT SLEEF)
  message(STATUS "libmvec or SLEEF is not installed: ulp and ulp_time measure without it")
endif()
