#pragma once

/// Marks a symbol that the shared library shows. Everything else is hidden.
#if defined(_WIN32)
#define THALWEG_EXPORT
#else
#define THALWEG_EXPORT [[gnu::visibility("default")]]
#endif
