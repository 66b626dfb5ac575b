dnl SPDX-License-Identifier: Apache-2.0
dnl The LLDB plugin does not exist yet; the switch does, so that scripts which
dnl pass it go on working.
AC_DEFUN([PYPROF_LLDB], [
AC_ARG_WITH([lldb], [AS_HELP_STRING([--without-lldb],
  [do not build the LLDB plugin])], [], [with_lldb=auto])
have_lldb="no (not written yet)"
AS_IF([test "x$with_lldb" = xyes],
  [AC_MSG_ERROR([there is no LLDB plugin yet])])
])
