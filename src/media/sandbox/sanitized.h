// Whether a sanitizer's runtime lives in this process; it needs a few system calls more.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define VF_SANITIZED 1
#endif
#endif
