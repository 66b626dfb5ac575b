// SPDX-License-Identifier: Apache-2.0
#include "core/base/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pyprof_error oom = {
	.code = PYPROF_ERROR_OOM,
	.message = "out of memory",
};

struct pyprof_error *pyprof_error_oom(void)
{
	return &oom;
}

/* The message is kept behind the error, in the same allocation. */
__attribute__((__format__(__printf__, 5, 0))) static struct pyprof_error *
make(enum pyprof_error_code code, int os_errno, uint64_t address,
     const char *suffix, const char *format, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return &oom;
	size_t size = (size_t)length + strlen(suffix) + 1;
	struct pyprof_error *error = malloc(sizeof(*error) + size);
	if (!error)
		return &oom;
	char *message = (char *)(error + 1);
	vsnprintf(message, size, format, ap);
	memcpy(message + length, suffix, strlen(suffix) + 1);
	*error = (struct pyprof_error){
		.code = code,
		.os_errno = os_errno,
		.address = address,
		.message = message,
	};
	return error;
}

struct pyprof_error *pyprof_error_create(enum pyprof_error_code code,
					 const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	struct pyprof_error *error = make(code, 0, 0, "", format, ap);
	va_end(ap);
	return error;
}

struct pyprof_error *pyprof_error_at(enum pyprof_error_code code,
				     uint64_t address, const char *format, ...)
{
	char suffix[32];
	snprintf(suffix, sizeof(suffix), " at 0x%" PRIx64, address);
	va_list ap;
	va_start(ap, format);
	struct pyprof_error *error = make(code, 0, address, suffix, format, ap);
	va_end(ap);
	return error;
}

struct pyprof_error *pyprof_error_os(int os_errno, const char *format, ...)
{
	char text[128], suffix[132];
	snprintf(suffix, sizeof(suffix), ": %s",
		 strerror_r(os_errno, text, sizeof(text)));
	va_list ap;
	va_start(ap, format);
	struct pyprof_error *error =
		make(PYPROF_ERROR_OS, os_errno, 0, suffix, format, ap);
	va_end(ap);
	return error;
}

void pyprof_error_destroy(struct pyprof_error *error)
{
	if (error != &oom)
		free(error);
}

bool pyprof_error_catch(struct pyprof_error **err, enum pyprof_error_code code)
{
	if (!*err || (*err)->code != code)
		return false;
	pyprof_error_destroy(*err);
	*err = NULL;
	return true;
}

const char *pyprof_error_code_name(enum pyprof_error_code code)
{
	static const char *const names[] = {
#define ERROR(name, text) [PYPROF_ERROR_##name] = text,
#include "core/base/error.def"
#undef ERROR
	};
	return (unsigned)code < PYPROF_ERROR_COUNT ? names[code] : "unknown";
}
