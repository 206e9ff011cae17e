#pragma once

// Sealed archives: small, secret, intact, seekable. See docs/formats/archive.md for the bytes.
#include "thalweg/archive/archive.h"  // IWYU pragma: export
#include "thalweg/archive/keys.h"     // IWYU pragma: export
#include "thalweg/archive/options.h"  // IWYU pragma: export
#include "thalweg/archive/secret.h"   // IWYU pragma: export
