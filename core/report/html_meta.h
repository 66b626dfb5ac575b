// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The facts about the run in the data of an HTML report.
 */
#ifndef PYPROF_REPORT_HTML_META_H
#define PYPROF_REPORT_HTML_META_H

#include "core/base/json.h"
#include "core/profile/profile.h"

/** Write the member "meta" of the object that is being written. */
void pyprof_html_meta(const struct pyprof_profile *profile,
		      struct pyprof_json *json);

#endif /* PYPROF_REPORT_HTML_META_H */
