dnl SPDX-License-Identifier: Apache-2.0
dnl The C dialect, warnings and sanitizers.
AC_DEFUN([PYPROF_COMPILER], [
AC_MSG_CHECKING([whether $CC takes -std=gnu17])
pyprof_saved_cflags=$CFLAGS
CFLAGS="$CFLAGS -std=gnu17"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
  [AC_MSG_RESULT([yes])],
  [AC_MSG_RESULT([no])
   AC_MSG_ERROR([a C17 compiler is needed: gcc 8 or clang 7])])
CFLAGS=$pyprof_saved_cflags

AC_ARG_ENABLE([compiler-warnings], [AS_HELP_STRING(
  [--enable-compiler-warnings=no|yes|error],
  [compiler warnings @<:@default=yes@:>@])], [],
  [enable_compiler_warnings=yes])
WARNING_CFLAGS=
AS_CASE([$enable_compiler_warnings],
  [no], [],
  [WARNING_CFLAGS="-Wall -Wextra -Wformat=2 -Wmissing-prototypes -Wstrict-prototypes -Wvla -Werror=unused-result"])
AS_CASE([$enable_compiler_warnings],
  [error], [WARNING_CFLAGS="$WARNING_CFLAGS -Werror"])
AC_SUBST([WARNING_CFLAGS])

SANITIZER_CFLAGS=
AC_ARG_ENABLE([asan], [AS_HELP_STRING([--enable-asan],
  [build with AddressSanitizer])])
AS_IF([test "x$enable_asan" = xyes],
  [SANITIZER_CFLAGS="$SANITIZER_CFLAGS -fsanitize=address -fno-omit-frame-pointer"])
AC_ARG_ENABLE([ubsan], [AS_HELP_STRING([--enable-ubsan],
  [build with UndefinedBehaviorSanitizer])])
AS_IF([test "x$enable_ubsan" = xyes],
  [SANITIZER_CFLAGS="$SANITIZER_CFLAGS -fsanitize=undefined -fno-sanitize-recover=undefined"])
AC_SUBST([SANITIZER_CFLAGS])
])
