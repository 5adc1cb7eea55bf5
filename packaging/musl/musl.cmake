# SPDX-License-Identifier: Apache-2.0
#
# Another libc than the compiler's own: -DCMAKE_C_COMPILER=musl-gcc on a system of glibc. That compiler
# is gcc with other places for headers, start files and libc. What it leaves open is settled here:
#   OCN_STATIC_PIE   link options of a static-pie program
#   OCN_HOST_CC      a compiler for what runs when we are built and needs libraries of the system
#   ocn_libc         include directories that the libc lacks
#   ocn_libc_own     functions of ours in a program, in place of that libc's
# With glibc, or on a system whose own libc is musl, all but OCN_STATIC_PIE is empty.
include(CheckCSourceCompiles)
include(CheckFunctionExists)

set(OCN_STATIC_PIE -static-pie)
set(OCN_HOST_CC "")
add_library(ocn_libc INTERFACE)
add_library(ocn_libc_own INTERFACE)

check_c_source_compiles("#include <features.h>
#ifndef __GLIBC__
#error another libc
#endif
int main(void) { return 0; }" OCN_LIBC_IS_GLIBC)
execute_process(COMMAND ${CMAKE_C_COMPILER} -dumpmachine
  OUTPUT_VARIABLE OCN_MACHINE OUTPUT_STRIP_TRAILING_WHITESPACE)
if(OCN_LIBC_IS_GLIBC OR NOT OCN_MACHINE MATCHES "gnu|redhat|fedora|suse")
  return()
endif()

if(NOT OCN_STATIC OR OCN_SANITIZE OR OCN_FUZZ OR OCN_COVERAGE)
  message(FATAL_ERROR "${CMAKE_C_COMPILER} makes static programs only, without instruments: "
    "leave OCN_STATIC on, and OCN_SANITIZE, OCN_FUZZ and OCN_COVERAGE off")
endif()
if(NOT CMAKE_SIZEOF_VOID_P EQUAL 8)
  # On 32-bit systems time_t differs between the two, and jansson calls gettimeofday(2).
  message(FATAL_ERROR "${CMAKE_C_COMPILER}: only 64-bit systems link the system's libjansson.a")
endif()
if(OCN_TESTS)
  message(STATUS "No unit tests: Check is a library of the system's own libc")
  set(OCN_TESTS OFF)
endif()

# Start files: gcc knows those of a static-pie program, but the wrapper's list has none of them.
execute_process(COMMAND ${CMAKE_C_COMPILER} "-###" probe.o ERROR_VARIABLE OCN_LINK_LINE)
string(REGEX MATCH "[^ \"]+/Scrt1\\.o" OCN_SCRT1 "${OCN_LINK_LINE}")
string(REPLACE "Scrt1.o" "rcrt1.o" OCN_RCRT1 "${OCN_SCRT1}")
if(NOT EXISTS "${OCN_RCRT1}")
  message(FATAL_ERROR "${CMAKE_C_COMPILER}: no rcrt1.o beside \"${OCN_SCRT1}\"")
endif()
set(OCN_STATIC_PIE -static -nostartfiles ${OCN_RCRT1} -Wl,-pie,--no-dynamic-linker,-z,text)

# Headers: those of the kernel and of libraries lie among those of the other libc, so they are linked one
# by one.
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-multiarch
  OUTPUT_VARIABLE OCN_MULTIARCH OUTPUT_STRIP_TRAILING_WHITESPACE)
pkg_get_variable(JANSSON_INCLUDEDIR jansson includedir)
pkg_get_variable(LIBCAP_INCLUDEDIR libcap includedir)
set(include ${CMAKE_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${include}/sys)
foreach(name IN ITEMS linux asm asm-generic jansson.h jansson_config.h sys/capability.h)
  set(found "")
  foreach(place IN ITEMS ${JANSSON_INCLUDEDIR} ${LIBCAP_INCLUDEDIR} /usr/include/${OCN_MULTIARCH} /usr/include)
    if(NOT found AND EXISTS ${place}/${name})
      set(found ${place}/${name})
    endif()
  endforeach()
  if(NOT found)
    message(FATAL_ERROR "cannot find the system's ${name}: install the headers of the kernel, jansson and libcap")
  endif()
  file(CREATE_LINK ${found} ${include}/${name} SYMBOLIC)
endforeach()
target_include_directories(ocn_libc SYSTEM INTERFACE ${include})

# libjansson.a and libcap.a were compiled for glibc.
find_program(OCN_HOST_CC_PROGRAM NAMES cc gcc clang REQUIRED)
set(OCN_HOST_CC ${OCN_HOST_CC_PROGRAM})
set(shim "")
check_function_exists(__snprintf_chk OCN_LIBC_HAS_FORTIFY)
if(NOT OCN_LIBC_HAS_FORTIFY)
  set(shim ${CMAKE_CURRENT_LIST_DIR}/fortify.c)
  add_library(ocn_fortify STATIC ${shim})
  target_link_libraries(ocn_fortify PRIVATE ocn_flags)
endif()
add_library(ocn_malloc OBJECT ${CMAKE_CURRENT_LIST_DIR}/malloc.c)
target_compile_options(ocn_malloc PRIVATE -fno-builtin-malloc -fno-builtin-calloc)
target_link_libraries(ocn_malloc PRIVATE ocn_flags)
target_sources(ocn_libc_own INTERFACE $<TARGET_OBJECTS:ocn_malloc>)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64)$")
  add_library(ocn_memcpy OBJECT ${CMAKE_CURRENT_LIST_DIR}/memcpy.c)
  target_compile_options(ocn_memcpy PRIVATE -fno-builtin-memcpy)
  target_link_libraries(ocn_memcpy PRIVATE ocn_flags)
  target_sources(ocn_libc_own INTERFACE $<TARGET_OBJECTS:ocn_memcpy>)
  target_link_options(ocn_libc_own INTERFACE -Wl,--wrap=memcpy)
endif()
find_library(JANSSON_ARCHIVE libjansson.a HINTS ${JANSSON_LIBDIR} REQUIRED)
find_library(LIBCAP_ARCHIVE libcap.a HINTS ${LIBCAP_LIBDIR} REQUIRED)
try_compile(OCN_ARCHIVES_LINK ${CMAKE_BINARY_DIR}/CMakeFiles/archives
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/probe.c ${shim}
  CMAKE_FLAGS -DINCLUDE_DIRECTORIES=${include}
  LINK_OPTIONS ${OCN_STATIC_PIE}
  LINK_LIBRARIES ${JANSSON_ARCHIVE} ${LIBCAP_ARCHIVE}
  OUTPUT_VARIABLE OCN_LINKER_SAYS)
if(NOT OCN_ARCHIVES_LINK)
  message(FATAL_ERROR "${JANSSON_ARCHIVE} and ${LIBCAP_ARCHIVE} do not link with ${CMAKE_C_COMPILER}; a "
    "function that is missing is one of glibc's, see packaging/musl/fortify.c:\n${OCN_LINKER_SAYS}")
endif()
