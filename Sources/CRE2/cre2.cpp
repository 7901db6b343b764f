#include "cre2.h"

#include <cstdio>
#include <memory>
#include <new>

#include <re2/re2.h>

struct cre2_pattern {
    RE2 expression;
};

extern "C" {

cre2_pattern *cre2_compile(
    const char *text, size_t bytes, int64_t memory_bytes, int instructions, char *why, size_t why_bytes) {
    try {
        RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(memory_bytes);
        std::unique_ptr<cre2_pattern> pattern(new cre2_pattern{{re2::StringPiece(text, bytes), options}});
        if (!pattern->expression.ok()) {
            std::snprintf(why, why_bytes, "%s", pattern->expression.error().c_str());
            return nullptr;
        }
        if (pattern->expression.ProgramSize() > instructions) {
            std::snprintf(why, why_bytes, "pattern too large");
            return nullptr;
        }
        return pattern.release();
    } catch (const std::bad_alloc &) {
        std::snprintf(why, why_bytes, "out of memory");
        return nullptr;
    }
}

void cre2_free(cre2_pattern *pattern) { delete pattern; }

int cre2_instructions(const cre2_pattern *pattern) { return pattern->expression.ProgramSize(); }

bool cre2_match(
    const cre2_pattern *pattern, const char *text, size_t bytes, bool whole, size_t *begin, size_t *end) {
    re2::StringPiece input(text, bytes);
    re2::StringPiece found[2];
    int groups = pattern->expression.NumberOfCapturingGroups() > 0 ? 2 : 1;
    if (!pattern->expression.Match(
            input, 0, bytes, whole ? RE2::ANCHOR_BOTH : RE2::UNANCHORED, found, groups))
        return false;
    const re2::StringPiece &wanted = found[groups - 1];
    *begin = wanted.data() == nullptr ? SIZE_MAX : static_cast<size_t>(wanted.data() - text);
    *end = wanted.data() == nullptr ? SIZE_MAX : *begin + wanted.size();
    return true;
}

bool cre2_holds(const cre2_pattern *pattern, const char *text, size_t bytes, bool whole) {
    return pattern->expression.Match(
        re2::StringPiece(text, bytes), 0, bytes, whole ? RE2::ANCHOR_BOTH : RE2::UNANCHORED, nullptr, 0);
}

}
