dnl SPDX-License-Identifier: Apache-2.0
dnl The GDB plugin is a module for the Python inside GDB, against the limited
dnl API, so that the headers of any Python >= 3.8 will do.
AC_DEFUN([PYPROF_GDB], [
AC_ARG_WITH([gdb], [AS_HELP_STRING([--without-gdb],
  [do not build the GDB plugin])], [], [with_gdb=auto])
AC_ARG_WITH([gdb-python], [AS_HELP_STRING([--with-gdb-python=PYTHON],
  [the Python whose headers to build the GDB plugin with
   @<:@default=/usr/bin/python3@:>@])], [],
  [with_gdb_python=/usr/bin/python3])
have_gdb=no
AS_IF([test "x$with_gdb" != xno], [
  AC_MSG_CHECKING([for the headers of $with_gdb_python])
  GDB_PYTHON_CFLAGS=`$with_gdb_python -c 'import sysconfig; print("-I" + sysconfig.get_path("include"))' 2>/dev/null`
  pyprof_saved_cppflags=$CPPFLAGS
  CPPFLAGS="$CPPFLAGS $GDB_PYTHON_CFLAGS -DPy_LIMITED_API=0x03080000"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#include <Python.h>
#if PY_VERSION_HEX < 0x03080000
#error too old
#endif
    ]], [])], [have_gdb=yes])
  CPPFLAGS=$pyprof_saved_cppflags
  AC_MSG_RESULT([$have_gdb])
  AS_IF([test "$have_gdb$with_gdb" = noyes],
    [AC_MSG_ERROR([no Python headers for the GDB plugin: install python3-dev])])
])
AC_SUBST([GDB_PYTHON_CFLAGS])
AM_CONDITIONAL([BUILD_GDB], [test $have_gdb = yes])
])
