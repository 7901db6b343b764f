// RE2, as far as RunbookPattern needs it, for C.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_pattern cre2_pattern;

// NULL where the text is not a regular expression, needs more memory or compiles to more instructions than given; then `why`
// has the reason, and ends with NUL.
cre2_pattern *cre2_compile(const char *text, size_t bytes, int64_t memory_bytes, int instructions, char *why, size_t why_bytes);
void cre2_free(cre2_pattern *pattern);
int cre2_instructions(const cre2_pattern *pattern);

// Whether it is found, or is the whole text. `begin` and `end` are those of the first group, or of all that was found where
// it has none; equal to SIZE_MAX where the group took no part.
bool cre2_match(
    const cre2_pattern *pattern, const char *text, size_t bytes, bool whole, size_t *begin, size_t *end);
// The same, and faster, where nobody wants to know where it is.
bool cre2_holds(const cre2_pattern *pattern, const char *text, size_t bytes, bool whole);

#ifdef __cplusplus
}
#endif
