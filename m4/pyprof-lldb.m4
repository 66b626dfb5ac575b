dnl SPDX-License-Identifier: Apache-2.0
dnl The LLDB plugin is not linked with LLDB: the headers of any version from 14
dnl on will do, and those of the oldest keep it from using what others lack.
AC_DEFUN([PYPROF_LLDB], [
AC_ARG_WITH([lldb], [AS_HELP_STRING([--with-lldb@<:@=PATH@:>@],
  [build the LLDB plugin, with the headers below PATH, such as
   /usr/lib/llvm-14 @<:@default=the oldest found@:>@])],
  [], [with_lldb=auto])
have_lldb=no
LLDB_CPPFLAGS=
AS_CASE([$with_lldb],
  [no], [pyprof_lldb_paths=],
  [yes|auto], [pyprof_lldb_paths=`ls -d /usr/lib/llvm-*/include /usr/include /usr/local/include 2>/dev/null | sort -t- -k2n`],
  [pyprof_lldb_paths="$with_lldb/include $with_lldb"])
AS_IF([test "x$with_lldb" != xno], [
  AC_MSG_CHECKING([for the headers of LLDB])
  AC_LANG_PUSH([C++])
  pyprof_saved_cppflags=$CPPFLAGS
  pyprof_saved_cxxflags=$CXXFLAGS
  CXXFLAGS="$CXXFLAGS -std=gnu++17"
  for pyprof_path in $pyprof_lldb_paths; do
    AS_IF([test $have_lldb = no && test -r $pyprof_path/lldb/API/LLDB.h], [
      CPPFLAGS="$pyprof_saved_cppflags -isystem $pyprof_path"
      AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#include <lldb/API/LLDB.h>
        ]], [[lldb::SBDebugger debugger; lldb::SBFile file;]])],
        [have_lldb=yes LLDB_CPPFLAGS="-isystem $pyprof_path"])
    ])
  done
  CPPFLAGS=$pyprof_saved_cppflags
  CXXFLAGS=$pyprof_saved_cxxflags
  AC_LANG_POP([C++])
  AC_MSG_RESULT([$have_lldb $LLDB_CPPFLAGS])
  AS_IF([test "$have_lldb" = no && test "x$with_lldb" != xauto],
    [AC_MSG_ERROR([no headers of LLDB 14 or newer: install liblldb-dev])])
])
LLDB_WARNING_CFLAGS=
AS_CASE([$enable_compiler_warnings],
  [no], [],
  [LLDB_WARNING_CFLAGS="-Wall -Wextra -Wno-missing-field-initializers -Wformat=2 -Wvla"])
AS_CASE([$enable_compiler_warnings],
  [error], [LLDB_WARNING_CFLAGS="$LLDB_WARNING_CFLAGS -Werror"])
AC_SUBST([LLDB_CPPFLAGS])
AC_SUBST([LLDB_WARNING_CFLAGS])
AM_CONDITIONAL([BUILD_LLDB], [test $have_lldb = yes])
])
